"""Where commands about the guard find its cases, and what they say of names that lead nowhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from phonotheque.cli.options import archive_of
from phonotheque.cli.output import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from phonotheque.archive.guarding.desk import GuardDesk


def desk_in(context: typer.Context) -> GuardDesk:
    """Where the cases of a command's archive are dealt with."""
    from phonotheque.archive.guarding.desk import desk_at

    return desk_at(archive_of(context))


@contextmanager
def cases_or_accounts() -> Iterator[None]:
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


def tell_if_unseen(desk: GuardDesk, account: str) -> None:
    """Say on standard error that an account is in no line of the log: it may be a slip."""
    from phonotheque.archive.guarding.seen import is_in_log, log_begins

    begins = log_begins(desk.root)
    if not begins:
        tell([f"No access log is kept here: whether there is an account {account} is not known."])
    elif not is_in_log(desk.root, account):
        tell([f"The access log has no line of {account}; it is kept since {begins}."])
