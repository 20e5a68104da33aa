"""Writing sorted numbers as blocks; what they look like and how they are read is in `blocks`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from phonotheque.catalogue.lookup.blocks import BLOCK, LIST_WIDTH

Integers = npt.NDArray[np.int64]

LIST = 256
"""Numbers of one row of a list; longer lists go on in further rows."""

MOST_OF_ONE_KEY = 1_000
"""Values of one key that an index keeps. All entries of a key are in one block, and a source that
put one ISRC on a million recordings would have each question about it read a million numbers."""


def blocks(batches: Iterable[tuple[Integers, Integers]]) -> Iterator[tuple[int, bytes]]:
    """Give the rows of an index: first key and block.

    Args:
        batches: Keys and values in order of both, however cut into batches. Of the values of one
            key the first `MOST_OF_ONE_KEY` are kept: the most popular, where values are ranks.
    """
    keys, values = np.empty(0, np.int64), np.empty(0, np.int64)
    for more_keys, more_values in _bounded(batches):
        keys, values = np.concatenate([keys, more_keys]), np.concatenate([values, more_values])
        cuts = _cuts(keys)[:-1]  # the last block may go on in the next batch
        if len(cuts) > 1:
            yield from _encoded(keys, values, cuts)
            keys, values = keys[cuts[-1] :], values[cuts[-1] :]
    if len(keys):
        yield from _encoded(keys, values, _cuts(keys))


def _bounded(batches: Iterable[tuple[Integers, Integers]]) -> Iterator[tuple[Integers, Integers]]:
    """Give the first entries of each key."""
    last, of_last = -1, 0
    for keys, values in batches:
        if not len(keys):
            continue
        begins = np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1])
        lengths = np.diff(np.append(begins, len(keys)))
        place = np.arange(len(keys)) - np.repeat(begins, lengths)
        if keys[0] == last:
            place[: lengths[0]] += of_last
        last, of_last = int(keys[-1]), int(place[-1]) + 1
        is_kept = place < MOST_OF_ONE_KEY
        yield keys[is_kept], values[is_kept]


def _cuts(keys: Integers) -> Integers:
    """Return where blocks begin, and the end: about every `BLOCK`, never within one key."""
    changes = np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1, [len(keys)]])
    wanted = np.arange(0, len(keys), BLOCK)
    return np.unique(np.append(changes[np.searchsorted(changes, wanted)], len(keys)))


def _encoded(keys: Integers, values: Integers, cuts: Integers) -> Iterator[tuple[int, bytes]]:
    firsts = keys[cuts[:-1]]
    spans = keys[cuts[1:] - 1] - firsts
    offsets = (keys[: cuts[-1]] - np.repeat(firsts, np.diff(cuts))).astype(">u8")
    largest = np.maximum.reduceat(values, cuts[:-1])
    raw_keys = offsets.view(np.uint8).reshape(-1, 8)
    raw_values = values.astype(">u8").view(np.uint8).reshape(-1, 8)
    rows = zip(
        firsts.tolist(),
        spans.tolist(),
        largest.tolist(),
        cuts.tolist(),
        cuts[1:].tolist(),
        strict=False,
    )
    for first, span, most, begin, end in rows:
        width, of_values = _width(span), max(_width(most), 1)
        yield (
            first,
            bytes((width, of_values))
            + raw_keys[begin:end, 8 - width :].tobytes()
            + raw_values[begin:end, 8 - of_values :].tobytes(),
        )


def _width(number: int) -> int:
    """Return how many bytes a number needs; none for 0."""
    return (number.bit_length() + 7) // 8


def lists(
    batches: Iterable[tuple[Integers, Integers]], *, longest: int = LIST
) -> Iterator[tuple[int, int, bytes]]:
    """Give lists of numbers: owner, first number, and the numbers as bytes.

    Args:
        batches: Owners and numbers in order of owner, however cut into batches.
        longest: Numbers of one list; an owner with more has several lists.
    """
    owners, numbers = np.empty(0, np.int64), np.empty(0, np.int64)
    for more_owners, more_numbers in batches:
        owners = np.concatenate([owners, more_owners])
        numbers = np.concatenate([numbers, more_numbers])
        cuts = _list_cuts(owners, longest)[:-1]
        if len(cuts) > 1:
            yield from _encoded_lists(owners, numbers, cuts)
            owners, numbers = owners[cuts[-1] :], numbers[cuts[-1] :]
    if len(owners):
        yield from _encoded_lists(owners, numbers, _list_cuts(owners, longest))


def _list_cuts(owners: Integers, longest: int) -> Integers:
    """Return where lists begin, and the end: at each owner, and within one every `longest`."""
    begins = np.concatenate([[0], np.flatnonzero(np.diff(owners)) + 1])
    lengths = np.diff(np.append(begins, len(owners)))
    place = np.arange(len(owners)) - np.repeat(begins, lengths)
    return np.append(np.flatnonzero(place % longest == 0), len(owners))


def _encoded_lists(
    owners: Integers, numbers: Integers, cuts: Integers
) -> Iterator[tuple[int, int, bytes]]:
    raw = numbers.astype(">u4").tobytes()
    at = (cuts * LIST_WIDTH).tolist()
    rows = zip(owners[cuts[:-1]].tolist(), numbers[cuts[:-1]].tolist(), at, at[1:], strict=False)
    for owner, first, begin, end in rows:
        yield owner, first, raw[begin:end]
