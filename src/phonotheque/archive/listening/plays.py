"""Plays as the listening door reports them: long enough, of something that is held, once.

A play counts when half of the recording was heard, or 4 minutes: ListenBrainz's and Last.fm's rule,
so that counts of both kinds mean the same.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from uuid import UUID

from phonotheque.archive.listening.listener_keys import ListenerKeys
from phonotheque.archive.listening.play_journal import PlayJournal, Report
from phonotheque.errors import BadReferenceError, UnavailableError
from phonotheque.music.digest import Sha256

FOUR_MINUTES_MS = 240_000

_CHART_S = 10.0
"""For how long a chart is told again: every home page shows one."""

_WAIT_S = 1.0
"""How long one waits for a chart that another is adding up."""

_CHARTED = 1_000
_MOST_CHARTS = 100

Objects = Callable[[UUID], tuple[Sha256, ...]]
Length = Callable[[UUID], int | None]
Charted = tuple[tuple[UUID, int, int], ...]


class ArchivePlays:
    """The plays of one archive. Threads may share it.

    Args:
        journal: Where they are kept.
        keys: What listeners are hashed under.
        objects: Names of the files of a recording.
        length: How long a recording plays, ms.
        on_counted: Told of each play that was counted.
    """

    def __init__(
        self,
        journal: PlayJournal,
        keys: ListenerKeys,
        objects: Objects,
        length: Length,
        on_counted: Callable[[], None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._keys = keys
        self._objects = objects
        self._length = length
        self._on_counted = on_counted
        self._charts: dict[int, tuple[float, Charted]] = {}
        self._adding_up = Lock()

    def heard(self, play: UUID, gid: UUID, played_ms: int, listener: str) -> bool:
        """Count one play. See `phonotheque.listen.ports.Plays`."""
        objects = self._objects(gid)
        if not objects:
            raise BadReferenceError(
                str(gid), "there is no sound of it here", "Report what was played here."
            )
        if played_ms < enough_ms(self._length(gid)):
            return False
        hashed = self._keys.hash(listener, str(gid))
        report = Report(play, gid, objects[0], hashed, self._keys.epoch)
        if self._journal.count(report):
            self._on_counted()
        return True

    def most_heard(self, days: int, limit: int) -> Charted:
        """What was heard most in the last days, as it was some seconds ago at most. See
        `phonotheque.listen.ports.Plays`.

        Raises:
            UnavailableError: The table of plays cannot be read, or others ask for too much of it.
        """
        known = self._known(days)
        if known is None:
            # One at a time: who asks for ever other spans of years takes one thread and no more.
            if not self._adding_up.acquire(timeout=_WAIT_S):
                wrong = "others are being added up"
                raise UnavailableError("the chart", wrong, "Ask again in a moment.")
            try:
                known = self._known(days) or self._added_up(days)
            finally:
                self._adding_up.release()
        return known[:limit]

    def _known(self, days: int) -> Charted | None:
        at, chart = self._charts.get(days, (-_CHART_S, ()))
        return chart if monotonic() - at < _CHART_S else None

    def _added_up(self, days: int) -> Charted:
        chart = self._journal.most_heard(days, _CHARTED)
        if len(self._charts) >= _MOST_CHARTS:
            self._charts.clear()
        self._charts[days] = (monotonic(), chart)
        return chart


def enough_ms(length_ms: int | None) -> int:
    """How much of a recording must be heard for a play; 4 minutes where its length is not known."""
    if not length_ms:
        return FOUR_MINUTES_MS
    return min(FOUR_MINUTES_MS, -(-length_ms // 2))
