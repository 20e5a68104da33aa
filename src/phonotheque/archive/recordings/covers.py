"""The cover of a recording: the picture that it brought in its tags, else a file that came with it.

Laws: a recording's own picture goes before any file beside it, as in a dressed copy; a picture that
cannot be had or read makes way for the next one; a picture out of tags hashes to the name that the
index has of it, and a file to its own.

Whose rights a cover follows: a picture out of tags is a part of its recording; a file beside it is
an object with rights of its own. `Cover.source` says which.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from phonotheque.archive.opening import Archive
from phonotheque.archive.recordings.derivatives import open_kept, open_thumbnail, proven
from phonotheque.audio import picture_in_child
from phonotheque.derive.derivative import Facts, Kept
from phonotheque.derive.recipes import ThumbnailRecipe
from phonotheque.derive.thumbnails import Thumbnail, encoder_version, make_thumbnail
from phonotheque.disk import refusal
from phonotheque.errors import IntegrityError, NotHeldError
from phonotheque.music.covers import likeliest_covers, likeliest_pictures
from phonotheque.music.facts import Picture
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName

_UNUSABLE = (IntegrityError, NotHeldError)


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture that may be the cover of a recording.

    Attributes:
        source: The object whose bytes it is made of, and whose rights it follows: the recording
            itself, or a companion.
        picture: Which picture of the recording; None for a companion, which is one.
    """

    source: Held
    picture: Picture | None = None


def iter_covers(archive: Archive, held: Held) -> Iterator[Cover]:
    """Give what may be the cover of a recording, the likeliest first; nothing is opened."""
    for picture in likeliest_pictures(archive.index.tags(held.sha256).pictures):
        yield Cover(held, picture)
    for accession in archive.index.accessions(held.sha256)[:1]:
        for name in likeliest_covers(archive.index.companions(accession)):
            companion = archive.index.held(name)
            if companion is not None and companion.role is Role.COMPANION:
                yield Cover(companion)


def read_cover(archive: Archive, cover: Cover) -> bytes:
    """Return the bytes of a cover as they came in.

    Raises:
        NotHeldError: It is not to be had: the tags cannot be read now, or there is no file.
        DigestMismatchError: The companion is damaged.
        UnavailableError: The disk failed.
    """
    if cover.picture is None:
        with proven(archive, cover.source) as file:
            return file.read()
    name = ObjectName(cover.source.sha256, cover.source.extension)
    with archive.store.open(name) as file:  # not proven as a whole: the picture is, by its name
        data = picture_in_child(file, cover.picture.sha256)
    if data is None:
        raise NotHeldError(
            f"the picture {cover.picture.sha256[:12]} in {name.path}",
            "it cannot be taken out of the tags",
            "See `phono verify`; the recording itself is kept as it is.",
        )
    return data


def shrink_cover(archive: Archive, cover: Cover, recipe: ThumbnailRecipe) -> Thumbnail:
    """Make a cover small, keeping nothing. Raises as `read_cover`, and `MalformedError`."""
    if cover.picture is None:
        with proven(archive, cover.source) as file:
            return make_thumbnail(file, recipe)
    data = read_cover(archive, cover)
    try:
        with tempfile.TemporaryFile() as file:  # a child reads from a descriptor
            file.write(data)
            file.flush()
            return make_thumbnail(file, recipe)
    except OSError as error:
        raise refusal("a temporary file", error) from error


def open_cover(archive: Archive, held: Held, recipe: ThumbnailRecipe) -> Kept:
    """Open a small picture of the cover of a recording, made now if it is not kept.

    Its record says of which object it was made (`source`), whose rights it follows.

    Raises:
        NotHeldError: It has no cover that can be read.
        UnavailableError: The disk failed or is full.
    """
    covers = list(iter_covers(archive, held))
    own = [cover for cover in covers if cover.picture is not None]
    if own:
        with suppress(*_UNUSABLE):
            return _open_own(archive, held, own, recipe)
    for cover in covers[len(own) :]:
        with suppress(*_UNUSABLE):
            return open_thumbnail(archive, cover.source, recipe)
    raise NotHeldError(held.sha256.hex, "it has no cover that can be read", "Show its waveform.")


def _open_own(archive: Archive, held: Held, own: list[Cover], recipe: ThumbnailRecipe) -> Kept:
    """Kept under the name of the recording, so that it goes when the recording does."""

    def make(target: BinaryIO) -> Facts:
        made = _first_shrunk(archive, own, recipe)
        target.write(made.jpeg)
        return {"width": made.width, "height": made.height, "hue": made.hue}

    return open_kept(archive, held, recipe, encoder_version(), make)


def _first_shrunk(archive: Archive, covers: list[Cover], recipe: ThumbnailRecipe) -> Thumbnail:
    """The first of some covers that can be made small. Raises as the last one does."""
    for cover in covers[:-1]:
        with suppress(*_UNUSABLE):
            return shrink_cover(archive, cover, recipe)
    return shrink_cover(archive, covers[-1], recipe)
