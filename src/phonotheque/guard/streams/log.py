"""The rim: a log sent, tracks and a key read, a folder that one process has for itself."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from phonotheque.disk import refusal
from phonotheque.errors import BadRequestError, ConflictError, MalformedError
from phonotheque.guard.streams.sending import Sender
from phonotheque.guard.streams.shape import Tracks

PIECE_BYTES = 1 << 18


def send_log(sender: Sender, path: Path, is_enough: Callable[[], bool]) -> None:
    """Send what a log has more than was sent, up to its last whole line.

    Raises:
        BadRequestError: There is none.
        MalformedError: It is shorter than what was sent: it is another log.
        UnavailableError: It cannot be read; or as `Sender.send` does.
    """
    with _opened(path) as file:
        if os.fstat(file.fileno()).st_size < max(sender.at, sender.piece_ends):
            todo = "Send the same log, which only grows; for another one choose another --name."
            raise MalformedError(str(path), "it is shorter than what was sent of it", todo)
        while not is_enough():
            is_within = _is_within_line(file, sender.at)
            file.seek(sender.at)
            block = file.read(sender.size(PIECE_BYTES))
            lines = block if sender.piece_ends else _whole_lines(block)
            if not lines:
                return
            sender.send(lines, is_within=is_within)


def require_log(path: Path) -> None:
    """Look whether a log can be read. Raises as `send_log` does where it cannot."""
    _opened(path).close()


def line_at(path: Path, byte: int) -> int:
    """Return the number, from 1, of the line that begins at a byte. Raises as `send_log` does."""
    with _opened(path) as file:
        sizes = [PIECE_BYTES] * (byte // PIECE_BYTES) + [byte % PIECE_BYTES]
        return 1 + sum(file.read(size).count(b"\n") for size in sizes)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise BadRequestError(str(path), "there is no such file", "Name one.") from error
    except OSError as error:
        raise refusal(str(path), error) from error


def _is_within_line(file: BinaryIO, at: int) -> bool:
    """Whether a place is inside of a line that did not fit into a piece."""
    return at > 0 and os.pread(file.fileno(), 1, at - 1) != b"\n"


def _whole_lines(block: bytes) -> bytes:
    """A block up to the end of its last line; all of it where a line does not fit."""
    end = block.rfind(b"\n") + 1
    return block[:end] if end or len(block) < PIECE_BYTES else block


def read_tracks(path: Path) -> Tracks:
    """Read genre and album of each track from a table, in order of their numbers.

    Args:
        path: Parquet with the columns `genre` and `album`, whole numbers from 0; genre 0 is none.

    Raises:
        BadRequestError: There is none.
        MalformedError: It is no such table.
        UnavailableError: It cannot be read.
    """
    import pyarrow
    import pyarrow.parquet

    _opened(path).close()
    try:
        table = pyarrow.parquet.read_table(path, columns=["genre", "album"])
        genres, albums = (table[name].to_numpy().astype(np.int32) for name in ("genre", "album"))
        if not len(genres) or min(genres.min(), albums.min()) < 0:
            raise ValueError("no tracks, or numbers below 0")
    except (OSError, ValueError, KeyError, TypeError, pyarrow.ArrowException) as error:
        told = " ".join(str(error).split())[:120]
        todo = "Write Parquet with the columns genre and album, a row for each track."
        raise MalformedError(str(path), f"it is no table of tracks ({told})", todo) from error
    return Tracks(genres, albums)


def read_key(path: Path) -> bytes:
    """Read the key that names are hashed with.

    Raises:
        BadRequestError: There is none, or it is shorter than 16 bytes or longer than 64.
        UnavailableError: It cannot be read.
    """
    with _opened(path) as file:
        key = file.read(65)
    if not 16 <= len(key) <= 64:
        todo = f"Make one: head -c 32 /dev/urandom > {path}"
        raise BadRequestError(str(path), f"a key of {len(key)} bytes", todo)
    return key


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make a folder, and have it for this process alone as long as the block lasts.

    Raises:
        ConflictError: Another process has it.
        UnavailableError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise refusal(str(folder), error) from error
    try:
        _lock(opened, folder)
        yield
    finally:
        os.close(opened)


def _lock(opened: int, folder: Path) -> None:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        todo = "Stop it, or give each process a folder of its own."
        raise ConflictError(str(folder), "another process works in it", todo) from error
