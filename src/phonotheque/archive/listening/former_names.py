"""Which recordings bore a name before it was corrected: for whoever looks for his work by it.

Laws: every title, artist and album that the file of a corrected recording states, or that a
correction gave it which was not taken back, leads to it; what was never corrected is the
catalogue's to find. Memory grows with corrections, not with recordings.

Not here: names that were corrected of the catalogue itself, whose sources keep them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from threading import Lock
from typing import Any

from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags
from phonotheque.music.folding import fold
from phonotheque.register.corrections import corrected
from phonotheque.register.index import Index

_NAMED = ("title", "artists", "album", "album_artists")


class FormerNames:
    """Names that corrected recordings had. Threads may share it.

    Each correction is read once: the first question costs two look-ups for each of them, a later
    one for those that came in between.
    """

    def __init__(self) -> None:
        self._objects: defaultdict[str, set[bytes]] = defaultdict(set)
        self._read_to = 0
        self._reading = Lock()

    def bearing(self, index: Index, name: str) -> list[Sha256]:
        """Return the objects that bear a name, or bore it, in order."""
        with self._reading:
            self._read(index)
            return [Sha256(raw) for raw in sorted(self._objects.get(fold(name), ()))]

    def _read(self, index: Index) -> None:
        for seq, raw, field, value, is_undone in index.db.execute(_EDITS, (self._read_to, *_NAMED)):
            given = index.tags(Sha256(raw))
            told = [given] if is_undone else [given, corrected(Tags(), field, value)]
            for name in (name for tags in told for name in _names(tags, field)):
                self._objects[fold(name)].add(raw)
            self._read_to = seq


def _names(tags: Tags, field: str) -> Iterator[str]:
    said: Any = getattr(tags, field)
    yield from (said,) if isinstance(said, str) else said or ()


_EDITS = f"""SELECT seq, sha256, field, value, is_undone FROM edit
             WHERE seq > ? AND field IN ({", ".join("?" * len(_NAMED))}) ORDER BY seq"""
