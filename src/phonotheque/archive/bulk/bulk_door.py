"""The archive behind the bulk door's own server: opened to read, looked at anew when it changes.

Laws: every request is answered from what the register says at that moment, a removal, a decision or
a setting of a second ago included; nothing is written, and no writer is kept waiting.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from phonotheque.archive.bulk.packing import packs_held_back
from phonotheque.archive.bulk.publishing import asker, withdrawn
from phonotheque.archive.opening import INDEX, Archive, open_to_read, today
from phonotheque.config import FILE_NAME
from phonotheque.music.doors import Door
from phonotheque.music.tdm_statement import Mining, mining_of
from phonotheque.publish.web.shelves import Digests, Resource, Shelves
from phonotheque.register.holdings import Held
from phonotheque.register.journal import FOLDER as REGISTER

_Stamp = tuple[int, int, int, int]


def held_back(archive: Archive) -> dict[str, str]:
    """Volumes and packs that may not be shared now, each with the reason, a sentence.

    What closes them is told by the resolver: a removal, a decision, a licence that was only claimed
    where claims do not count any more.
    """
    closed = {}
    for name, why in {**withdrawn(archive), **packs_held_back(archive)}.items():
        if why is None:
            closed[name] = "What it holds rests on tags alone, and they do not count any more."
        else:
            sha256, verdict = why
            told = sha256.hex[:12]
            closed[name] = (
                f"{told} in it may no longer be. {verdict.reason} "
                f"`phono rights show {told}` has the evidence."
            )
    return closed


POLICY = "facts/tdm-policy.json"
"""Where the policy on text and data mining is published."""


class Clerk:
    """Answers what an archive gives at the bulk door; for one thread.

    Args:
        root: The archive's folder.
        digests: Digests of published files, shared by all clerks.

    Raises:
        PhonothequeError: The archive cannot be opened; from every call.
    """

    def __init__(self, root: Path, digests: Digests) -> None:
        self._root = root
        self._digests = digests
        self._open = ExitStack()
        self._archive: Archive | None = None
        self._stamp: _Stamp | None = None
        self._closed: frozenset[str] = frozenset()
        self._segment = root / REGISTER
        self._listed_ns = -1

    def __enter__(self) -> Clerk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def find(self, parts: tuple[str, ...]) -> Resource | None:
        """Open what a path names; None when it is nothing that may be given."""
        archive = self._current()

        def mining(held: Held) -> Mining:
            return mining_of(archive.index.statements(held.sha256), today())

        shelves = Shelves(
            archive.disk,
            archive.store,
            archive.index,
            asker(archive, Door.WEB_SEED),
            mining,
            _policy_url(archive),
            self._digests,
            self._closed,
        )
        return shelves.find(parts)

    def _current(self) -> Archive:
        """The archive as it is now, opened again when register, index or settings changed."""
        stamp = self._look()
        if self._archive is None or stamp != self._stamp:
            self._archive = self._stamp = None
            self._open.close()
            self._archive = self._open.enter_context(open_to_read(self._root))
            self._closed = frozenset(held_back(self._archive))
            # Lines that a writer has not brought into the index yet: look again next time.
            if self._archive.index.place.offset == stamp[1]:
                self._stamp = stamp
        return self._archive

    def _look(self) -> _Stamp:
        """Four numbers; while they are the same nothing was decided: a few looks, no list."""
        register = self._root / REGISTER
        listed_ns = register.stat().st_mtime_ns
        if listed_ns != self._listed_ns:  # a segment was begun
            self._segment = max(register.glob("*.jsonl"), default=register)
            self._listed_ns = listed_ns
        settings_ns = index = 0
        with suppress(FileNotFoundError):  # an editor is putting a new one in its place
            settings_ns = (self._root / FILE_NAME).stat().st_mtime_ns
        with suppress(FileNotFoundError):
            index = (self._root / INDEX).stat().st_ino
        return listed_ns, self._segment.stat().st_size, settings_ns, index


def _policy_url(archive: Archive) -> str:
    """Where the policy on mining is published; "" when no address is known."""
    address = str(archive.config["address"])
    is_web = address.startswith(("http://", "https://"))
    return f"{address.rstrip('/')}/{POLICY}" if is_web else ""
