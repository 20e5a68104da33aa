"""`phono guard`: who copies the catalogue out, what is done about it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli import (
    guard_bench,
    guard_deciding,
    guard_explaining,
    guard_incident,
    guard_permits,
    guard_score,
    guard_streams,
    guard_watch,
)
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.guard_desk import desk_in
from phonotheque.cli.guard_explaining import day_of, record_of, what_happens
from phonotheque.cli.options import Json
from phonotheque.cli.output import print_json, print_table, printable
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.guard.book.case import Case
    from phonotheque.guard.scorecard import Points

_ROW_TEXT = 60


def guard_group() -> typer.Typer:
    """The commands of this group."""
    group = typer.Typer(
        help="Who copies the catalogue out through the listening door: cases, reasons, appeals.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("cases")(cases)
    guard_explaining.register(group)
    guard_deciding.register(group)
    guard_permits.register(group)
    guard_incident.register(group)
    guard_watch.register(group)
    group.command("check")(check)
    guard_score.register(group)
    guard_streams.register(group)
    guard_bench.register(group)
    return group


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(guard_group(), name="guard")


def cases(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that a person decided, or that are closed.")
    ] = False,
    as_json: Json = False,
) -> int:
    """List the cases that wait for a person, those first who are hurt most by waiting.

    Example: phono guard cases
    """
    from phonotheque.guard.scorecard import points_of

    desk = desk_in(context)
    now, every = desk.now, desk.read().cases.by_number.values()
    found = [(points_of(case, now), case) for case in every if everything or case.waits_at(now)]
    found.sort(key=lambda one: (-one[0].total, one[1].opened_at, one[1].number))
    if as_json:
        for points, case in found:
            print_json({**record_of(case, now), "points": dict(points.parts)})
        return DONE
    _print_queue(
        found, now, "There is no case." if everything else "No case waits to be looked at."
    )
    seen = sum(case.is_open_at(now) and not case.waits_at(now) for case in every)
    if seen and not everything:
        holds = (
            "case that a person decided holds" if seen == 1 else "cases that people decided hold"
        )
        lists = "it" if seen == 1 else "them"
        print(f"{seen:,} {holds}: `phono guard cases --all` lists {lists}, too.")
    return DONE


def _print_queue(found: list[tuple[Points, Case]], now: int, none: str) -> None:
    if not found:
        print(none)
        return
    rows = [("case", "points", "what happens", "since", "")]
    for points, case in found:
        text = "appealed" if case.appealed_at else _begun(case.grounds.evidence)
        since = day_of(case.grounds.second)
        happens = what_happens(case, now)
        rows.append((case.number, f"{points.total:.0f}", happens, since, printable(text)))
    print_table(rows, right=(1,))


def check(context: typer.Context, as_json: Json = False) -> int:
    """Prove every line of the case book, and try today's rules on decisions that were wrong.

    Example: phono guard check
    """
    from phonotheque.archive.guarding.desk import rules_of

    desk = desk_in(context)
    book = desk.read()
    taken_back = len(book.cases.called_wrong())
    lessons = len(list(book.cases.lessons()))
    wrong = book.cases.unlearned(rules_of(book.cases), desk.now)
    if as_json:
        told = [{"case": case.number, "rung": rung.name.lower()} for case, rung in wrong]
        head = {"lines": book.head.seq, "head": book.head.digest}
        print_json({**head, "taken_back": taken_back, "lessons": lessons, "unlearned": told})
    else:
        print(f"{counted(book.head.seq, 'line')}, each follows from the one before.")
        print(f"The last one's SHA-256: {book.head.digest}")
        print(_taken_back(taken_back, lessons))
        for case, rung in wrong:
            print(f"{case.number}: the rules of today would make it a {rung.name.lower()} again.")
    return FOUND if wrong else DONE


def _taken_back(cases: int, findings: int) -> str:
    """How many cases a person called wrong, and what of them today's rules are tried on."""
    if not cases:
        return "No decision was taken back as wrong."
    tried = f"{counted(findings, 'finding')} of them tried on today's rules"
    none = "none rested on a finding that asked or suspended"
    return f"{counted(cases, 'case')} taken back as wrong; {tried if findings else none}."


def _begun(text: str) -> str:
    """What fits in a row; an ellipsis says that there is more."""
    return text if len(text) <= _ROW_TEXT else f"{text[: _ROW_TEXT - 1].rstrip()}…"
