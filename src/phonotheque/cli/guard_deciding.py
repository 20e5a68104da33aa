"""`phono guard decide|permit|appeal|message|forget`: what people do with cases."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.guard_desk import desk_in
from phonotheque.cli.options import Json
from phonotheque.cli.output import print_json
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from phonotheque.archive.guarding.desk import GuardDesk
    from phonotheque.guard.decisions import Permit
    from phonotheque.guard.rungs import Rung

_ACCOUNT = re.compile(r"[0-9a-f]{16}")
_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides, for the case book.")]
_Days = Annotated[int | None, typer.Option("--days", min=1, max=3650, help="For how many days.")]
_Use = Annotated[
    str, typer.Option("--use", help="What for: dj, radio, shop, research, library, other.")
]
_Factor = Annotated[
    int, typer.Option("--factor", min=1, max=1000, help="So many times the ordinary budget.")
]
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
    group.command("permit")(permit)
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
    by: _By = "operator",
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

    desk = desk_in(context)
    wanted = _rung(rung)
    if _ACCOUNT.fullmatch(subject):
        decided = desk.decide(subject, wanted, by, reason, days=days)
        return _say(desk, decided.case, as_json=as_json)
    with _cases_or_accounts():
        settle(desk, subject, Settling(wanted, by, reason, days, is_wrong=wrong))
    return _say(desk, subject, as_json=as_json)


def permit(
    context: typer.Context,
    subject: _Subject,
    use: _Use = "other",
    factor: _Factor = 5,
    days: _Days = 90,
    by: _By = "operator",
    end: Annotated[bool, typer.Option("--end", help="End the permit that there is.")] = False,
    as_json: Json = False,
) -> int:
    """Let an account open more than others, because it said what for.

    What was asked, or decided automatically, is over with it and does not come back. With a permit
    nothing is decided automatically but for addresses that exist nowhere.

    Example: phono guard permit g12 --use radio --factor 5 --days 90
    """
    desk = desk_in(context)
    with _cases_or_accounts():
        given = _permit(desk, subject, _Terms(use, factor, 0 if end else days or 90, by))
    desk.permit(given)
    cases = desk.read().cases
    rung = cases.standing(given.account, desk.now).rung.name.lower()
    if as_json:
        told_of = {"account": given.account, "factor": given.factor, "until": given.until}
        print_json({**told_of, "rung": rung})
    elif end:
        print(f"The permit of {given.account} is over.")
    else:
        told = f"{given.factor} times the budget for {counted(days or 90, 'day')}"
        print(f"{given.account} has {told}.")
    if rung in _RUNGS[2:] and not as_json:
        undo = f"phono guard decide {cases.of_account[given.account]} none --reason WHY"
        print(f"What was decided stays: {rung}. `{undo}` takes it back.")
    return DONE


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
    factor: _Factor = 5,
    by: _By = "operator",
    as_json: Json = False,
) -> int:
    """Take in an objection, or answer one.

    Example: phono guard appeal g12 --accept --permit radio --reason "A station's playlist."
    """
    from phonotheque.archive.guarding.settling import Answer, answer_appeal
    from phonotheque.errors import BadRequestError

    if (words is not None) + accept + reject != 1:
        todo = "Give one of --words, --accept and --reject."
        raise BadRequestError("phono guard appeal", "it is not said what is to be done", todo)
    desk = desk_in(context)
    if words is not None:
        _take_in(desk, number, words)
        return _say(desk, number, as_json=as_json)
    given = _permit(desk, number, _Terms(use, factor, 90, by)) if use and accept else None
    answer_appeal(desk, number, Answer(by, reason, is_accepted=accept, permit=given))
    return _say(desk, number, as_json=as_json)


def message(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="CASE", help="The case.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to say.")],
    by: _By = "operator",
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


def _take_in(desk: GuardDesk, number: str, words: str) -> None:
    """Take an objection that came by letter; where none can be made, say what can be done."""
    from phonotheque.errors import ConflictError

    try:
        desk.appeal(number, words)
    except ConflictError as error:
        todo = "`phono guard message` keeps the letter with the case, `decide` settles it anew."
        raise ConflictError(error.thing, error.wrong, todo) from error


@contextmanager
def _cases_or_accounts() -> Iterator[None]:
    """Where an account may be named, too, an unknown name is told what accounts look like."""
    from phonotheque.errors import BadReferenceError

    try:
        yield
    except BadReferenceError as error:
        todo = (
            f"{error.todo} Or name an account: 16 hexadecimal digits, `account` or `address` of "
            "its lines in the access log."
        )
        raise BadReferenceError(error.thing, error.wrong, todo) from error


def _rung(text: str) -> Rung:
    from phonotheque.errors import BadRequestError
    from phonotheque.guard.rungs import Rung

    if text not in _RUNGS:
        raise BadRequestError(text, "there is no such rung", f"There are {', '.join(_RUNGS)}.")
    return Rung[text.upper()]


class _Terms:
    """What a permit is to say."""

    def __init__(self, use: str | None, factor: int, days: int, by: str) -> None:
        self.use, self.factor, self.days, self.by = use or "other", factor, days, by


def _permit(desk: GuardDesk, subject: str, terms: _Terms) -> Permit:
    from phonotheque.archive.guarding.desk import known
    from phonotheque.errors import BadRequestError
    from phonotheque.guard.decisions import DAY_S, Permit, Use

    is_account = _ACCOUNT.fullmatch(subject) is not None
    if terms.use not in list(Use):
        raise BadRequestError(terms.use, "there is no such use", f"There are {', '.join(Use)}.")
    return Permit(
        account=subject if is_account else known(desk.read().cases, subject).account,
        use=Use(terms.use),
        factor=terms.factor,
        second=desk.now,
        until=desk.now + terms.days * DAY_S,
        by=terms.by,
        case="" if is_account else subject,
    )


def _say(desk: GuardDesk, number: str, *, as_json: bool) -> int:
    case = desk.read().cases.by_number[number]
    rung = case.rung_at(desk.now).name.lower()
    if as_json:
        print_json({"case": number, "account": case.account, "rung": rung})
    else:
        print(f"{number}: {rung}. `phono guard explain {number}` shows all of it.")
    return DONE
