"""Files of SQLite that a build made, as they are read: never written, every refusal in our words.

Not here: how they are filled (`sqlite_making`), what is in them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phonotheque.disk import refusal
from phonotheque.errors import MalformedError
from phonotheque.sqlite_refusals import refusals

_TODO = "Check the disk. Build the catalogue again: `phono catalogue build`."


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
        raise MalformedError(str(path), "is missing", _TODO)
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with translated(path):
        opened = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        opened.execute("pragma mmap_size = 0")
        opened.execute("pragma cache_size = -1000")
        opened.execute("select count(*) from sqlite_schema").fetchone()
    return opened


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite or the system raises about a file into errors of ours, once.

    Raises:
        MalformedError: It is damaged.
        UnavailableError: The disk refused.
    """
    try:
        with refusals(path, _TODO, damage=MalformedError):
            yield
    except OSError as error:
        raise refusal(str(path), error) from error


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Say in our words, too, that what was read of a file cannot be what was written.

    Raises:
        MalformedError: It is damaged.
        UnavailableError: The disk refused.
    """
    with translated(path):
        try:
            yield
        except (ValueError, LookupError, TypeError, OverflowError) as error:
            raise MalformedError(str(path), f"it is damaged: {error}", _TODO) from error
