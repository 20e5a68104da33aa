"""Patches: the ways back from dressed copies that are on record, of originals that are shared.

Law: a patch in a pack is one that was applied and compared before the register told of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonotheque.publish.packs.form import PackKind
from phonotheque.publish.packs.source import Content, PackSource, Wanted, version_of
from phonotheque.register.index import Index

_WANTED = """SELECT d.copy, d.patch, d.seq FROM dressing AS d
    JOIN temp.shareable AS s ON s.sha256 = d.sha256 ORDER BY d.copy"""

_ONE = "SELECT patch, sha256 FROM dressing WHERE copy = ?"


class Patches(PackSource):
    """All patches on record whose original is in `temp.shareable`."""

    kind = PackKind.PATCHES
    columns: tuple[str, ...] = ("original",)
    may_be_stale = True

    def __init__(self, index: Index) -> None:
        self._index = index

    def wanted(self) -> Iterator[Wanted]:
        """See `PackSource`."""
        for copy, patch, seq in self._index.db.cursor().execute(_WANTED):
            yield Wanted(copy.hex(), version_of(patch), seq)

    def content(self, key: str) -> Content | None:
        """See `PackSource`."""
        patch, original = self._index.db.execute(_ONE, (bytes.fromhex(key),)).fetchone()
        return Content(patch, (original.hex(),))
