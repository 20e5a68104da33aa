"""The index says what a dictionary in memory says, whatever order and batches tracks came in."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.audio.likeness.fingerprints import copied, music, rain

from faults.memory import MemoryDisk
from phonotheque.audio.fingerprint import Words
from phonotheque.audio.likeness import index as module
from phonotheque.audio.likeness import merge
from phonotheque.audio.likeness.compare import find
from phonotheque.audio.likeness.index import FOLDER, LikenessIndex
from phonotheque.audio.likeness.keys import keys_of
from phonotheque.disk import Disk, LocalDisk
from phonotheque.errors import DiskFailedError, NotHeldError, UnavailableError

ALL = 1_000_000


def family(number: int) -> Words:
    """Return the fingerprint of a track; tracks of one hundred are copies of one another."""
    if number % 10 == 9:
        return rain(number, 100)
    return copied(music(number % 7, 160), 0.01 * (number % 5), number)


def tracks(numbers: list[int]) -> list[tuple[int, Words]]:
    return [(number, family(number)) for number in numbers]


class Dictionary:
    """What the index must say, by the plainest means."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.of_key: dict[int, set[int]] = defaultdict(set)

    def add(self, numbers: list[int]) -> int:
        new = set(numbers) - self.numbers
        for number in new:
            for key in keys_of(family(number)).tolist():
                self.of_key[key].add(number)
        self.numbers |= new
        return len(new)

    def shared(self, words: Words) -> Counter[int]:
        return Counter(n for key in keys_of(words).tolist() for n in self.of_key.get(key, ()))


NUMBERS = st.lists(st.integers(0, 40), max_size=12)
"""Few numbers: batches overlap, come twice, come in any order."""


class Both(RuleBasedStateMachine):
    """An index and a dictionary, told the same."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = MemoryDisk()
        self.index = LikenessIndex.open(self.disk)
        self.dictionary = Dictionary()

    @rule(numbers=NUMBERS)
    def add(self, numbers: list[int]) -> None:
        assert self.index.add(tracks(numbers)) == self.dictionary.add(numbers)

    @rule()
    def open_again(self) -> None:
        self.index.close()
        self.index = LikenessIndex.open(self.disk)

    @rule(seed=st.integers(0, 8))
    def ask(self, seed: int) -> None:
        words = music(seed, 160)
        assert Counter(dict(self.index.candidates(words, ALL))) == self.dictionary.shared(words)

    @invariant()
    def agrees(self) -> None:
        assert self.index.count == len(self.dictionary.numbers)
        assert set(self.index.missing(range(50))) == set(range(50)) - self.dictionary.numbers
        assert self.index.postings == sum(map(len, self.dictionary.of_key.values()))
        assert self.index.damaged == self.index.check() == ()


TestBoth = Both.TestCase
TestBoth.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)


def test_the_machine_above_knows_copies_and_strangers() -> None:
    """Its tracks are not all alike and not all strange: some share keys, some do not."""
    dictionary = Dictionary()
    dictionary.add(list(range(40)))
    shared = dictionary.shared(music(3, 160))
    assert 2 < len(shared) < 30


@given(st.permutations(range(24)), st.lists(st.integers(1, 24), max_size=4))
def test_order_and_batches_do_not_matter(order: list[int], cuts: list[int]) -> None:
    """The same tracks give the same candidates in the same order, however they were added."""
    whole, parts = LikenessIndex.open(MemoryDisk()), LikenessIndex.open(MemoryDisk())
    whole.add(tracks(list(range(24))))
    for first, end in zip([0, *sorted(cuts)], [*sorted(cuts), 24], strict=True):
        parts.add(tracks(order[first:end]))
    for seed in range(8):
        words = music(seed, 160)
        assert parts.candidates(words, 5) == whole.candidates(words, 5)


def test_an_index_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Opening, asking and adding nothing write nothing."""
    index = LikenessIndex.open(LocalDisk(tmp_path))
    assert index.count == index.segments == index.add([]) == 0
    assert index.candidates(music(1)) == []
    assert index.missing([3, 1, 3]) == [3, 1, 3]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=["local", "memory"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    """A disk with an archive's folder on it, mapped into memory or not."""
    return LocalDisk(tmp_path) if request.param == "local" else MemoryDisk()


def test_a_copy_is_found_among_many_and_compared(disk: Disk) -> None:
    """Of a thousand tracks, the copy comes first, and comparing says how alike it is."""
    pieces = {number: music(number, 400) for number in range(1_000)}
    index = LikenessIndex.open(disk)
    for first in range(0, 1_000, 250):
        index.add((number, pieces[number]) for number in range(first, first + 250))
    poor = copied(pieces[617], 0.07)[40:]
    candidates = LikenessIndex.open(disk).candidates(poor)
    assert candidates[0][0] == 617
    found = find(poor, [(number, pieces[number]) for number, _ in candidates])
    assert [(one.number, one.match.offset_words) for one in found] == [(617, 40)]


def test_the_number_of_files_stays_small(disk: Disk) -> None:
    """Two hundred tracks added one by one lie in a few files, each four times the next."""
    index = LikenessIndex.open(disk)
    most = 0
    for number in range(200):
        index.add([(number, music(number, 90))])
        most = max(most, index.segments)
    assert most <= 5
    assert len(disk.list(FOLDER)) == index.segments
    assert index.count == 200


def test_files_are_not_merged_beyond_what_one_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the sum of postings would not fit 32 bits, segments stay apart."""
    monkeypatch.setattr(module, "MOST_POSTINGS", 30)
    index = LikenessIndex.open(MemoryDisk())
    for number in range(8):
        index.add([(number, music(number, 160))])
    assert index.segments >= 4
    assert index.missing(range(8)) == []


def test_merging_in_small_ranges_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut into ranges of keys of a few postings each, a merge gives what one piece gives."""
    whole, ranged = LikenessIndex.open(MemoryDisk()), LikenessIndex.open(MemoryDisk())
    whole.add(tracks(list(range(30))))
    monkeypatch.setattr(merge, "_PAIRS_AT_ONCE", 5)
    for first in range(0, 30, 6):
        ranged.add(tracks(list(range(first, first + 6))))
    assert ranged.postings == whole.postings
    for seed in range(8):
        words = music(seed, 160)
        assert ranged.candidates(words, ALL) == whole.candidates(words, ALL)


def test_a_key_that_everybody_has_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word in more tracks than the limit finds none of them; rarer words still do."""
    monkeypatch.setattr(module, "STOPPED_FROM", 10)
    intro = music(99, 400)
    index = LikenessIndex.open(MemoryDisk())
    index.add((number, np.concatenate([intro, music(number, 200)])) for number in range(11))
    assert index.candidates(intro) == []
    assert index.candidates(np.concatenate([intro, music(4, 200)]))[0][0] == 4
    monkeypatch.setattr(module, "STOPPED_FROM", 11)
    assert len(index.candidates(intro)) == 11


def test_a_rare_word_counts_more_than_a_frequent_one() -> None:
    """Two words nobody else has outweigh three that all the others have."""
    frequent, rare = music(1, 300), music(2, 120)
    index = LikenessIndex.open(MemoryDisk())
    index.add([(1, rare), *((number, frequent) for number in range(2, 400))])
    query = np.concatenate([rare, frequent[:100]])
    few, many = len(keys_of(rare)), len(np.intersect1d(keys_of(query), keys_of(frequent)))
    assert few <= 2 * many
    assert index.candidates(query, 2)[0] == (1, few)


@pytest.mark.parametrize("number", [0, 2**32 - 1])
def test_numbers_of_32_bits_are_kept(number: int) -> None:
    """The least and the greatest number come back as they were given."""
    index = LikenessIndex.open(MemoryDisk())
    index.add([(number, music(1)), (7, music(2))])
    assert index.candidates(music(1))[0][0] == number
    assert index.missing([number, 7, 8]) == [8]


@pytest.mark.parametrize("number", [-1, 2**32])
def test_other_numbers_are_a_mistake(number: int) -> None:
    """A number that would come back as another one is refused, and nothing is added."""
    index = LikenessIndex.open(MemoryDisk())
    with pytest.raises(ValueError, match="numbers of tracks"):
        index.add([(1, music(1)), (number, music(2))])
    assert index.count == 0


def test_a_track_that_was_added_is_passed_over() -> None:
    """Adding a number again, even with another fingerprint, changes nothing."""
    index = LikenessIndex.open(MemoryDisk())
    assert index.add([(1, music(1))]) == 1
    assert index.add([(1, music(2)), (2, music(3))]) == 1
    assert index.candidates(music(2)) == []


def test_a_reader_keeps_what_it_opened(tmp_path: Path) -> None:
    """While somebody adds and merges, whoever opened before reads on, to the same answers."""
    disk = LocalDisk(tmp_path)
    writer = LikenessIndex.open(disk)
    writer.add([(1, music(1))])
    reader = LikenessIndex.open(disk)
    for number in range(2, 20):
        writer.add([(number, music(number % 3))])
    assert reader.count == 1
    assert reader.candidates(music(1)) == [(1, len(keys_of(music(1))))]
    assert LikenessIndex.open(disk).count == 19


class _Vanishing(MemoryDisk):
    """A disk on which a merge happens between listing and opening, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def open(self, path):  # type: ignore[no-untyped-def]
        if self.times and path.endswith(".keys"):
            self.times -= 1
            raise NotHeldError(path, "there is no such file", "Try again.")
        return super().open(path)


@pytest.mark.parametrize(("times", "opens"), [(3, True), (1_000, False)])
def test_a_reader_that_meets_a_merge_looks_again(*, times: int, opens: bool) -> None:
    """A file that has gone since it was listed is no failure; only when that never ends it is."""
    disk = _Vanishing(0)
    LikenessIndex.open(disk).add([(1, music(1))])
    disk.times = times
    if opens:
        assert LikenessIndex.open(disk).count == 1
    else:
        with pytest.raises(UnavailableError, match="changes all the time"):
            LikenessIndex.open(disk)


def test_a_disk_that_refuses_to_be_read_is_not_taken_for_damage() -> None:
    """A failing disk is an error: the index is not thrown away for it."""
    disk = _Refusing()
    LikenessIndex.open(disk).add([(1, music(1))])
    disk.is_failing = True
    with pytest.raises(DiskFailedError):
        LikenessIndex.open(disk)
    disk.is_failing = False
    assert LikenessIndex.open(disk).count == 1


class _Refusing(MemoryDisk):
    is_failing = False

    def open(self, path):  # type: ignore[no-untyped-def]
        if self.is_failing:
            raise DiskFailedError(path, "input/output error", "Check the disk.")
        return super().open(path)
