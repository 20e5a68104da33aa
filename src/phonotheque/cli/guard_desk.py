"""Where commands about the guard find its cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from phonotheque.cli.options import archive_of

if TYPE_CHECKING:
    from phonotheque.archive.guarding.desk import GuardDesk


def desk_in(context: typer.Context) -> GuardDesk:
    """Where the cases of a command's archive are dealt with."""
    from phonotheque.archive.guarding.desk import desk_at

    return desk_at(archive_of(context))
