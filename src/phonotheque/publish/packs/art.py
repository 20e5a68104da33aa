"""Art: covers, booklets and notes that came with recordings and may be passed on, and the pictures
in the tags of recordings that may.

Laws: a thing is in a pack byte for byte, proven against its name when the pack is made; its licence
stands beside it; a picture out of tags goes by the rights of a recording that has it, and is there
only when the archive holds no file of the same bytes, for that file's own rights would count; what
is missing or damaged here is wanted still, so that a pack that has it keeps it;
`rights.toml` is never there, for it names people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from phonotheque.errors import PhonothequeError
from phonotheque.music.covers import PICTURE_TYPES
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Picture
from phonotheque.publish.packs.form import PackKind
from phonotheque.publish.packs.source import Content, PackSource, Wanted, version_of
from phonotheque.publish.packs.temporary import fill
from phonotheque.register.index import Index
from phonotheque.store.objects import ObjectName, Store

MAX_ART_BYTES = 64 << 20
"""A longer companion stays in the archive, a longer picture in its recording."""

TakePicture = Callable[[ObjectName, Sha256], bytes | None]
"""Takes the picture of that name out of the tags of an object, where strangers' bytes can do no
harm; None when it cannot be had. Not trusted: what it gives is hashed again."""

_COMPANIONS = """SELECT s.sha256 AS name, o.extension, o.first_seq, s.licence, a.deposit, a.folder,
        a.path, NULL AS recording
    FROM temp.shareable AS s JOIN object AS o ON o.sha256 = s.sha256
    JOIN accession AS a ON a.seq = o.first_seq
    WHERE o.role = 'companion' AND o.condition != 'removed' AND o.size_bytes BETWEEN 1 AND ?
    AND NOT EXISTS (SELECT 1 FROM accession AS b WHERE b.sha256 = s.sha256
                    AND (b.path = 'rights.toml' OR b.path LIKE '%/rights.toml'))"""

_EMBEDDED = """SELECT e.name, e.extension, o.first_seq, s.licence, NULL, NULL, NULL, e.recording
    FROM temp.embedded AS e JOIN object AS o ON o.sha256 = e.recording
    JOIN temp.shareable AS s ON s.sha256 = e.recording"""

_WANTED = f"{_COMPANIONS} UNION ALL {_EMBEDDED} ORDER BY name"
_ONE = f"{_COMPANIONS} AND name = ? UNION ALL {_EMBEDDED} WHERE e.name = ?"

_TAGGED = """SELECT s.sha256, t.body FROM temp.shareable AS s
    JOIN object AS o ON o.sha256 = s.sha256 JOIN tags AS t ON t.sha256 = s.sha256
    WHERE o.role = 'recording' AND o.condition != 'removed' AND instr(t.body, '"pictures"')
    ORDER BY o.first_seq"""

_IS_HELD = "SELECT 1 FROM object WHERE sha256 = ?"

_BESIDE = """SELECT a.sha256 FROM accession AS a JOIN temp.shareable AS s ON s.sha256 = a.sha256
    WHERE a.deposit = ? AND a.folder = ? AND a.role = 'recording' ORDER BY a.path LIMIT 1"""


class _Pictured(msgspec.Struct, frozen=True):
    """The pictures of a recording, out of all its tags."""

    pictures: tuple[Picture, ...] = ()


class Art(PackSource):
    """All companions in `temp.shareable`, and all pictures of its recordings.

    Args:
        index: After `ask_all`; a temporary table is filled at once, so no query may be under way.
        store: Where the bytes are.
        take_picture: See `TakePicture`.
    """

    kind = PackKind.ART
    columns: tuple[str, ...] = ("extension", "licence", "file", "release", "artists", "recording")
    may_be_stale = False  # an older pack would go on naming an older licence

    def __init__(self, index: Index, store: Store, take_picture: TakePicture) -> None:
        self._index = index
        self._store = store
        self._take_picture = take_picture
        columns = "name BLOB PRIMARY KEY, extension TEXT NOT NULL, recording BLOB NOT NULL"
        fill(index, "embedded", columns, self._embedded())

    def wanted(self) -> Iterator[Wanted]:
        """See `PackSource`."""
        for row in self._index.db.cursor().execute(_WANTED, (MAX_ART_BYTES,)):
            yield Wanted(row[0].hex(), version_of(*self._extra(row)), row[2])

    def content(self, key: str) -> Content | None:
        """See `PackSource`."""
        name = bytes.fromhex(key)
        row = self._index.db.execute(_ONE, (MAX_ART_BYTES, name, name)).fetchone()
        try:
            data = self._data(row)
        except PhonothequeError:
            return None
        if hashlib.sha256(data).digest() != name:
            return None
        return Content(data, self._extra(row))

    def is_there(self, key: str, /) -> bool:
        """See `PackSource`. A companion is proven by reading it; a recording by its record."""
        name = bytes.fromhex(key)
        row = self._index.db.execute(_ONE, (MAX_ART_BYTES, name, name)).fetchone()
        if row[-1] is None:
            return self.content(key) is not None
        held = self._index.held(Sha256(row[-1]))
        return (
            held is not None
            and held.condition == "intact"
            and self._store.size(ObjectName(held.sha256, held.extension)) == held.size_bytes
        )

    def _embedded(self) -> Iterator[tuple[bytes, str, bytes]]:
        """Each picture with the recording that came first; the same picture may come again."""
        for recording, body in self._index.db.cursor().execute(_TAGGED):
            for picture in msgspec.json.decode(body, type=_Pictured).pictures:
                extension = PICTURE_TYPES.get(picture.mime)
                if extension is None or not 0 < picture.size_bytes <= MAX_ART_BYTES:
                    continue
                name = bytes.fromhex(picture.sha256)
                if self._index.db.execute(_IS_HELD, (name,)).fetchone() is None:
                    yield name, extension, recording

    def _data(self, row: tuple[Any, ...]) -> bytes:
        if row[-1] is not None:
            held = self._index.held(Sha256(row[-1]))
            if held is None:
                return b""
            return (
                self._take_picture(ObjectName(held.sha256, held.extension), Sha256(row[0])) or b""
            )
        with self._store.open(ObjectName(Sha256(row[0]), row[1])) as file:
            return b"".join(iter(lambda: file.read(1 << 20), b""))

    def _extra(self, row: tuple[Any, ...]) -> tuple[str, ...]:
        """What is said of a thing: of which release it is, as far as recordings tell."""
        _, extension, _, licence, deposit, folder, path, recording = row
        if recording is None:
            beside = self._index.db.execute(_BESIDE, (deposit, folder)).fetchone()
            file, source = path.rpartition("/")[2], beside[0] if beside is not None else None
        else:
            file, source = "", recording
        release = artists = ""
        if source is not None:
            tags = self._index.tags(Sha256(source))
            release = tags.album or ""
            artists = "; ".join(tags.album_artists or tags.artists)
        named = recording.hex() if recording is not None else ""
        return extension, licence, file, release, artists, named
