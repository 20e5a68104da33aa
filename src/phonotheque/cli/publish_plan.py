"""`phono publish plan`: what becomes of every known recording, in which order, and what it covers.

Not here: how it is decided (`phonotheque.publish.planning`).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.new_files import check_reports, write_report
from phonotheque.cli.options import Jobs, Json, archive_of, job_count, parse_size
from phonotheque.cli.output import format_bytes, print_json, print_table, tell
from phonotheque.cli.watching import watched

if TYPE_CHECKING:
    from phonotheque.publish.planning.coverage import Bar, PlanCoverage
    from phonotheque.publish.planning.reading import Figures
    from phonotheque.publish.planning.words import Status, Tier, Wish

_CURVE_LINES = 10


def plan(
    context: typer.Context,
    order: Annotated[
        str | None, typer.Option(metavar="ORDER", help="popularity, at-risk or newest.")
    ] = None,
    tier: Annotated[
        list[str] | None,
        typer.Option(metavar="TIER", help="Only this tier: t50, t90, t99, t996, rest; repeatable."),
    ] = None,
    space: Annotated[
        str | None, typer.Option(metavar="SIZE", help="What is shared must fit: 500GB, 1.5TB.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the curve: a name in .svg or .png.")
    ] = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> int:
    """Show what becomes of every known recording, and how much of all listening is shared.

    Nothing is published. The whole list, a row for each recording with its status and the reason,
    is written as Parquet to state/plan.

    Example: phono publish plan --space 1TB --picture curve.svg
    """
    from phonotheque.archive.bulk.planning import figures_of
    from phonotheque.archive.opening import open_to_read

    root = archive_of(context)
    form = _form_of(picture)
    check_reports(picture)
    with open_to_read(root) as archive:
        tell(archive.notices)
        wish = _wish(archive.config, order, tier, space)
        with watched() as told:
            figures = figures_of(
                archive, wish, job_count(jobs), lambda share: told("planning", share, None)
            )
    if as_json:
        print_json(_record(figures))
    else:
        _say(figures)
    if picture and form:
        _draw(figures, picture, form)
    return DONE


def _wish(config: Any, order: str | None, tiers: list[str] | None, space: str | None) -> Wish:
    """The settings, but for what was said on the command line."""
    from phonotheque.archive.bulk.plan_wish import wish_with

    return wish_with(config, order, tiers, None if space is None else parse_size(space))


def _form_of(picture: Path | None) -> str:
    from phonotheque.errors import BadRequestError

    if picture is None:
        return ""
    form = picture.suffix.lower().removeprefix(".")
    if form not in ("svg", "png"):
        todo = "Give it a name that ends in .svg or .png."
        raise BadRequestError(str(picture), "it is no picture that can be drawn", todo)
    return form


def _draw(figures: Figures, path: Path, form: str) -> None:
    from phonotheque.errors import NotHeldError
    from phonotheque.publish.planning.picture import picture_of
    from phonotheque.publish.planning.telling import finding, method

    if figures.coverage.planned.share is None:  # a line along the bottom would say "0 %"
        todo = "Import counts: `phono catalogue import`, then `phono catalogue build`."
        raise NotHeldError("a curve to draw", "nobody counted listens", todo)
    title = finding(figures, _size_of(figures))
    write_report(path, picture_of(figures.curve, title, method(figures), form))


def _size_of(figures: Figures) -> str:
    from phonotheque.publish.planning.words import PLANNED

    return format_bytes(figures.coverage.tally(statuses=PLANNED).size_bytes)


def _say(figures: Figures) -> None:
    from phonotheque.publish.planning import telling

    coverage = figures.coverage
    print(f"{telling.finding(figures, _size_of(figures))}.")
    for line in telling.method(figures):
        print(line)
    if coverage.tally().recordings:
        _say_tables(coverage)
    _say_curve(figures)


def _say_tables(coverage: PlanCoverage) -> None:
    from phonotheque.publish.planning import telling

    statuses = [
        (word, f"{count:,}", format_bytes(size) if size else "-", why)
        for word, count, size, why in telling.status_rows(coverage)
    ]
    print()
    print_table([("status", "recordings", "bytes", "why"), *statuses], right=(1, 2))
    print()
    tiers = [
        (word, *(f"{count:,}" for count in counts), format_bytes(size))
        for word, *counts, size in telling.tier_rows(coverage)
    ]
    head = ("tier", "known", "shared", "to share", "bytes")
    print_table([head, *tiers], right=(1, 2, 3, 4))
    print()
    print_table([("share of all", "now", "when carried out"), *telling.coverage_rows(coverage)])


def _say_curve(figures: Figures) -> None:
    """Draw the curve as wide as the terminal, within reason."""
    from phonotheque.publish.planning.curve import drawn

    if figures.coverage.planned.share is None or not figures.curve[-1].size_bytes:
        return
    width = max(min(shutil.get_terminal_size().columns, 100) - 8, 20)
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    is_plain = encoding not in ("utf-8", "utf8")
    print("\nShare of all known listens in so many bytes, in the order of the plan:")
    for line in drawn(figures.curve, width=width, height=_CURVE_LINES, is_plain=is_plain):
        print(line)
    print(f"      0{format_bytes(figures.curve[-1].size_bytes):>{width - 1}}")


def _record(figures: Figures) -> dict[str, Any]:
    import msgspec

    from phonotheque.publish.planning.words import Status, Tier

    coverage = figures.coverage
    return {
        "plan": msgspec.to_builtins(figures.descriptor),
        "statuses": [
            {"tier": tier.word, "status": str(status), **_tally_record(coverage, tier, status)}
            for tier in Tier
            for status in Status
            if (tier, status) in coverage.tallies
        ],
        "listens": {
            "shared": _bar_record(coverage.shared),
            "planned": _bar_record(coverage.planned),
        },
        "releases": msgspec.to_builtins(coverage.releases),
        "note": coverage.note,
        "curve": [
            {"size_bytes": point.size_bytes, "share": point.share} for point in figures.curve
        ],
    }


def _tally_record(coverage: PlanCoverage, tier: Tier, status: Status) -> dict[str, int]:
    tally = coverage.tallies[tier, status]
    return {
        "recordings": tally.recordings,
        "counted": tally.counted,
        "listens": tally.listens,
        "size_bytes": tally.size_bytes,
    }


def _bar_record(bar: Bar) -> dict[str, float | None]:
    return {"share": bar.share, "low": bar.low, "high": bar.high}
