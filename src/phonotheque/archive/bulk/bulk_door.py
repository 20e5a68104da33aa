"""The archive behind the bulk door's own server: opened to read, looked at anew when it changes.

Laws: every request is answered from what the register says at that moment, a removal, a decision or
a setting of a second ago included; nothing is written, and no writer is kept waiting.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path
from threading import Lock

from phonotheque.archive.bulk.closing import closures
from phonotheque.archive.bulk.decisions import Decisions, Look
from phonotheque.archive.bulk.facts import site_of
from phonotheque.archive.bulk.publishing import asker
from phonotheque.archive.opening import Archive, open_to_read, today
from phonotheque.music.doors import Door
from phonotheque.music.tdm_statement import Mining, mining_of
from phonotheque.publish.web.digests import Digests
from phonotheque.publish.web.shelves import Resource, Shelves
from phonotheque.register.holdings import Held
from phonotheque.register.journal import Position


class Closed:
    """Names of what is closed, found out when somebody asks, once for all; shared by threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: tuple[Position, bool, date] | None = None
        self._names: frozenset[str] = frozenset()

    def names(self, archive: Archive) -> frozenset[str]:
        """Volumes and packs that may not be shared now."""
        counts = bool(archive.config["rights.licence_tags_count"])
        asked = (archive.index.place, counts, today())
        with self._lock:
            if asked != self._asked:
                self._names = frozenset(closures(archive))
                self._asked = asked
            return self._names


class Clerk:
    """Answers what an archive gives at the bulk door; for one thread.

    Args:
        root: The archive's folder.
        digests: Digests of published files, shared by all clerks.
        closed: What is closed, shared by all clerks.

    Raises:
        PhonothequeError: The archive cannot be opened; from every call.
    """

    def __init__(self, root: Path, digests: Digests, closed: Closed) -> None:
        self._root = root
        self._digests = digests
        self._closed = closed
        self._decisions = Decisions(root)
        self._open = ExitStack()
        self._archive: Archive | None = None
        self._seen: Look | None = None

    def __enter__(self) -> Clerk:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def find(self, parts: tuple[str, ...]) -> Resource | None:
        """Open what a path names; None when it is nothing that may be given."""
        return shelves_of(self._current(), self._digests, self._closed).find(parts)

    def _current(self) -> Archive:
        """The archive as it is now, opened again when register, index or settings changed."""
        look = self._decisions.look()
        if self._archive is None or look != self._seen:
            self._archive = self._seen = None
            self._open.close()
            self._archive = self._open.enter_context(open_to_read(self._root))
            # Lines that a writer has not brought into the index yet: look again next time.
            if look.is_known_to(self._archive):
                self._seen = look
        return self._archive


def shelves_of(archive: Archive, digests: Digests, closed: Closed) -> Shelves:
    """Return what an open archive gives at the bulk door as it stands now.

    Args:
        archive: Open.
        digests: Digests of published files, shared by all.
        closed: What is closed, shared by all.
    """

    def mining(held: Held) -> Mining:
        return mining_of(archive.index.statements(held.sha256), today())

    return Shelves(
        archive.disk,
        archive.store,
        archive.index,
        asker(archive, Door.WEB_SEED),
        mining,
        site_of(archive).policy_url,
        digests,
        lambda name: name in closed.names(archive),
    )
