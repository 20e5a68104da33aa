"""`phono guard explain`: a case whole, or what is known of an account."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.guard_desk import desk_in
from phonotheque.cli.new_files import check_reports, write_report
from phonotheque.cli.options import Json
from phonotheque.cli.output import print_json, print_table, printable, tell

if TYPE_CHECKING:
    from phonotheque.archive.guarding.desk import GuardDesk
    from phonotheque.guard.book.case import Case
    from phonotheque.guard.book.cases import Cases
    from phonotheque.guard.decisions import Permit

ACCOUNT = re.compile(r"[0-9a-f]{16}")
"""What names of accounts look like."""


def register(group: typer.Typer) -> None:
    """Add the command of this module."""
    group.command("explain")(explain)


def explain(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="A case (g12), or an account of the log.")
    ],
    picture: Annotated[
        Path | None, typer.Option(help="Also draw its evidence (SVG), from the access log.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Show a case whole: what was seen, what follows, what would have changed it, what was said.

    Of an account the last case is shown, and its permit.

    Example: phono guard explain g12 --picture g12.svg
    """
    from phonotheque.archive.guarding.desk import known

    check_reports(picture)
    desk = desk_in(context)
    book = desk.read().cases
    is_account = ACCOUNT.fullmatch(subject) is not None
    number = book.of_account.get(subject) if is_account else subject
    if number is None:
        return _account_alone(book, subject, desk.now, picture, as_json=as_json)
    case = known(book, number)
    if picture is not None:
        _draw(desk, case, picture)
    permit = book.permit_at(case.account, desk.now)
    earlier = [one for one in book.all_of[case.account] if one != number]
    if as_json:
        given = {"permit": _permit_record(permit), "earlier": earlier}
        print_json({**record_of(case, desk.now), **given, **_history(desk, case)})
    else:
        _print_case(desk, case, permit, earlier)
    return DONE


def _account_alone(
    book: Cases, account: str, now: int, picture: Path | None, *, as_json: bool
) -> int:
    """What is known of an account without a case: its permit."""
    from phonotheque.errors import BadReferenceError

    permit = book.permit_at(account, now)
    if permit is None or picture is not None:
        wrong = "there is no case about this account" if permit else "nothing is known about it"
        todo = "`phono guard cases --all` lists all cases, `phono guard permit --list` permits."
        raise BadReferenceError(account, wrong, todo)
    if as_json:
        told = {"case": "", "account": account, "rung": "none"}
        print_json({**told, "permit": _permit_record(permit)})
    else:
        told_of = [("account", account), ("case", "none"), ("permit", _permit_words(permit))]
        print_table(told_of)
    return DONE


def _draw(desk: GuardDesk, case: Case, picture: Path) -> None:
    from phonotheque.archive.guarding.picturing import picture_of_case

    write_report(picture, picture_of_case(desk.root, case, lambda text: tell([text])))


def day_of(second: int) -> str:
    """An instant for people: "2026-11-22 04:05 UTC"."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M UTC")


def what_happens(case: Case, now: int) -> str:
    """The rung that holds, or in brackets the one that would."""
    rung, shadow = case.rung_at(now), case.shadow_rung_at(now)
    return f"({shadow.name.lower()})" if shadow else rung.name.lower()


def record_of(case: Case, now: int) -> dict[str, Any]:
    """What `--json` says of a case."""
    decision, grounds = case.decision, case.grounds
    return {
        "case": case.number,
        "account": case.account,
        "rung": case.rung_at(now).name.lower(),
        "shadow_rung": case.shadow_rung_at(now).name.lower(),
        "since": grounds.second,
        "until": case.ends_at(now)[0],
        "review_by": decision.review_by,
        "appeal_by": grounds.appeal_by,
        "basis": grounds.basis.value,
        "rule": decision.rule,
        "by": grounds.by,
        "evidence": grounds.evidence,
        "counterfactual": grounds.counterfactual,
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


def _print_case(desk: GuardDesk, case: Case, permit: Permit | None, earlier: list[str]) -> None:
    from phonotheque.guard.decisions import Basis

    now, decision, grounds = desk.now, case.decision, case.grounds
    stands, may_appeal = bool(case.rung_at(now)), case.may_appeal_at(now)
    has_review = decision.review_by and stands and case.governing is None
    rows = [
        ("case", case.number),
        ("account", case.account),
        *((("other cases", ", ".join(earlier)),) if earlier else ()),
        ("what happens", what_happens(case, now)),
        *((("until", day_of(case.ends_at(now)[0])),) if stands else ()),
        *((("permit", _permit_words(permit)),) if permit else ()),
        ("seen" if grounds.basis is not Basis.PERSON else "reason", grounds.evidence),
        *((("but", grounds.counterfactual),) if grounds.counterfactual else ()),
        ("rests on", grounds.basis.value),
        ("decided by", f"{grounds.by}, rules {decision.rule}"),
        ("decided at", day_of(grounds.second)),
        *((("to be looked at by", day_of(decision.review_by)),) if has_review else ()),
        *((("to be objected to by", day_of(grounds.appeal_by)),) if may_appeal else ()),
        *(_limit(name, bits) for name, bits in grounds.thresholds),
    ]
    print_table([(name, printable(text)) for name, text in rows])
    _print_history(_history(desk, case))


def _print_history(history: dict[str, Any]) -> None:
    """All that was decided and said, in order of time."""
    entries = [
        (one["decision"]["second"], "decided", one["decision"]["by"], one["decision"]["evidence"])
        for one in history["decisions"]
    ]
    for kind in ("written", "answers", "settled"):
        for one in history[kind]:
            text = one.get("text") or one.get("reason") or "(forgotten)"
            entries.append((one["second"], _KINDS[one["entry"]], one.get("by", "account"), text))
    for second, kind, by, text in sorted(entries, key=lambda one: one[0]):
        print(f"\n{day_of(second)}  {kind}, {printable(by)}")
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
