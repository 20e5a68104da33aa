"""What only the local file system can show: modes, short writes, refusals of the system."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from phonotheque.disk import LocalDisk, Writer, read_whole, write_whole
from phonotheque.errors import BadRequestError, DiskFailedError, DiskFullError, PhonothequeError


def test_a_frozen_file_is_read_only_and_can_be_replaced(tmp_path: Path) -> None:
    """Freezing sets mode 0444, whatever the umask, and the name can still go to another file."""
    disk = LocalDisk(tmp_path)
    before = os.umask(0o077)
    try:
        writer = disk.create("master")
        writer.freeze()
        writer.close()
    finally:
        os.umask(before)
    assert (tmp_path / "master").stat().st_mode & 0o777 == 0o444
    write_whole(disk, "master", b"repaired")
    assert read_whole(disk, "master") == b"repaired"


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the system takes one byte at a time, all bytes still arrive, in order."""
    writer = LocalDisk(tmp_path).create("note")
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data[:1])))
        writer.write(b"byte by byte")
    writer.close()
    assert (tmp_path / "note").read_bytes() == b"byte by byte"


def test_a_name_that_is_too_long_is_the_fault_of_whoever_gave_it(tmp_path: Path) -> None:
    """It is told as one to be shortened, and not as a disk to be looked after."""
    disk = LocalDisk(tmp_path)
    for call in (disk.create, disk.open, disk.make_folder):
        with pytest.raises(BadRequestError, match="shorter"):
            call("x" * 300)


@pytest.mark.parametrize("what", ["pipe", "folder", "link", "device"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, what: str) -> None:
    """Whatever stands in a file's place is not waited for, and is an error of ours."""
    disk = LocalDisk(tmp_path if what != "device" else Path("/dev"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)  # so that who opens it is let in
    try:
        with pytest.raises(DiskFailedError):
            disk.open(what if what != "device" else "null")
    finally:
        os.close(writer)
    with pytest.raises(DiskFailedError):
        disk.open(what if what != "device" else "null")


def test_a_full_device_is_a_full_disk() -> None:
    """A real ENOSPC becomes `DiskFullError`."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    writer = LocalDisk(Path("/dev")).append("full")
    with pytest.raises(DiskFullError):
        writer.write(b"x")
    writer.close()


_CALLS: dict[str, Callable[[LocalDisk, Writer], object]] = {
    "open": lambda disk, writer: disk.create("new"),
    "write": lambda disk, writer: writer.write(b"x"),
    "fsync": lambda disk, writer: writer.sync(),
    "fchmod": lambda disk, writer: writer.freeze(),
    "ftruncate": lambda disk, writer: disk.truncate("note", 0),
    "rename": lambda disk, writer: disk.rename("note", "new"),
    "mkdir": lambda disk, writer: disk.make_folder("new"),
    "symlink": lambda disk, writer: disk.symlink("new", "note"),
    "unlink": lambda disk, writer: disk.remove("note"),
    "lstat": lambda disk, writer: disk.stat("note"),
    "listdir": lambda disk, writer: disk.list(""),
}


@pytest.mark.parametrize("call", _CALLS)
@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EIO, DiskFailedError),
        (errno.EMFILE, DiskFailedError),
        (errno.EROFS, DiskFailedError),
        (errno.EACCES, DiskFailedError),
    ],
)
def test_every_refusal_of_the_system_is_translated(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    error: type[PhonothequeError],
) -> None:
    """No call lets an `OSError` through, and the cause stays with ours."""
    disk = LocalDisk(tmp_path)
    writer = disk.create("note")

    def refuse(*arguments: object, **named: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(error) as caught:
            _CALLS[call](disk, writer)
    writer.close()
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == number


@pytest.mark.parametrize("call", ["fsync", "ftruncate"])
def test_a_refused_call_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A descriptor opened for one call is closed when the call is refused."""
    disk = LocalDisk(tmp_path)
    write_whole(disk, "note", b"x")
    closed: list[int] = []
    close = os.close

    def refuse(*arguments: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def count(descriptor: int) -> None:
        closed.append(descriptor)
        close(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        patch.setattr(os, "close", count)
        with pytest.raises(DiskFailedError):
            disk.truncate("note", 0)
    assert len(closed) == 1
