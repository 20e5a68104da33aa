"""Which rows of a source are entities, and the order in which new ones are numbered.

Laws: of rows with the same key the first stays, the others are refused; so it is with rows of the
same MBID; new recordings are numbered in the order of releases, media and positions, all other new
entities in order of keys. Keys are kept in files and mapped: memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import batches_of, mapped_array, parts_in
from phonotheque.catalogue.epoch import Ids, Integers

_CHUNK = 1 << 20
"""Entries for which a step makes temporary arrays."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one table of a source.

    Attributes:
        known: Every key that an entity has, rising, once each.
        repeated: Keys that several rows have, rising: the first row stays.
        refused: Keys of rows whose MBID an earlier row has, rising: none of their rows stays.
    """

    known: Integers
    repeated: Integers
    refused: Integers


def read_keys(folder: Path, work: Path) -> Keys:
    """Read the keys of a table's parts.

    Args:
        folder: Folder of the parts, in their imported form.
        work: Folder for files that may be as large as the keys; they must outlive the result.
    """
    parts = parts_in(folder)
    keys = _in_file(
        (column(batch, "key") for batch in batches_of(parts, ["key"])),
        work / f"{folder.name}-keys",
        np.dtype(np.int64),
    )
    if any((later <= earlier).any() for earlier, later in _neighbours(keys)):
        keys.sort()
    repeated = _repeated(keys)
    refused = _keys_of_same_mbid(parts, work / f"{folder.name}-mbids")
    if len(repeated) or len(refused):
        keys = _in_file(
            _unique_without(keys, refused), work / f"{folder.name}-known", np.dtype(np.int64)
        )
    return Keys(keys, repeated, refused)


def new_in_order(keys: Keys, ids: Ids, work: Path) -> Integers:
    """Return the keys that have no id yet, rising."""
    chunks = (np.asarray(keys.known[low : low + _CHUNK]) for low in _edges(keys.known))
    return _in_file((chunk[ids.of(chunk) < 0] for chunk in chunks), work, np.dtype(np.int64))


def album_order(new_keys: Integers, tracks: Path, work: Path) -> Integers:
    """Return for each new recording its place among them, in the order in which albums have them.

    Tracks are looked at in the order in which the source gives them, some at a time, and these in
    order of release, medium and position: exact where a source gives the tracks of a release
    together, and cheap. Recordings on no release follow, in order of keys.

    Args:
        new_keys: Keys of the new recordings, rising.
        tracks: Folder of the table `track`, in its imported form.
        work: File to make for the answer.
    """
    count = len(new_keys)
    if not count:
        return np.empty(0, np.int64)
    places: Integers = mapped_array(work, (count,))
    places[:] = -1
    used = 0
    names = ["release", "medium_position", "position", "recording"]
    for batch in batches_of(parts_in(tracks), names, rows=_CHUNK):
        release, medium, position, recording = (column(batch, name) for name in names)
        recording = recording[np.lexsort((position, medium, release))]
        at = np.searchsorted(new_keys, recording)
        at[at == count] = 0
        at = at[(new_keys[at] == recording) & (places[at] < 0)]
        at = at[np.sort(np.unique(at, return_index=True)[1])]
        places[at] = np.arange(used, used + len(at))
        used += len(at)
    for low in _edges(places):
        left = low + np.flatnonzero(places[low : low + _CHUNK] < 0)
        places[left] = np.arange(used, used + len(left))
        used += len(left)
    return places


def column(batch: pa.RecordBatch, name: str) -> Integers:
    """Return a column of integers; -1 stands for null."""
    values = batch[name]
    if values.null_count:
        values = pc.fill_null(values, -1)
    return np.asarray(values).astype(np.int64, copy=False)


def _edges(keys: npt.NDArray[np.generic]) -> range:
    return range(0, len(keys), _CHUNK)


def _neighbours(
    keys: Integers,
) -> Iterator[tuple[Integers, Integers]]:
    for low in range(0, len(keys) - 1, _CHUNK):
        high = min(low + _CHUNK, len(keys) - 1)
        yield keys[low:high], keys[low + 1 : high + 1]


def _in_file(
    columns: Iterable[npt.NDArray[np.generic]],
    path: Path,
    dtype: np.dtype[np.int64] | np.dtype[np.uint64],
) -> Integers:
    with path.open("wb") as file:
        for values in columns:
            file.write(values.astype(dtype, copy=False).tobytes())
    if not path.stat().st_size:
        return np.empty(0, np.int64)
    mapped: Integers = np.memmap(path, dtype, "r+")
    return mapped


def _repeated(keys: Integers) -> Integers:
    """Return values of a sorted array that are there several times, once each."""
    found = [earlier[earlier == later] for earlier, later in _neighbours(keys)]
    return np.unique(np.concatenate([np.empty(0, keys.dtype), *found]))


def _unique_without(keys: Integers, refused: Integers) -> Iterator[Integers]:
    last = None
    for low in _edges(keys):
        chunk = np.unique(keys[low : low + _CHUNK])
        yield chunk[~np.isin(chunk, refused) & (chunk != last if last is not None else True)]
        last = chunk[-1]


def _keys_of_same_mbid(parts: list[Path], path: Path) -> Integers:
    """Return keys, rising, of rows whose MBID an earlier row has under another key."""
    heads = _in_file(
        (_heads(batch["mbid"]) for batch in batches_of(parts, ["mbid"])),
        path,
        np.dtype(np.uint64),
    )
    heads.sort()
    suspects = _repeated(heads)
    path.unlink()
    if not len(suspects):
        return np.empty(0, np.int64)
    first: dict[bytes, int] = {}
    refused = set()
    for batch in batches_of(parts, ["key", "mbid"]):
        with_mbid = batch.filter(pc.is_valid(batch["mbid"]))
        near = with_mbid.filter(pa.array(np.isin(_heads(with_mbid["mbid"]), suspects)))
        for key, mbid in zip(near["key"].to_pylist(), near["mbid"].to_pylist(), strict=True):
            if first.setdefault(mbid, key) != key:
                refused.add(key)
    return np.array(sorted(refused), np.int64)


def _heads(mbids: pa.Array) -> npt.NDArray[np.uint64]:
    """The second halves of MBIDs as numbers, without nulls: 62 bits of chance in each."""
    known = mbids.drop_null()
    data = known.buffers()[1]
    if data is None or not len(known):
        return np.empty(0, np.uint64)
    return np.frombuffer(data, np.uint64)[
        2 * known.offset + 1 : 2 * (known.offset + len(known)) : 2
    ]
