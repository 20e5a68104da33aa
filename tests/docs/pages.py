"""Console blocks of a page, run by bash as a reader would type them.

In a block fenced as `console` a line that starts with "$ " is a command ("> " continues it); what
follows, up to the next command, is all it prints. In an output `...` stands for any text, alone on
a line for any lines. Sizes, digests, dates and widths of columns differ from run to run and from
machine to machine: they are compared by kind only.

A comment right before a block says how it is run: `<!-- test: exits 1 -->` (its last command ends
so, all others with 0), `<!-- test: until WORDS -->` (interrupted, as with Ctrl-C, once it printed
them), `<!-- test: skip REASON -->`. Once on a page, `<!-- test: starts with NAME -->` says what
lies in the folder, and `<!-- test: needs PROGRAM... -->` what must be installed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"(?:^<!-- test: (?P<how>[^\n]*?) -->\n)?^(?P<fence>```+)console\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_NEEDS = re.compile(r"^<!-- test: needs ([\w ]+) -->$", re.MULTILINE)
_START = re.compile(r"^<!-- test: starts with (\w+) -->$", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """One command of a page: what is typed, what is printed, how it ends."""

    line: int
    text: str
    output: str
    status: int = 0
    until: str = ""


@dataclass(frozen=True)
class Ran:
    """What a command really printed, and its exit status."""

    output: str
    status: int


def start_of(page: str) -> str:
    """What the page's commands find in their folder: "nothing" unless the page says so."""
    match = _START.search(page)
    return match[1] if match else "nothing"


def needs_of(page: str) -> list[str]:
    """Programs that the page's commands use and that not every system has."""
    match = _NEEDS.search(page)
    return match[1].split() if match else []


def commands_of(page: str) -> list[Command]:
    """All commands of a page that are run, in order."""
    found: list[Command] = []
    for block in _BLOCK.finditer(page):
        how, _, rest = (block["how"] or "").partition(" ")
        if how in ("starts", "needs"):  # said of the page, and a block happens to follow
            how = ""
        if how not in ("", "skip", "exits", "until"):
            raise ValueError(f"not a way to run a block: {block['how']!r}")
        if how == "skip":
            if not rest:
                raise ValueError("a block is skipped without a reason")
            continue
        commands = _parse(block["body"], page.count("\n", 0, block.start("body")) + 1)
        last = commands[-1]
        status, until = (int(rest), "") if how == "exits" else (0, rest if how == "until" else "")
        found += [*commands[:-1], Command(last.line, last.text, last.output, status, until)]
    return found


def _parse(body: str, first: int) -> list[Command]:
    commands: list[Command] = []
    for number, line in enumerate(body.splitlines(), first):
        last = commands[-1] if commands else None
        if line.startswith("$ "):
            commands.append(Command(number, line[2:], ""))
        elif last is None:
            raise ValueError(f"line {number}: a console block begins with a command")
        elif line.startswith("> ") and not last.output:
            commands[-1] = Command(last.line, f"{last.text}\n{line[2:]}", "")
        else:
            commands[-1] = Command(last.line, last.text, f"{last.output}{line}\n")
    return commands


_SHELL = r"""
__end() { local status=$?; printf '\001%s\n' "$status"; return "$status"; }
exec 2>&1
"""


def run(commands: list[Command], folder: Path, environment: dict[str, str]) -> list[Ran]:
    """Run commands in one bash, so that variables and the folder last from one to the next."""
    script = folder.with_name("script.sh")
    lines = "".join(f"{_typed(command)}\n__end\n" for command in commands)
    script.write_text(_SHELL + lines, encoding="utf-8")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", str(script)],
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        preexec_fn=_one_processor,
        stdout=subprocess.PIPE,
        timeout=900,
        check=False,
    )
    *parts, rest = re.split(r"\x01([0-9]+)\n", done.stdout.decode("utf-8", "replace"))
    if len(parts) != 2 * len(commands):
        how = f"bash ended with {done.returncode} after {len(parts) // 2} commands"
        raise AssertionError(f"{how}: {rest}")
    return [Ran(parts[i], int(parts[i + 1])) for i in range(0, len(parts), 2)]


def _one_processor() -> None:
    """Let commands work on one file after the other: then their order is that of their names."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _typed(command: Command) -> str:
    if not command.until:
        return command.text
    helper = Path(__file__).with_name("until.py")
    return shlex.join([sys.executable, str(helper), command.until, command.text])


_KINDS = (
    (r"\b[0-9a-f]{2}/[0-9a-f]{2}/(?=[0-9a-f]{12})", "<folders>/"),
    (r"\b[0-9a-f]{12,64}\b", "<hex>"),
    (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{5,15}(?:Z| UTC)", "<instant>"),
    (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b", "<date>"),
    (r"\b[0-9]+(?:\.[0-9]+)? (?:B|kB|MB|GB)\b", "<size>"),
    (r"(?<=\")(size_bytes|examined_bytes)\": [0-9]+", r'\1": <number>'),
    (r"[ \t]+", " "),
)


def plain(text: str) -> str:
    """Text with everything that differs from run to run replaced by its kind."""
    for pattern, kind in _KINDS:
        text = re.sub(pattern, kind, text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


def is_alike(expected: str, actual: str) -> bool:
    """Whether what was printed is what the page says."""
    pattern = ""
    for line in plain(expected).splitlines():
        parts = (re.escape(part) for part in line.split("..."))
        pattern += r"(?:.*\n)*" if line == "..." else rf"{'.*'.join(parts)}\n"
    printed = "".join(f"{line}\n" for line in plain(actual).splitlines())
    return re.fullmatch(pattern, printed) is not None
