"""Copies dressed where there is no archive: from an original and downloaded packs alone.

Laws: the copy is the one that the archive would make of the same tags and cover; its way back is
proven, and durable where it was asked for, before the copy gets its name.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from phonotheque.archive.recordings.whole_files import loaded, opened, written
from phonotheque.dress.dressing import dress
from phonotheque.dress.overlay import Cover, Overlay, found_cover
from phonotheque.dress.pack import Pack, encode_pack
from phonotheque.dress.patch_make import make_patch
from phonotheque.errors import ConflictError
from phonotheque.music.digest import Sha256
from phonotheque.publish.packs.overlays import OverlayLine
from phonotheque.publish.packs.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Worn:
    """What became of an original.

    Attributes:
        original: Its name.
        copy: SHA-256 of the copy, 64 hexadecimal digits.
        size_bytes: Length of the copy.
        patch_bytes: Length of the way back.
    """

    original: Sha256
    copy: str
    size_bytes: int
    patch_bytes: int


def dress_from_packs(
    shelf: Shelf,
    original: Path,
    target: Path,
    *,
    cover: Cover | None = None,
    ways: Path | None = None,
    is_replacing: bool = False,
) -> Worn:
    """Write a copy of an original with the tags and the cover that packs have for it.

    Args:
        original: A file as the archive has it, byte for byte.
        cover: In place of the one that packs have for it.
        ways: A file of patches to which the way back is added; None throws it away.
        is_replacing: Overwrite a file that is there.

    Raises:
        BadRequestError: The original is no file.
        NotHeldError: There is no such file, or no pack has tags for it.
        ConflictError: There is a file of the copy's name.
        MalformedError: A pack is damaged, or the original cannot be dressed.
        UnavailableError: A disk failed.
    """
    if os.path.lexists(target) and not (is_replacing and target.is_file()):
        wrong = "there is a file of this name"
        raise ConflictError(str(target), wrong, "Choose another, or use --force.")
    with opened(original) as file, loaded(file) as data:
        name = Sha256(hashlib.sha256(data).digest())
        line = shelf.overlay(name)
        overlay = Overlay(line.tags, cover or _cover(shelf, line))
        copy = dress(file, line.container, overlay)
        with written(target) as (write, temporary):
            for block in copy.iter_blocks():
                write(block)
            with opened(temporary) as made, loaded(made) as dressed:
                patch = make_patch(data, dressed)
                digest = hashlib.sha256(dressed).hexdigest()
            if ways is not None:
                _keep(ways, patch)
    return Worn(name, digest, copy.size_bytes, len(patch))


def _cover(shelf: Shelf, line: OverlayLine) -> Cover | None:
    if line.cover is None:
        return None
    data = shelf.picture(Sha256.parse(line.cover.sha256))
    return found_cover(data, line.cover.kind) if data is not None else None


def _keep(ways: Path, patch: bytes) -> None:
    """Add a patch to a file of patches, which is made when it is not there."""
    patches = []
    if os.path.lexists(ways):
        with opened(ways) as file:
            patches = list(Pack(file).patches())
    with written(ways) as (write, _):
        write(encode_pack([*patches, patch]))
