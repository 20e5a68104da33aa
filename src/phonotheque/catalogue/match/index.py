"""Asking the match file: which ranks stand under keys, many at once.

Laws: nothing is written; a key that nothing has is left out; ranks come the most popular first, at
most `MOST_OF_ONE_KEY` of one key.

Cost: a step down SQLite's tree for each key, some 10 us when warm.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from phonotheque.catalogue.lookup.blocks import find
from phonotheque.catalogue.match.schema import VERSION
from phonotheque.catalogue.sqlite_reading import connect, translated
from phonotheque.errors import FormatTooNewError, MalformedError, NoCatalogueError

MOST_OF_ONE_KEY = 24
"""Recordings of one key that are looked at, the most popular."""

_BUILD = "Build the catalogue again: `phono catalogue build`."


class MatchIndex:
    """An open match file. Close it; one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open `match.db`.

        Raises:
            NoCatalogueError: There is no such file: the snapshot was built before there were any.
            FormatTooNewError: It was made by a later Phonotheque.
            MalformedError: It is no match file. All other calls raise it of a damaged file.
        """
        if not path.is_file():
            wrong = "it has no file for matching: it was built by an earlier Phonotheque"
            raise NoCatalogueError(str(path.parent.parent), wrong, _BUILD)
        self._path = path
        self._db = connect(path)
        with translated(path):
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            self.close()
            todo = "Update Phonotheque, or build the catalogue again."
            raise FormatTooNewError(str(path), f"it has format {version}", todo)
        if version != VERSION:
            self.close()
            raise MalformedError(str(path), "it is not a match file", _BUILD)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def ranks(
        self, table: str, keys: Iterable[int], most: int = MOST_OF_ONE_KEY
    ) -> dict[int, list[int]]:
        """Return the ranks under each key of a table, the most popular first."""
        query = (
            f"SELECT w.value, i.first, i.entries FROM json_each(?) w CROSS JOIN {table} i"
            f" ON i.first = (SELECT max(first) FROM {table} WHERE first <= w.value)"
        )
        found: dict[int, list[int]] = {}
        with translated(self._path):
            rows = self._db.execute(query, (json.dumps(sorted(set(keys))),)).fetchall()
        try:
            for key, first, entries in rows:
                if ranks := find(first, entries, key):
                    found[key] = ranks[:most]
        except (ValueError, LookupError, TypeError) as error:
            raise MalformedError(str(self._path), f"it is damaged: {error}", _BUILD) from error
        return found
