"""Dressed copies handed out, and originals got back from copies.

Laws: a dressed copy is written whole or not at all, from an original whose bytes were proven, and
its way back is proven before the copy gets its name; the register's line comes last. An original is
written only when its bytes hash to its name, wherever the way back came from.

Not here: what a copy is made of and what a patch says (`phonotheque.dress`).
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from phonotheque.archive.opening import Archive
from phonotheque.archive.recordings.whole_files import loaded, opened, written
from phonotheque.dress.dressing import dress
from phonotheque.dress.ogg_pages import Bytes
from phonotheque.dress.overlay import Cover, Overlay
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
from phonotheque.register.cases import refuse_removed
from phonotheque.register.corrections import edited
from phonotheque.register.events import Dressing
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName

_MAX_RECORDED_BYTES = 700_000  # in base64 it must fit into a line of 1 MiB
_MAX_PICTURE_BYTES = 64 << 20


class WaysBack(Protocol):
    """Where patches and pictures may be found beside the archive: a pack, or a shelf of packs."""

    def find(self, copy: Sha256) -> bytes | None:
        """The patch for the copy of that name, or None. Raises `MalformedError` when damaged."""

    def picture(self, sha256: Sha256) -> bytes | None:
        """A picture by its name, or None. Raises `MalformedError` when damaged."""


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
        NotHeldError: It was removed, or its file is missing.
        UnavailableError: A disk failed.
    """
    _refuse_place(archive, target, is_replacing=is_replacing)
    refuse_removed(archive.index, held)
    if held.technical is None:
        raise BadRequestError(
            held.sha256.hex, "it is no recording that is understood", "Export it as it is."
        )
    name = ObjectName(held.sha256, held.extension)
    tags = edited(archive.index, held.sha256)
    with archive.store.open(name) as file, loaded(file) as original:
        _prove(name, original)
        copy = dress(file, held.technical.container, Overlay(tags, cover))
        with written(target) as (write, temporary):
            for block in copy.iter_blocks():
                write(block)
            with open(temporary, "rb") as made, loaded(made) as data:
                patch = make_patch(original, data, _pictures(archive, held))
                digest = hashlib.sha256(data).hexdigest()
            _refuse_long(target, patch)
    encoded = base64.b64encode(patch).decode()
    event = Dressing(held.sha256.hex, digest, copy.size_bytes, encoded)
    archive.record([event])
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
    archive: Archive | None,
    packs: Sequence[WaysBack],
    file: Path,
    to: Path | None,
    payload_of: PayloadOf,
) -> Regained:
    """Get the original of one copy back.

    Args:
        archive: Where patches are on record and originals are held; None for none.
        packs: Where patches are looked up first, and pictures last.
        to: The folder to write it to, under the copy's own name; None writes nothing.
        payload_of: Reads a stranger's file, so it is called through a limited child.

    Returns:
        What became of it; an error that concerns this file alone is in it.

    Raises:
        DiskFullError: No room is left where originals are written.
    """
    try:
        with opened(file) as source, loaded(source) as copy:
            name = Sha256(hashlib.sha256(copy).digest())
            way, patch = _way_back(archive, packs, name, copy, (source, payload_of))
            find = partial(_picture, archive, packs)
            if to is None:
                done, path = restore(copy, patch, lambda _: None, find), None
            else:
                path = to / file.name
                with written(path, is_kept=True) as (write, _):
                    done = restore(copy, patch, write, find)
            size_bytes = 0 if way == "itself" else len(patch)
            return Regained(file, done.original, done.original_bytes, way, path, size_bytes)
    except DiskFullError:
        raise
    except PhonothequeError as error:
        return Regained(file, error=error)


def _way_back(
    archive: Archive | None,
    packs: Sequence[WaysBack],
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
    for pack in packs:
        if (patch := pack.find(name)) is not None:
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


def _picture(archive: Archive | None, packs: Sequence[WaysBack], sha256: Sha256) -> bytes | None:
    """A picture that a patch names, from wherever it is to be had."""
    found = find_object(archive, sha256) if archive is not None else None
    if found is None:
        found = next(filter(None, (pack.picture(sha256) for pack in packs)), None)
    return found


def _made(archive: Archive, originals: Sequence[Held], copy: Bytes) -> Iterator[bytes]:
    """Patches to all originals that have the copy's sound, as far as these are sound."""
    for held in originals:
        name = ObjectName(held.sha256, held.extension)
        with (
            suppress(NotHeldError, DigestMismatchError),
            archive.store.open(name) as file,
            loaded(file) as original,
        ):
            _prove(name, original)
            yield make_patch(original, copy, _pictures(archive, held))
