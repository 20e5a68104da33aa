"""The pages of `docs/reference` that follow from the code: `python -m scripts.reference [--check]`.

Law: a page holds what the code says and a few fixed sentences, so a test can make it again and
compare. Without `--check` the pages are written; with it they are compared, and the exit status is
1 when one is out of date.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import typer

from phonotheque import errors
from phonotheque.cli.app import app
from phonotheque.cli.exit_status import DONE, FOUND, INTERRUPTED, STATUS, exit_status
from phonotheque.config import SETTINGS, Setting, format_config
from phonotheque.errors import PhonothequeError
from phonotheque.listen.http_status import http_status
from scripts.api_reference import api_page
from scripts.catalogue_tables import tables_page
from scripts.dump_reference import dump_page

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
MADE = "<!-- Made by `python -m scripts.reference`; change the code or that script. -->\n"
_PLAIN = {int: "number", str: "text", bool: "yes or no", list: "list of texts"}


def iter_commands() -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its words: ("publish run", command)."""
    yield from _below(typer.main.get_command(app), "")


def _below(group: Any, words: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, f"{words}{name} ")
        else:
            yield f"{words}{name}", command


def iter_errors() -> Iterator[type[PhonothequeError]]:
    """Yield every error class but the root: each branch, then what grows on it."""
    waiting = list(PhonothequeError.__subclasses__())
    while waiting:
        kind = waiting.pop(0)
        if kind.__module__ == errors.__name__:  # not those of tests, or of whoever uses us
            yield kind
        waiting = [*kind.__subclasses__(), *waiting]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(value: object) -> str:
    return f"`{_cell(str(value))}`"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


# -- commands --------------------------------------------------------------------------------

_COMMANDS = """\
# Commands

`phono [--archive DIR] COMMAND …`

The archive is the one named by `--archive`, else by `$PHONO_ARCHIVE`, else the nearest parent \
folder with a `phonotheque.toml`. `phono --version` prints the version; every command has `--help`.

Results go to standard output; progress (only when standard error is a terminal), notices and \
errors go to standard error. With `--json` standard output holds JSON alone: one object, or one \
object a line where there are many; [What `--json` prints](json.md) has the keys. An error with \
`--json` is one JSON object on standard error with the keys `error`, `thing`, `wrong` and `todo`; \
[Errors](errors.md) lists the codes. [Exit status](exit-status.md) is the same for all commands. \
Ctrl-C stops any command cleanly; run it again to go on.

An `ID` is the SHA-256 of an object, or at least its first 6 digits.
"""


def commands_page() -> str:
    """Every command with its arguments and options."""
    commands = list(iter_commands())
    links = [f"[`{words}`](#phono-{words.replace(' ', '-')})" for words, _ in commands]
    parts = [MADE, _COMMANDS, " · ".join(links) + "\n"]
    parts += [_command(words, command) for words, command in commands]
    return "\n".join(parts)


def _command(words: str, command: Any) -> str:
    text, _, example = inspect.cleandoc(command.help).partition("Example:")
    arguments = [one for one in command.params if not _is_option(one)]
    usage = " ".join([words, "[OPTIONS]", *(one.metavar for one in arguments)])
    parts = [f"## phono {words}\n", f"{text.strip()}\n", f"Usage: `phono {usage}`\n"]
    rows = [(_code(one.metavar), _meaning(one)) for one in arguments]
    rows += [(_code(_spelling(one)), _meaning(one)) for one in command.params if _is_option(one)]
    parts.append(_table(("argument or option", "meaning"), rows))
    parts.append(f"```text\n{' '.join(example.split())}\n```\n")
    return "\n".join(parts)


def _is_option(parameter: Any) -> bool:
    return bool(parameter.opts[0].startswith("-"))


def _spelling(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar or _VALUES.get(option.name, 'TEXT')}"
    return f"{', '.join(option.opts)}{value}"


_VALUES = {"name": "NAME", "jobs": "N", "port": "N", "use": "USE"}
"""Words for values of options that have no word of their own in the code."""


def _meaning(parameter: Any) -> str:
    text = _cell(parameter.help)
    if not _is_option(parameter) or parameter.is_flag:
        return text
    if parameter.required:
        return f"{text} Required."
    return f"{text} Default: `{parameter.default}`." if parameter.default else text


# -- settings --------------------------------------------------------------------------------

_SETTINGS = """\
# Settings

An archive's settings stand in `phonotheque.toml` in its folder, in \
[TOML](https://toml.io/en/v1.0.0). `phono init` writes the file with every setting in it, those \
with their default as comments. All are optional. A setting that does not exist, or a value that \
cannot be meant, is refused \
(`bad-setting`), so that a typing mistake is never silently a default. The file is read anew by \
every command.
"""


def settings_page() -> str:
    """Every setting, and the file that `phono init` writes."""
    rows = [
        (_code(one.name), _PLAIN[one.type], _default(one), _cell(one.meaning)) for one in SETTINGS
    ]
    table = _table(("setting", "type", "default", "meaning"), rows)
    file = format_config("Café Noir Records", "cafe-noir")
    head = "## The file as it is founded\n"
    return "\n".join([MADE, _SETTINGS, table, head, f"```toml\n{file}```\n"])


def _default(setting: Setting) -> str:
    value = setting.default
    if isinstance(value, bool):
        return _code(str(value).lower())
    return _code(f'"{value}"' if isinstance(value, str) else value)


# -- errors and statuses ---------------------------------------------------------------------

_ERRORS = """\
# Errors

Every error names the thing, what is wrong with it and what to do next:

```text
phono: {thing}: {wrong}. {todo}
```

With `--json` it is `{"error": code, "thing": …, "wrong": …, "todo": …}`, one object on standard \
error. Codes are stable: a code is never given to another error. The branches of the tree say who \
must act. The HTTP status is the one that the doors for people will answer with; none of them is \
open yet.
"""


def errors_page() -> str:
    """Every error with its statuses, in the order of the tree."""
    rows = []
    for kind in iter_errors():
        error = kind("thing", "wrong", "todo")
        is_branch = PhonothequeError in kind.__bases__
        name = f"**{kind.__name__}**" if is_branch else kind.__name__
        meaning = _cell((kind.__doc__ or "").split("\n\n")[0])
        cells = (_code(kind.code), str(exit_status(error)), str(http_status(error)), name, meaning)
        rows.append(cells)
    return "\n".join([MADE, _ERRORS, _table(("code", "exit", "http", "class", "meaning"), rows)])


_EXIT = """\
# Exit status

Every command ends with one of these:
"""
_EXIT_NOTES = """\
- 1 is a result, not a failure: the command did all it was asked to do and has something to tell. \
`phono add` ends with 1 when a file was refused or no decoder could read it; `phono verify` when \
something is damaged, missing or astray; `phono publish run` when an object was left out because \
it is damaged; `phono status` when something held, a torrent or a list is damaged; \
`phono rebuild` when an object, a torrent or a list could not be read again; `phono export` when \
something was left out; `phono seed` when damage was met while sharing.
- A mistake in the command line itself (no such command, a missing argument) ends with 2, too; \
with `--json` it is told as `bad-request`.
- 130 is 128 + SIGINT, as shells have it. What goes on until it is stopped, and loses nothing by \
it (`phono serve`, `seed`, `mirror run`, `guard watch --every`, workers), ends with 0 when it is, \
once it has begun.
- 70 (a traceback, "this is a fault in Phonotheque") is a mistake of ours: please report it.
"""


def exit_status_page() -> str:
    """Every exit status."""
    rows = [(str(DONE), "done", ""), (str(FOUND), "done, but something was found", "")]
    for branch, status in STATUS.items():
        meaning = _cell(branch.__doc__ or "").rstrip(".")
        kinds = [k for k in iter_errors() if issubclass(k, branch) and k is not branch]
        rows.append((str(status), meaning, ", ".join(_code(kind.code) for kind in kinds)))
    rows.append((str(INTERRUPTED), "interrupted by Ctrl-C; run the same command to go on", ""))
    table = _table(("status", "meaning", "[errors](errors.md)"), rows)
    return "\n".join([MADE, _EXIT, table, _EXIT_NOTES])


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "exit-status.md": exit_status_page,
    "catalogue-tables.md": partial(tables_page, MADE),
    "dump.md": partial(dump_page, MADE),
    "api.md": partial(api_page, MADE),
}
"""File name in `docs/reference` to what makes its text."""


def main(arguments: list[str]) -> int:
    """Write or compare all pages."""
    stale = 0
    for name, make in PAGES.items():
        page = FOLDER / name
        text = make()
        if page.exists() and page.read_text(encoding="utf-8") == text:
            continue
        stale = 1
        if "--check" in arguments:
            print(f"docs/reference/{name} is out of date: python -m scripts.reference")
        else:
            page.write_text(text, encoding="utf-8")
            print(f"docs/reference/{name} written")
    return stale if "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
