"""What people decided, and what was given up for what, in the terms of a build: ids and rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import fresh_folder, part_name, write_part
from phonotheque.catalogue.epoch import Integers
from phonotheque.catalogue.gid_rows import ids_of_made_gids
from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.identity.decisions import Decision, Named
from phonotheque.catalogue.identity.redirects import final_targets, refused_redirects
from phonotheque.catalogue.tables import snapshot_schema

HAND = 0
"""Number of the source of decisions by hand."""

_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class ByHand:
    """Decisions whose entities were found: (entity type, id, id), the second speaks for both.

    Attributes:
        merges: Pairs that are one.
        splits: Pairs that are not.
        decisions: All that were asked for.
        unknown: Gids that nothing has.
    """

    merges: tuple[tuple[str, int, int], ...]
    splits: tuple[tuple[str, int, int], ...]
    decisions: tuple[Decision, ...] = ()
    unknown: tuple[uuid.UUID, ...] = ()

    def merged(self, kind: str) -> list[tuple[int, int]]:
        """Pairs of a kind that are one."""
        return [(one, other) for of, one, other in self.merges if of == kind]

    def split(self, kind: str) -> list[tuple[int, int]]:
        """Pairs of a kind that are two."""
        return [(one, other) for of, one, other in self.splits if of == kind]

    def speakers(self, kind: str) -> list[int]:
        """Ids into which others were merged, and that were not merged themselves."""
        pairs = self.merged(kind)
        return sorted({other for _, other in pairs} - {one for one, _ in pairs})


@dataclass(frozen=True, slots=True)
class Redirected:
    """What became of redirects and decisions.

    Attributes:
        redirects: How many there are.
        refused: How many lead in a circle or give up what another gave up.
        examples: Some of these, as "type old -> new".
        unknown: Gids in decisions that no entity has.
        uncorrected: Gids in corrections that no entity has.
    """

    redirects: int
    refused: int
    examples: tuple[str, ...]
    unknown: tuple[str, ...]
    uncorrected: tuple[str, ...] = ()


def resolve(db: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> ByHand:
    """Find the entities that decisions name."""
    ids: dict[tuple[str, uuid.UUID], int] = {}
    for kind in {one.entity_type for one in decisions}:
        named = {n for d in decisions if d.entity_type == kind for n in (d.one, d.other)}
        ids |= {(kind, gid): found for gid, found in _find(db, kind, named).items()}
    merges: list[tuple[str, int, int]] = []
    splits: list[tuple[str, int, int]] = []
    unknown: list[uuid.UUID] = []
    for one in decisions:
        ends = [ids.get((one.entity_type, end.gid)) for end in (one.one, one.other)]
        unknown += [
            end.gid for end, id_ in zip((one.one, one.other), ends, strict=True) if id_ is None
        ]
        if ends[0] is not None and ends[1] is not None and ends[0] != ends[1]:
            pair = one.entity_type, ends[0], ends[1]
            (merges if one.action == "merge" else splits).append(pair)
    return ByHand(tuple(merges), tuple(splits), tuple(decisions), tuple(dict.fromkeys(unknown)))


def _find(db: duckdb.DuckDBPyConnection, kind: str, named: set[Named]) -> dict[uuid.UUID, int]:
    """By MBID; by key, where source and source id are said; else by the gid of every row."""
    found: dict[uuid.UUID, int] = {}
    by_mbid = (
        f"SELECT e.id FROM {kind} e JOIN sources s ON s.id = e.source WHERE e.mbid = ? "
        "ORDER BY s.priority, e.id LIMIT 1"
    )
    by_key = (
        f"SELECT e.id FROM {kind} e JOIN sources s ON s.id = e.source "
        "WHERE s.name = ? AND e.key = ? LIMIT 1"
    )
    for one in named:
        rows = db.execute(by_mbid, [one.gid.bytes]).fetchall()
        if not rows and one.source:
            rows = db.execute(by_key, [one.source, _key(one.source_id)]).fetchall()
        if rows:
            found[one.gid] = int(rows[0][0])
    left = {one.gid for one in named} - set(found)
    if left:
        found |= ids_of_made_gids(db, kind, left)
    return found


def _key(source_id: str) -> int:
    """A source that numbers its rows has its own number as key."""
    is_number = source_id.isdecimal() and source_id == str(int(source_id)) and len(source_id) < 19
    return int(source_id) if is_number else key_of(source_id)


def redirect(db: duckdb.DuckDBPyConnection, by_hand: ByHand, out: Path) -> Redirected:
    """Write the table of redirects without those that cannot be followed.

    Makes `final_target` (entity_type, old, final) for those who link by MBID.
    """
    merged = [one for one in by_hand.decisions if one.action == "merge"]
    schema = snapshot_schema("gid_redirect")
    hand_rows = pa.table(
        {
            "source": pa.array([HAND] * len(merged), pa.int32()),
            "entity_type": pa.array([one.entity_type for one in merged], pa.string()),
            "old_gid": pa.array([one.one.gid.bytes for one in merged], pa.binary(16)),
            "new_gid": pa.array([one.other.gid.bytes for one in merged], pa.binary(16)),
            "raw_row": pa.nulls(len(merged), pa.string()),
        }
    )
    rest = db.sql(
        "SELECT source, entity_type, old_gid, new_gid, raw_row FROM gid_redirect "
        "WHERE old_gid IS NOT NULL AND new_gid IS NOT NULL ORDER BY source, entity_type, old_gid"
    ).to_arrow_table()
    rows = pa.concat_tables([hand_rows.cast(schema), rest.cast(schema)]).unify_dictionaries()
    refused = _refused(rows)
    good = rows.filter(pa.array(~np.isin(np.arange(rows.num_rows), refused)))
    folder = fresh_folder(out / "gid_redirect")
    if good.num_rows:
        write_part(folder / part_name(1), good)
    finals = [_final(good, kind) for kind in good["entity_type"].unique().to_pylist()]
    empty = pa.schema([("entity_type", pa.string()), ("old", pa.binary(16))])
    finals.append(empty.append(pa.field("final", pa.binary(16))).empty_table())
    db.register("final_target", pa.concat_tables(finals))
    examples = tuple(_shown(rows.slice(int(row), 1)) for row in refused[:_EXAMPLES])
    unknown = tuple(map(str, by_hand.unknown))
    return Redirected(good.num_rows, len(refused), examples, unknown)


def _refused(rows: pa.Table) -> Integers:
    """Rows that are refused; identifiers of different kinds have nothing to do with each other."""
    refused = [np.empty(0, np.int64)]
    names = rows["entity_type"].cast(pa.string())
    for kind in names.unique().to_pylist():
        mine = np.flatnonzero(np.asarray(pc.equal(names, kind).combine_chunks()))
        some = rows.take(pa.array(mine))
        at = refused_redirects(_bytes(some, "old_gid"), _bytes(some, "new_gid"))
        refused.append(mine[at])
    return np.sort(np.concatenate(refused))


def _final(rows: pa.Table, kind: str) -> pa.Table:
    mine = rows.filter(pc.equal(rows["entity_type"].cast(pa.string()), kind))
    final = final_targets(_bytes(mine, "old_gid"), _bytes(mine, "new_gid"))
    types = pa.array([kind] * mine.num_rows, pa.string())
    return pa.table({"entity_type": types, "old": _bytes(mine, "old_gid"), "final": final})


def _bytes(rows: pa.Table, name: str) -> pa.Array:
    return rows[name].combine_chunks()


def _shown(row: pa.Table) -> str:
    (found,) = row.to_pylist()
    old, new = uuid.UUID(bytes=found["old_gid"]), uuid.UUID(bytes=found["new_gid"])
    return f"{found['entity_type']} {old} -> {new}"
