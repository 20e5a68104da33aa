"""What numbers others know cards by: ISRCs, barcodes, catalogue numbers, external identifiers.

Each is a pair of a key and a rank. What belongs to a member of a group leads to the group's card.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import batches_of, parts_in
from phonotheque.catalogue.corrections.fields import LIST_FIELDS, list_of
from phonotheque.catalogue.corrections.resolving import read_corrections
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup import packing
from phonotheque.catalogue.lookup.packed_columns import pack_gtins, pack_isrcs
from phonotheque.catalogue.lookup.rank_maps import RankMap
from phonotheque.catalogue.lookup.schema import KINDS

Integers = npt.NDArray[np.int64]
Batches = Iterator[tuple[Integers, Integers]]
Ranks = dict[Kind, RankMap]


def isrc_pairs(snapshot: Path, ranks: Ranks) -> Batches:
    """Give every ISRC with the rank of its recording, as corrected."""
    recordings = ranks[Kind.RECORDING]
    ids, codes, gone = _corrected(snapshot, Kind.RECORDING, "isrcs", recordings)
    for batch in _rows(snapshot, "isrc", ["recording", "isrc"]):
        keys, found = _ranked(pack_isrcs(batch["isrc"]), batch["recording"], recordings)
        stays = ~np.isin(found, gone)
        yield keys[stays], found[stays]
    yield _ranked(pack_isrcs(codes), ids, recordings)


def barcode_pairs(snapshot: Path, ranks: Ranks) -> Batches:
    """Give every barcode that is a GTIN with the rank of its release, as corrected."""
    releases = ranks[Kind.RELEASE]
    ids, codes, gone = _corrected(snapshot, Kind.RELEASE, "barcode", releases)
    for batch in _rows(snapshot, "release", ["id", "barcode"]):
        keys, found = _ranked(pack_gtins(batch["barcode"]), batch["id"], releases)
        stays = ~np.isin(found, gone)
        yield keys[stays], found[stays]
    yield _ranked(pack_gtins(codes), ids, releases)


def _corrected(
    snapshot: Path, kind: Kind, field: str, ranks: RankMap
) -> tuple[pa.Array, pa.Array, Integers]:
    """Return a field as it was corrected: ids, a value of each, and the ranks of all of which
    nothing else counts; of two corrections of one card the newest."""
    newest = {
        int(ranks.of(np.array([row["entity"]]))[0]): row
        for row in sorted(read_corrections(snapshot / "tables").to_pylist(), key=_line)
        if (row["entity_type"], row["field"]) == (kind, field)
    }
    rows = [(row["entity"], one) for row in newest.values() for one in _values(row)]
    ids = pa.array([entity for entity, _ in rows], pa.int64())
    values = pa.array([value for _, value in rows], pa.string())
    return ids, values, np.array(sorted(newest), np.int64)


def _line(row: dict[str, Any]) -> int:
    return int(row["seq"])


def _values(row: dict[str, Any]) -> list[str]:
    """The values of a correction: of a field that holds several, a JSON list, else one text."""
    value = row["value"] or ""
    if row["field"] in LIST_FIELDS:
        return list_of(value)
    return [value] if value else []


def catalog_number_pairs(snapshot: Path, ranks: Ranks) -> Batches:
    """Give the key of every catalogue number with the rank of its release."""
    for batch in _rows(snapshot, "release_label", ["release", "catalog_number"]):
        texts = batch["catalog_number"].to_pylist()
        keys = [None if text is None else packing.catalog_number_key(text) for text in texts]
        yield _ranked(pa.array(keys, pa.int64()), batch["release"], ranks[Kind.RELEASE])


def external_pairs(snapshot: Path, ranks: Ranks) -> Batches:
    """Give the key of every external identifier with the rank of its card and the kind's number."""
    for batch in _rows(snapshot, "external_id", ["entity_type", "entity", "scheme", "value"]):
        for number, kind in enumerate(KINDS):
            mine = batch.filter(pc.equal(batch["entity_type"].cast(pa.string()), str(kind)))
            schemes, values = mine["scheme"].to_pylist(), mine["value"].to_pylist()
            keys = [
                packing.external_key(scheme, value) if scheme and value else None
                for scheme, value in zip(schemes, values, strict=True)
            ]
            of_key, found = _ranked(pa.array(keys, pa.int64()), mine["entity"], ranks[kind])
            yield of_key, found * len(KINDS) + number


def _rows(snapshot: Path, table: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    return batches_of(parts_in(snapshot / "tables" / table), columns)


def _ranked(keys: pa.Array, ids: pa.Array, ranks: RankMap) -> tuple[Integers, Integers]:
    """Return keys and ranks, without rows that have no key or no card."""
    numbers: Any = keys.fill_null(-1).to_numpy(zero_copy_only=False)
    found = ranks.of(ids.fill_null(-1).to_numpy(zero_copy_only=False))
    is_one = (numbers >= 0) & (found > 0)
    return numbers[is_one], found[is_one]
