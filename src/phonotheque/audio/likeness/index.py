"""Which of a million recordings could sound like this one: an index by keys, on disk.

It maps keys to track numbers. Whose number is whose is the caller's business; so is comparing the
candidates (`phonotheque.audio.likeness.compare.find`). It is a cache: all of it follows from the
fingerprints, and whatever is lost of it is added again.

A batch of tracks becomes a segment, a file that is never changed; a batch is merged with the
segments before it that are less than four times as large: a million tracks lie in five files or
fewer, and a track is rewritten some ten times on the way there.

Laws: after `add` has returned, the tracks are in the index, whatever happens to power or process;
before, they are in it or not, and the index is usable either way; candidates depend on the tracks
alone, not on the order or the batches they came in. A damaged segment is left out and named in
`damaged`; `missing` then says which tracks to add again.

One process writes (under the archive's lock); others may read at the same time, each seeing what
was there when it opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from phonotheque.audio.fingerprint import Words
from phonotheque.audio.likeness.keys import keys_of
from phonotheque.audio.likeness.merge import Batch, iter_merged
from phonotheque.audio.likeness.segment import (
    MOST_POSTINGS,
    SUFFIX,
    Numbers,
    Segment,
    Span,
    load,
    parse_span,
    write,
)
from phonotheque.disk import Disk, Kind, make_folders
from phonotheque.errors import MalformedError, NotHeldError, UnavailableError

FOLDER = "state/fingerprints"
"""Where the segments of an archive stand."""

CANDIDATES = 20
"""How many candidates are worth comparing. A true copy shares 27 keys (median of 1,200), at the
least 2; so do strangers among a million tracks, but theirs are frequent keys. With rare ones
counting more, all copies came first; twenty leave room for a recording that is held many times."""

STOPPED_FROM = 1_000
"""A key in more tracks than this says nothing: the word of silence is in 4 of 100 tracks."""

STOPPED_SHARE = 1 / 1_000
"""In a larger archive it is a key in more than this share of all tracks."""

_MOST_NUMBER = (1 << 32) - 1
_WEIGHT_BITS = np.uint64(8)
_WEIGHT_MASK = np.uint64(255)
_GROWTH = 4
_TRIES = 10  # a reader lists again when a writer merged meanwhile; a merge takes longer than that


class LikenessIndex:
    """An open index. `open` makes one."""

    def __init__(self, disk: Disk, folder: str) -> None:
        self._disk = disk
        self._folder = folder
        self._segments: list[Segment] = []
        self.damaged: tuple[str, ...] = ()
        """Paths of segments that were left out since it was opened."""

    @classmethod
    def open(cls, disk: Disk, folder: str = FOLDER) -> LikenessIndex:
        """Open an index; where there is none, an empty one. Nothing is written.

        Raises:
            UnavailableError: The disk refused, or a writer was always faster.
        """
        index = cls(disk, folder)
        for _ in range(_TRIES):
            try:
                index._load()
            except NotHeldError:  # merged away between listing and opening
                continue
            return index
        raise UnavailableError(folder, "it changes all the time", "Try again in a minute.")

    @property
    def count(self) -> int:
        """How many tracks are in the index."""
        return sum(len(segment.tracks) for segment in self._segments)

    @property
    def segments(self) -> int:
        """How many files they are in."""
        return len(self._segments)

    @property
    def postings(self) -> int:
        """How many pairs of key and track there are."""
        return sum(segment.postings for segment in self._segments)

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Return those of some tracks that are not in the index, in their order."""
        asked = _as_numbers(list(numbers))
        is_held = np.zeros(len(asked), np.bool_)
        for segment in self._segments:
            is_held |= segment.holds(asked)
        return [int(number) for number in asked[~is_held]]

    def add(self, batch: Iterable[tuple[int, Words]]) -> int:
        """Put tracks into the index, durable on return.

        Args:
            batch: Numbers, 0 to 4,294,967,295, and fingerprints. Tracks that are in the index are
                passed over: a number never changes its fingerprint.

        Returns:
            How many were new.

        Raises:
            UnavailableError: The disk refused. Nothing or all of the batch is in the index on disk;
                adding it again is safe.

        Cost: 0.1 ms a track in batches of a thousand, merging included; two syncs a batch.
        """
        tracks = dict(batch)
        new = Batch((number, tracks[number]) for number in self.missing(tracks))
        if not len(new.tracks):
            return 0
        merged = self._tail(len(new.tracks), new.postings)
        make_folders(self._disk, self._folder)
        self._sweep()  # a damaged file must be gone before another may take its batches
        kept = self._segments[: len(self._segments) - len(merged)]
        after = self._segments[-1].span.last + 1 if self._segments else 1
        span = Span(merged[0].span.first if merged else after, after)
        path = f"{self._folder}/{span.file_name}"
        held = np.sort(np.concatenate([new.tracks, *(segment.tracks for segment in merged)]))
        write(self._disk, path, iter_merged([*merged, new]), held)
        self._segments = [*kept, load(self._disk, path, span)]
        self._sweep()
        return len(new.tracks)

    def candidates(self, words: Words, limit: int = CANDIDATES) -> list[tuple[int, int]]:
        """Return tracks that share keys with a fingerprint.

        Args:
            words: The fingerprint in question.
            limit: How many are wanted, 1 or more.

        Returns:
            At most `limit` pairs of number and shared keys, best first: keys count, rare ones more;
            lower numbers first among equals. The track itself, too, when it is in the index. None
            for a plain fingerprint.

        Cost: under 1 ms among a million tracks.
        """
        keys = keys_of(words)
        spans = [segment.look_up(keys) for segment in self._segments]
        in_tracks = sum((count for _, count in spans), np.zeros(len(keys), np.int64))
        is_telling = in_tracks <= max(STOPPED_FROM, int(self.count * STOPPED_SHARE))
        weight = _rarity(in_tracks, self.count)
        found = [np.zeros(0, np.uint64)]
        for segment, (start, count) in zip(self._segments, spans, strict=True):
            told = np.where(is_telling, count, 0)
            numbers = _gathered(segment.numbers, start, told).astype(np.uint64)
            found.append(numbers << _WEIGHT_BITS | np.repeat(weight, told))
        return _heaviest(np.concatenate(found), limit)

    def check(self) -> tuple[str, ...]:
        """Read the whole index, leave out what is damaged and return the paths of that."""
        found = [segment for segment in self._segments if not _is_sound(segment)]
        self._leave_out(found)
        return tuple(segment.path for segment in found)

    def close(self) -> None:
        """Let go of all files. Safe to call twice."""
        self._segments = []

    def _load(self) -> None:
        """Open the segments there are: of two with the same batches, the wider one."""
        entries = self._disk.list(self._folder)
        spans = [parse_span(entry.name) for entry in entries if entry.kind is Kind.FILE]
        found: list[Segment] = []
        self.damaged = ()
        for span in sorted(filter(None, spans), key=lambda one: one.first - one.last):
            if any(span.overlaps(segment.span) for segment in found):
                continue  # merged into a wider one by somebody who was then interrupted
            path = f"{self._folder}/{span.file_name}"
            try:
                found.append(load(self._disk, path, span))
            except MalformedError:
                self.damaged += (path,)
        self._segments = sorted(found, key=lambda segment: segment.span.first)

    def _tail(self, tracks: int, postings: int) -> list[Segment]:
        """Return the last segments, all sound, that a new one of this size is merged with."""
        at = len(self._segments)
        for segment in reversed(self._segments):
            postings += segment.postings
            if len(segment.tracks) >= _GROWTH * tracks or postings > MOST_POSTINGS:
                break
            tracks += len(segment.tracks)
            at -= 1
        tail = self._segments[at:]
        self._leave_out([segment for segment in tail if not _is_sound(segment)])
        return self._segments[at:]

    def _leave_out(self, damaged: Sequence[Segment]) -> None:
        """Go on without some segments. Their files are swept away before the next is written."""
        self.damaged += tuple(segment.path for segment in damaged)
        self._segments = [segment for segment in self._segments if segment not in damaged]

    def _sweep(self) -> None:
        """Remove what is not part of the index: merged, damaged and half-written files."""
        used = {segment.path for segment in self._segments}
        for entry in self._disk.list(self._folder):
            path = f"{self._folder}/{entry.name}"
            is_ours = entry.kind is Kind.FILE and entry.name.removesuffix(".new").endswith(SUFFIX)
            if is_ours and path not in used:
                self._disk.remove(path)


def _as_numbers(numbers: Sequence[int]) -> Numbers:
    if any(not 0 <= number <= _MOST_NUMBER for number in numbers):
        raise ValueError(f"numbers of tracks are 0 to {_MOST_NUMBER}")
    return np.array(numbers, np.uint32)


def _is_sound(segment: Segment) -> bool:
    try:
        segment.check()
    except MalformedError:
        return False
    return True


def _rarity(in_tracks: NDArray[np.int64], tracks: int) -> NDArray[np.uint64]:
    """Return how much each key tells, 1 to 255: eight times the bits of its rarity.

    A stranger shares keys that many have, a copy also those that nobody else has (the inverse
    document frequency of K. Sparck Jones, 1972). Without it, the copy of a short piece in loops,
    which has few keys, is lost among a million tracks.
    """
    bits = np.log2(max(tracks, 1) / np.maximum(in_tracks, 1))
    weight: NDArray[np.uint64] = np.clip(np.rint(8 * bits), 1, 255).astype(np.uint64)
    return weight


def _gathered(numbers: Numbers, start: NDArray[np.int64], count: NDArray[np.int64]) -> Numbers:
    """Return all of `numbers[start:start + count]`, one after the other."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return numbers[np.repeat(start - ends + count, count) + np.arange(total)]


def _heaviest(found: NDArray[np.uint64], limit: int) -> list[tuple[int, int]]:
    """Return the numbers whose weights add up to most, and how often each was found.

    Args:
        found: Numbers, each with its weight in the lowest 8 bits.
    """
    if not len(found):
        return []
    found.sort()
    numbers = found >> _WEIGHT_BITS
    is_head = np.ones(len(found), np.bool_)
    is_head[1:] = numbers[1:] != numbers[:-1]
    heads = np.flatnonzero(is_head)
    times = np.diff(heads, append=len(found))
    weights = np.add.reduceat((found & _WEIGHT_MASK).astype(np.int64), heads)
    least = np.partition(weights, -limit)[-limit] if limit < len(weights) else 0
    best = np.flatnonzero(weights >= least)
    best = best[np.argsort(-weights[best], kind="stable")][:limit]
    return [(int(numbers[heads[at]]), int(times[at])) for at in best]
