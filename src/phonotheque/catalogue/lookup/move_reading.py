"""Gids that were given up, as they are read: what stands for them, and tombstones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from phonotheque.catalogue.lookup.card import Tombstone
from phonotheque.catalogue.lookup.connection import Connection

_AT_ONCE = 1_000
"""Gids of one query; SQLite would take 32,766."""


class MoveReader:
    """Says what became of gids. They are numbers of 128 bits here, which are quickly compared."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        with connection.damage_told():
            self._tables = {
                table: bool(connection.rows(f"SELECT 1 FROM {table} LIMIT 1"))
                for table in ("redirect", "tombstone")
            }

    def heirs(self, gids: Sequence[int]) -> dict[int, int]:
        """Return what stands now for those gids that were given up.

        Chains are one step here: they were followed when the file was made, see `moves`.
        """
        rows = self._rows("redirect", "old, new", gids)
        return {int.from_bytes(old): int.from_bytes(new) for old, new in rows}

    def tombstones(self, gids: Sequence[int]) -> dict[int, Tombstone]:
        """Return the tombstones of those gids that were withdrawn."""
        columns = "gid, entity_type, reason, public_note, decided_at"
        return {
            int.from_bytes(gid): Tombstone(
                gid=UUID(bytes=gid),
                entity_type=entity_type,
                reason=reason,
                public_note=note,
                decided_at=decided_at,
            )
            for gid, entity_type, reason, note, decided_at in self._rows("tombstone", columns, gids)
        }

    def _rows(self, table: str, columns: str, gids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        if not self._tables[table]:
            return
        key = columns.partition(",")[0]
        for begin in range(0, len(gids), _AT_ONCE):
            some = [gid.to_bytes(16) for gid in gids[begin : begin + _AT_ONCE]]
            places = ",".join("?" * len(some))
            query = f"SELECT {columns} FROM {table} WHERE {key} IN ({places})"
            yield from self._connection.rows(query, *some)
