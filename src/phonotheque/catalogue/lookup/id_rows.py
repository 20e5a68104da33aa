"""Which gid and which rank every id has: blocks of ids, and the index of gids.

Most gids are made of a source's name and a number, so a block of ids needs only the first number,
when its ids' numbers follow each other, or a byte or two for each. Where a gid cannot be made
again from a number, its 16 bytes are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.blocks import IDS
from phonotheque.catalogue.lookup.merging import rows_by_id
from phonotheque.catalogue.lookup.packing import GID_KEY_BYTES, gid_head
from phonotheque.catalogue.lookup.pairs import Pairs
from phonotheque.catalogue.lookup.rank_maps import RankMap
from phonotheque.catalogue.lookup.schema import KINDS

Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

IdRow = tuple[int, bytes, int | None, int | None, bytes]
"""A row of a table of ids: block, ranks, source, first key, origins."""

_GID_BYTES = 16
_COLUMNS = ["id", "source", "key", "source_id", "mbid"]


@dataclass(frozen=True, slots=True)
class Entities:
    """Entities of one kind in order of id, their gids, and what these were made of.

    Attributes:
        is_numbered: Whether a gid was made of a source's name and `keys`.
        gids: 16 bytes for each.
    """

    ids: Integers
    sources: Integers
    keys: Integers
    is_numbered: npt.NDArray[np.bool_]
    gids: Bytes

    def __getitem__(self, rows: slice) -> Entities:
        return Entities(
            self.ids[rows],
            self.sources[rows],
            self.keys[rows],
            self.is_numbered[rows],
            self.gids[rows],
        )


def id_rows(
    snapshot: Path, kind: Kind, ranks: RankMap, sources: dict[int, str], gids: Pairs
) -> Iterator[IdRow]:
    """Give the rows of the table of ids of one kind, and gather its gids.

    Args:
        sources: Names of sources by number.
        gids: Takes the key of each gid with the id and the number of its kind.
    """
    for rows in _whole_blocks(rows_by_id(snapshot / "tables" / kind, _COLUMNS)):
        entities = _entities(rows, kind, sources)
        has_card = ranks.of(entities.ids) > 0
        keys = _numbers(entities.gids[has_card, :GID_KEY_BYTES])
        gids.add(keys, entities.ids[has_card] * len(KINDS) + KINDS.index(kind))
        begins = np.flatnonzero(np.diff(entities.ids // IDS, prepend=-1)).tolist()
        for begin, end in zip(begins, [*begins[1:], len(entities.ids)], strict=True):
            yield _row(entities[begin:end], ranks)


def _whole_blocks(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Cut rows in order of id only where a block of ids ends."""
    left: pa.Table | None = None
    for table in tables:
        rows = table if left is None else pa.concat_tables([left, table])
        blocks = rows["id"].to_numpy() // IDS
        count = int(np.searchsorted(blocks, blocks[-1]))
        if count:
            yield rows.slice(0, count)
        left = rows.slice(count)
    if left is not None:
        yield left


def _entities(rows: pa.Table, kind: Kind, sources: dict[int, str]) -> Entities:
    """Make the gid of each row, as `phonotheque.catalogue.gids.gid_of_row` does."""
    mbids = rows["mbid"].combine_chunks()
    is_made = mbids.is_null()
    numbers = rows["source"].to_numpy().astype(np.int64)
    gids = np.empty((len(rows), _GID_BYTES), np.uint8)
    given = b"".join(mbids.drop_null().to_pylist())
    gids[~is_made.to_numpy(zero_copy_only=False)] = _gids(given)
    own = pc.coalesce(rows["source_id"], rows["key"].cast(pa.string())).combine_chunks()
    for number in np.unique(numbers).tolist():
        mine = pc.and_(is_made, pa.array(numbers == number))
        names = own.filter(mine).cast(pa.binary()).to_pylist()
        made = _made(gid_head(sources[number], kind), names)
        gids[mine.to_numpy(zero_copy_only=False)] = made
    is_numbered = pc.and_(pc.is_null(rows["source_id"]), pc.is_null(rows["mbid"])).to_numpy()
    return Entities(
        rows["id"].to_numpy(),
        numbers,
        rows["key"].to_numpy(),
        is_numbered,
        gids,
    )


def _made(head: bytes, names: list[bytes]) -> Bytes:
    """Return UUIDs of version 5 of names that begin alike, as 16 bytes each."""
    sha1 = hashlib.sha1
    digests = b"".join([sha1(head + name).digest()[:_GID_BYTES] for name in names])
    gids = _gids(digests).copy()
    gids[:, 6] = gids[:, 6] & 0x0F | 0x50  # the version
    gids[:, 8] = gids[:, 8] & 0x3F | 0x80  # the variant
    return gids


def _gids(data: bytes) -> Bytes:
    return np.frombuffer(data, np.uint8).reshape(-1, _GID_BYTES)


def _numbers(raw: Bytes) -> Integers:
    """Return big-endian numbers of a few bytes each."""
    wide = np.zeros((len(raw), 8), np.uint8)
    wide[:, 8 - raw.shape[1] :] = raw
    return wide.view(">u8").reshape(-1).astype(np.int64)


def _row(block: Entities, ranks: RankMap) -> IdRow:
    """Return the row of one block of ids, which need not have all of them."""
    number = int(block.ids[0]) // IDS
    places = block.ids % IDS
    in_block = ranks.block(number)
    first = int(block.keys.min())
    if block.is_numbered.all() and (block.sources == block.sources[0]).all():
        source = int(block.sources[0])
        start = int(block.keys[0] - places[0])
        if start >= 0 and (block.keys - places == start).all():
            return number, in_block, source, start, b""
        width = _width(int(block.keys.max()) - first)
        offsets = np.zeros(IDS, ">u8")
        offsets[places] = block.keys - first
        raw = offsets.view(np.uint8).reshape(IDS, 8)[:, 8 - width :]
        return number, in_block, source, first, raw.tobytes()
    gids = np.zeros((IDS, _GID_BYTES), np.uint8)
    gids[places] = block.gids
    return number, in_block, None, None, gids.tobytes()


def _width(number: int) -> int:
    """Return how many bytes a number needs, at least 1."""
    return max((number.bit_length() + 7) // 8, 1)
