"""One index file: an FTS5 table whose row numbers are ranks, so that answers come in rank order.

The index has no copy of the text (`content=''`), no sizes and no places within a row
(`detail=none`): a list of ranks for each token, and lists for the first 2 and 3 letters.

The tokenizer is `ascii`: it splits at ASCII signs alone and takes all other characters for letters.
The text is folded already, with spaces between words, so this finds exactly our words. `unicode61`
was rejected: it splits and folds by the Unicode tables of the SQLite that happens to run, and where
those differ from ours rows would be lost without a word.

Source: sqlite.org/fts5.html, sections 4.4 to 4.6, 6.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phonotheque.disk import refusal
from phonotheque.errors import (
    DiskFailedError,
    DiskFullError,
    MalformedError,
    PhonothequeError,
)

TABLE = "tokens"

COUNTS = f"""
create virtual table temp.counts using fts5vocab('main', '{TABLE}', 'row')
"""
"""A view of how many rows each token is in: columns `term` and `doc`."""


def connect(path: Path) -> sqlite3.Connection:
    """Open a finished file: read only, never locked, never looked at again for changes. What was
    read stays in the system's memory for all processes; 1 MB of cache for each file is its own.

    It is not mapped: for a page that is not in memory a mapping fetches as much around it as the
    disk's reading ahead is set to, up to some megabytes, and a first answer took eight times as
    long. Warm answers take the same.

    Raises:
        MalformedError: It is missing, or no file of SQLite's.
    """
    if not path.is_file():
        raise MalformedError(str(path), "is missing", "Build the catalogue again.")
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with translated(path):
        opened = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        opened.execute("pragma mmap_size = 0")
        opened.execute("pragma cache_size = -1000")
        opened.execute("select count(*) from sqlite_schema").fetchone()
    return opened


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite or the system raises about a file into errors of ours, once."""
    try:
        yield
    except OSError as error:
        raise refusal(str(path), error) from error
    except sqlite3.Error as error:
        raise _ours(path, error) from error
    except UnicodeDecodeError as error:  # a message of SQLite's that quotes damaged bytes
        raise _damaged(path, error) from error


def _ours(path: Path, error: sqlite3.Error) -> PhonothequeError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(str(path), "the disk is full", "Make room and build again.")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM):
        return DiskFailedError(str(path), f"the disk refused ({error})", "Look at the disk.")
    return _damaged(path, error)


def _damaged(path: Path, error: Exception) -> MalformedError:
    return MalformedError(str(path), f"is damaged ({error})", "Build the catalogue again.")
