"""Which entities the gids in decisions by hand are.

Law: a gid that no entity has is that which it was given up for, by hand before by a source; a merge
outlives what becomes of its ends.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

import duckdb

from phonotheque.catalogue.gid_rows import ids_of_made_gids
from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.identity.decisions import Named

LONGEST_CHAIN = 16
"""Gids that are followed one after the other, as far as a look-up follows them."""


def find(
    db: duckdb.DuckDBPyConnection, kind: str, named: Collection[Named]
) -> dict[uuid.UUID, int]:
    """Return the entity of each gid that one has: by MBID; by key, where source and source id are
    said; else by the gid of every row."""
    found = _by_mbid(db, kind, named)
    by_key = (
        f"SELECT e.id FROM {kind} e JOIN sources s ON s.id = e.source "
        "WHERE s.name = ? AND e.key = ? LIMIT 1"
    )
    for one in named:
        if one.source and one.gid not in found:
            rows = db.execute(by_key, [one.source, _key(one.source_id)]).fetchall()
            if rows:
                found[one.gid] = int(rows[0][0])
    left = {one.gid for one in named} - set(found)
    if left:
        found |= ids_of_made_gids(db, kind, left)
    return found


def find_led(
    db: duckdb.DuckDBPyConnection,
    kind: str,
    found: Mapping[uuid.UUID, int],
    ahead: Mapping[uuid.UUID, uuid.UUID],
    left: Collection[uuid.UUID],
) -> dict[uuid.UUID, int]:
    """Return the entity that each gid leads to which no entity has; without those of no end.

    Args:
        found: Entities of gids that decisions name.
        ahead: Merges by hand: they go before redirects of sources.
    """
    led: dict[uuid.UUID, int] = {}
    at = {gid: gid for gid in left}
    for _ in range(LONGEST_CHAIN):
        given_up = {**_given_up(db, kind, set(at.values()) - set(ahead)), **ahead}
        at = {gid: given_up[end] for gid, end in at.items() if end in given_up}
        if not at:
            break
        unnamed = {Named(end) for end in at.values() if end not in found}
        known = {**_by_mbid(db, kind, unnamed), **found}
        led |= {gid: known[end] for gid, end in at.items() if end in known}
        at = {gid: end for gid, end in at.items() if end not in known}
    return led


def _given_up(
    db: duckdb.DuckDBPyConnection, kind: str, gids: Collection[uuid.UUID]
) -> dict[uuid.UUID, uuid.UUID]:
    """Return what each gid was given up for, by the first source that gave it up."""
    if not gids:
        return {}
    rows = db.execute(
        "SELECT old_gid, arg_min(new_gid, source) FROM gid_redirect WHERE entity_type = ? "
        "AND new_gid IS NOT NULL AND old_gid IN (SELECT unnest(?::BLOB[])) GROUP BY old_gid",
        [kind, [gid.bytes for gid in gids]],
    ).fetchall()
    return {uuid.UUID(bytes=old): uuid.UUID(bytes=new) for old, new in rows}


def _by_mbid(
    db: duckdb.DuckDBPyConnection, kind: str, named: Collection[Named]
) -> dict[uuid.UUID, int]:
    by_mbid = (
        f"SELECT e.id FROM {kind} e JOIN sources s ON s.id = e.source WHERE e.mbid = ? "
        "ORDER BY s.priority, e.id LIMIT 1"
    )
    return {
        one.gid: int(id_)
        for one in named
        for (id_,) in db.execute(by_mbid, [one.gid.bytes]).fetchall()
    }


def _key(source_id: str) -> int:
    """A source that numbers its rows has its own number as key."""
    is_number = source_id.isdecimal() and source_id == str(int(source_id)) and len(source_id) < 19
    return int(source_id) if is_number else key_of(source_id)
