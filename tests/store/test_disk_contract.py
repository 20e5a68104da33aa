"""The contract of `Disk`, held by the local file system and by the disk in memory alike."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from faults.memory import MemoryDisk
from phonotheque.disk import (
    Disk,
    Entry,
    Kind,
    LocalDisk,
    make_folders,
    read_whole,
    write_whole,
)
from phonotheque.errors import (
    BadReferenceError,
    ConflictError,
    DiskFailedError,
    NotHeldError,
)


@pytest.fixture(params=["local", "memory"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    return LocalDisk(tmp_path) if request.param == "local" else MemoryDisk()


def put(disk: Disk, path: str, data: bytes = b"") -> None:
    writer = disk.create(path)
    writer.write(data)
    writer.close()


def test_a_new_file_holds_all_that_was_written_in_order(disk: Disk) -> None:
    """Several writes stand behind one another, whatever kind of buffer they come from."""
    writer = disk.create("note")
    for data in (b"one ", bytearray(b"two "), memoryview(b"three")):
        writer.write(data)
    writer.sync()
    writer.close()
    assert read_whole(disk, "note") == b"one two three"
    assert disk.stat("note") == Entry("note", Kind.FILE, 13)


def test_written_bytes_are_read_before_the_file_is_closed(disk: Disk) -> None:
    """Nothing is held back in the process: what `write` took can be read."""
    writer = disk.create("note")
    writer.write(b"half")
    assert read_whole(disk, "note") == b"half"
    writer.close()


@pytest.mark.parametrize("taken_by", ["file", "folder", "link", "dangling"])
def test_create_is_exclusive(disk: Disk, taken_by: str) -> None:
    """A taken name is never written to, not even through a link."""
    put(disk, "file", b"kept")
    disk.make_folder("folder")
    disk.symlink("link", "file")
    disk.symlink("dangling", "nowhere")
    with pytest.raises(ConflictError):
        disk.create(taken_by)
    assert read_whole(disk, "file") == b"kept"
    assert disk.stat("nowhere") is None


def test_append_makes_a_file_and_then_adds_to_it(disk: Disk) -> None:
    """An appended file begins empty and grows at its end."""
    for data in (b"one\n", b"two\n"):
        writer = disk.append("journal")
        writer.write(data)
        writer.close()
    assert read_whole(disk, "journal") == b"one\ntwo\n"


def test_append_does_not_follow_a_link(disk: Disk) -> None:
    """A link in place of a journal cannot lead the writing elsewhere."""
    put(disk, "other", b"kept")
    disk.symlink("journal", "other")
    with pytest.raises(DiskFailedError):
        disk.append("journal")
    assert read_whole(disk, "other") == b"kept"


@pytest.mark.parametrize("call", ["create", "append", "make_folder"])
def test_nothing_is_made_in_an_absent_folder(disk: Disk, call: str) -> None:
    """A parent is never made by the way."""
    with pytest.raises(NotHeldError):
        getattr(disk, call)("absent/name")
    assert disk.list("") == []


@pytest.mark.parametrize("call", ["create", "append", "make_folder"])
def test_nothing_is_made_below_a_file(disk: Disk, call: str) -> None:
    """A file is no folder, and stays as it was."""
    put(disk, "file", b"kept")
    with pytest.raises(DiskFailedError):
        getattr(disk, call)("file/name")
    assert read_whole(disk, "file") == b"kept"


def test_closing_twice_is_safe_and_writing_afterwards_is_refused(disk: Disk) -> None:
    """A closed file takes no byte."""
    writer = disk.create("note")
    writer.close()
    writer.close()
    with pytest.raises(DiskFailedError):
        writer.write(b"late")
    with pytest.raises(ValueError, match="file"):
        writer.sync()
    assert read_whole(disk, "note") == b""


@pytest.mark.parametrize("size_bytes", [0, 3, 6, 9])
def test_truncate_cuts_or_fills_with_zeros(disk: Disk, size_bytes: int) -> None:
    """A file has exactly the size asked for, its head unchanged."""
    put(disk, "note", b"sixsix")
    disk.truncate("note", size_bytes)
    assert read_whole(disk, "note") == b"sixsix"[:size_bytes].ljust(size_bytes, b"\0")


def test_truncate_of_an_absent_file_makes_none(disk: Disk) -> None:
    """Truncation needs a file."""
    with pytest.raises(NotHeldError):
        disk.truncate("absent", 0)
    assert disk.stat("absent") is None


def test_rename_replaces_a_file(disk: Disk) -> None:
    """The new name holds the old file's bytes, the old name is gone."""
    put(disk, "old", b"new bytes")
    put(disk, "name", b"old bytes")
    disk.rename("old", "name")
    assert read_whole(disk, "name") == b"new bytes"
    assert disk.list("") == [Entry("name", Kind.FILE, 9)]


def test_rename_leaves_a_reader_of_the_replaced_file_in_peace(disk: Disk) -> None:
    """A file open for reading keeps its bytes when its name goes to another."""
    put(disk, "name", b"old bytes")
    put(disk, "old", b"new bytes")
    with disk.open("name") as file:
        disk.rename("old", "name")
        assert file.read() == b"old bytes"


def test_rename_moves_a_folder_with_what_it_holds(disk: Disk) -> None:
    """A folder keeps its content under its new name."""
    make_folders(disk, "here/inner")
    make_folders(disk, "there")
    put(disk, "here/inner/note", b"x")
    disk.rename("here/inner", "there/moved")
    assert read_whole(disk, "there/moved/note") == b"x"
    assert disk.list("here") == []


def test_a_refused_rename_changes_nothing(disk: Disk) -> None:
    """Absent files, filled folders, wrong kinds and a folder into itself: refused, nothing lost."""
    put(disk, "file", b"kept")
    make_folders(disk, "folder/inner")
    make_folders(disk, "other")
    refused = [
        ("absent", "new", NotHeldError),
        ("file", "absent/new", NotHeldError),
        ("file", "folder", DiskFailedError),
        ("folder", "file", DiskFailedError),
        ("other", "folder", DiskFailedError),
        ("folder", "folder/inner/self", DiskFailedError),
        ("file", "file/below", DiskFailedError),
    ]
    for old, new, error in refused:
        with pytest.raises(error):
            disk.rename(old, new)
    assert [entry.name for entry in disk.list("")] == ["file", "folder", "other"]
    assert [entry.name for entry in disk.list("folder")] == ["inner"]
    assert read_whole(disk, "file") == b"kept"


def test_make_folder_is_idempotent(disk: Disk) -> None:
    """A folder that is there is left with what it holds."""
    disk.make_folder("folder")
    put(disk, "folder/note", b"x")
    disk.make_folder("folder")
    assert read_whole(disk, "folder/note") == b"x"


def test_make_folder_is_refused_where_a_file_stands(disk: Disk) -> None:
    """A file is never replaced by a folder."""
    put(disk, "name", b"kept")
    with pytest.raises(ConflictError):
        disk.make_folder("name")
    assert read_whole(disk, "name") == b"kept"


def test_a_link_leads_to_what_it_names(disk: Disk) -> None:
    """Files are reached through a link to their folder, and the link itself is told as one."""
    make_folders(disk, "objects/ab")
    make_folders(disk, "volumes")
    put(disk, "objects/ab/song", b"x")
    disk.symlink("volumes/one", "../objects")
    assert read_whole(disk, "volumes/one/ab/song") == b"x"
    assert disk.list("volumes") == [Entry("one", Kind.SYMLINK, 0)]
    assert disk.stat("volumes/one") == Entry("one", Kind.SYMLINK, 0)
    assert disk.list("volumes/one") == [Entry("ab", Kind.FOLDER, 0)]
    with pytest.raises(ConflictError):
        disk.symlink("volumes/one", "elsewhere")


def test_a_loop_of_links_ends(disk: Disk) -> None:
    """Two links that name each other are refused, not followed for ever."""
    disk.symlink("one", "two")
    disk.symlink("two", "one")
    with pytest.raises(DiskFailedError):
        disk.open("one/note")


def test_open_does_not_follow_a_link_at_the_end(disk: Disk) -> None:
    """A link in place of a file is refused: what is read is what stands there."""
    put(disk, "file", b"x")
    disk.symlink("link", "file")
    with pytest.raises(DiskFailedError):
        disk.open("link")


def test_open_of_a_folder_is_refused(disk: Disk) -> None:
    """A folder has no bytes."""
    disk.make_folder("folder")
    with pytest.raises(DiskFailedError):
        disk.open("folder")


def test_remove_takes_the_link_not_what_it_names(disk: Disk) -> None:
    """Removing a link leaves the file."""
    put(disk, "file", b"kept")
    disk.symlink("link", "file")
    disk.remove("link")
    assert disk.list("") == [Entry("file", Kind.FILE, 4)]


def test_remove_of_what_is_absent_does_nothing(disk: Disk) -> None:
    """Removal is idempotent, also in a folder that is absent."""
    put(disk, "file")
    for path in ("file", "file", "absent/file"):
        disk.remove(path)
    assert disk.list("") == []


def test_remove_refuses_a_folder(disk: Disk) -> None:
    """A folder is not removed by a call for files."""
    disk.make_folder("folder")
    with pytest.raises(DiskFailedError):
        disk.remove("folder")
    assert disk.stat("folder") == Entry("folder", Kind.FOLDER, 0)


def test_only_an_empty_folder_is_removed(disk: Disk) -> None:
    """A folder goes when nothing is in it, and only then; what is absent is no reason to stop."""
    disk.make_folder("folder")
    put(disk, "folder/file", b"kept")
    disk.remove_folder("folder")
    assert disk.list("folder") == [Entry("file", Kind.FILE, 4)]
    disk.remove("folder/file")
    for path in ("folder", "folder", "absent/folder"):
        disk.remove_folder(path)
    assert disk.list("") == []
    put(disk, "file")
    with pytest.raises(DiskFailedError):
        disk.remove_folder("file")


def test_sync_folder_needs_a_folder(disk: Disk) -> None:
    """The root and any folder can be made durable; what is absent or a file cannot."""
    disk.make_folder("folder")
    put(disk, "file")
    disk.sync_folder("")
    disk.sync_folder("folder")
    with pytest.raises(NotHeldError):
        disk.sync_folder("absent")
    with pytest.raises(DiskFailedError):
        disk.sync_folder("file")


def test_open_of_what_is_absent(disk: Disk) -> None:
    """No file, no bytes: the error says that it is not held."""
    with pytest.raises(NotHeldError):
        disk.open("absent")
    with pytest.raises(NotHeldError):
        disk.open("absent/deeper")


def test_an_open_file_is_an_unbuffered_seekable_reader(disk: Disk) -> None:
    """Reading starts at the head, goes where it is told, ends with b"" and never writes."""
    put(disk, "note", b"0123456789")
    with disk.open("note") as file:
        buffer = bytearray(4)
        assert not isinstance(file, io.BufferedIOBase)
        assert file.read(3) == b"012"
        assert file.seek(-2, os.SEEK_END) == 8
        assert file.readinto(buffer) == 2  # type: ignore[attr-defined]
        assert bytes(buffer) == b"89\0\0"
        assert (file.read(1), file.tell()) == (b"", 10)
        assert file.seek(1) == 1
        assert file.seek(1, os.SEEK_CUR) == 2
        assert file.read() == b"23456789"
        with pytest.raises(OSError, match="rgument"):
            file.seek(-1)
        with pytest.raises(io.UnsupportedOperation):
            file.write(b"x")
    with pytest.raises(ValueError, match="closed"):
        file.read()


def test_stat_of_nothing_is_none(disk: Disk) -> None:
    """Absent names, names in absent folders and names below a file are all just absent."""
    put(disk, "file")
    assert [disk.stat(path) for path in ("absent", "absent/name", "file/name")] == [None] * 3
    assert disk.stat("") == Entry("", Kind.FOLDER, 0)


def test_list_is_in_order_of_name_and_empty_for_an_absent_folder(disk: Disk) -> None:
    """The order is that of the names as text, whatever was made first."""
    for name in ("b", "a", "B", "a.b", "é"):
        put(disk, name)
    assert [entry.name for entry in disk.list("")] == ["B", "a", "a.b", "b", "é"]
    assert disk.list("absent") == []


def test_list_of_a_file_is_refused(disk: Disk) -> None:
    """A file in place of a folder is not told as an empty folder."""
    put(disk, "file")
    with pytest.raises(DiskFailedError):
        disk.list("file")


def test_make_folders_makes_every_parent_and_is_idempotent(disk: Disk) -> None:
    """Parents come first; what is there is left alone; the root needs nothing."""
    make_folders(disk, "a/b/c")
    make_folders(disk, "a/b/c")
    make_folders(disk, "")
    assert disk.list("a/b") == [Entry("c", Kind.FOLDER, 0)]


@pytest.mark.parametrize("path", ["note", "folder/note"])
def test_write_whole_replaces_and_leaves_nothing_else(disk: Disk, path: str) -> None:
    """The new bytes stand under the name, and the temporary name is gone, a stale one too."""
    disk.make_folder("folder")
    stale = path.replace("note", ".note.new")
    put(disk, stale, b"left by a crash, and longer than what is written")
    write_whole(disk, path, b"old")
    write_whole(disk, path, b"new")
    assert read_whole(disk, path) == b"new"
    assert disk.stat(stale) is None


_OUTWARD = {
    "create": lambda disk, path: disk.create(path),
    "append": lambda disk, path: disk.append(path),
    "truncate": lambda disk, path: disk.truncate(path, 0),
    "rename from": lambda disk, path: disk.rename(path, "note"),
    "rename to": lambda disk, path: disk.rename("file", path),
    "make_folder": lambda disk, path: disk.make_folder(path),
    "symlink": lambda disk, path: disk.symlink(path, "file"),
    "remove": lambda disk, path: disk.remove(path),
    "remove_folder": lambda disk, path: disk.remove_folder(path),
    "sync_folder": lambda disk, path: disk.sync_folder(path),
    "open": lambda disk, path: disk.open(path),
    "stat": lambda disk, path: disk.stat(path),
    "list": lambda disk, path: disk.list(path),
}


@pytest.mark.parametrize("call", _OUTWARD)
@pytest.mark.parametrize("path", ["..", "../file", "folder/../file", "folder/..", "/file"])
def test_no_path_leads_out_of_the_folder(disk: Disk, call: str, path: str) -> None:
    """Whatever is asked, a path with `..` or from the root of the system is refused."""
    disk.make_folder("folder")
    put(disk, "file", b"kept")
    with pytest.raises(BadReferenceError):
        _OUTWARD[call](disk, path)
    assert [entry.name for entry in disk.list("")] == ["file", "folder"]


def test_two_dots_in_a_name_are_no_way_out(disk: Disk) -> None:
    """Names may have dots, at their head, at their end and between."""
    for name in ("a..b", "..a", "a..", "..."):
        put(disk, name)
    assert [entry.name for entry in disk.list("")] == ["...", "..a", "a..", "a..b"]


def test_freezing_leaves_the_open_writer_writing(disk: Disk) -> None:
    """The mode counts for those who open the file later."""
    writer = disk.create("master")
    writer.freeze()
    writer.write(b"x")
    writer.sync()
    writer.close()
    assert read_whole(disk, "master") == b"x"
