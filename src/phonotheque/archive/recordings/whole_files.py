"""Files outside of the archive, read and written whole.

Laws: a file is written under another name, made durable, and then given its own; what stands there
is replaced only when that was asked for; a file that somebody cuts short ends nothing of ours.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from phonotheque.disk import LocalDisk, refusal
from phonotheque.dress.ogg_pages import Bytes
from phonotheque.errors import BadRequestError, ConflictError

_IN_MEMORY_BYTES = 256 << 20


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open somebody's file to read, unbuffered.

    Raises:
        BadRequestError: It is a folder, or something else that is no file.
        NotHeldError: There is none.
        UnavailableError: The disk failed.
    """
    try:
        if not path.is_file():
            raise BadRequestError(str(path), "it is no file", "Name files, not folders.")
        file = open(path, "rb", buffering=0)  # noqa: SIM115  # closed below
    except OSError as error:
        raise refusal(str(path), error) from error
    with file:
        yield file


@contextmanager
def loaded(file: BinaryIO) -> Iterator[Bytes]:
    """All bytes of a file: in memory, and mapped only when they are many.

    A mapped file that somebody cuts short ends the process that reads it.
    """
    size_bytes = os.fstat(file.fileno()).st_size
    data, mapped = b"", None
    try:
        if size_bytes <= _IN_MEMORY_BYTES:
            file.seek(0)
            data = b"".join(iter(lambda: file.read(8 << 20), b""))
        else:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise refusal("the file", error) from error
    if mapped is None:
        yield data
        return
    try:
        yield mapped
    finally:
        with suppress(BufferError):  # an error on its way out may still hold a view
            mapped.close()


@contextmanager
def written(
    target: Path, *, is_kept: bool = False
) -> Iterator[tuple[Callable[[bytes | bytearray | memoryview], None], Path]]:
    """Write a file under another name, make it durable, then give it its own.

    Args:
        is_kept: A file of that name is left alone: if it has the same bytes it is what was asked
            for, else it is refused.

    Raises:
        ConflictError: Another file has this name.
        UnavailableError: The disk failed.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(str(target.parent), error) from error
    disk = LocalDisk(target.parent)
    temporary = f".{target.name[:200]}.{os.getpid()}.part"
    disk.remove(temporary)
    writer = disk.create(temporary)
    try:
        yield writer.write, target.parent / temporary
        writer.sync()
        writer.close()
        if is_kept and os.path.lexists(target):
            _refuse_other(target, target.parent / temporary)
        else:
            disk.rename(temporary, target.name)
            disk.sync_folder("")
    finally:
        writer.close()
        disk.remove(temporary)


def _refuse_other(target: Path, made: Path) -> None:
    digests = []
    for path in (target, made):
        with opened(path) as file, loaded(file) as data:
            digests.append(hashlib.sha256(data).digest())
    if digests[0] != digests[1]:
        raise ConflictError(
            str(target), "another file has this name", "Choose another folder; nothing was lost."
        )
