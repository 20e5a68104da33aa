"""Art: covers, booklets and notes that came with recordings and may be passed on.

Laws: a file is in a pack byte for byte, proven against its name when the pack is made; its licence
stands beside it; `rights.toml` never is, for it names people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from phonotheque.errors import PhonothequeError
from phonotheque.music.digest import Sha256
from phonotheque.publish.packs.form import PackKind
from phonotheque.publish.packs.source import Content, Wanted, version_of
from phonotheque.register.index import Index
from phonotheque.store.objects import ObjectName, Store

MAX_COMPANION_BYTES = 64 << 20
"""A longer companion stays in the archive."""

_SELECT = """SELECT s.sha256, o.extension, o.first_seq, s.licence, a.deposit, a.folder, a.path
    FROM temp.shareable AS s JOIN object AS o ON o.sha256 = s.sha256
    JOIN accession AS a ON a.seq = o.first_seq
    WHERE o.role = 'companion' AND o.condition = 'intact' AND o.size_bytes BETWEEN 1 AND ?
    AND NOT EXISTS (SELECT 1 FROM accession AS b WHERE b.sha256 = s.sha256
                    AND (b.path = 'rights.toml' OR b.path LIKE '%/rights.toml'))"""

_WANTED = f"{_SELECT} ORDER BY s.sha256"
_ONE = f"{_SELECT} AND s.sha256 = ?"

_BESIDE = """SELECT a.sha256 FROM accession AS a JOIN temp.shareable AS s ON s.sha256 = a.sha256
    WHERE a.deposit = ? AND a.folder = ? AND a.role = 'recording' ORDER BY a.path LIMIT 1"""


class Art:
    """All companions in `temp.shareable`."""

    kind = PackKind.ART
    columns: tuple[str, ...] = ("extension", "licence", "file", "release", "artists")
    may_be_stale = False  # an older pack would go on naming an older licence

    def __init__(self, index: Index, store: Store) -> None:
        self._index = index
        self._store = store

    def wanted(self) -> Iterator[Wanted]:
        """See `Source`."""
        for row in self._index.db.cursor().execute(_WANTED, (MAX_COMPANION_BYTES,)):
            yield Wanted(row[0].hex(), version_of(*self._extra(row)), row[2])

    def content(self, key: str) -> Content | None:
        """See `Source`."""
        row = self._index.db.execute(_ONE, (MAX_COMPANION_BYTES, bytes.fromhex(key))).fetchone()
        try:
            with self._store.open(ObjectName(Sha256(row[0]), row[1])) as file:
                data = b"".join(iter(lambda: file.read(1 << 20), b""))
        except PhonothequeError:
            return None
        if hashlib.sha256(data).digest() != row[0]:
            return None
        return Content(data, self._extra(row))

    def _extra(self, row: tuple[Any, ...]) -> tuple[str, ...]:
        """What is said of a file: of which release it is, as far as recordings beside it tell."""
        _, extension, _, licence, deposit, folder, path = row
        beside = self._index.db.execute(_BESIDE, (deposit, folder)).fetchone()
        release = artists = ""
        if beside is not None:
            tags = self._index.tags(Sha256(beside[0]))
            release = tags.album or ""
            artists = "; ".join(tags.album_artists or tags.artists)
        return extension, licence, path.rpartition("/")[2], release, artists
