"""Overlays: what an archive says about its recordings now, as it is put into dressed copies.

Laws: an overlay has the tags that `phono dress` would write; a cover is named only when it is in a
pack of art, and only for a recording that brought no picture of its own.

Not here: putting them into a copy (`phonotheque.dress`).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from phonotheque.dress.overlay import FRONT_COVER
from phonotheque.errors import MalformedError
from phonotheque.music.covers import likeliest_covers
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags, Technical
from phonotheque.publish.packs.form import PackKind
from phonotheque.publish.packs.source import Content, PackSource, Wanted, version_of
from phonotheque.register.corrections import edited
from phonotheque.register.index import Index

_WANTED = """SELECT o.sha256, o.technical, t.body, o.first_seq, a.deposit, a.folder,
        (SELECT group_concat(seq) FROM edit AS e WHERE e.sha256 = o.sha256)
    FROM temp.shareable AS s JOIN object AS o ON o.sha256 = s.sha256
    JOIN accession AS a ON a.seq = o.first_seq JOIN tags AS t ON t.sha256 = o.sha256
    WHERE o.role = 'recording' AND o.technical IS NOT NULL ORDER BY s.sha256"""

_COVERS = """SELECT a.sha256, a.path FROM accession AS a
    JOIN temp.shareable AS s ON s.sha256 = a.sha256
    JOIN object AS o ON o.sha256 = a.sha256
    WHERE a.deposit = ? AND a.folder = ? AND a.role = 'companion'
    AND o.extension IN ('jpg', 'jpeg', 'png') AND o.size_bytes BETWEEN 1 AND ?
    AND o.condition != 'removed'"""

_PLACE = """SELECT o.technical, a.deposit, a.folder FROM object AS o
    JOIN accession AS a ON a.seq = o.first_seq WHERE o.sha256 = ?"""

_MAX_COVER_BYTES = (1 << 24) - 4096  # what a FLAC block can carry, as `dress.overlay` has it
_MOST_FOLDERS = 1 << 14


class CoverName(msgspec.Struct, frozen=True):
    """A picture, named by its bytes: where packs of art have it.

    Attributes:
        kind: ID3v2 APIC picture type; 3 is the front cover.
    """

    sha256: str
    kind: int = FRONT_COVER


class OverlayLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a pack of overlays.

    Attributes:
        sha256: Name of the original.
        container: One of `phonotheque.audio.CONTAINERS`.
        tags: All that is to stand in the copy.
        cover: In place of all pictures of the original; None keeps those.
    """

    sha256: str
    container: str
    tags: Tags
    cover: CoverName | None = None


def decode_overlay(data: bytes, thing: str) -> OverlayLine:
    """Read a line of a pack of overlays.

    Raises:
        MalformedError: It is none.
    """
    try:
        line = msgspec.json.decode(data, type=OverlayLine)
        Sha256.parse(line.sha256)
        if line.cover is not None:
            Sha256.parse(line.cover.sha256)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedError(thing, f"its overlay is none: {error}", "Get it again.") from error
    return line


class Overlays(PackSource):
    """The overlays of all recordings in `temp.shareable` whose form and tags are known."""

    kind = PackKind.OVERLAYS
    columns: tuple[str, ...] = ("cover",)
    may_be_stale = True

    def __init__(self, index: Index) -> None:
        self._index = index
        self._covers: dict[tuple[int, str], str] = {}

    def wanted(self) -> Iterator[Wanted]:
        """See `PackSource`."""
        for row in self._index.db.cursor().execute(_WANTED):
            sha256, technical, tags, first_seq, deposit, folder, edits = row
            cover = self._cover(deposit, folder)
            version = version_of(sha256, technical, tags, edits, cover)
            yield Wanted(sha256.hex(), version, first_seq)

    def content(self, key: str) -> Content | None:
        """See `PackSource`."""
        row = self._index.db.execute(_PLACE, (bytes.fromhex(key),)).fetchone()
        container = msgspec.json.decode(row[0], type=Technical).container
        tags = edited(self._index, Sha256.parse(key))
        cover = "" if tags.pictures else self._cover(row[1], row[2])
        named = CoverName(cover) if cover else None
        plain = msgspec.structs.replace(tags, pictures=(), broadcast=())
        line = OverlayLine(key, container, plain, named)
        return Content(msgspec.json.encode(line) + b"\n", (cover,))

    def _cover(self, deposit: int, folder: str) -> str:
        """The likeliest cover in a folder that is in a pack of art, or ""."""
        place = (deposit, folder)
        if place not in self._covers:
            if len(self._covers) == _MOST_FOLDERS:
                self._covers.clear()
            rows = self._index.db.execute(_COVERS, (*place, _MAX_COVER_BYTES))
            names = likeliest_covers((Sha256(name), path) for name, path in rows)
            self._covers[place] = next((name.hex for name in names), "")
        return self._covers[place]
