"""Small files put whole or not at all, lines added to files of lines, on any disk.

Law: what one of these returns from is durable, the names on the way to it, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from phonotheque.disk.port import Disk
from phonotheque.errors import NotHeldError

_END_BYTES = 4096
"""Of the end of a file of lines so many are read at a time: one page, longer than most lines."""


def make_folders(disk: Disk, path: str) -> None:
    """Make a folder and the parents it lacks, each durable in its parent before the next.

    A folder that is there is synced all the same: it may have been made by a process that was
    killed before it could, and then power loss takes it with everything in it.
    """
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        disk.make_folder("/".join(parts[:count]))
        disk.sync_folder("/".join(parts[: count - 1]))


def write_whole(
    disk: Disk, path: str, data: bytes | Iterator[bytes | memoryview], *, is_frozen: bool = False
) -> None:
    """Put `data`, or its parts one after the other, under `path`, whole or not at all, durable.

    The folder of `path` must exist; a file of that name is replaced. A frozen file has mode 0444.
    """
    folder, _, name = path.rpartition("/")
    temporary = f"{folder}/.{name}.new" if folder else f".{name}.new"
    disk.remove(temporary)
    writer = disk.create(temporary)
    try:
        for part in (data,) if isinstance(data, bytes) else data:
            writer.write(part)
        if is_frozen:
            writer.freeze()
        writer.sync()
    finally:
        writer.close()
    disk.rename(temporary, path)
    disk.sync_folder(folder)


def write_changed(disk: Disk, path: str, data: bytes) -> bool:
    """Put `data` under `path` as `write_whole` does, unless these very bytes stand there.

    Durable on return in both cases: a process that was killed may have given a file its name and
    not come to make the name last, so the folder is synced also when nothing is written.

    Returns:
        Whether it was written.
    """
    if read_if_held(disk, path) == data:
        disk.sync_folder(path.rpartition("/")[0])
        return False
    write_whole(disk, path, data)
    return True


def append_line(disk: Disk, path: str, line: bytes) -> None:
    """Add a line to a file of lines, durable on return; the file is made when it is absent.

    The piece of a line that a crash left at the end was told to nobody, and is cut off first: else
    the new line could not be read.

    Args:
        disk: The folder.
        path: The file. The folder that it lies in must exist.
        line: With its line feed, and no other.
    """
    _cut_torn_end(disk, path)
    writer = disk.append(path)
    try:
        writer.write(line)
        writer.sync()
    finally:
        writer.close()
    disk.sync_folder(path.rpartition("/")[0])


def _cut_torn_end(disk: Disk, path: str) -> None:
    """Cut a file of lines off behind its last line feed. Only its end is read: a journal grows for
    years, and a line is added to it many times."""
    try:
        file = disk.open(path)
    except NotHeldError:
        return
    with file:
        size_bytes = file.seek(0, os.SEEK_END)
        kept_bytes = _end_of_last_line(file, size_bytes)
    if kept_bytes < size_bytes:
        disk.truncate(path, kept_bytes)


def _end_of_last_line(file: BinaryIO, end: int) -> int:
    """Where the last line feed before `end` stands, counted with it; 0 when there is none."""
    while end:
        start = max(0, end - _END_BYTES)
        file.seek(start)
        data = b""
        while len(data) < end - start and (more := file.read(end - start - len(data))):
            data += more
        if found := data.rfind(b"\n") + 1:
            return start + found
        end = start
    return 0


def read_whole(disk: Disk, path: str) -> bytes:
    """Return all bytes of a file. For small files of ours, never for masters."""
    with disk.open(path) as file:
        return file.read()


def read_if_held(disk: Disk, path: str) -> bytes | None:
    """Return all bytes of a file as `read_whole` does; None when there is no such file."""
    try:
        return read_whole(disk, path)
    except NotHeldError:
        return None
