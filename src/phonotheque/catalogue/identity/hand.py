"""What people decided, and what was given up for what, in the terms of a build: ids and rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import fresh_folder, part_name, write_part
from phonotheque.catalogue.epoch import Integers
from phonotheque.catalogue.identity.decisions import Decision
from phonotheque.catalogue.identity.named import find, find_led
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
        redirects: Merges by which the first gid leads to the second. Not those whose target is
            gone while the first is still there: it would vanish, too.
        waiting: Merges whose target nothing has.
        unknown: Gids that nothing has.
    """

    merges: tuple[tuple[str, int, int], ...]
    splits: tuple[tuple[str, int, int], ...]
    redirects: tuple[Decision, ...] = ()
    waiting: tuple[Decision, ...] = ()
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


class Waiting(msgspec.Struct, frozen=True):
    """A merge into what no entity has, by gids."""

    entity_type: str
    one: str
    into: str


class _Told(msgspec.Struct):
    """What of `identity.json` is read again."""

    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirected:
    """What became of redirects and decisions.

    Attributes:
        redirects: How many there are.
        refused: How many lead in a circle or give up what another gave up.
        examples: Some of these, as "type old -> new".
        unknown: Gids in decisions that no entity has.
        waiting: Merges into what no entity has: they count again when it is back.
        uncorrected: Gids in corrections that no entity has.
    """

    redirects: int
    refused: int
    examples: tuple[str, ...]
    unknown: tuple[str, ...]
    waiting: tuple[Waiting, ...] = ()
    uncorrected: tuple[str, ...] = ()


def resolve(db: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> ByHand:
    """Find the entities that decisions name; where none has a gid, that which it was given up
    for, by hand or by a source."""
    own: dict[tuple[str, uuid.UUID], int] = {}
    ids: dict[tuple[str, uuid.UUID], int] = {}
    for kind in {one.entity_type for one in decisions}:
        mine = [one for one in decisions if one.entity_type == kind]
        named = {end for one in mine for end in (one.one, one.other)}
        found = find(db, kind, named)
        ahead = {one.one.gid: one.other.gid for one in mine if one.action == "merge"}
        led = find_led(db, kind, found, ahead, {one.gid for one in named} - set(found))
        own |= {(kind, gid): id_ for gid, id_ in found.items()}
        ids |= {(kind, gid): id_ for gid, id_ in (led | found).items()}
    pairs: dict[str, list[tuple[str, int, int]]] = {"merge": [], "split": []}
    unknown: dict[uuid.UUID, None] = {}
    redirects: list[Decision] = []
    waiting: list[Decision] = []
    for made in decisions:
        first, second = ((made.entity_type, end.gid) for end in (made.one, made.other))
        one, other = ids.get(first), ids.get(second)
        unknown |= {end[1]: None for end in (first, second) if end not in own}
        if one is not None and other is not None and one != other:
            pairs[made.action].append((made.entity_type, one, other))
        if made.action == "merge":
            waiting += [made] if other is None else []
            # What leads back to the first was merged the other way round by its source.
            is_there = second in own or other not in (None, one)
            redirects += [made] if is_there or first not in own else []
    merges, splits = (tuple(pairs[name]) for name in ("merge", "split"))
    return ByHand(merges, splits, tuple(redirects), tuple(waiting), tuple(unknown))


def redirect(db: duckdb.DuckDBPyConnection, by_hand: ByHand, out: Path) -> Redirected:
    """Write the table of redirects without those that cannot be followed.

    Makes `final_target` (entity_type, old, final) for those who link by MBID.
    """
    merged = by_hand.redirects
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
    waiting = tuple(
        Waiting(one.entity_type, str(one.one.gid), str(one.other.gid)) for one in by_hand.waiting
    )
    return Redirected(good.num_rows, len(refused), examples, unknown, waiting)


def merges_waiting_in(snapshot: Path) -> tuple[Waiting, ...]:
    """Return the merges that a build found no target for.

    Args:
        snapshot: Its folder.
    """
    told = msgspec.json.decode((snapshot / "identity.json").read_bytes(), type=_Told)
    return told.waiting


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
