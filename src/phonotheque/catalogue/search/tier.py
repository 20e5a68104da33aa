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
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from phonotheque.disk import refusal
from phonotheque.errors import (
    DiskFailedError,
    DiskFullError,
    MalformedError,
    PhonothequeError,
)

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "tokens"
_HASH_BYTES = 512 << 20
"""Rows gather in memory until there are so many bytes: fewer, larger segments to merge."""

_CREATE = f"""
pragma journal_mode = off;
pragma synchronous = off;
pragma locking_mode = exclusive;
pragma cache_size = -200000;
create virtual table {TABLE} using fts5(
    text, content='', columnsize=0, detail=none, prefix='2 3', tokenize='ascii'
);
insert into {TABLE}({TABLE}, rank) values ('hashsize', {_HASH_BYTES});
insert into {TABLE}({TABLE}, rank) values ('automerge', 0);
insert into {TABLE}({TABLE}, rank) values ('crisismerge', 64);
"""

COUNTS = f"""
create virtual table temp.counts using fts5vocab('main', '{TABLE}', 'row')
"""
"""A view of how many rows each token is in: columns `term` and `doc`."""


def write_tier(path: Path, first_rank: int, texts: Iterable[pa.Array]) -> int:
    """Write an index file of texts that stand in rank order; return how many there were.

    The caller makes it durable.

    Raises:
        DiskFullError: No room is left.
    """
    rank = first_rank
    with translated(path), closing(sqlite3.connect(path, isolation_level=None)) as tier:
        tier.executescript(_CREATE)
        tier.execute("begin")
        for batch in texts:
            rows = zip(range(rank, rank + len(batch)), batch.to_pylist(), strict=True)
            tier.executemany(f"insert into {TABLE}(rowid, text) values (?, ?)", rows)
            rank += len(batch)
        tier.execute("commit")
        tier.execute(f"insert into {TABLE}({TABLE}) values ('optimize')")
    return rank - first_rank


def connect(path: Path) -> sqlite3.Connection:
    """Open a finished file: read only, mapped into memory, never locked, never looked at again for
    changes. The mapping is shared by all processes; 4 MB of cache are each one's own.

    Raises:
        MalformedError: It is missing, or no file of SQLite's.
    """
    if not path.is_file():
        raise MalformedError(str(path), "is missing", "Build the catalogue again.")
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with translated(path):
        opened = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        opened.execute(f"pragma mmap_size = {1 << 40}")
        opened.execute("pragma cache_size = -4000")
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
