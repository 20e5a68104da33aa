"""Dressed copies handed out, and originals got back from copies.

Laws: a dressed copy is written whole or not at all, from an original whose bytes were proven, and
its way back is proven before the copy gets its name; the register's line comes last. An original is
written only when its bytes hash to its name, wherever the way back came from.

Not here: what a copy is made of and what a patch says (`phonotheque.dress`).
"""

from __future__ import annotations

import base64
import hashlib
import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from phonotheque.archive.opening import Archive
from phonotheque.disk import LocalDisk, refusal
from phonotheque.dress.dressing import dress
from phonotheque.dress.ogg_pages import Bytes
from phonotheque.dress.overlay import Cover, Overlay
from phonotheque.dress.pack import Pack
from phonotheque.dress.patch_apply import restore
from phonotheque.dress.patch_make import make_patch
from phonotheque.errors import (
    BadRequestError,
    ConflictError,
    DigestMismatchError,
    DiskFullError,
    NotHeldError,
    PhonothequeError,
)
from phonotheque.music.digest import Sha256
from phonotheque.register.corrections import edited
from phonotheque.register.events import Dressing
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName

_IN_MEMORY_BYTES = 256 << 20
_MAX_RECORDED_BYTES = 700_000  # in base64 it must fit into a line of 1 MiB
_MAX_PICTURE_BYTES = 64 << 20

PayloadOf = Callable[[BinaryIO], str | None]
"""Returns the digest of a file's coded packets, 64 hexadecimal digits; None when there is none."""


@dataclass(frozen=True, slots=True)
class Regained:
    """What became of one file.

    Attributes:
        original: Name of the original, when it is known.
        way: "itself" (it is an original), "archive" (a patch on record), "pack" (a patch in the
            pack), "payload" (its sound is held; the patch was made on the spot); "" for none.
        path: Where the original was written; None when it was not.
        patch_bytes: Length of the patch.
        error: Why there is none.
    """

    file: Path
    original: Sha256 | None = None
    size_bytes: int = 0
    way: str = ""
    path: Path | None = None
    patch_bytes: int = 0
    error: PhonothequeError | None = None


def write_dressed(
    archive: Archive, held: Held, target: Path, cover: Cover | None, *, is_replacing: bool
) -> Dressing:
    """Write a copy of a recording with the tags that the archive has for it now, and record it.

    Args:
        archive: Open to write.
        cover: In place of the original's pictures; None keeps them.
        is_replacing: Overwrite a file that is there.

    Raises:
        BadRequestError: It is no recording that is understood.
        ConflictError: There is a file of that name, it lies in the archive, or the way back would
            be too long to be recorded.
        MalformedError: The original cannot be dressed.
        DigestMismatchError: The original is damaged.
        NotHeldError: Its file is missing.
        UnavailableError: A disk failed.
    """
    _refuse_place(archive, target, is_replacing=is_replacing)
    if held.technical is None:
        raise BadRequestError(
            held.sha256.hex, "it is no recording that is understood", "Export it as it is."
        )
    name = ObjectName(held.sha256, held.extension)
    tags = edited(archive.index, held.sha256)
    with archive.store.open(name) as file, _loaded(file) as original:
        _prove(name, original)
        copy = dress(file, held.technical.container, Overlay(tags, cover))
        with _written(target) as (write, temporary):
            for block in copy.iter_blocks():
                write(block)
            with open(temporary, "rb") as made, _loaded(made) as data:
                patch = make_patch(original, data, _pictures(archive, held))
                digest = hashlib.sha256(data).hexdigest()
            _refuse_long(target, patch)
    encoded = base64.b64encode(patch).decode()
    event = Dressing(held.sha256.hex, digest, copy.size_bytes, encoded)
    written = archive.writing.append(archive.now(), [event])
    with archive.index.transaction():
        archive.index.apply(written)
    return event


def _refuse_place(archive: Archive, target: Path, *, is_replacing: bool) -> None:
    if target.parent.resolve().is_relative_to(archive.root):
        raise ConflictError(str(target), "it lies inside the archive", "Choose a place outside it.")
    if os.path.lexists(target) and not (is_replacing and target.is_file()):
        raise ConflictError(
            str(target), "there is a file of this name", "Choose another, or use --force."
        )


def _refuse_long(target: Path, patch: bytes) -> None:
    if len(patch) > _MAX_RECORDED_BYTES:
        raise ConflictError(
            str(target),
            f"the way back from it takes {len(patch)} bytes, because the original's own picture "
            "is held nowhere else",
            "Add that picture to the archive first, or dress without --cover.",
        )


def _prove(name: ObjectName, original: Bytes) -> None:
    found = hashlib.sha256(original).hexdigest()
    if found != name.sha256.hex:
        raise DigestMismatchError(
            name.path, f"its bytes hash to {found}", "Run `phono verify`; nothing was made of it."
        )


def _pictures(archive: Archive, held: Held) -> list[bytes]:
    """Pictures in the original that are held as objects of their own: no patch carries these."""
    names = (Sha256.parse(one.sha256) for one in archive.index.tags(held.sha256).pictures)
    found = (find_object(archive, name) for name in names)
    return [data for data in found if data is not None]


def find_object(archive: Archive, sha256: Sha256) -> bytes | None:
    """Return the bytes of a small object, a picture as a rule; None when it is not to be had."""
    held = archive.index.held(sha256)
    if held is None or held.size_bytes > _MAX_PICTURE_BYTES:
        return None
    try:
        with archive.store.open(ObjectName(sha256, held.extension)) as file:
            data = b"".join(iter(lambda: file.read(1 << 20), b""))
    except NotHeldError:
        return None
    return data if hashlib.sha256(data).digest() == sha256.raw else None


def regain(
    archive: Archive | None, pack: Pack | None, file: Path, to: Path | None, payload_of: PayloadOf
) -> Regained:
    """Get the original of one copy back.

    Args:
        archive: Where patches are on record and originals are held; None for none.
        pack: Where patches are looked up first; None for none.
        to: The folder to write it to, under the copy's own name; None writes nothing.
        payload_of: Reads a stranger's file, so it is called through a limited child.

    Returns:
        What became of it; an error that concerns this file alone is in it.

    Raises:
        DiskFullError: No room is left where originals are written.
    """
    try:
        with _opened(file) as opened, _loaded(opened) as copy:
            name = Sha256(hashlib.sha256(copy).digest())
            way, patch = _way_back(archive, pack, name, copy, (opened, payload_of))
            find = (lambda one: find_object(archive, one)) if archive else (lambda _: None)
            if to is None:
                done, path = restore(copy, patch, lambda _: None, find), None
            else:
                path = to / file.name
                with _written(path, is_kept=True) as (write, _):
                    done = restore(copy, patch, write, find)
            size_bytes = 0 if way == "itself" else len(patch)
            return Regained(file, done.original, done.original_bytes, way, path, size_bytes)
    except DiskFullError:
        raise
    except PhonothequeError as error:
        return Regained(file, error=error)


def _way_back(
    archive: Archive | None,
    pack: Pack | None,
    name: Sha256,
    copy: Bytes,
    reading: tuple[BinaryIO, PayloadOf],
) -> tuple[str, bytes]:
    """Find or make the patch for a copy.

    Raises:
        NotHeldError: There is none, and no original of its sound is held.
    """
    if archive is not None and archive.index.held(name) is not None:
        return "itself", make_patch(copy, copy)
    patch = pack.find(name) if pack is not None else None
    if patch is not None:
        return "pack", patch
    dressing = archive.index.dressing(name) if archive is not None else None
    if dressing is not None:
        return "archive", base64.b64decode(dressing.patch)
    if archive is not None:
        file, payload_of = reading
        payload = payload_of(file)
        made = list(_made(archive, archive.index.with_payload(payload), copy)) if payload else []
        if made:
            return "payload", min(made, key=len)
    raise NotHeldError(
        "the copy",
        "there is no patch for it, and its sound is not held",
        "Give the pack that came with it, or the archive it came from.",
    )


def _made(archive: Archive, originals: Sequence[Held], copy: Bytes) -> Iterator[bytes]:
    """Patches to all originals that have the copy's sound, as far as these are sound."""
    for held in originals:
        name = ObjectName(held.sha256, held.extension)
        with (
            suppress(NotHeldError, DigestMismatchError),
            archive.store.open(name) as file,
            _loaded(file) as original,
        ):
            _prove(name, original)
            yield make_patch(original, copy, _pictures(archive, held))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        if not path.is_file():
            raise BadRequestError(str(path), "it is no file", "Name files, not folders.")
        file = open(path, "rb", buffering=0)  # noqa: SIM115  # closed below
    except OSError as error:
        raise refusal(str(path), error) from error
    with file:
        yield file


@contextmanager
def _loaded(file: BinaryIO) -> Iterator[Bytes]:
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
def _written(
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
        with _opened(path) as file, _loaded(file) as data:
            digests.append(hashlib.sha256(data).digest())
    if digests[0] != digests[1]:
        raise ConflictError(
            str(target), "another file has this name", "Choose another folder; nothing was lost."
        )
