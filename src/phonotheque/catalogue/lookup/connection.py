"""`ids.db` as it is read: opened once, never written, every refusal said in our words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from phonotheque.catalogue.lookup import blocks, schema
from phonotheque.catalogue.sqlite_reading import damage_told
from phonotheque.errors import FormatTooNewError, NoCatalogueError

_CACHE_KIB = 4_000
"""Our own; the system's cache behind it is shared by all processes. Nothing is mapped: a page that
is not in memory would come with megabytes around it, see `sqlite_reading.connect`."""
_LIST = 250
"""Cards that are read at once, from which on more is kept."""
_LISTS_CACHE_KIB = 24_000
"""What a thousand gids from anywhere touch, 20 MB: a page of the index, of the id, of the card, its
credit and its release, and the trees above them. Who searches never asks for so many at once."""


class Connection:
    """One reader of one file. Many processes may have one each."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            NoCatalogueError: There is no such file.
            FormatTooNewError: It was made by a later Phonotheque.
            MalformedError: It is no look-up file.
        """
        self._path = path
        self._expects_lists = False
        if not path.is_file():
            raise NoCatalogueError(
                str(path), "there is no such file", "Build it: `phono catalogue build`."
            )
        uri = f"file:{quote(str(path))}?mode=ro&immutable=1"
        with self.damage_told():
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None)
            try:
                self._db.execute("PRAGMA mmap_size = 0")
                self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
                version = self._db.execute("PRAGMA user_version").fetchone()[0]
                if version > schema.VERSION:
                    todo = "Update Phonotheque, or build the catalogue again."
                    raise FormatTooNewError(str(path), f"it has format {version}", todo)
                if version != schema.VERSION:
                    raise ValueError("it is no look-up file")
            except BaseException:
                self._db.close()
                raise

    def expect(self, cards: int) -> None:
        """Have more kept from now on when so many cards at once are a list."""
        if cards >= _LIST and not self._expects_lists:
            self._db.execute(f"PRAGMA cache_size = -{_LISTS_CACHE_KIB}")
            self._expects_lists = True

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        self._db.close()

    def damage_told(self) -> AbstractContextManager[None]:
        """Say in our words that what was read cannot be what was written."""
        return damage_told(self._path)

    def rows(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._db.execute(query, given).fetchall()

    def found(self, index: str, keys: Iterable[int]) -> dict[int, list[int]]:
        """Return the values of each key in an index, in order; a key without any is left out."""
        query = (
            f"SELECT w.value, i.first, i.entries FROM json_each(?) w CROSS JOIN {index} i"
            f" ON i.first = (SELECT max(first) FROM {index} WHERE first <= w.value)"
        )
        rows = self.rows(query, json.dumps(sorted(set(keys))))
        found = ((key, blocks.find(first, entries, key)) for key, first, entries in rows)
        return {key: values for key, values in found if values}

    def listed(self, name: str, owner: int, after: int, limit: int) -> list[int]:
        """Return up to `limit` numbers of an owner's list that are greater than `after`."""
        begin, end = owner << schema.OWNER_BITS, (owner + 1) << schema.OWNER_BITS
        query = (
            f"SELECT ranks FROM {name} WHERE first < ? AND first >="
            f" coalesce((SELECT max(first) FROM {name} WHERE first >= ? AND first <= ?), ?)"
            " ORDER BY first LIMIT ?"
        )
        asked = (end, begin, begin | after, begin, limit)
        numbers: list[int] = []
        for cursor in self._db.execute(query, asked):
            numbers += [number for number in blocks.read_list(cursor[0]) if number > after]
            if len(numbers) >= limit:
                break
        return numbers[:limit]
