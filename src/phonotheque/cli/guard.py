"""`phono guard`: who copies the catalogue out, what is done about it, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli import (
    guard_bench,
    guard_deciding,
    guard_incident,
    guard_score,
    guard_streams,
    guard_watch,
)
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.guard_desk import desk_in
from phonotheque.cli.new_files import check_reports, write_report
from phonotheque.cli.options import Json
from phonotheque.cli.output import print_json, print_table, printable, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.guarding.desk import GuardDesk
    from phonotheque.guard.book.case import Case
    from phonotheque.guard.decisions import Permit

_ROW_TEXT = 60
CaseNumber = Annotated[str, typer.Argument(metavar="CASE", help="A case, as `cases` lists it.")]


def guard_group() -> typer.Typer:
    """The commands of this group."""
    group = typer.Typer(
        help="Who copies the catalogue out through the listening door: cases, reasons, appeals.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("cases")(cases)
    group.command("explain")(explain)
    guard_deciding.register(group)
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
    everything: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    as_json: Json = False,
) -> int:
    """List the cases that wait for a person, those first who are hurt most by waiting.

    Example: phono guard cases
    """
    from phonotheque.guard.scorecard import points_of

    desk = desk_in(context)
    now = desk.now
    found = [
        (points_of(case, now), case)
        for case in desk.read().cases.by_number.values()
        if everything or case.is_open_at(now)
    ]
    found.sort(key=lambda one: (-one[0].total, one[1].opened_at, one[1].number))
    if as_json:
        for points, case in found:
            print_json({**_record(case, now), "points": dict(points.parts)})
        return DONE
    if not found:
        print("There is no case." if everything else "No case waits to be looked at.")
        return DONE
    rows = [("case", "points", "what happens", "since", "")]
    for points, case in found:
        rows.append(
            (
                case.number,
                f"{points.total:.0f}",
                _what_happens(case, now),
                day_of(case.decision.second),
                printable("appealed" if case.appealed_at else _begun(case.decision.evidence)),
            )
        )
    print_table(rows, right=(1,))
    return DONE


def explain(
    context: typer.Context,
    number: CaseNumber,
    picture: Annotated[
        Path | None, typer.Option(help="Also draw its evidence (SVG), from the access log.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Show a case whole: what was seen, what follows, what would have changed it, what was said.

    Example: phono guard explain g12 --picture g12.svg
    """
    from phonotheque.archive.guarding.desk import known

    check_reports(picture)
    desk = desk_in(context)
    book = desk.read().cases
    case = known(book, number)
    permit = book.permit_at(case.account, desk.now)
    if picture is not None:
        _draw(desk, case, picture)
    if as_json:
        given = {"permit": _permit_record(permit)}
        print_json({**_record(case, desk.now), **given, **_history(desk, case)})
    else:
        _print_case(desk, case, permit)
    return DONE


def _draw(desk: GuardDesk, case: Case, picture: Path) -> None:
    from phonotheque.archive.guarding.picturing import picture_of_case

    write_report(picture, picture_of_case(desk.root, case, lambda text: tell([text])))


def check(context: typer.Context, as_json: Json = False) -> int:
    """Prove every line of the case book, and try today's rules on decisions that were wrong.

    Example: phono guard check
    """
    from phonotheque.archive.guarding.desk import rules_of

    desk = desk_in(context)
    book = desk.read()
    lessons = len(list(book.cases.lessons()))
    wrong = book.cases.unlearned(rules_of(book.cases), desk.now)
    if as_json:
        told = [{"case": case.number, "rung": rung.name.lower()} for case, rung in wrong]
        head = {"lines": book.head.seq, "head": book.head.digest}
        print_json({**head, "lessons": lessons, "unlearned": told})
    else:
        print(f"{counted(book.head.seq, 'line')}, each follows from the one before.")
        print(f"The last one's SHA-256: {book.head.digest}")
        print(f"{counted(lessons, 'finding')} of decisions that a person took back as wrong.")
        for case, rung in wrong:
            print(f"{case.number}: the rules of today would make it a {rung.name.lower()} again.")
    return FOUND if wrong else DONE


def _begun(text: str) -> str:
    """What fits in a row; an ellipsis says that there is more."""
    return text if len(text) <= _ROW_TEXT else f"{text[: _ROW_TEXT - 1].rstrip()}…"


def day_of(second: int) -> str:
    """An instant for people: "2026-11-22 04:05 UTC"."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _what_happens(case: Case, now: int) -> str:
    rung, shadow = case.rung_at(now), case.shadow_rung_at(now)
    return f"({shadow.name.lower()})" if shadow else rung.name.lower()


def _record(case: Case, now: int) -> dict[str, Any]:
    decision = case.decision
    return {
        "case": case.number,
        "account": case.account,
        "rung": case.rung_at(now).name.lower(),
        "shadow_rung": case.shadow_rung_at(now).name.lower(),
        "since": decision.second,
        "until": case.ends_at(now)[0],
        "review_by": decision.review_by,
        "appeal_by": decision.appeal_by,
        "basis": decision.basis.value,
        "rule": decision.rule,
        "by": decision.by,
        "evidence": decision.evidence,
        "counterfactual": decision.counterfactual,
        "appealed_at": case.appealed_at,
    }


def _history(desk: GuardDesk, case: Case) -> dict[str, Any]:
    """Decisions, messages, answers and what people settled, with the words that are still kept."""
    import msgspec

    from phonotheque.archive.guarding.words import words_of

    def told(entry: msgspec.Struct) -> dict[str, Any]:
        record: dict[str, Any] = msgspec.to_builtins(entry)
        if digest := record.get("words"):
            record["text"] = words_of(desk.disk, record["case"], digest)
        return record

    return {
        "decisions": [told(one) for one in case.decisions],
        "answers": [told(one) for one in case.answers],
        "written": [told(one) for one in case.written],
        "settled": [told(one) for one in case.settled],
    }


def _permit_record(permit: Permit | None) -> dict[str, Any] | None:
    if permit is None:
        return None
    return {"use": permit.use.value, "factor": permit.factor, "until": permit.until}


def _print_case(desk: GuardDesk, case: Case, permit: Permit | None) -> None:
    now, decision = desk.now, case.decision
    stands, may_appeal = bool(case.rung_at(now)), case.may_appeal_at(now)
    rows = [
        ("case", case.number),
        ("account", case.account),
        ("what happens", _what_happens(case, now)),
        *((("until", day_of(case.ends_at(now)[0])),) if stands else ()),
        *((("permit", _permit_words(permit)),) if permit else ()),
        ("seen", decision.evidence),
        ("but", decision.counterfactual),
        ("rests on", decision.basis.value),
        ("decided by", f"{decision.by}, rules {decision.rule}"),
        ("decided at", day_of(decision.second)),
        *(
            (("to be looked at by", day_of(decision.review_by)),)
            if decision.review_by and stands
            else ()
        ),
        *((("to be objected to by", day_of(decision.appeal_by)),) if may_appeal else ()),
        *(_limit(name, bits) for name, bits in decision.thresholds),
    ]
    print_table([(name, printable(text)) for name, text in rows])
    history = _history(desk, case)
    for kind in ("written", "answers", "settled"):
        for entry in history[kind]:
            text = entry.get("text") or entry.get("reason") or "(forgotten)"
            who = entry.get("by", "account")
            print(f"\n{day_of(entry['second'])}  {_KINDS[entry['entry']]}, {printable(who)}")
            for line in text.splitlines():
                print(f"  {printable(line)}")


def _limit(clock: str, bits: float) -> tuple[str, str]:
    """What one clock asked from, in the unit that it counts in."""
    from phonotheque.guard.calibration import is_known

    told = f"{bits:,.0f} bits of surprise" if is_known(bits) else "not known yet"
    return f"asked from, in one {clock}", told


def _permit_words(permit: Permit) -> str:
    return f"{permit.use}, {permit.factor} times the budget, until {day_of(permit.until)}"


_KINDS = {
    "wrote": "message",
    "appealed": "appeal",
    "answered": "answer to the question",
    "settled": "settled",
}
