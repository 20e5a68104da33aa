"""A snapshot is whole or not there, and one changed byte is noticed."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.memory import MemoryDisk
from faults.powerloss import explore
from phonotheque.disk import Disk
from phonotheque.errors import MalformedError
from phonotheque.guard.state import Kept, load, save

PATH = "state.bin"


def some(offset: int) -> Kept:
    random = np.random.default_rng(offset)
    arrays = {
        "counts": random.integers(0, 99, (5, 3)).astype(np.uint8),
        "none": np.zeros((0, 4), np.float32),
        "bits": random.random(7).astype(np.float32),
        "asked": random.random(9) > 0.5,
    }
    return Kept(offset, {"limits": [1.5, 2.0], "at": None}, arrays)


def same(left: Kept | None, right: Kept) -> bool:
    return (
        left is not None
        and (left.offset, left.facts) == (right.offset, right.facts)
        and list(left.arrays) == list(right.arrays)
        and all(np.array_equal(left.arrays[name], right.arrays[name]) for name in right.arrays)
    )


def test_what_was_kept_is_what_is_loaded() -> None:
    """Types, shapes and all; the last one counts, and before the first there is none."""
    disk = MemoryDisk()
    assert load(disk, PATH) is None
    for offset in (1, 2):
        save(disk, PATH, some(offset))
        found = load(disk, PATH)
        assert same(found, some(offset))
        assert found is not None
        assert found.arrays["counts"].dtype == np.uint8


def test_a_loss_of_power_leaves_the_old_or_the_new() -> None:
    """After any write: never a mixture, and what was acknowledged is there."""

    def scenario(disk: Disk, acknowledge: object) -> None:
        for offset in (1, 2):
            save(disk, PATH, some(offset))
            acknowledge(offset)  # type: ignore[operator]

    def check(disk: MemoryDisk, acknowledged: list[int]) -> None:
        found = load(disk, PATH)
        last = max(acknowledged, default=0)
        assert found is not None or last == 0
        assert found is None or (found.offset >= last and same(found, some(found.offset)))

    explore(scenario, check)


@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    """In the head or in an array; or it changes nothing."""
    disk = MemoryDisk()
    save(disk, PATH, some(1))
    with disk.open(PATH) as file:
        whole = bytearray(file.read())
    begins_arrays = whole.index(b"\n") + 1
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    disk.remove(PATH)
    writer = disk.create(PATH)
    writer.write(whole)
    writer.close()
    with pytest.raises(MalformedError) if place >= begins_arrays else suppress(MalformedError):
        load(disk, PATH)


@pytest.mark.parametrize("cut", [0, 10, 200, -1])
def test_a_snapshot_that_was_cut_is_refused(cut: int) -> None:
    """It is never taken for one of a quieter day."""
    disk = MemoryDisk()
    save(disk, PATH, some(1))
    with disk.open(PATH) as file:
        whole = file.read()
    disk.truncate(PATH, cut % len(whole))
    with pytest.raises(MalformedError):
        load(disk, PATH)
