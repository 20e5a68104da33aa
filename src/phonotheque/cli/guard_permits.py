"""`phono guard permit`: who may open more than others, because he said what for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.guard_desk import cases_or_accounts, desk_in, tell_if_unseen
from phonotheque.cli.guard_explaining import ACCOUNT, day_of
from phonotheque.cli.options import Json
from phonotheque.cli.output import print_json, print_table, printable
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.guarding.desk import GuardDesk
    from phonotheque.guard.book.cases import Cases
    from phonotheque.guard.decisions import Permit
    from phonotheque.guard.rungs import Rung

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides, for the case book.")]
Factor = Annotated[
    int, typer.Option("--factor", min=1, max=1000, help="So many times the ordinary budget.")
]


def register(group: typer.Typer) -> None:
    """Add the command of this module."""
    group.command("permit")(permit)


def permit(
    context: typer.Context,
    subject: Annotated[
        str | None,
        typer.Argument(metavar="SUBJECT", help="A case (g12), or an account of the log."),
    ] = None,
    use: Annotated[
        str, typer.Option("--use", help="What for: dj, radio, shop, research, library, other.")
    ] = "other",
    factor: Factor = 5,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="For how many days.")] = 90,
    by: By = "operator",
    end: Annotated[bool, typer.Option("--end", help="End the permit that there is.")] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="List the permits that count now.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Let an account open more than others, because it said what for.

    What was asked, or decided automatically, is over with it and does not come back. With a permit
    nothing is decided automatically but for addresses that exist nowhere.

    Example: phono guard permit g12 --use radio --factor 5 --days 90
    """
    from phonotheque.errors import BadRequestError

    if (subject is None) != listed or (listed and end):
        todo = "Name a case or an account, or give --list alone."
        wrong = "--list goes with nothing else" if listed else "it is not said whose is meant"
        raise BadRequestError("phono guard permit", wrong, todo)
    desk = desk_in(context)
    if subject is None:
        return _list(desk.read().cases, desk.now, as_json=as_json)
    with cases_or_accounts():
        given = permit_for(desk, subject, Terms(use, factor, 0 if end else days, by))
    if end:
        _require_permit(desk.read().cases, given.account, desk.now)
    else:
        tell_if_unseen(desk, given.account)
    desk.permit(given)
    cases = desk.read().cases
    rung = cases.standing(given.account, desk.now).rung
    if as_json:
        told_of = {"account": given.account, "factor": given.factor, "until": given.until}
        print_json({**told_of, "rung": rung.name.lower()})
    else:
        told = f"has {factor} times the budget for {counted(days, 'day')}"
        ended = f"The permit of {given.account} is over."
        print(ended if end else f"{given.account} {told}.")
        _say_what_stays(cases, given.account, rung)
    return DONE


@dataclass(frozen=True, slots=True)
class Terms:
    """What a permit is to say; of 0 days: that the one before is over."""

    use: str
    factor: int
    days: int
    by: str


def permit_for(desk: GuardDesk, subject: str, terms: Terms) -> Permit:
    """The permit of an account, or of that which a case is about.

    Raises:
        BadReferenceError: There is no such case.
        BadRequestError: There is no such use.
    """
    from phonotheque.archive.guarding.desk import known
    from phonotheque.errors import BadRequestError
    from phonotheque.guard.decisions import DAY_S, Permit, Use

    is_account = ACCOUNT.fullmatch(subject) is not None
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


def _require_permit(cases: Cases, account: str, now: int) -> None:
    """Raises `ConflictError` when there is none that could be ended."""
    from phonotheque.errors import ConflictError

    if cases.permit_at(account, now) is None:
        todo = "`phono guard permit --list` lists all that there are."
        raise ConflictError(account, "it has no permit", todo)


def _say_what_stays(cases: Cases, account: str, rung: Rung) -> None:
    from phonotheque.guard.rungs import Rung

    if rung > Rung.OBSERVE:
        undo = f"phono guard decide {cases.of_account[account]} none --reason WHY"
        print(f"What was decided stays: {rung.name.lower()}. `{undo}` takes it back.")


def _list(cases: Cases, now: int, *, as_json: bool) -> int:
    """The permits that count now, the one that ends first at the top."""
    counting = (cases.permit_at(account, now) for account in cases.permits)
    found = sorted((one for one in counting if one), key=lambda one: (one.until, one.account))
    if as_json:
        for one in found:
            told = {"account": one.account, "use": one.use.value, "factor": one.factor}
            spans = {"since": one.second, "until": one.until}
            print_json({**told, **spans, "by": one.by, "case": one.case})
        return DONE
    if not found:
        print("Nobody has a permit.")
        return DONE
    rows = [("account", "use", "factor", "until", "case", "given by")]
    for one in found:
        ends = day_of(one.until)
        rows.append(
            (one.account, one.use, str(one.factor), ends, one.case or "-", printable(one.by))
        )
    print_table(rows, right=(2,))
    return DONE
