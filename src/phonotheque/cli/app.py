"""The grammar of `phono`: which commands there are, and how their ends become exit statuses.

Command modules import what they need inside their functions, so that `phono --help` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from phonotheque import __version__
from phonotheque.cli import (
    bulk,
    catalogue,
    corrections,
    demo,
    dress,
    duplicates,
    edit,
    guard,
    keeping,
    lists,
    look,
    mirror,
    people,
    repair,
    reports,
    rights,
    search,
    seed,
    serve,
    takedown,
    trust,
    verify,
    way_in,
)
from phonotheque.cli.exit_status import DONE, INTERRUPTED, exit_status
from phonotheque.cli.late_grammar import group_of
from phonotheque.cli.output import printable
from phonotheque.cli.signals import StoppedError
from phonotheque.errors import BadRequestError, PhonothequeError

app = typer.Typer(
    name="phono",
    help="An open music archive: keep every byte, publish what is free, prove all of it.",
    epilog="New here? `phono demo` shows everything on a small made-up label in about a minute.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
demo.register(app)
way_in.register(app)
search.register(app)
look.register(app)
duplicates.register(app)
verify.register(app)
repair.register(app)
keeping.register(app)
edit.register(app)
dress.register(app)
rights.register(app)
takedown.register(app)
trust.register(app)
catalogue.register(app)
corrections.register(app)
lists.register(app)
people.register(app)
bulk.register(app)
seed.register(app)
serve.register(app)
guard.register(app)
reports.register(app)
mirror.register(app)


def _version(wanted: bool) -> None:  # noqa: FBT001 (typer calls it so)
    if wanted:
        print(f"phono {__version__}")
        raise typer.Exit


@app.callback()
def grammar(
    context: typer.Context,
    archive: Annotated[
        Path | None,
        typer.Option(
            "--archive",
            metavar="DIR",
            help="The archive; else $PHONO_ARCHIVE, else the nearest parent folder that is one.",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 (its callback answers)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Note which archive is meant; the commands resolve it."""
    context.obj = archive


@cache
def _command() -> Callable[..., Any]:
    """The whole grammar, put together once."""
    return group_of(app)


def run(arguments: list[str]) -> int:
    """Run one command.

    Returns:
        Its exit status; see `phonotheque.cli.exit_status`.
    """
    as_json = "--json" in arguments
    try:
        result = _result_of(arguments)
        if result == INTERRUPTED:  # typer makes a status of Ctrl-C
            raise KeyboardInterrupt
        sys.stdout.flush()  # here, where a refusal can still be told
        return result if isinstance(result, int) else DONE
    except PhonothequeError as error:
        _complain(error, as_json=as_json)
        return exit_status(error)
    except typer.Exit as end:
        return end.exit_code
    except StoppedError as stopped:
        print(stopped, file=sys.stderr)
        return INTERRUPTED
    except (KeyboardInterrupt, typer.Abort):
        print("Stopped. Nothing is lost; run the same command again to go on.", file=sys.stderr)
        return INTERRUPTED
    except typer.TyperException as error:
        _name_numbers(error)
        if as_json:
            _complain(_misspoken(error), as_json=True)
        else:
            error.show()  # type: ignore[attr-defined]  # those that parsing raises all can
        return error.exit_code
    except BrokenPipeError:  # the reader of our output left, as `head` does
        sys.stderr.close()
        return INTERRUPTED


def _result_of(arguments: list[str]) -> Any:
    """Let the grammar run a command.

    Raises:
        KeyboardInterrupt: Also where Ctrl-C came in compiled code, which returns all the same: then
            Python itself says that its result is a fault.
    """
    try:
        return _command()(arguments, prog_name="phono", standalone_mode=False)
    except SystemError as fault:
        if _follows_ctrl_c(fault):
            raise KeyboardInterrupt from fault
        raise


def _follows_ctrl_c(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


_NUMBERS = {"int": "whole number", "int range": "whole number"} | {
    "float": "number",
    "float range": "number",
}


def _name_numbers(error: typer.TyperException) -> None:
    """Say which number is wanted where the grammar names a type of its own ("int range")."""
    kind = getattr(getattr(error, "param", None), "type", None)
    name, low, high = (getattr(kind, part, None) for part in ("name", "min", "max"))
    if name not in _NUMBERS:
        return
    least = "" if low is None else f" of at least {low}"
    most = "" if high is None else f"{' and' if least else ' of'} at most {high}"
    wanted = f"a {_NUMBERS[name]}{least}{most}"
    error.message = error.message.replace(f"a valid {name}", wanted)


def _misspoken(error: typer.TyperException) -> BadRequestError:
    """What the grammar lacks, as an error of ours."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "phono"
    message = error.format_message().strip().rstrip(".")
    return BadRequestError(command, message[:1].lower() + message[1:], f"See `{command} --help`.")


def _complain(error: PhonothequeError, *, as_json: bool) -> None:
    import json

    as_text = f"phono: {printable(str(error))}"
    text = json.dumps(error.fields(), ensure_ascii=False) if as_json else as_text
    print(text.encode("utf-8", "replace").decode(), file=sys.stderr)
