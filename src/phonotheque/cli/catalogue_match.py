"""`phono catalogue match FILE`: what of somebody's list is known, held, free, wanted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.catalogue.match.reading.format import Format
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import counted, print_json, printable, tell
from phonotheque.cli.watching import watched

if TYPE_CHECKING:
    from phonotheque.archive.finding.serving import Behind
    from phonotheque.catalogue.match.matching import Match
    from phonotheque.catalogue.match.telling import Summary

_Write = Callable[[bytes], None]
_SHOWN = ("known", "held", "free", "wanted")


def register(group: typer.Typer) -> None:
    """Add the command of this module to the catalogue's."""
    group.command("match")(match)


def match(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A playlist, a history, a table; - for input.")
    ],
    chosen: Annotated[
        Format | None, typer.Option("--format", help="Default: told by what stands in it.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="STATE", help=f"Show only: {', '.join(_SHOWN)}.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all lines to a new table, too.")
    ] = None,
    jspf: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a new playlist of what is held or free."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Match a list with the catalogue: for each line what is known, held, free or wanted, and why.

    Reads M3U, JSPF, XSPF, exports of ListenBrainz, JSON and CSV tables, and "Artist - Title" a
    line. A recording must agree in who, what and which version; what is only near is told as a
    reason, never as a match. The list stays private: nothing of it is kept or sent. Exit status 1
    when a line cannot be read.

    Example: phono catalogue match road-trip.m3u8 --only wanted
    """
    if only is not None and only not in _SHOWN:
        raise typer.BadParameter(f"--only takes one of {', '.join(_SHOWN)}")
    from phonotheque.catalogue.match.telling import Summary

    _check_targets(csv, jspf)
    root, summary = archive_of(context), Summary()
    with ExitStack() as opened:
        writers = _writers(opened, csv, jspf)
        missing = _each(root, file, chosen, summary, writers, _shower(only, as_json=as_json))
    if as_json:
        print_json({**summary.record(), "added_since": missing.added})
    else:
        _say(summary, missing)
    return FOUND if summary.states["refused"] else DONE


def _each(
    root: Path,
    file: Path,
    chosen: Format | None,
    summary: Summary,
    writers: Sequence[Callable[[Sequence[Match]], None]],
    show: Callable[[Sequence[Match]], None],
) -> Behind:
    """Match all lines, some hundred at a time."""
    from phonotheque.archive.finding.matching import open_matcher
    from phonotheque.archive.finding.serving import behind
    from phonotheque.archive.opening import open_to_read
    from phonotheque.catalogue.match.matching import match_all
    from phonotheque.catalogue.match.reading.formats import read_list
    from phonotheque.cli.identifiers import opened

    with open_matcher(root) as (matcher, catalogue), opened(file) as stream, watched() as told:
        for some in match_all(matcher, read_list(stream, str(file), chosen)):
            summary.take(some)
            for take in (*writers, show):
                take(some)
            told(f"{summary.lines:,} lines", None, None)
        with open_to_read(root) as archive:
            tell(archive.notices)
            return behind(archive.index, catalogue.snapshot)


def _shower(only: str | None, *, as_json: bool) -> Callable[[Sequence[Match]], None]:
    from phonotheque.catalogue.match.telling import states_of

    heads = iter([True])

    def show(some: Sequence[Match]) -> None:
        chosen = [one for one in some if only is None or only in states_of(one)]
        if as_json:
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
        Column("state", tuple(", ".join(states_of(one)) for one in some), need=9),
        Column("step", tuple(str(one.step or "") for one in some), need=4),
        Column("sure", tuple(f"{one.confidence:.2f}" if one.card else "" for one in some), need=3),
        text("recording", (_named(one) for one in some), 6),
        text("reason", (one.reason for one in some), 7),
    ]
    lines = lay_out(columns, terminal_width())
    print("\n".join(lines if with_head else lines[1:]))


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
    if summary.steps:
        steps = ", ".join(f"{step} {count:,}" for step, count in summary.steps.most_common())
        print(f"Found by: {steps}.")
    if missing.added:
        print(missing)


def _check_targets(*targets: Path | None) -> None:
    """Refuse what is to be written where something is, or nothing can be, before a line is read.

    Raises:
        BadRequestError: It is there already, its folder cannot take it, or both are one file.
    """
    from phonotheque.errors import BadRequestError

    taken: set[Path] = set()
    for target in filter(None, targets):
        folder = target.absolute().parent
        place = folder.resolve() / target.name
        if os.path.lexists(target):
            wrong = "it is there already, and nothing is overwritten"
        elif not folder.is_dir():
            wrong = "the folder that it is to be in is not there"
        elif not os.access(folder, os.W_OK):
            wrong = "its folder cannot be written to"
        elif place in taken:
            wrong = "the table and the playlist cannot be one file"
        else:
            taken.add(place)
            continue
        raise BadRequestError(str(target), wrong, "Give another name.")


def _writers(
    opened: ExitStack, csv: Path | None, jspf: Path | None
) -> list[Callable[[Sequence[Match]], None]]:
    """Open the files that are asked for; they get their names when all lines are in them."""
    from phonotheque.catalogue.match import telling

    found: list[Callable[[Sequence[Match]], None]] = []
    if csv is not None:
        rows = opened.enter_context(_written(csv))
        rows(telling.csv_rows((), with_head=True))
        found.append(lambda some: rows(telling.csv_rows(some, with_head=False)))
    if jspf is not None:
        tracks = opened.enter_context(_written(jspf, telling.JSPF_END))
        tracks(telling.JSPF_BEGIN)
        state = {"is_first": True}

        def take(some: Sequence[Match]) -> None:
            data = telling.jspf_tracks(some, is_first=state["is_first"])
            state["is_first"] = state["is_first"] and not data
            tracks(data)

        found.append(take)
    return found


@contextmanager
def _written(path: Path, end: bytes = b"") -> Iterator[_Write]:
    """Write a file part by part; whole and durable, it gets its name, and else it is not there."""
    from phonotheque.disk import LocalDisk

    disk, temporary = LocalDisk(path.absolute().parent), f".{path.name}.new"
    disk.remove(temporary)
    writer = disk.create(temporary)
    try:
        yield writer.write
        writer.write(end)
        writer.sync()
    except BaseException:
        writer.close()
        disk.remove(temporary)
        raise
    writer.close()
    disk.rename(temporary, path.name)
    disk.sync_folder("")
