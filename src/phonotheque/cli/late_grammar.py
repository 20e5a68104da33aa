"""The grammar, of which each command is built when it is called for, and not before.

To build one is to read the signature of its function, which takes about as long as importing a
module; there are a hundred, and a run needs one of them. Until then a command is an outline: what
lists of commands show. Law: what is built is what typer makes of the same functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import (
    get_command_from_info,
    get_command_name,
    get_group_from_info,
    solve_typer_info_defaults,
)
from typer.models import CommandInfo, TyperInfo


class LateGroup(TyperGroup):
    """A group whose commands are outlines until one of them is resolved."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._wholes: dict[str, Callable[[], Any]] = {}

    def add_outline(self, outline: TyperCommand, whole: Callable[[], Any]) -> None:
        """List a command.

        Args:
            outline: Its name, and what is said of it in a list.
            whole: Builds it.
        """
        self.add_command(outline)
        self._wholes[str(outline.name)] = whole

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name of the command that is called for, the command, and its arguments."""
        name, outline, rest = super().resolve_command(ctx, args)
        return name, self._wholes[name]() if name else outline, rest


def group_of(app: typer.Typer, info: TyperInfo | None = None) -> LateGroup:
    """Return the command of an application with its commands as outlines.

    Args:
        app: A group of commands and groups, each with a name.
        info: How a group above names it; None for the whole application.
    """
    bare = copy(app)
    bare.registered_commands, bare.registered_groups = [], []
    named = copy(info) if info else TyperInfo()
    named.typer_instance, named.cls = bare, LateGroup
    group = get_group_from_info(
        named,
        pretty_exceptions_short=app.pretty_exceptions_short,
        rich_markup_mode=app.rich_markup_mode,
        suggest_commands=app.suggest_commands,
    )
    assert isinstance(group, LateGroup)
    for command in app.registered_commands:
        group.add_outline(_outline_of(command), _built(app, command))
    for below in app.registered_groups:
        assert below.typer_instance is not None
        solved = solve_typer_info_defaults(below)
        group.add_outline(_listed(solved, solved.name, solved.help), _group(below))
    return group


def _outline_of(command: CommandInfo) -> TyperCommand:
    assert command.callback is not None
    name = command.name or get_command_name(command.callback.__name__)
    said = inspect.getdoc(command.callback) if command.help is None else command.help
    return _listed(command, name, said)


def _listed(info: CommandInfo | TyperInfo, name: str | None, said: str | None) -> TyperCommand:
    return TyperCommand(
        name,
        help=said,
        short_help=info.short_help,
        hidden=info.hidden,
        deprecated=bool(info.deprecated),
    )


def _built(app: typer.Typer, command: CommandInfo) -> Callable[[], Any]:
    return lambda: get_command_from_info(
        command,
        pretty_exceptions_short=app.pretty_exceptions_short,
        rich_markup_mode=app.rich_markup_mode,
    )


def _group(info: TyperInfo) -> Callable[[], Any]:
    assert info.typer_instance is not None
    app = info.typer_instance
    return lambda: group_of(app, info)
