"""`phono catalogue charts`: the catalogue in pictures, with data and query of each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.new_files import refuse_inside
from phonotheque.cli.options import DryRun, Jobs, Json, archive_of, job_count
from phonotheque.cli.output import print_json, printable, tell
from phonotheque.cli.watching import Tell, watched
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.catalogue.charts.values import Answer


def register(group: typer.Typer) -> None:
    """Add the commands of this module to the group of the catalogue."""
    group.command("charts")(charts)


def charts(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Only these charts; default: all."),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where pictures, data and the page are written: new, empty, or with charts.",
        ),
    ] = None,
    jobs: Jobs = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Draw the catalogue: listening, lengths, releases, genres, licences and more.

    Each chart is a picture (SVG, PNG) whose title is its finding, the data (CSV, JSON) and the
    query (SQL for DuckDB). DIR/index.html shows all. With --dry-run the findings are only told.

    Example: phono catalogue charts --to /srv/www/charts
    """
    from phonotheque.archive.finding.charting import count_charts, draw_charts, origin_of
    from phonotheque.archive.finding.serving import serving_snapshot
    from phonotheque.archive.opening import open_to_read
    from phonotheque.catalogue.charts.all_charts import charts_named
    from phonotheque.catalogue.charts.writing import index_of

    root, chosen = archive_of(context), charts_named(names or [])
    out = None if dry_run else _folder(root, to)
    with open_to_read(root) as archive:
        tell(archive.notices)
        snapshot, config = serving_snapshot(root), archive.config
        with watched() as told:
            counting, drawing = _half(told, "counting", 0), _half(told, "drawing", 1)
            answers = count_charts(root, snapshot, chosen, job_count(jobs), counting)
            if out is not None:
                draw_charts(snapshot, config, out, answers, drawing)
        if as_json:
            print_json(index_of(origin_of(snapshot, config), answers))
        else:
            _say(answers, out)
    return DONE


def _folder(root: Path, to: Path | None) -> Path:
    """Where charts go; refused before anything is counted."""
    from phonotheque.catalogue.charts.writing import check_charts_folder
    from phonotheque.errors import BadRequestError
    from phonotheque.look.drawing import altair_for

    if to is None:
        todo = "Name a folder; with --dry-run the findings are only told."
        raise BadRequestError("--to", "nobody said where charts are to be written", todo)
    altair_for("svg")
    refuse_inside(root, to, is_private=False)
    check_charts_folder(to)
    return to


def _half(told: Tell, words: str, before: int) -> Callable[[float], None]:
    """Return what tells one half of the work; `before` is how many are done."""
    return lambda share: told(words, (before + share) / 2, None)


def _say(answers: list[Answer], folder: Path | None) -> None:
    drawn = [one for one in answers if one.finding is not None]
    for one in drawn:
        assert one.finding is not None, "chosen so"
        print(printable(f"{one.finding.title}."))
    absent = [one.chart.name for one in answers if one.finding is None]
    if absent:
        print(f"Not drawn, because the data is not there: {', '.join(absent)}.")
    if folder is not None:
        print(f"{counted(len(drawn), 'chart')}: {printable(str(folder / 'index.html'))}")
