"""What the disk in memory promises beyond the contract of the port."""

from __future__ import annotations

import pytest

from faults.memory import MemoryDisk
from phonotheque.disk import make_folders, read_whole, write_whole
from phonotheque.errors import DiskFailedError, NotHeldError


def frozen_disk() -> MemoryDisk:
    disk = MemoryDisk()
    writer = disk.create("master")
    writer.write(b"kept")
    writer.freeze()
    writer.close()
    return disk


@pytest.mark.parametrize("path", ["a//b", "a/", "nul\0"])
def test_a_path_that_breaks_the_rule_is_a_programming_mistake(path: str) -> None:
    """The port takes paths without empty parts, and nothing else."""
    with pytest.raises(ValueError, match="empty part"):
        MemoryDisk().stat(path)


def test_a_frozen_file_refuses_to_be_changed_even_for_root() -> None:
    """Whoever runs the tests, an original that is written to is noticed."""
    disk = frozen_disk()
    with pytest.raises(DiskFailedError):
        disk.append("master")
    with pytest.raises(DiskFailedError):
        disk.truncate("master", 0)
    assert (read_whole(disk, "master"), disk.is_frozen("master")) == (b"kept", True)


def test_a_copy_goes_its_own_way() -> None:
    """What is done to a copy, or to its origin, is not seen by the other."""
    disk = frozen_disk()
    make_folders(disk, "a/b")
    disk.symlink("link", "a")
    copy = disk.copy()
    write_whole(copy, "link/b/note", b"x")
    disk.remove("master")
    assert copy.tree() == {"a": None, "a/b": None, "a/b/note": b"x", "link": "a", "master": b"kept"}
    assert copy.is_frozen("master")
    assert disk.tree() == {"a": None, "a/b": None, "link": "a"}


def test_an_open_file_is_a_snapshot() -> None:
    """What is appended later is not seen by a reader that is open."""
    disk = MemoryDisk()
    write_whole(disk, "note", b"old")
    with disk.open("note") as file:
        writer = disk.append("note")
        writer.write(b" and new")
        assert file.read() == b"old"
    assert read_whole(disk, "note") == b"old and new"


def test_a_link_out_of_the_disk_leads_nowhere() -> None:
    """Nothing outside can be reached."""
    disk = MemoryDisk()
    disk.symlink("up", "../..")
    disk.symlink("root", "/etc")
    for path in ("up/name", "root/passwd"):
        with pytest.raises(NotHeldError):
            disk.open(path)
