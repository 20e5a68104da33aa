"""Which rows have gids that were made here: no column has them, so they are made again.

Not here: gids that are MBIDs, which a column has.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import duckdb

from phonotheque.catalogue.database import quoted
from phonotheque.catalogue.gids import gid_of, own_id

_AT_ONCE = 1 << 16


def ids_of_made_gids(
    db: duckdb.DuckDBPyConnection, kind: str, gids: Collection[UUID], source: str = ""
) -> dict[UUID, int]:
    """Return the id of each gid that a row has; of several rows the lowest.

    Args:
        db: Has the table of the kind, and `sources`.
        source: Name of the only source whose rows are looked at; "" for all.

    Cost: the gid of every row is made, some 3 us each.
    """
    found: dict[UUID, int] = {}
    of_source = f"AND s.name = {quoted(source)}" if source else ""
    reader = db.sql(
        f"SELECT e.id, s.name, {own_id('e')} AS own FROM {kind} e "
        f"JOIN sources s ON s.id = e.source WHERE e.mbid IS NULL {of_source}"
    ).to_arrow_reader(_AT_ONCE)
    for batch in reader:
        for id_, name, own in zip(*(batch[n].to_pylist() for n in range(3)), strict=True):
            gid = gid_of(name, kind, own)
            if gid in gids:
                found[gid] = min(id_, found.get(gid, id_))
    return found
