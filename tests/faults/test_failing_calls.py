"""Every k-th call fails: a clean typed error, a valid archive, and a retry that works."""

import itertools

import pytest

from phonotheque.errors import UnavailableError

from .faulty import FailKth, disk_failed, disk_full, too_many_files
from .memory import MemoryDisk
from .way_in import assert_sealed, assert_whole, found, make_music, opened


@pytest.fixture
def music(tmp_path):
    return make_music(tmp_path / "music", count=2)


def _prepared(music, *, is_filled):
    disk = MemoryDisk()
    found(disk)
    if is_filled:
        with opened(disk) as archive:
            list(archive.add(music))
    return disk


@pytest.mark.parametrize("refusal", [disk_full, disk_failed, too_many_files])
def test_adding_when_any_call_fails(music, refusal):
    """Whichever write, rename, sync or read fails, what was told holds and a retry completes."""
    for k in itertools.count(1):
        disk = _prepared(music, is_filled=False)
        failing = FailKth(disk, k, refusal)
        told = []
        try:
            with opened(failing) as archive:
                for one in archive.add(music):
                    told.append(one)
        except UnavailableError:
            pass  # refused by name; what is left behind is looked at below
        if not failing.fired:
            assert len(told) == 3
            break
        with opened(disk) as archive:
            assert_whole(archive, told)
            again = list(archive.add(music))
            assert_whole(archive, [*told, *again])
            assert len(again) == 3
    assert k > 40


@pytest.mark.parametrize("refusal", [disk_full, disk_failed])
def test_sealing_when_any_call_fails(music, refusal):
    """Whichever call fails while a volume is sealed, none is half there and a retry completes."""
    for k in itertools.count(1):
        disk = _prepared(music, is_filled=True)
        failing = FailKth(disk, k, refusal)
        names = []
        try:
            with opened(failing) as archive:
                names += archive.publish()
        except UnavailableError:
            pass
        if not failing.fired:
            assert len(names) == 1
            break
        with opened(disk) as archive:
            assert_sealed(archive, names)
            names += archive.publish()
            assert_sealed(archive, names)
    assert k > 40
