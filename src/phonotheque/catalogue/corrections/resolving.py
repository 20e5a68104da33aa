"""Corrections in the terms of a build: which entity each is about.

`tables/corrections.parquet` has a row for each correction that stands and whose thing is there; a
snapshot without any has no such file.

Laws: the newest correction of a field of an entity counts; a gid that was given up for another
leads there; what no source has any more is told, and waits for the day when one has it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.bulk import sync_file, translated
from phonotheque.catalogue.gid_rows import ids_of_made_gids
from phonotheque.register.catalogue_corrections import StandingCorrection

FILE = "corrections.parquet"

SCHEMA = pa.schema(
    [
        ("entity_type", pa.string()),
        ("entity", pa.int64()),  # the row that has the gid
        ("gid", pa.binary(16)),
        ("field", pa.string()),
        ("value", pa.string()),  # as the register keeps it; null: taken away
        ("reason", pa.string()),
        ("at", pa.string()),
        ("seq", pa.int64()),  # number of its line in the register
    ]
)
"""`tables/corrections.parquet`: the corrections that stand, in order of entity and field."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Corrections whose things were found, and the gids of those that were not."""

    rows: pa.Table
    unknown: tuple[UUID, ...] = ()


def digest_of(standing: Sequence[StandingCorrection]) -> str:
    """Name all that a build takes from corrections; "" where there are none."""
    if not standing:
        return ""
    told = [(one.entity_type, one.gid.hex, one.source, *one.made) for one in standing]
    return sha256(msgspec.json.encode(told)).hexdigest()


def resolve(db: duckdb.DuckDBPyConnection, standing: Sequence[StandingCorrection]) -> Resolved:
    """Find the entities that corrections are about.

    Args:
        db: Has the tables of the snapshot, and `final_target` for redirects.
        standing: In the order in which they were made.
    """
    newest: dict[tuple[str, int, str], StandingCorrection] = {}
    unknown: list[UUID] = []
    for kind in sorted({one.entity_type for one in standing}):
        mine = [one for one in standing if one.entity_type == kind]
        ids = _ids(db, kind, {one.gid: one.source for one in mine})
        for one in mine:
            if one.gid in ids:
                newest[kind, ids[one.gid], one.made.field] = one
            else:
                unknown.append(one.gid)
    return Resolved(_table(newest), tuple(dict.fromkeys(unknown)))


def _table(newest: dict[tuple[str, int, str], StandingCorrection]) -> pa.Table:
    rows = [
        {
            "entity_type": kind,
            "entity": entity,
            "gid": one.gid.bytes,
            "field": field,
            "value": one.made.value or None,
            "reason": one.made.reason or None,
            "at": one.made.at,
            "seq": one.made.seq,
        }
        for (kind, entity, field), one in sorted(newest.items(), key=lambda item: item[0])
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def _ids(db: duckdb.DuckDBPyConnection, kind: str, sources: dict[UUID, str]) -> dict[UUID, int]:
    """By MBID, by one that it was given up for, by the gids of the rows of its source, else by a
    gid made here that it was given up for."""
    found = _by_mbid(db, kind, {gid: gid for gid in sources})
    left = set(sources) - set(found)
    finals = _final(db, kind, left) if left else {}
    found |= _by_mbid(db, kind, finals)
    left -= set(found)
    for source in sorted({sources[gid] for gid in left}):
        mine = {gid for gid in left if sources[gid] == source}
        found |= ids_of_made_gids(db, kind, mine, source)
    ends = {gid: end for gid, end in finals.items() if gid not in found}
    if ends:
        made = ids_of_made_gids(db, kind, set(ends.values()))
        found |= {gid: made[end] for gid, end in ends.items() if end in made}
    return found


def _by_mbid(db: duckdb.DuckDBPyConnection, kind: str, mbids: dict[UUID, UUID]) -> dict[UUID, int]:
    if not mbids:
        return {}
    wanted = {"gid": [one.bytes for one in mbids], "mbid": [one.bytes for one in mbids.values()]}
    form = pa.binary(16)
    db.register("wanted", pa.table({name: pa.array(some, form) for name, some in wanted.items()}))
    rows = db.execute(
        f"SELECT w.gid, min({{'p': s.priority, 'i': e.id}}).i FROM wanted w "
        f"JOIN {kind} e ON e.mbid = w.mbid JOIN sources s ON s.id = e.source GROUP BY w.gid"
    ).fetchall()
    db.unregister("wanted")
    return {UUID(bytes=gid): int(id_) for gid, id_ in rows}


def _final(db: duckdb.DuckDBPyConnection, kind: str, gids: Iterable[UUID]) -> dict[UUID, UUID]:
    rows = db.execute("SELECT old, final FROM final_target WHERE entity_type = ?", [kind])
    finals = {UUID(bytes=old): UUID(bytes=new) for old, new in rows.fetchall() if old and new}
    return {gid: finals[gid] for gid in gids if gid in finals}


def waiting_in(snapshot: Path) -> tuple[str, ...]:
    """Return the gids of corrections that a build found no entity for.

    Args:
        snapshot: Its folder.
    """
    told = msgspec.json.decode((snapshot / "identity.json").read_bytes(), type=dict[str, Any])
    return tuple(told.get("uncorrected", ()))


def write_corrections(folder: Path, rows: pa.Table) -> None:
    """Write the file into a folder; none where nothing is corrected."""
    if rows.num_rows:
        path = folder / FILE
        with translated(str(path)):
            pq.write_table(rows, path, compression="zstd")
            sync_file(path)


def read_corrections(tables: Path) -> pa.Table:
    """Return the corrections of a snapshot's tables; no rows where there is no file."""
    path = tables / FILE
    if not path.is_file():
        return SCHEMA.empty_table()
    with translated(str(path)):
        return pq.read_table(path).cast(SCHEMA)
