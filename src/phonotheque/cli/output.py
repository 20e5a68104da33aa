"""What people and programs read: tables and progress for the one, JSON for the other.

Progress goes to standard error and only to a terminal; standard output holds results alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol


def print_json(value: object) -> None:
    """Print one JSON value on one line, and let readers have it at once.

    Letters that the stream's encoding lacks are escaped, so that every value can be told anywhere.
    """
    import json

    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    print(json.dumps(value, ensure_ascii=encoding not in ("utf-8", "utf8")), flush=True)


def tell(notices: Iterable[str]) -> None:
    """Tell what was met on opening an archive, on standard error."""
    for notice in notices:
        print(f"phono: {notice}", file=sys.stderr)


def print_table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print aligned columns, two spaces apart; `right` names the columns of numbers."""
    if not rows:
        return
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def printable(text: str) -> str:
    """Text that cannot play tricks on a terminal: control characters become visible."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def format_bytes(size: int) -> str:
    """A size for people, in powers of 1000 as disks are sold: "3.5 MB"."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def format_duration(duration_ms: int) -> str:
    """A length of time for people: "9 h 12 min", "3 min 08 s"."""
    seconds = round(duration_ms / 1000)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return f"{seconds // 60} min {seconds % 60:02d} s"


class Progress(Protocol):
    """Something that is told how far a command is."""

    def advance(self, size_bytes: int) -> None:
        """One more file, of so many bytes, is done."""


class _Silent:
    def advance(self, size_bytes: int) -> None:
        """Say nothing."""


@contextmanager
def progress(label: str, files: int, size_bytes: int) -> Iterator[Progress]:
    """Show files, bytes, rate and time left while the block runs, if anybody is watching."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description} {task.fields[done]}/{task.fields[files]} files"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=size_bytes, done=0, files=files)

        class _Shown:
            done = 0

            def advance(self, size_bytes: int) -> None:
                self.done += 1
                bar.update(task, advance=size_bytes, done=self.done)

        yield _Shown()


def tell_fault(line: str) -> None:
    """Tell whoever runs a door what went wrong in it, at once."""
    print(f"phono: {printable(line)}", file=sys.stderr, flush=True)
