"""`phono guard watch`: the access log of the listening door in, decisions out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.guard_desk import desk_in
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import print_json, printable, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from pathlib import Path

    from phonotheque.guard.book.entries import Decided


def register(group: typer.Typer) -> None:
    """Add the command of this module."""
    group.command("watch")(watch)


def watch(
    context: typer.Context,
    every: Annotated[
        float | None,
        typer.Option("--every", metavar="SECONDS", min=0.1, help="Go on, and look so often."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Read what is new in the access log, and decide about those who copy the catalogue out.

    What was decided stands in the case book, and a running door hears it at once. Started again it
    reads on where it was, and decides nothing twice. Without --every it looks once.

    Example: phono guard watch --every 0.5
    """
    _require_numba()
    from phonotheque.archive.guarding.descriptions import descriptions_of
    from phonotheque.archive.guarding.watching import watching
    from phonotheque.cli.signals import stop_at_signals
    from phonotheque.config import FILE_NAME, parse_config
    from phonotheque.disk import LocalDisk, read_whole

    root: Path = archive_of(context)
    desk = desk_in(context)
    stop = stop_at_signals() if every else None
    config = parse_config(read_whole(LocalDisk(root), FILE_NAME))
    most = int(config["guard.most_accounts"])
    with (
        descriptions_of(root) as descriptions,
        watching(desk, descriptions, lambda text: tell([text]), most) as watcher,
    ):
        if stop is not None:
            tell(["watching the access log"])
        while True:
            _say(watcher.turn(), as_json=as_json, is_last=stop is None)
            if stop is None:
                while watcher.tidy():
                    pass
                return DONE
            if stop.wait(every):
                return DONE


def _say(decided: list[Decided], *, as_json: bool, is_last: bool) -> None:
    for one in decided:
        decision = one.decision
        if as_json:
            print_json(
                {
                    "case": one.case,
                    "account": decision.account,
                    "rung": decision.rung.name.lower(),
                    "is_shadow": decision.is_shadow,
                    "evidence": decision.evidence,
                }
            )
        else:
            rung = decision.rung.name.lower()
            shown = f"({rung})" if decision.is_shadow else rung
            print(f"{one.case}  {shown}  {printable(decision.evidence)}", flush=True)
    if is_last and not as_json:
        print(f"{counted(len(decided), 'decision')}.")


def _require_numba() -> None:
    """Say what to install where the library that counts quickly is not there.

    Raises:
        BadRequestError: It is not.
    """
    from importlib.util import find_spec

    from phonotheque.errors import BadRequestError

    if find_spec("numba") is None:
        todo = "Run: pip install 'phonotheque[guard]'"
        raise BadRequestError("phono guard watch", "numba cannot be found", todo)
