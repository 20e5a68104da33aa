"""Indexes of the Cover Art Archive as a source: which pictures a release of MusicBrainz has.

An index is a document for each release: JSON lines, or a folder of `index.json`. Addresses are
kept, pictures are not: nothing is fetched. A release is its MBID, so that what is told of it meets
MusicBrainz's own rows of it in a build; alone it has no title, and is not found.

Source: musicbrainz.org/doc/Cover_Art_Archive/API.
Not kept: the edit that brought a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.gathering import NO_JSON, Gathering
from phonotheque.catalogue.sources.json_batches import JsonSource
from phonotheque.catalogue.sources.met import MetKeys
from phonotheque.catalogue.sources.port import Terms
from phonotheque.catalogue.sources.reading.json_files import JsonFiles
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Limits
from phonotheque.catalogue.sources.values import BAD_MBID, clean
from phonotheque.music.identifiers import Mbid

AGAIN = "a second index of the same release"
OTHER_PICTURE = "a picture of another shape"
NO_ADDRESS = "a picture without an address of the web"
MOST_ADDRESS = 2_048

_TERMS = Terms(name="cover-art", title="Cover Art Archive", origin="https://coverartarchive.org/")


class Image(msgspec.Struct):
    """A picture. `thumbnails` are addresses by length of the longer side, in pixels or words."""

    image: str
    id: int | str | None = None
    types: list[str] | None = None
    front: bool | None = None
    back: bool | None = None
    approved: bool | None = None
    comment: str | None = None
    thumbnails: dict[str, str] | None = None


class Index(msgspec.Struct):
    """All pictures of a release, each to be read by itself: one that is wrong costs no other."""

    release: str
    images: list[msgspec.Raw]


_PICTURE: msgspec.json.Decoder[Image] = msgspec.json.Decoder(Image)
_DECODER: msgspec.json.Decoder[Index] = msgspec.json.Decoder(Index)


class CoverArt(JsonSource):
    """Indexes as a source.

    Args:
        paths: Files, packed or not, or folders of them.
        limits: How much a file may unpack to.
        rows_per_batch: About how many rows make a batch.

    Raises:
        BadRequestError: There is no index.
    """

    def __init__(
        self, paths: Sequence[Path], *, limits: Limits = DEFAULT, rows_per_batch: int = 100_000
    ) -> None:
        files = JsonFiles(paths, "indexes of the Cover Art Archive", limits)
        super().__init__(_TERMS, files, _DECODER, lambda: _IndexRows().add, rows_per_batch)


class _IndexRows:
    """Writes rows of indexes; remembers in 8 bytes each which releases were met."""

    def __init__(self) -> None:
        self._met = MetKeys()

    def add(self, rows: Gathering, line: int, index: Index) -> None:
        """Write the rows of an index, or note why it cannot be used."""
        try:
            mbid = Mbid.parse(index.release)
        except ValueError:
            rows.refusals.row(line, BAD_MBID, index.release)
            return
        key = key_of(mbid.uuid)
        if not self._met.meet(key):
            rows.refusals.row(line, AGAIN, index.release)
            return
        rows.add("release", key=key, mbid=bytes.fromhex(mbid.uuid.replace("-", "")))
        for place, told in enumerate(index.images, 1):
            try:
                image = _PICTURE.decode(told)
            except NO_JSON:
                rows.refusals.value(line, OTHER_PICTURE, bytes(told).decode())
            else:
                _image(rows, line, key, place, image)


def _image(rows: Gathering, line: int, release: int, place: int, image: Image) -> None:
    address = _address(image.image)
    if address is None:
        rows.refusals.value(line, NO_ADDRESS, image.image)
        return
    thumbnails = image.thumbnails or {}
    small, middle, large = (_thumbnail(thumbnails, *names) for names in _SIZES)
    rows.add(
        "artwork",
        entity_type="release",
        entity=release,
        position=place,
        types="; ".join(_types(image)) or None,
        is_front=image.front,
        is_approved=image.approved,
        comment=clean(image.comment),
        address=address,
        thumbnail_250=small,
        thumbnail_500=middle,
        thumbnail_1200=large,
        number=None if image.id is None else str(image.id),
    )


def _types(image: Image) -> list[str]:
    """Types of a picture, those included that are told apart from the list."""
    told = [one for one in map(clean, image.types or ()) if one]
    named = (("Front", image.front), ("Back", image.back))
    return list(dict.fromkeys([*told, *(name for name, is_so in named if is_so)]))


_SIZES = (("250", "small"), ("500", "large"), ("1200",))
"""Names of the thumbnails in each length: the words are the older ones."""


def _thumbnail(thumbnails: dict[str, str], *names: str) -> str | None:
    return next((_address(thumbnails[name]) for name in names if name in thumbnails), None)


def _address(written: str) -> str | None:
    """An address of the web, as it is written; None for anything else."""
    address = clean(written)
    if address is None or len(address) > MOST_ADDRESS or set(address) & set(" \"'<>\\^`{|}"):
        return None
    return address if address.startswith(("https://", "http://")) else None
