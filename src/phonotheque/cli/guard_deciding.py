"""`phono guard decide|appeal|message|forget`: what people do with cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.guard_desk import cases_or_accounts, desk_in, tell_if_unseen
from phonotheque.cli.guard_explaining import ACCOUNT, day_of
from phonotheque.cli.guard_permits import By, Factor, Terms, permit_for
from phonotheque.cli.options import Json
from phonotheque.cli.output import print_json
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.guarding.desk import GuardDesk
    from phonotheque.guard.rungs import Rung

_Days = Annotated[int | None, typer.Option("--days", min=1, max=3650, help="For how many days.")]
_Subject = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="A case (g12), or an account of the log.")
]
_Reason = Annotated[
    str, typer.Option("--reason", help="Why, for the case book and the account; name nobody.")
]
_RUNGS = ("none", "observe", "budget", "challenge", "suspend")


def register(group: typer.Typer) -> None:
    """Add the commands of this module."""
    group.command("decide")(decide)
    group.command("appeal")(appeal)
    group.command("message")(message)
    group.command("forget")(forget)


def decide(
    context: typer.Context,
    subject: _Subject,
    rung: Annotated[
        str, typer.Argument(help="none, observe, budget, challenge or suspend.", metavar="RUNG")
    ],
    reason: _Reason,
    by: By = "operator",
    days: _Days = None,
    wrong: Annotated[
        bool, typer.Option("--wrong", help="The guard should not have done it: keep the lesson.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Settle a case, or decide about an account by hand. A running door hears it at once.

    Example: phono guard decide g12 none --wrong --reason "A reader that counts ids up."
    """
    from phonotheque.archive.guarding.settling import Settling, settle
    from phonotheque.errors import BadRequestError

    desk = desk_in(context)
    wanted = _rung(rung)
    if wrong and wanted:
        todo = "Give `none` with it, or leave --wrong out."
        raise BadRequestError("--wrong", "it takes a decision back, and this makes one", todo)
    is_account = ACCOUNT.fullmatch(subject) is not None
    number = _case_about(desk, subject, wanted) if is_account else subject
    if number is None:
        tell_if_unseen(desk, subject)
        number = desk.decide(subject, wanted, by, reason, days=days).case
    else:
        with cases_or_accounts():
            settle(desk, number, Settling(wanted, by, reason, days, is_wrong=wrong))
    return _say(desk, number, as_json=as_json)


def _case_about(desk: GuardDesk, account: str, wanted: Rung) -> str | None:
    """The case of an account that a decision settles: the open one, and to take something back the
    last one; None for a new one."""
    from phonotheque.errors import ConflictError
    from phonotheque.guard.rungs import Rung

    cases = desk.read().cases
    number = cases.of_account.get(account)
    if number is None and wanted is Rung.NONE:
        todo = "`phono guard cases --all` lists all that was decided."
        raise ConflictError(account, "nothing was decided about it", todo)
    is_settled = number is not None and cases.by_number[number].is_open_at(desk.now)
    return number if is_settled or wanted is Rung.NONE else None


def appeal(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="CASE", help="The case.")],
    words: Annotated[
        str | None, typer.Option("--words", help="Take in an objection that came by letter.")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take the decision back, and keep the lesson.")
    ] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Let the decision stand.")] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="The answer, for the account; name nobody.")
    ] = "",
    use: Annotated[
        str | None, typer.Option("--permit", metavar="USE", help="With --accept: give a permit.")
    ] = None,
    factor: Factor = 5,
    by: By = "operator",
    as_json: Json = False,
) -> int:
    """Take in an objection, or answer one.

    Example: phono guard appeal g12 --accept --permit radio --reason "A station's playlist."
    """
    from phonotheque.archive.guarding.settling import Answer, answer_appeal
    from phonotheque.errors import BadRequestError

    asked = (words is not None) + accept + reject
    if asked != 1:
        todo = "Give one of --words, --accept and --reject."
        wrong = (
            "more than one thing is to be done" if asked else "it is not said what is to be done"
        )
        raise BadRequestError("phono guard appeal", wrong, todo)
    desk = desk_in(context)
    if words is not None:
        return _take_in(desk, number, words, as_json=as_json)
    given = permit_for(desk, number, Terms(use, factor, 90, by)) if use and accept else None
    answer_appeal(desk, number, Answer(by, reason, is_accepted=accept, permit=given))
    return _say(desk, number, as_json=as_json)


def message(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="CASE", help="The case.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to say.")],
    by: By = "operator",
) -> int:
    """Write to whoever a case is about; it stands on the page of the case.

    Example: phono guard message g12 "Which program do you use?"
    """
    desk_in(context).write(number, by, text)
    print(f"Kept with {number}.")
    return DONE


def forget(
    context: typer.Context, number: Annotated[str, typer.Argument(metavar="CASE", help="The case.")]
) -> int:
    """Forget all that was written about a case; decisions and the chain stay.

    Example: phono guard forget g12
    """
    from phonotheque.archive.guarding.settling import forget_case

    count = forget_case(desk_in(context), number)
    print(f"{counted(count, 'text')} of {number} forgotten.")
    return DONE


def _take_in(desk: GuardDesk, number: str, words: str, *, as_json: bool) -> int:
    """Take an objection that came by letter; where none can be made, say what can be done."""
    from phonotheque.errors import ConflictError
    from phonotheque.guard.ladder import REVIEW_S

    try:
        case = desk.appeal(number, words)
    except ConflictError as error:
        todo = "`phono guard message` keeps the letter with the case, `decide` settles it anew."
        raise ConflictError(error.thing, error.wrong, todo) from error
    answer_by = case.appealed_at + REVIEW_S
    if as_json:
        rung = case.rung_at(desk.now).name.lower()
        told = {"case": number, "account": case.account, "rung": rung}
        print_json({**told, "answer_by": answer_by})
    else:
        print(f"{number}: objection kept. Answer it by {day_of(answer_by)}.")
    return DONE


def _rung(text: str) -> Rung:
    from phonotheque.errors import BadRequestError
    from phonotheque.guard.rungs import Rung

    if text not in _RUNGS:
        raise BadRequestError(text, "there is no such rung", f"There are {', '.join(_RUNGS)}.")
    return Rung[text.upper()]


def _say(desk: GuardDesk, number: str, *, as_json: bool) -> int:
    case = desk.read().cases.by_number[number]
    rung = case.rung_at(desk.now).name.lower()
    if as_json:
        print_json({"case": number, "account": case.account, "rung": rung})
    else:
        print(f"{number}: {rung}. `phono guard explain {number}` shows all of it.")
    return DONE
