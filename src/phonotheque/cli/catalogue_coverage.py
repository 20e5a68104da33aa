"""`phono catalogue coverage`: what is known, held, free, missing and rare: a table, a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.new_files import check_reports, refuse_inside, write_report
from phonotheque.cli.options import Jobs, Json, archive_of, job_count
from phonotheque.cli.output import print_json, print_table, printable, tell
from phonotheque.cli.watching import watched
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.catalogue.coverage.words import By

_SHOWN = 20


def register(group: typer.Typer) -> None:
    """Add the commands of this module to the group of the catalogue."""
    group.command("coverage")(coverage)


def coverage(
    context: typer.Context,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT", help="source, label, year, country, licence or registrant (of ISRCs)."
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the whole table as CSV.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw it: a name in .svg or .png.")
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="DIR",
            help="Write a map with a pixel for each release, in order of year, label, registrant.",
        ),
    ] = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> int:
    """Show what is known, held, free, missing and rare: what exists, what we hold, what is next.

    Rare is what has exactly one known holder. The longest groups are shown; --csv and --json have
    all. A map is a folder of plain files that any web server can show; a map that stood in it is
    replaced.

    Example: phono catalogue coverage --by year --picture coverage.svg
    """
    from phonotheque.archive.finding.charting import count_coverage, map_coverage
    from phonotheque.archive.opening import open_to_read

    root, chosen, form = archive_of(context), _chosen(by), _form_of(picture, by)
    _check_places(root, csv, picture, map_)
    with open_to_read(root) as archive:
        tell(archive.notices)
        with watched() as told:
            told("counting", None, None)
            if map_ is not None:
                onto = map_coverage(
                    root, archive.config, map_, chosen, job_count(jobs),
                    lambda share: told("drawing the map", share, None),
                )  # fmt: skip
                _say_map(onto, map_, as_json=as_json)
                return DONE
            rows = count_coverage(root, chosen, job_count(jobs))
    if csv is not None:
        write_report(csv, _csv_of(rows))
    if picture is not None and chosen is not None:
        _draw(rows, chosen, picture, form)
    if as_json:
        print_json({"by": chosen, "rows": rows.to_pylist()})
    else:
        _say(rows, chosen)
    return DONE


def _check_places(root: Path, csv: Path | None, picture: Path | None, onto: Path | None) -> None:
    """Refuse what cannot be written, before anything is counted."""
    from phonotheque.errors import BadRequestError

    beside = [one for one in (csv, picture) if one is not None]
    if onto is not None and beside:
        todo = "Ask for the table and for the map one after the other."
        raise BadRequestError(str(beside[0]), "a map is drawn without a table", todo)
    refuse_inside(root, *beside, onto, is_private=False)
    check_reports(*beside)


def _chosen(by: str | None) -> By | None:
    from phonotheque.catalogue.coverage.words import By
    from phonotheque.errors import BadRequestError

    if by is None:
        return None
    try:
        return By(by)
    except ValueError as error:
        todo = f"There are {', '.join(By)}."
        raise BadRequestError(by, "coverage is not counted by that", todo) from error


def _form_of(picture: Path | None, by: str | None) -> str:
    from phonotheque.errors import BadRequestError
    from phonotheque.look.drawing import altair_for

    if picture is None:
        return ""
    form = picture.suffix.lower().removeprefix(".")
    if form not in ("svg", "png"):
        todo = "Give it a name that ends in .svg or .png."
        raise BadRequestError(str(picture), "it is no picture that can be drawn", todo)
    if by is None:
        todo = "Say by what: --by year."
        raise BadRequestError(str(picture), "one row is nothing to draw", todo)
    altair_for(form)
    return form


def _draw(rows: Any, by: By, path: Path, form: str) -> None:
    from phonotheque.catalogue.coverage.drawing import coverage_chart
    from phonotheque.catalogue.coverage.telling import lacking, shown_of
    from phonotheque.look.drawing import altair_for, png_of, svg_of

    shown = shown_of(rows, by)
    if shown is None:
        tell([f"No picture: {lacking(by)}."])
        return
    chart = coverage_chart(altair_for(form), shown, by)
    write_report(path, svg_of(chart).encode() if form == "svg" else png_of(chart))


def _csv_of(rows: Any) -> bytes:
    from phonotheque.catalogue.charts.writing import csv_of

    return csv_of(rows.schema.names, rows.to_pylist())


def _say(rows: Any, by: By | None) -> None:
    from phonotheque.catalogue.charts.words import percent
    from phonotheque.catalogue.coverage.telling import finding_of, group_word
    from phonotheque.catalogue.coverage.words import COUNTS

    print(f"{printable(finding_of(rows, by))}.")
    if not rows.num_rows:
        return
    print()
    numbers = [name for name in COUNTS if not name.startswith("listens")]
    lines = [(str(by or ""), *numbers, "held, of listens")]
    for row in rows.slice(0, rows.num_rows if by == "year" else _SHOWN).to_pylist():
        word = "all" if by is None else group_word(row["group"])
        share = percent(row["listens_held"], row["listens"]) if row["listens"] else "-"
        lines.append((printable(word), *(f"{row[name]:,}" for name in numbers), share))
    print_table(lines, right=tuple(range(1, len(numbers) + 2)))
    left = rows.num_rows - len(lines) + 1
    if left > 0:
        print(f"{counted(left, 'row')} more: --csv FILE has all.")


def _say_map(found: dict[str, Any], folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    print(f"{printable(found['finding'])}.")
    print(f"{counted(found['releases'], 'release')}: {printable(str(folder / 'index.html'))}")
