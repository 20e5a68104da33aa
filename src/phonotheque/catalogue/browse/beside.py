"""What stands beside the shelves: files of recordings, further releases, labels, addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue import tables
from phonotheque.catalogue.browse.schema import DIGEST_BYTES, LINKED, OWNER_BITS, link_key
from phonotheque.catalogue.bulk import batches_of, parts_in, translated
from phonotheque.catalogue.database import Machine, database, rows_of, view
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup import list_rows
from phonotheque.catalogue.lookup.pairs import Pairs
from phonotheque.catalogue.lookup.rank_maps import RankMap

Integers = npt.NDArray[np.int64]
Pair = tuple[Integers, Integers]
Ranks = dict[Kind, RankMap]

_FILE = ["recording", "state", "sha256"]
_LINK = pa.schema([("entity", pa.int64()), ("scheme", pa.string()), ("value", pa.string())])
MOST_LINKS = 50
"""Addresses of one artist or label that are kept."""


def object_rows(
    snapshot: Path, ranks: RankMap, scratch: Path, machine: Machine
) -> Iterator[tuple[int, bytes]]:
    """Give the digests of the files of each recording that are held, under its rank; in the order
    of the table, which is that in which they came in.

    The rank and the place of each file are sorted as pairs; digests wait in a file of their own.
    """
    placed, path, count = Pairs(scratch / "objects", machine), scratch / "digests", 0
    with translated(str(path)), path.open("wb") as waiting:
        for batch in batches_of(parts_in(snapshot / "tables/file"), _FILE):
            is_held = pc.equal(batch["state"], "held")
            rows = batch.filter(pc.and_(is_held, batch["sha256"].is_valid()))
            found = ranks.of(_ids(rows["recording"]))
            is_one = found > 0
            placed.add(found[is_one], np.flatnonzero(is_one) + count)
            waiting.write(b"".join(rows["sha256"].to_pylist()))
            count += len(rows)
    digests = np.memmap(path, f"V{DIGEST_BYTES}", "r") if count else np.empty(0, "V1")
    for rank, of_rank in groupby(_in_pairs(placed.in_order()), key=itemgetter(0)):
        yield rank, b"".join(dict.fromkeys(digests[at].tobytes() for _, at in of_rank))


def _ids(column: pa.Array) -> Integers:
    """Return ids, and -1, which has no rank, where there is none."""
    ids: Integers = column.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return ids


def _in_pairs(batches: Iterator[Pair]) -> Iterator[tuple[int, int]]:
    for keys, values in batches:
        yield from zip(keys.tolist(), values.tolist(), strict=True)


def release_pairs(snapshot: Path, ranks: Ranks) -> Iterator[Pair]:
    """Give each recording with each release that it is on: ranks as one number, and 0."""
    for batch in batches_of(parts_in(snapshot / "tables/track"), ["recording", "release"]):
        recordings, releases = (
            ranks[kind].of(_ids(column))
            for kind, column in zip((Kind.RECORDING, Kind.RELEASE), batch.columns, strict=True)
        )
        is_one = (recordings > 0) & (releases > 0)
        keys = recordings[is_one] << OWNER_BITS | releases[is_one]
        yield keys, np.zeros(len(keys), np.int64)


def only_several(batches: Iterator[Pair]) -> Iterator[Pair]:
    """Leave out owners of one thing: it stands on their card."""
    waiting = np.empty(0, np.int64)
    for more, _ in batches:
        keys = np.concatenate([waiting, more])
        owners = keys >> OWNER_BITS
        stays = int(np.searchsorted(owners, owners[-1])) if len(keys) else 0
        yield _several(keys[:stays])
        waiting = keys[stays:]
    yield _several(waiting)


def _several(keys: Integers) -> Pair:
    owners = keys >> OWNER_BITS
    is_next = owners[1:] == owners[:-1]
    kept = keys[np.append(is_next, False) | np.insert(is_next, 0, False)] if len(keys) else keys
    return kept, np.zeros(len(kept), np.int64)


def label_pairs(snapshot: Path, ranks: Ranks) -> Iterator[Pair]:
    """Give each release with each label that issued it: ranks as one number, and 0."""
    for keys, values in list_rows.label_pairs(snapshot, ranks):
        yield (keys & (1 << OWNER_BITS) - 1) << OWNER_BITS | keys >> OWNER_BITS, values


def link_rows(
    snapshot: Path, ranks: Ranks, scratch: Path, machine: Machine
) -> Iterator[tuple[int, str]]:
    """Give what others call each artist and label, as JSON: scheme and value of each."""
    query = "SELECT entity, scheme, value FROM external_id WHERE entity_type = '{}' AND value <> ''"
    parts = parts_in(snapshot / "tables/external_id")
    if not parts:
        return  # a database that is opened for nothing takes longer than all else here
    with database(scratch, machine) as db:
        view(db, "external_id", parts, tables.snapshot_schema("external_id"))
        for kind in LINKED:
            found: dict[int, dict[tuple[str, str], None]] = {}
            for rows in rows_of(db, query.format(kind), _LINK):
                owners = ranks[kind].of(rows["entity"].to_numpy()).tolist()
                named = zip(rows["scheme"].to_pylist(), rows["value"].to_pylist(), strict=True)
                for owner, (scheme, value) in zip(owners, named, strict=True):
                    if owner and scheme:
                        found.setdefault(owner, {})[scheme, value] = None
            for owner, links in sorted(found.items()):
                body = json.dumps(sorted(links)[:MOST_LINKS], ensure_ascii=False)
                yield link_key(kind, owner), body
