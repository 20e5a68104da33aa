"""Power cuts, kills, full disks and rot: what was added stays, or is said to be missing."""

from __future__ import annotations

import functools
import itertools
import os
import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.audio.likeness.fingerprints import music

from faults.faulty import CrashAfter, Crashed, FailKth, disk_full
from faults.memory import MemoryDisk
from faults.powerloss import Acknowledge, explore
from faults.sites import assert_every_sync_matters
from phonotheque.audio.fingerprint import Words
from phonotheque.audio.likeness.index import FOLDER, LikenessIndex
from phonotheque.audio.likeness.keys import keys_of
from phonotheque.audio.likeness.segment import MOST_POSTINGS, Span, parse_span
from phonotheque.disk import Disk, read_whole
from phonotheque.errors import UnavailableError

LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "6"))
"""States tried at each crash point; `make torture` tries more."""

BATCHES = [[1, 2, 3], [4], [5, 6], [7], [8]]
"""Sizes at which some are merged and some are not."""


@functools.cache
def piece(number: int) -> Words:
    return music(number, 90)


@functools.cache
def keys(number: int) -> int:
    return len(keys_of(piece(number)))


def add(index: LikenessIndex, numbers: list[int]) -> int:
    return index.add((number, piece(number)) for number in numbers)


def adding(disk: Disk, acknowledge: Acknowledge) -> None:
    """Add batch after batch, relying on each."""
    index = LikenessIndex.open(disk)
    for numbers in BATCHES:
        add(index, numbers)
        acknowledge(numbers)


def promised_by(acknowledged: list[Any]) -> set[int]:
    return set(itertools.chain.from_iterable(acknowledged))


def assert_answers(index: LikenessIndex) -> None:
    """Whatever the index says it has, it finds; and it finds nothing else."""
    everything = list(range(1, 9))
    held = set(everything) - set(index.missing(everything))
    assert index.count == len(held)
    for number in everything:
        found = dict(index.candidates(piece(number))).get(number, 0)
        assert found == (keys(number) if number in held else 0)


def check(disk: MemoryDisk, acknowledged: list[Any]) -> None:
    """All that was promised is there; what is missing can be added; the next start is clean."""
    index = LikenessIndex.open(disk)
    assert not promised_by(acknowledged) & set(index.missing(range(1, 9)))
    assert_answers(index)
    add(index, index.missing(range(1, 9)))
    assert index.check() == index.damaged == ()
    assert_answers(index)
    again = LikenessIndex.open(disk)
    assert again.missing(range(1, 9)) == []
    assert_answers(again)
    add(again, [9])
    left = [entry.name for entry in disk.list(FOLDER) if ".keys" in entry.name]
    assert len(left) == again.segments, "what an interrupted run left is swept away"


def test_every_piece_has_keys() -> None:
    """What these tests find by is there to be found."""
    assert all(keys(number) for number in range(1, 9))


def test_adding_survives_power_loss() -> None:
    """Whenever power is lost, whatever part of the writes was lost with it."""
    assert explore(adding, check, limit=LIMIT).states > 50


def test_every_sync_matters() -> None:
    """Take any one sync out, and something that was promised can be lost."""
    assert_every_sync_matters(adding, check, limit=LIMIT, depth=1)


def test_a_kill_at_any_call_loses_nothing() -> None:
    """A process killed at its n-th call, for every n; then again while it mends."""
    for calls in itertools.count():
        disk, acknowledged = MemoryDisk(), list[Any]()
        dying = CrashAfter(disk, calls)
        with suppress(Crashed):
            adding(dying, acknowledged.append)
        with suppress(Crashed):
            add(LikenessIndex.open(CrashAfter(disk, calls % 7)), [1, 5, 8])
        check(disk, acknowledged)
        if not dying.is_dead:
            break
    assert calls > 40


@pytest.mark.parametrize("for_ever", [False, True])
def test_a_refused_call_leaves_index_and_disk_usable(*, for_ever: bool) -> None:
    """Each call refused once, or from there on: the open index answers on, and a retry works."""
    for k in itertools.count(1):
        disk, acknowledged = MemoryDisk(), list[Any]()
        failing = FailKth(disk, k, disk_full, for_ever=for_ever)
        index = LikenessIndex.open(failing)
        for numbers in BATCHES:
            with suppress(UnavailableError):
                add(index, numbers)
                acknowledged.append(numbers)
        assert not promised_by(acknowledged) & set(index.missing(range(1, 9)))
        assert_answers(index)
        if not for_ever:
            add(index, list(range(1, 9)))
            assert_answers(index)
            assert index.missing(range(1, 9)) == []
        check(disk, acknowledged)
        if not failing.fired:
            break
    assert k > 40


def whole_index() -> MemoryDisk:
    disk = MemoryDisk()
    index = LikenessIndex.open(disk)
    add(index, list(range(1, 8)))
    add(index, [8])
    return disk


def put(disk: MemoryDisk, path: str, data: bytes) -> None:
    disk.remove(path)
    writer = disk.create(path)
    writer.write(data)
    writer.close()


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_file_is_found_left_out_and_made_again(data: st.DataObject) -> None:
    """Whichever byte is changed, asking never fails, a check finds it, adding again mends it."""
    disk = whole_index()
    path = f"{FOLDER}/{data.draw(st.sampled_from([e.name for e in disk.list(FOLDER)]))}"
    sound = read_whole(disk, path)
    put(disk, path, _damaged(sound, data))
    index = LikenessIndex.open(disk)
    for number in range(1, 9):
        index.candidates(piece(number))
    index.check()
    assert index.damaged == (path,)
    missing = index.missing(range(1, 9))
    assert missing
    assert_answers(index)
    assert add(index, missing) == len(missing)
    check(disk, [list(range(1, 9))])


def _damaged(sound: bytes, data: st.DataObject) -> bytes:
    at = data.draw(st.integers(0, len(sound) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "grow", "zeros"])):
        case "flip":
            bit = 1 << data.draw(st.integers(0, 7))
            return sound[:at] + bytes([sound[at] ^ bit]) + sound[at + 1 :]
        case "cut":
            return sound[:at]
        case "grow":
            return sound[:at] + bytes(1 + at % 5) + sound[at:]
        case _:
            lost = sound[at : at + 64]
            blank = bytes(len(lost)) if any(lost) else b"\1" * len(lost)
            return sound[:at] + blank + sound[at + 64 :]


def test_a_damaged_file_is_never_merged_into_a_sound_one() -> None:
    """A merge reads what it merges: damage is left out there and named, not carried on."""
    disk = whole_index()
    path = f"{FOLDER}/{disk.list(FOLDER)[-1].name}"
    rotten = bytearray(read_whole(disk, path))
    rotten[9] ^= 1
    put(disk, path, bytes(rotten))
    index = LikenessIndex.open(disk)
    assert index.missing(range(1, 9)) == []
    add(index, [20])
    assert index.damaged == (path,)
    assert index.missing(range(1, 9)) == [8]
    assert add(index, [8]) == 1
    assert LikenessIndex.open(disk).check() == ()


def test_a_missing_file_is_made_again() -> None:
    """A segment that somebody removed is missing tracks, nothing worse."""
    disk = whole_index()
    disk.remove(f"{FOLDER}/{disk.list(FOLDER)[0].name}")
    index = LikenessIndex.open(disk)
    assert index.missing(range(1, 9)) == list(range(1, 8))
    add(index, index.missing(range(1, 9)))
    check(disk, [list(range(1, 9))])


def test_files_of_others_do_not_disturb() -> None:
    """Names that are no segment's are not read; what could be ours is swept away, notes are not."""
    disk = whole_index()
    for name in ("notes.txt", "1-2.keys", "00000009-00000003.keys", ".00000001-00000001.keys.new"):
        put(disk, f"{FOLDER}/{name}", random.Random(name).randbytes(100))
    check(disk, [list(range(1, 9))])
    assert disk.stat(f"{FOLDER}/notes.txt") is not None


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_span_is_read_back_from_its_name(first: int, more: int) -> None:
    """A name tells its batches; any other spelling of it is no segment."""
    span = Span(first, first + more)
    assert parse_span(span.file_name) == span
    assert parse_span("0" + span.file_name) is None
    assert parse_span(span.file_name + "x") is None


def test_starts_fit_what_a_file_may_hold() -> None:
    """The greatest start is the number of postings, and that fits 32 bits."""
    assert MOST_POSTINGS < 2**32
