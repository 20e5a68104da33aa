"""Files of SQLite that are filled once: in one go, as fast as the disk takes them.

Nobody reads such a file while it is made, and what is cut off is made anew: there is no journal and
no syncing. Whoever asks for one makes it durable and gives it its name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phonotheque.sqlite_refusals import refusal

_PRAGMAS = """
    PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536; PRAGMA temp_store = FILE;
"""


@contextmanager
def filling(path: Path, tables: str = "") -> Iterator[sqlite3.Connection]:
    """Open a new file to be filled in one transaction.

    Args:
        tables: Statements that make its tables.

    Raises:
        DiskFullError: No room is left.
        DiskFailedError: It could not be made.
    """
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.executescript(_PRAGMAS + tables)
        db.execute("BEGIN")
        yield db
        db.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise refusal(path, error, "Check the disk, then run again.") from error
    finally:
        db.close()
