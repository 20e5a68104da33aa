"""What SQLite refuses, in our words: one translation for all files that are kept in its form.

Laws: a mistake of ours (a closed connection, a broken rule of a table) stays what it is; who reads
is told which file it is, whether the disk is full, somebody else is at it, it may not be written,
the disk refused or the file is damaged, and what to do about it. Not here: which file may be thrown
away and made again; those who own it know.

Source: "Result and Error Codes", https://www.sqlite.org/rescode.html.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phonotheque.errors import (
    DiskFailedError,
    DiskFullError,
    PhonothequeError,
    UnavailableError,
)

_MISTAKES = (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.NotSupportedError)
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_DISK = ("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_READONLY")
_NEEDED_BYTES = 1 << 16
"""With less than this free, SQLite's own files beside a file (32 KiB at a time) do not fit."""


@contextmanager
def refusals(
    file: Path | str, todo: str, *, damage: type[PhonothequeError] = DiskFailedError
) -> Iterator[None]:
    """Let what SQLite refuses in the block be said in our words.

    Args:
        file: As for `refusal`.
        todo: What to do about a disk that refused, or damage.
        damage: What damage is told as.

    Raises:
        DiskFullError: No room is left.
        DiskFailedError: The disk refused.
        UnavailableError: Somebody else is at it.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, _MISTAKES):
            raise
        raise refusal(file, error, todo, damage=damage) from error
    except UnicodeDecodeError as error:  # SQLite quotes damaged bytes in its messages
        raise refusal(file, error, todo, damage=damage) from error


def refusal(
    file: Path | str,
    error: sqlite3.Error | OSError | UnicodeDecodeError,
    todo: str,
    *,
    damage: type[PhonothequeError] = DiskFailedError,
) -> PhonothequeError:
    """Say in our words why a file of SQLite cannot be used.

    Args:
        file: Where it is, so that the room on its disk can be asked: a disk without any is not
            always told as full, but as one that refused, or as damage. A name where it has none.
    """
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or _is_full(file):
        todo = "Free some space and run again."
        return DiskFullError(str(file), "no room is left on the disk", todo)
    if name.startswith(_BUSY):
        return UnavailableError(str(file), str(error), "Wait, then run again.")
    if (isinstance(error, OSError) or name.startswith(_DISK)) and _is_mounted_read_only(file):
        wrong = "it cannot be written: its file system is mounted read-only"
        return DiskFailedError(str(file), wrong, "Mount it for writing, then run again.")
    if name.startswith("SQLITE_READONLY") and name != "SQLITE_READONLY_DBMOVED":
        wrong = "it cannot be written: the file or its folder is read-only for you"
        return DiskFailedError(str(file), wrong, "See to its owner and mode, then run again.")
    if isinstance(error, OSError) or name.startswith(_DISK):
        return DiskFailedError(str(file), f"it cannot be used: {error}", todo)
    is_quoted = not isinstance(error, UnicodeDecodeError)
    wrong = f"it cannot be used: {error}" if is_quoted else "it is damaged"
    return damage(str(file), wrong, todo)


def _is_mounted_read_only(file: Path | str) -> bool:
    try:
        return not isinstance(file, str) and bool(os.statvfs(file.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _is_full(file: Path | str) -> bool:
    if isinstance(file, str):
        return False
    try:
        disk = os.statvfs(file.parent)
    except OSError:  # the folder is away: then that is what is wrong
        return False
    return disk.f_bavail * disk.f_frsize < _NEEDED_BYTES
