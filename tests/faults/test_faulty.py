"""Each wrapper does its one fault, and nothing else."""

from __future__ import annotations

import itertools

import pytest

from faults.faulty import (
    Around,
    CrashAfter,
    Crashed,
    FailKth,
    FlipByte,
    FullAfter,
    Hooked,
    TruncateOnRead,
    disk_failed,
    disk_full,
    quota_reached,
    too_many_files,
)
from faults.memory import MemoryDisk
from phonotheque.disk import Disk, Entry, Kind, make_folders, read_whole, write_whole
from phonotheque.errors import DiskFailedError, DiskFullError, UnavailableError


def scenario(disk: Disk) -> None:
    make_folders(disk, "a")
    write_whole(disk, "a/note", b"0123456789")


CALLS = ["make_folder", "sync_folder", "remove", "create", "write", "sync", "rename", "sync_folder"]


def held(path: str, data: bytes) -> MemoryDisk:
    disk = MemoryDisk()
    write_whole(disk, path, data)
    return disk


def test_a_disk_around_a_disk_does_what_the_disk_does() -> None:
    """Every call is passed on, with its result."""
    disk = Around(MemoryDisk())
    scenario(disk)
    disk.symlink("link", "a")
    writer = disk.append("a/note")
    writer.write(b"!")
    writer.freeze()
    writer.close()
    assert read_whole(disk, "a/note") == b"0123456789!"
    assert disk.list("") == [Entry("a", Kind.FOLDER, 0), Entry("link", Kind.SYMLINK, 0)]
    assert isinstance(disk.disk, MemoryDisk)
    assert disk.disk.is_frozen("a/note")


def test_each_call_in_turn_can_fail() -> None:
    """With k from 1 to the number of calls each writing call fails once, then none does."""
    failures = []
    for k in itertools.count(1):
        disk = FailKth(MemoryDisk(), k, disk_full)
        try:
            scenario(disk)
        except UnavailableError as error:
            failures.append(type(error))
            scenario(disk)  # the fault is over: a retry works
        assert read_whole(disk, "a/note") == b"0123456789"
        if not disk.fired:
            break
    assert failures == [DiskFullError] * len(CALLS)


def test_a_failure_can_last_and_be_of_one_kind() -> None:
    """For ever means that a retry fails too; other kinds of calls are not counted."""
    disk = FailKth(MemoryDisk(), 2, disk_failed, for_ever=True, kinds={"sync_folder"})
    for _ in range(2):
        with pytest.raises(DiskFailedError):
            scenario(disk)
    assert disk.calls == 3
    assert disk.fired


def test_reading_can_fail() -> None:
    """Calls that only look can be refused as well."""
    disk = FailKth(held("note", b"x"), 2, too_many_files, kinds={"open"})
    assert read_whole(disk, "note") == b"x"
    with pytest.raises(DiskFailedError, match="too many open files"):
        read_whole(disk, "note")


def test_a_refused_write_has_half_of_its_bytes_taken() -> None:
    """As write(2) may: whoever retries must not count on an empty file."""
    disk = FailKth(MemoryDisk(), 1, quota_reached, kinds={"write"})
    writer = disk.create("note")
    with pytest.raises(DiskFullError):
        writer.write(b"0123456789")
    assert read_whole(disk, "note") == b"01234"


def test_a_full_disk_takes_what_fits_until_there_is_room() -> None:
    """The limit is exact, across files, and ends when room is made."""
    disk = FullAfter(MemoryDisk(), 15)
    scenario(disk)
    with pytest.raises(DiskFullError):
        write_whole(disk, "a/other", b"0123456789")
    assert read_whole(disk, "a/.other.new") == b"01234"
    disk.room_bytes = 10
    write_whole(disk, "a/other", b"0123456789")
    assert read_whole(disk, "a/other") == b"0123456789"
    assert disk.room_bytes == 0


def test_one_byte_is_read_flipped_and_the_file_is_left_alone() -> None:
    """Exactly the bits of the mask differ, in that file only."""
    below = held("note", b"abc")
    write_whole(below, "other", b"abc")
    disk = FlipByte(below, "note", 1, mask=0x20)
    assert (read_whole(disk, "note"), read_whole(disk, "other")) == (b"aBc", b"abc")
    assert read_whole(below, "note") == b"abc"


def test_a_file_ends_early_while_its_size_is_told_as_before() -> None:
    """Reading stops before the size that `stat` gives."""
    disk = TruncateOnRead(held("note", b"abc"), "note", 1)
    assert read_whole(disk, "note") == b"a"
    assert disk.stat("note") == Entry("note", Kind.FILE, 3)


def test_a_hook_sees_every_call_before_it_happens() -> None:
    """Calls come in order with their paths, reading ones too."""
    seen: list[tuple[str, str]] = []
    below = MemoryDisk()
    disk = Hooked(below, lambda call, path: seen.append((call, path)))
    scenario(disk)
    assert [call for call, _ in seen if call != "stat"] == CALLS
    assert ("rename", "a/note") in seen


@pytest.mark.parametrize("n", range(len(CALLS)))
def test_a_dead_process_does_nothing_more(n: int) -> None:
    """After n calls all calls raise, cleaning up included, and the disk below stays as it was."""
    below = MemoryDisk()
    disk = CrashAfter(below, n)
    with pytest.raises(Crashed, match=CALLS[n]):
        scenario(disk)
    left = below.tree()
    for call in (lambda: disk.remove("a/note"), lambda: disk.stat("a")):
        with pytest.raises(Crashed):
            call()
    assert below.tree() == left
    scenario(below)
    assert read_whole(below, "a/note") == b"0123456789"


def test_a_process_that_is_not_killed_is_not_disturbed() -> None:
    """With as many calls left as are made, nothing happens."""
    disk = CrashAfter(MemoryDisk(), len(CALLS))
    scenario(disk)
    assert not disk.is_dead
