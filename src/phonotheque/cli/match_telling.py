"""Telling what a list means: a table, JSON, files for other programs, and the sums of all lines.

Used by `phono catalogue match`, of a file, and by `phono lists match`, of a list that is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.new_files import check_targets, written_whole
from phonotheque.cli.output import print_json, printable, tell
from phonotheque.cli.watching import watched
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.finding.serving import Behind
    from phonotheque.catalogue.match.entry import Entry
    from phonotheque.catalogue.match.matching import Match
    from phonotheque.catalogue.match.telling import Summary
    from phonotheque.cli.answers import Column

SHOWN = ("known", "held", "free", "wanted")
"""States that can be asked for."""

Only = Annotated[
    str | None, typer.Option("--only", metavar="STATE", help=f"Show only: {', '.join(SHOWN)}.")
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Write all lines to a new table, too."),
]
Jspf = Annotated[
    Path | None,
    typer.Option("--jspf", metavar="FILE", help="Write a new playlist of what is held or free."),
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be told of a list, and where it is to be written, too.

    Raises:
        BadRequestError: There is no such state, or a file cannot be written; nothing was read.
    """

    only: str | None
    csv: Path | None
    jspf: Path | None
    as_json: bool

    def __post_init__(self) -> None:
        check_only(self.only)
        check_targets(self.csv, self.jspf)


def check_only(only: str | None) -> None:
    """Refuse a state that there is not."""
    if only is not None and only not in SHOWN:
        raise typer.BadParameter(f"--only takes one of {', '.join(SHOWN)}")


def tell_matches(root: Path, entries: Iterable[Entry], wish: Wish) -> int:
    """Match all lines with the catalogue of an archive, and tell what came of it.

    Returns:
        The exit status: 1 when a line cannot be read.

    Raises:
        NoCatalogueError: There is none that can match.
    """
    from phonotheque.catalogue.match.telling import Summary

    summary = Summary()
    with ExitStack() as opened:
        writers = _writers(opened, wish.csv, wish.jspf)
        missing = _each(root, entries, summary, (*writers, _shower(wish)))
    if wish.as_json:
        print_json({**summary.record(), "added_since": missing.added})
    else:
        _say(summary, missing)
    return FOUND if summary.states["refused"] else DONE


def _each(
    root: Path,
    entries: Iterable[Entry],
    summary: Summary,
    takers: Sequence[Callable[[Sequence[Match]], None]],
) -> Behind:
    """Match all lines, some hundred at a time."""
    from phonotheque.archive.finding.matching import open_matcher
    from phonotheque.archive.finding.serving import behind
    from phonotheque.archive.opening import open_to_read
    from phonotheque.catalogue.match.matching import match_all

    with open_matcher(root) as (matcher, catalogue), watched() as told:
        for some in match_all(matcher, entries):
            summary.take(some)
            for take in takers:
                take(some)
            told(f"{summary.lines:,} lines", None, None)
        with open_to_read(root) as archive:
            tell(archive.notices)
            return behind(archive.index, catalogue.snapshot)


def _shower(wish: Wish) -> Callable[[Sequence[Match]], None]:
    from phonotheque.catalogue.match.telling import states_of

    heads = iter([True])

    def show(some: Sequence[Match]) -> None:
        chosen = [one for one in some if wish.only is None or wish.only in states_of(one)]
        if wish.as_json:
            for one in chosen:
                print_json(_record(one))
        elif chosen:
            _print(chosen, with_head=next(heads, False))

    return show


def _record(one: Match) -> dict[str, Any]:
    from phonotheque.catalogue.match.telling import record_of
    from phonotheque.cli.answers import card_record

    return {**record_of(one), **card_record(one.card)}


def _print(some: Sequence[Match], *, with_head: bool) -> None:
    from phonotheque.catalogue.match.telling import states_of
    from phonotheque.cli.answers import Column, lay_out, terminal_width

    def text(head: str, cells: Iterator[str], need: int) -> Column:
        return Column(head, tuple(map(printable, cells)), is_text=True, need=need)

    columns = [
        Column("line", tuple(str(one.entry.number) for one in some), is_right=True, need=5),
        text("asked", (one.entry.asked for one in some), 0),
        *_plays(some),
        Column("state", tuple(", ".join(states_of(one)) for one in some), need=9),
        Column("step", tuple(str(one.step or "") for one in some), need=4),
        Column("sure", tuple(f"{one.confidence:.2f}" if one.card else "" for one in some), need=3),
        text("recording", (_named(one) for one in some), 6),
        text("reason", (one.reason for one in some), 7),
    ]
    lines = lay_out(columns, terminal_width())
    print("\n".join(lines if with_head else lines[1:]))


def _plays(some: Sequence[Match]) -> list[Column]:
    """How often each was played, where the list is a history."""
    from phonotheque.cli.answers import Column

    if all(one.entry.plays is None for one in some):
        return []
    cells = tuple(f"{one.entry.plays.times:,}" if one.entry.plays else "" for one in some)
    return [Column("plays", cells, is_right=True, need=8)]


def _named(one: Match) -> str:
    if one.card is None:
        return ""
    return f"{one.card.title} - {one.card.credit}" if one.card.credit else one.card.title


def _say(summary: Summary, missing: Behind) -> None:
    from phonotheque.catalogue.match.telling import STATES

    if summary.rate is None:
        print("The list has no line that could be read.")
    else:
        counts = ", ".join(
            f"{summary.states[one]:,} {one}" for one in STATES if summary.states[one]
        )
        lines = counted(summary.lines, "line")
        print(f"\n{lines}: {counts}; {summary.rate:.1%} known.")
    if total := summary.plays["all"]:
        shares = ", ".join(f"{summary.plays[one] / total:.1%} {one}" for one in SHOWN)
        print(f"Of {counted(total, 'play')}: {shares}.")
    if summary.steps:
        steps = ", ".join(f"{step} {count:,}" for step, count in summary.steps.most_common())
        print(f"Found by: {steps}.")
    if missing.added:
        print(missing)


def _writers(
    opened: ExitStack, csv: Path | None, jspf: Path | None
) -> list[Callable[[Sequence[Match]], None]]:
    """Open the files that are asked for; they get their names when all lines are in them."""
    from phonotheque.catalogue.match import telling

    found: list[Callable[[Sequence[Match]], None]] = []
    if csv is not None:
        rows = opened.enter_context(written_whole(csv))
        rows(telling.csv_rows((), with_head=True))
        found.append(lambda some: rows(telling.csv_rows(some, with_head=False)))
    if jspf is not None:
        tracks = opened.enter_context(written_whole(jspf, telling.JSPF_END))
        tracks(telling.JSPF_BEGIN)
        state = {"is_first": True}

        def take(some: Sequence[Match]) -> None:
            data = telling.jspf_tracks(some, is_first=state["is_first"])
            state["is_first"] = state["is_first"] and not data
            tracks(data)

        found.append(take)
    return found
