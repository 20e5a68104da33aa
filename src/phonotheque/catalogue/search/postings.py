"""Which rows have each token: the places of tokens turned round, in memory that does not grow.

Rows come in runs of a million. A run is sorted by key and rank; when there is only one, that is
all. Several lie on the disk meanwhile, 120 bytes a row, and are then put together some keys at a
time: for each key the ranks of the first run, of the second, and so on, which rise by themselves.

Laws: what comes out depends on the rows alone, not on how they were shared out to runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.search.row_tokens import Places, RowTokens
from phonotheque.catalogue.search.segment import Block
from phonotheque.catalogue.search.varints import Ranks
from phonotheque.catalogue.search.word_memory import Ints, offsets_of

STARTS = ((b"1", 2), (b"2", 3))
"""What comes before the first letters of tokens, and how many letters: FTS5's `prefix='2 3'`."""
WHOLE = b"0"
"""What comes before a whole token."""
_BLOCK = 2_000_000
"""Places that are made into pages at once."""
_PIECE = 1_000_000
_SHIFT, _RANK, _NONE = np.uint64(32), np.uint64(0xFFFFFFFF), np.uint64(0xFFFFFFFFFFFFFFFF)

Pairs: TypeAlias = npt.NDArray[np.uint64]
"""Number of a key in the order of keys, times 2^32, and a rank."""


@dataclass(frozen=True, slots=True)
class Run:
    """Sorted places of some rows.

    Attributes:
        keys: Binary, rising, each once.
        offsets: Where the ranks of each key begin in `ranks`, and where the last ones end.
        ranks: Rising for each key.
    """

    keys: pa.Array
    offsets: Ints
    ranks: Ranks


def run_of(places: Sequence[Places], tokens: RowTokens) -> Run:
    """Sort the places of some rows, that were given in batches.

    Args:
        tokens: What knows the tokens by their numbers.
    """
    counts = np.zeros(0, np.int64)
    for some in places:
        more = np.bincount(some.numbers, minlength=len(counts))
        more[: len(counts)] += counts
        counts = more
    numbers = np.flatnonzero(counts)
    texts = tokens.texts(numbers)
    order = pc.sort_indices(texts.cast(pa.binary())).to_numpy()
    texts = texts.take(pa.array(order))
    key_of = np.zeros(len(counts), np.uint64)
    key_of[numbers[order]] = np.arange(len(order), dtype=np.uint64) << _SHIFT
    whole = _pairs(sum(len(some.ranks) for some in places))
    filled = 0
    for some in places:
        pairs = whole[filled : filled + len(some.ranks)]
        np.take(key_of, some.numbers, out=pairs, mode="clip")
        pairs |= some.ranks
        filled += len(pairs)
    whole = _sorted(whole)
    parts = [_part(WHOLE, texts, whole)]
    for sign, letters in STARTS:
        is_long = pc.greater_equal(pc.utf8_length(texts), letters)
        # The texts are sorted, so their beginnings are, too.
        starts = pc.utf8_slice_codeunits(texts.filter(is_long), 0, letters).dictionary_encode()
        start_of = np.full(len(texts), _NONE)
        start_of[is_long.to_numpy(zero_copy_only=False)] = (
            starts.indices.to_numpy().astype(np.uint64) << _SHIFT
        )
        parts.append(_part(sign, starts.dictionary, _started(whole, start_of)))
    keys, lengths, ranks = zip(*parts, strict=True)
    return Run(pa.concat_arrays(keys), offsets_of(np.concatenate(lengths)), np.concatenate(ranks))


def _pairs(count: int) -> Pairs:
    return np.empty(count, np.uint64)


def _sorted(pairs: Pairs) -> Pairs:
    """Sort pairs where they stand, and leave each once."""
    pairs.sort()
    kept, last = 0, None
    for at in range(0, len(pairs), _PIECE):
        piece = pairs[at : at + _PIECE]
        is_new = np.ones(len(piece), bool)
        np.not_equal(piece[1:], piece[:-1], out=is_new[1:])
        is_new[0] = piece[0] != last
        last = piece[-1]
        piece = piece[is_new]
        pairs[kept : kept + len(piece)] = piece
        kept += len(piece)
    return pairs[:kept]


def _started(whole: Pairs, start_of: Pairs) -> Pairs:
    """The pairs of beginnings: where a token stands, its beginning does."""
    found = _pairs(len(whole))
    filled = 0
    for at in range(0, len(whole), _PIECE):
        piece = whole[at : at + _PIECE]
        starts = start_of[piece >> _SHIFT]
        has_start = starts != _NONE
        starts = starts[has_start] | (piece[has_start] & _RANK)
        found[filled : filled + len(starts)] = starts
        filled += len(starts)
    return _sorted(found[:filled])


def _part(sign: bytes, texts: pa.Array, pairs: Pairs) -> tuple[pa.Array, Ints, Ranks]:
    """Keys, how many ranks each has, and the ranks."""
    keys = pc.binary_join_element_wise(pa.scalar(sign), texts.cast(pa.binary()), b"")
    firsts = np.arange(len(texts) + 1, dtype=np.uint64) << _SHIFT
    return keys, np.diff(np.searchsorted(pairs, firsts)), pairs.astype(np.uint32)


class Runs:
    """Gathers runs and gives them back as blocks, in the order of keys."""

    def __init__(self, folder: Path) -> None:
        """With several runs, `folder` is made for them, and removed in the end."""
        self._folder = folder
        self._first: Run | None = None
        self._count = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was put aside."""
        return self._count == 0

    def add(self, run: Run) -> None:
        """Put a run aside. Its ranks come after those of all before."""
        if self._count == 0:
            self._first = run
        else:
            if self._first is not None:
                self._folder.mkdir()
                self._spool(self._first, 0)
                self._first = None
            self._spool(run, self._count)
        self._count += 1

    def blocks(self) -> Iterator[Block]:
        """Yield all keys with their ranks."""
        if self._first is not None:
            run, self._first = self._first, None
            yield from _cut(run)
            return
        runs = [self._spooled(number) for number in range(self._count)]
        bounds = _bounds(runs)
        for first, end in zip([None, *bounds], [*bounds, None], strict=True):
            yield from _cut_of([run.between(first, end) for run in runs])
        shutil.rmtree(self._folder, ignore_errors=True)

    def _spool(self, run: Run, number: int) -> None:
        keys = pa.record_batch([run.keys], ["keys"])
        path = str(self._folder / f"{number}.keys")
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, keys.schema) as writer:
            writer.write_batch(keys)
        np.save(self._folder / f"{number}.offsets.npy", run.offsets)
        np.save(self._folder / f"{number}.ranks.npy", run.ranks)

    def _spooled(self, number: int) -> _Spooled:
        return _Spooled(*(self._folder / f"{number}.{end}" for end in _FILES))


_FILES = ("keys", "offsets.npy", "ranks.npy")


@dataclass(frozen=True, slots=True)
class _Spooled:
    """A run that lies on the disk. Its keys and offsets, in which places are looked for, are mapped
    anew for each part that is read: all that was looked at in a mapping counts as memory of the
    process until it is let go of. Its ranks are read, each once."""

    keys_path: Path
    offsets_path: Path
    ranks_path: Path

    @property
    def keys(self) -> pa.Array:
        """All keys, mapped."""
        source = pa.memory_map(str(self.keys_path))
        return pa.ipc.open_file(source).read_all()["keys"].combine_chunks()

    @property
    def offsets(self) -> Ints:
        """All offsets, mapped."""
        offsets: Ints = np.load(self.offsets_path, mmap_mode="r")
        return offsets

    def between(self, first: bytes | None, end: bytes | None) -> Run:
        """Return the part with keys from `first` to before `end`."""
        keys = self.keys
        begin = 0 if first is None else _place_of(keys, first)
        stop = len(keys) if end is None else _place_of(keys, end)
        offsets = np.array(self.offsets[begin : stop + 1])
        form = np.dtype(np.uint32)
        with self.ranks_path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            assert version == (1, 0), version  # what `numpy.save` writes of so short a header
            np.lib.format.read_array_header_1_0(file)
            file.seek(int(offsets[0]) * form.itemsize, os.SEEK_CUR)
            ranks = np.fromfile(file, form, int(offsets[-1] - offsets[0]))
        return Run(keys.slice(begin, stop - begin), offsets - offsets[0], ranks)


def _cut(run: Run) -> Iterator[Block]:
    """A run as blocks."""
    first = 0
    while first < len(run.keys):
        begin = int(run.offsets[first])
        end = int(np.searchsorted(run.offsets, begin + _BLOCK, side="right")) - 1
        end = max(end, first + 1)
        ends = run.offsets[first + 1 : end + 1]
        ranks = run.ranks[begin : int(ends[-1])]
        yield Block(run.keys.slice(first, end - first).to_pylist(), ends - begin, ranks)
        first = end


def _bounds(runs: list[_Spooled]) -> list[bytes]:
    """Keys at which to cut, so that about a block lies between two of them. A key that has more
    than that stands alone."""
    share = max(_BLOCK // len(runs), 1)
    samples: list[bytes] = []
    for run in runs:
        offsets = run.offsets
        at = np.searchsorted(offsets, np.arange(share, offsets[-1], share), side="right")
        samples += run.keys.take(pa.array(at - 1)).to_pylist()
    samples.sort()
    chosen = samples[:: len(runs)]
    alone = [key + b"\0" for key, following in pairwise(chosen) if key == following]
    return sorted({*chosen, *alone})


def _place_of(keys: pa.Array, key: bytes) -> int:
    """The first place whose key is not before `key`."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle].as_py() < key:
            low = middle + 1
        else:
            high = middle
    return low


def _cut_of(runs: list[Run]) -> Iterator[Block]:
    """Several runs together, as blocks."""
    runs = [run for run in runs if len(run.keys)]
    if len(runs) < 2 or _has_one_key(runs):
        for run in runs:
            yield from _cut(run)
        return
    encoded = pa.concat_arrays([run.keys for run in runs]).dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    place_of = np.empty(len(order), np.int64)
    place_of[order] = np.arange(len(order))
    places = place_of[encoded.indices.to_numpy()]
    lengths = np.concatenate([np.diff(run.offsets) for run in runs])
    ranks = np.concatenate([run.ranks for run in runs])
    begins = offsets_of(lengths)[:-1]
    counts = np.zeros(len(order), np.int64)
    np.add.at(counts, places, lengths)
    by_key = np.argsort(places, kind="stable")
    lengths, begins = lengths[by_key], begins[by_key]
    offsets = offsets_of(lengths)
    taken = np.repeat(begins - offsets[:-1], lengths) + np.arange(offsets[-1])
    keys = encoded.dictionary.take(pa.array(order))
    yield from _cut(Run(keys, offsets_of(counts), ranks[taken]))


def _has_one_key(runs: list[Run]) -> bool:
    return (
        all(len(run.keys) == 1 for run in runs) and len({run.keys[0].as_py() for run in runs}) == 1
    )
