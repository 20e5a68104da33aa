"""Fingerprints beside fpcalc's; copies told from strangers; candidates among many tracks.

Music is Debian's where `scripts.real` fetched it, else made up. Copies are made here, in six lossy
codings and with five different beginnings. The many tracks are simulated: their keys are drawn as
unequally as those of real music, or more.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from bench.fingerprint_material import (
    STARTS_S,
    fpcalc_words,
    iter_copies,
    made_tracks,
    real_tracks,
    strangers,
    words_of_file,
)
from bench.rows import Row, Sense
from phonotheque.audio.fingerprint import (
    FINGERPRINTED_S,
    SAMPLE_RATE_HZ,
    Words,
    encode_fingerprint,
    fingerprint,
)
from phonotheque.audio.likeness.compare import Match, compare, is_plain
from phonotheque.audio.likeness.index import FOLDER, LikenessIndex
from phonotheque.audio.likeness.keys import keys_of
from phonotheque.disk import LocalDisk
from phonotheque.music.likeness import RELATED_BELOW, SAME_BELOW, Likeness, judge

TRACKS = 40
COPIED_TRACKS = {"full": 24}
DEFAULT_COPIED_TRACKS = 4
COPIED_S = 75
SIMULATED = {"full": 1_000_000}
DEFAULT_SIMULATED = 200_000
BATCH = 1_000

MOST_DIFFERENT_PERCENT = 0.02
MOST_POSTINGS = 101
LEAST_CANDIDATES = 0.995
MOST_QUERY_MS = 1.0
MOST_ADD_MS = 5.0


@dataclass(frozen=True, slots=True)
class Copy:
    """A poor copy: of which track, and its fingerprint."""

    of: Path
    words: Words


def rows(scale: str) -> Iterator[Row]:
    """Measure fingerprints, comparison and index, each on what the one before found."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        folder = Path(name)
        paths = real_tracks(TRACKS) or made_tracks(folder, 8, COPIED_S)
        tracks = {path: words for path in paths if len(words := words_of_file(path))}
        yield from _fingerprint_rows(tracks)
        count = COPIED_TRACKS.get(scale, DEFAULT_COPIED_TRACKS)
        copies = _copies([path for path in tracks if not is_plain(tracks[path])], count)
        yield from _comparison_rows(tracks, copies)
        yield from _index_rows(folder, tracks, copies, SIMULATED.get(scale, DEFAULT_SIMULATED))


def _fingerprint_rows(tracks: dict[Path, Words]) -> Iterator[Row]:
    rng = np.random.default_rng(1)
    samples = rng.integers(-9_000, 9_000, FINGERPRINTED_S * SAMPLE_RATE_HZ, np.int16)
    yield Row("fingerprint of 120 s of samples", _best_ms(lambda: fingerprint(samples)), "CPU-ms")
    whole = [words for words in tracks.values() if len(words) >= 900]
    if whole:
        size = statistics.mean(len(encode_fingerprint(words)) for words in whole)
        yield Row(f"  packed, mean of {len(whole)} of 120 s", size, "B")
    differing = bits = files = 0
    for path, words in tracks.items():
        theirs = np.array(fpcalc_words(path) or [], np.uint32)
        length = min(len(words), len(theirs))
        differing += int(np.bitwise_count(words[:length] ^ theirs[:length]).sum())
        bits += 32 * length
        files += length > 0
    yield Row(
        f"  bits that differ from fpcalc's, {files} files",
        100 * differing / bits if bits else None,
        "%",
        MOST_DIFFERENT_PERCENT,
        sense=Sense.AT_MOST,
    )


def _copies(paths: list[Path], count: int) -> list[Copy]:
    chosen = paths[:: max(1, len(paths) // count)][:count]
    return [
        Copy(path, fingerprint(sound[round(start_s * SAMPLE_RATE_HZ) :]))
        for path in chosen
        for _, sound in iter_copies(path, COPIED_S)
        for start_s in STARTS_S
    ]


def _comparison_rows(tracks: dict[Path, Words], copies: list[Copy]) -> Iterator[Row]:
    true = [compare(copy.words, tracks[copy.of]) for copy in copies]
    false = [
        (_judged(copy.words, words), compare(copy.words, words))
        for copy in copies
        for path, words in tracks.items()
        if path != copy.of
    ]
    false += [(_judged(a, b), compare(a, b)) for a, b in combinations(tracks.values(), 2)]
    same = sum(match.bit_errors < SAME_BELOW for match in true) / len(true)
    yield Row(f"copies under 9 % of bits, of {len(true):,}", same, "recall", 1.0)
    yield Row("  median copy", 100 * statistics.median(one.bit_errors for one in true), "% of bits")
    yield Row("  worst copy", 100 * max(one.bit_errors for one in true), "% of bits")
    judged = [match for likeness, match in false if likeness is not Likeness.UNJUDGED]
    below = sum(match.bit_errors < RELATED_BELOW for match in judged)
    name = f"pairs of strangers under 25 %, of {len(judged):,}"
    yield Row(name, below, "pairs", 0, sense=Sense.AT_MOST)
    nearest = min(match.bit_errors for match in judged)
    yield Row("  nearest strangers", 100 * nearest, "% of bits")
    yield Row("  refused: one of them is plain", len(false) - len(judged), "pairs")
    pairs = list(combinations(list(tracks.values())[:20], 2))
    cost_ms = _best_ms(lambda: [compare(a, b) for a, b in pairs]) / len(pairs)
    yield Row("  one comparison", cost_ms, "CPU-ms")


def _judged(one: Words, other: Words) -> Likeness:
    match: Match = compare(one, other)
    return judge(match.bit_errors, match.words, is_plain(one) or is_plain(other))


def _index_rows(
    folder: Path, tracks: dict[Path, Words], copies: list[Copy], simulated: int
) -> Iterator[Row]:
    index = LikenessIndex.open(LocalDisk(folder))
    numbers = {path: number for number, path in enumerate(tracks)}
    index.add((numbers[path], words) for path, words in tracks.items())
    adding_s = 0.0
    for first in range(0, simulated, BATCH):
        batch = strangers(BATCH, first)
        start = time.process_time()
        index.add((len(tracks) + first + row, words) for row, words in enumerate(batch))
        adding_s += time.process_time() - start
    full = [words for words in tracks.values() if len(words) >= 900 and not is_plain(words)]
    if full:
        mean = statistics.mean(len(keys_of(words)) for words in full)
        name = f"postings of 120 s, mean of {len(full)}"
        yield Row(name, mean, "postings", MOST_POSTINGS, sense=Sense.AT_MOST)
    found = [
        numbers[copy.of] in dict(index.candidates(copy.words)) for copy in copies
    ]  # it also warms the index for the timing below
    name = f"copies among candidates, {index.count:,} tracks"
    yield Row(name, sum(found) / len(found), "recall", LEAST_CANDIDATES)
    asked = [copy.words for copy in copies]
    query_ms = _best_ms(lambda: [index.candidates(words) for words in asked]) / len(asked)
    yield Row("  one query", query_ms, "CPU-ms", MOST_QUERY_MS, sense=Sense.AT_MOST)
    adding_ms = 1_000 * adding_s / simulated
    yield Row("  adding a track, merges too", adding_ms, "CPU-ms", MOST_ADD_MS, sense=Sense.AT_MOST)
    size = sum(path.stat().st_size for path in (folder / FOLDER).iterdir())
    yield Row("  on disk, per track", size / index.count, "B")
    yield Row("  files", index.segments, "files")


def _best_ms(work: Callable[[], object], rounds: int = 5) -> float:
    costs = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        costs.append(time.process_time() - start)
    return 1_000 * min(costs)
