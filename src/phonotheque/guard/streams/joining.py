"""The one process that brings the parts of a guard together: reports in, news and verdicts out.

Laws: it speaks once all parts have spoken about the same window; stopped and started again it says
the same again, and the server keeps one of it; a verdict is handed on at least once, and is the
same each time.
"""

from __future__ import annotations

from collections.abc import Callable

from phonotheque.errors import MalformedError
from phonotheque.guard.rungs import Rung
from phonotheque.guard.state import load, save
from phonotheque.guard.streams.remembering import kept_whole, whole_of_kept
from phonotheque.guard.streams.sending import shape_text
from phonotheque.guard.streams.server import BEGIN, Entry, Place, StreamServer
from phonotheque.guard.streams.shape import Shape, Tracks
from phonotheque.guard.streams.telling import (
    Report,
    Told,
    decode_report,
    decode_told,
    encode_news,
    encode_told,
)
from phonotheque.guard.streams.whole import Whole
from phonotheque.guard.streams.working import Keeping

_FILE = "whole.state"
_WHOLE = "whole"


class Joiner:
    """Brings the parts together."""

    def __init__(
        self, server: StreamServer, shape: Shape, tracks: Tracks, keeping: Keeping
    ) -> None:
        """Go on from the last snapshot, or begin. Raises as `Worker` does."""
        server.agree(shape.key("shape"), shape_text(shape))
        self._server, self._shape, self._keeping = server, shape, keeping
        self._part_of = {shape.reports(part): part for part in range(shape.parts)}
        self._verdicts = [shape.verdicts(part) for part in (*range(shape.parts), _WHOLE)]
        self.at: dict[str, Place] = dict.fromkeys((*self._part_of, *self._verdicts), BEGIN)
        self.whole = Whole(shape, tracks)
        snapshot = load(keeping.disk, _FILE)
        if snapshot is not None:
            if snapshot.facts["shape"] != shape_text(shape):
                todo = "Give each guard a folder of its own."
                raise MalformedError(_FILE, "it is of a guard of another shape", todo)
            self.whole = whole_of_kept(snapshot, shape, tracks)
            self.at = {one: (at[0], at[1]) for one, at in snapshot.facts["at"].items()}
        self._reports: dict[int, Report] = {}
        self._since = 0

    def join(
        self,
        may_go_on: Callable[[], bool],
        hand_on: Callable[[Told], None],
        wait_s: float = 1.0,
    ) -> None:
        """Work until it is enough.

        Args:
            hand_on: Takes a verdict to whoever acts on it; where it raises, the verdict is handed
                on again by whoever starts again.
            may_go_on, wait_s: As `Worker.work` has them.

        Raises:
            IntegrityError: An entry is none of the guard's.
            UnavailableError: The server does not answer, or a verdict cannot be handed on.
        """
        while may_go_on():
            for entry in self._server.read(self.at, wait_s, count=1):
                if entry.place <= self.at[entry.stream]:
                    continue
                if entry.stream in self._part_of:
                    self._hear(entry)
                else:
                    for told in decode_told(entry.data, entry.stream):
                        hand_on(told)
                self.at[entry.stream] = entry.place
                self._since += 1
                self._may_end()

    def _hear(self, entry: Entry) -> None:
        report = decode_report(entry.data, entry.stream)
        for part, other in self._reports.items():
            if (other.window, other.following) != (report.window, report.following):
                wrong = (
                    f"it ends window {report.window}, where part {part} ended window {other.window}"
                )
                todo = "Empty the folders of all workers and the streams, and send the log anew."
                raise MalformedError(entry.stream, wrong, todo)
        self._reports[self._part_of[entry.stream]] = report

    def _may_end(self) -> None:
        """End a window when all parts have spoken about it."""
        if len(self._reports) < self._shape.parts:
            return
        news = self.whole.hear([self._reports[part] for part in sorted(self._reports)])
        self._reports = {}
        place = (news.window, 1)
        if len(news.asked):
            second = self._shape.second(news.following)
            told = [Told(one, Rung.CHALLENGE, second, by_group=True) for one in news.asked.tolist()]
            self._server.add(self._shape.verdicts(_WHOLE), place, b"", encode_told(told))
        self._server.add(self._shape.news, place, b"", encode_news(news))
        if self._since >= self._keeping.entries:
            self.keep(news.window)

    def keep(self, window: int) -> None:
        """Keep what is known; then let go of what was read.

        Args:
            window: The last one that ended.

        Raises:
            UnavailableError: The disk or the server refuses.
        """
        at = {one: list(place) for one, place in self.at.items()}
        facts = {"at": at, "shape": shape_text(self._shape)}
        save(self._keeping.disk, _FILE, kept_whole(self.whole, window, facts))
        self._since = 0
        for stream, place in self.at.items():
            self._server.let_go(stream, place)
        seen = self._server.noted(self._shape.seen)
        if len(seen) == self._shape.parts:
            self._server.let_go(self._shape.news, (min(seen.values()), 1))
