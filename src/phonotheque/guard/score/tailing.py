"""The end of a file that grows, also when it is rotated: whole lines as they come.

Laws: no line is given in halves; what was written before a rotation is given before what comes
after it; a file that is gone for a while is waited for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from phonotheque.guard.score.opening import BLOCK_BYTES, LONGEST_LINE_BYTES


def new_lines(path: Path, from_byte: int, wait: Callable[[], bool]) -> Iterator[bytes]:
    """Give whole lines that are appended to a file, until `wait` says that it is enough.

    Args:
        from_byte: What stands before it is known.
        wait: Waits a moment, and returns whether to go on.
    """
    file = _opened(path)
    if file is not None:
        file.seek(from_byte)
    half = _Half()
    was_rotated = False
    while True:
        lines = half.and_then(file.read(BLOCK_BYTES)) if file is not None else b""
        if lines:
            yield lines
        elif file is not None and half.grew:
            pass
        elif was_rotated or file is None:
            yield from half.end()
            if file is not None:
                file.close()
            file, was_rotated = _opened(path), False
            if file is None and not wait():
                return
        else:
            # Who writes goes on for a moment after a file was renamed.
            was_rotated = _is_rotated(file, path)
            if not wait():
                file.close()
                return


class _Half:
    """The beginning of a line whose end is not there yet."""

    def __init__(self) -> None:
        self._kept, self._is_too_long = b"", False
        self.grew = False

    def and_then(self, block: bytes) -> bytes:
        """Take in what follows, and return the lines that are whole with it."""
        self.grew = bool(block)
        end = block.rfind(b"\n") + 1
        lines = self._kept + block[:end] if end else b""
        self._kept = block[end:] if end else self._kept + block
        if self._is_too_long and end:
            lines, self._is_too_long = block[block.index(b"\n") + 1 : end], False
        if len(self._kept) > LONGEST_LINE_BYTES or self._is_too_long:
            self._kept, self._is_too_long = b"", True
        return lines

    def end(self) -> Iterator[bytes]:
        """Give what has no end and will have none."""
        if self._kept:
            yield self._kept + b"\n"
        self._kept, self._is_too_long = b"", False


def _is_rotated(file: BinaryIO, path: Path) -> bool:
    """Whether another file has the name now, or the file was cut."""
    here = os.fstat(file.fileno())
    try:
        there = path.stat()
    except OSError:  # renamed, and its follower is not there yet
        return True
    return not os.path.samestat(here, there) or there.st_size < file.tell()


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except OSError:
        return None
