"""The index as a file: how it is made and opened, and what is said where it cannot be used.

Laws: a reader sees an index with all its tables or none; a refusal is said in our words, once.
Not here: rows and questions (`index`), which tables there are (`schema`, `findings`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec

from phonotheque import sqlite_refusals
from phonotheque.errors import PhonothequeError, UnavailableError
from phonotheque.register import findings, schema

_MAKE = f"{schema.TABLES} {findings.TABLE} PRAGMA user_version = {schema.VERSION}"


def _make(path: Path) -> None:
    """Make an empty index under another name first: a reader sees it with its tables or not."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    db = sqlite3.connect(new, isolation_level=None)
    try:
        db.executescript(_MAKE)
    finally:
        db.close()
    for ending in ("-wal", "-shm"):  # of an index that was deleted: they would be played back
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
    new.rename(path)


def writer(path: Path | str) -> sqlite3.Connection:
    """Open to write, making what is not there."""
    if path != ":memory:" and not Path(path).exists():
        _make(Path(path))
    db = sqlite3.connect(path, isolation_level=None, timeout=30)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA cache_size = -65536")
    if db.execute("PRAGMA user_version").fetchone()[0] == 0:
        db.executescript(_MAKE)
    return db


def reader(path: Path) -> sqlite3.Connection:
    """Open to read, also where nothing may be written beside the file.

    There SQLite reads what a writer shares, if one is at work elsewhere or was when a snapshot of
    the disk was taken; without that it must be told that the file does not change.
    """
    is_shared = path.with_name(f"{path.name}-shm").exists()
    is_alone = not is_shared and not os.access(path.parent, os.W_OK)
    mode = "mode=ro&immutable=1" if is_alone else "mode=ro"
    uri = f"file:{quote(str(path))}?{mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)


_TODO = "Run `phono rebuild`."


@contextmanager
def refusals(path: Path | str) -> Iterator[None]:
    """Let what SQLite refuses in the block be said in our words, and damage inside of a row, which
    SQLite does not see; mistakes of ours stay as they are.

    Raises:
        UnavailableError: The file cannot be used, or not now.
    """
    try:
        with sqlite_refusals.refusals(path, _TODO, damage=UnavailableError):
            yield
    except msgspec.DecodeError as error:
        raise UnavailableError(str(path), "it is damaged", _TODO) from error


def refusal(path: Path | str, error: sqlite3.Error | OSError) -> PhonothequeError:
    """Say in our words why the index cannot be used."""
    return sqlite_refusals.refusal(path, error, _TODO, damage=UnavailableError)
