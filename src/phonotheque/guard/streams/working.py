"""One worker: the events of one part in, verdicts and reports out; killed at any moment, exact.

A worker keeps what it knows and how far it had read in one file that takes its name at once. It
starts again from there and reads what it had read since once more; what it says then is what it
said, under the same identifiers, and the server keeps one of them. That is why it reads a stream
from the place in its snapshot, and not as a member of a consumer group: the server's own list of
what was handed out is not part of the snapshot.

Laws: only what a snapshot holds is let go of at the server; an entry that comes again counts once;
a gap is an error, never silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phonotheque.disk import Disk
from phonotheque.errors import IntegrityError, MalformedError
from phonotheque.guard.state import load, save
from phonotheque.guard.streams.part import Part
from phonotheque.guard.streams.remembering import kept_part, part_of_kept
from phonotheque.guard.streams.rows import decode
from phonotheque.guard.streams.sending import Head, head_of, shape_text
from phonotheque.guard.streams.server import BEGIN, Entry, Place, StreamServer
from phonotheque.guard.streams.shape import Shape, Tracks
from phonotheque.guard.streams.telling import decode_news, encode_report, encode_told

ENTRIES_EACH = 2_000
"""Entries between two snapshots, about: they are made when a window ends."""


@dataclass(frozen=True)
class Keeping:
    """Where and how often a process keeps what it knows.

    Attributes:
        disk: A folder of its own.
        entries: So many are read between two snapshots, and those up to the end of a window.
    """

    disk: Disk
    entries: int = ENTRIES_EACH


class Worker:
    """Works on one part."""

    def __init__(
        self, server: StreamServer, shape: Shape, tracks: Tracks, number: int, keeping: Keeping
    ) -> None:
        """Go on from the last snapshot, or begin.

        Args:
            number: Of the part.

        Raises:
            ConflictError: Others began with another shape.
            MalformedError: The snapshot is damaged, or of another part.
            UnavailableError: The server does not answer.
        """
        server.agree(shape.key("shape"), shape_text(shape))
        self._server, self._shape, self._number, self._keeping = server, shape, number, keeping
        self._stream, self._file = shape.events(number), f"part-{number}.state"
        snapshot = load(keeping.disk, self._file)
        self.part, self.at, self._heard = Part(tracks), BEGIN, 0
        if snapshot is not None:
            if snapshot.facts["shape"] != shape_text(shape):
                todo = "Give each guard a folder of its own."
                raise MalformedError(self._file, "it is of a guard of another shape", todo)
            self.part = part_of_kept(snapshot, tracks)
            self.at, self._heard = _place(snapshot.facts["at"]), snapshot.facts["heard"]
        self._since = 0

    def work(self, may_go_on: Callable[[], bool], wait_s: float = 1.0) -> None:
        """Work until it is enough.

        Args:
            may_go_on: Asked between two entries.
            wait_s: How long the server waits for an entry before that is asked again.

        Raises:
            IntegrityError: Entries are missing, or none of the guard's.
            UnavailableError: The server does not answer.
        """
        while may_go_on():
            for entry in self._server.read({self._stream: self.at}, wait_s):
                if not may_go_on() or not self._take(entry, may_go_on, wait_s):
                    return

    def _take(self, entry: Entry, may_go_on: Callable[[], bool], wait_s: float) -> bool:
        """Take an entry; returns False where news of it did not come before it was enough."""
        if entry.place <= self.at:
            return True
        head = head_of(entry)
        if tuple(head.after) != self.at:
            raise _gap(self._stream, self.at, head)
        if head.ends >= 0:
            if not self._end(head, may_go_on, wait_s):
                return False
        elif told := self.part.take(decode(entry.data, self._stream)):
            stream = self._shape.verdicts(self._number)
            self._server.add(stream, entry.place, b"", encode_told(told))
        self.at = entry.place
        self._since += 1
        if head.ends >= 0 and self._since >= self._keeping.entries:
            self.keep()
        return True

    def _end(self, head: Head, may_go_on: Callable[[], bool], wait_s: float) -> bool:
        """Report the end of a window, and wait for what all parts came to."""
        report = self.part.report(head.ends, head.window, self._shape)
        place = (head.ends, 1)
        self._server.add(self._shape.reports(self._number), place, b"", encode_report(report))
        while may_go_on():
            after = {self._shape.news: (self._heard, 1)}
            for entry in self._server.read(after, wait_s, count=1):
                news = decode_news(entry.data, entry.stream)
                self._heard = news.window
                if news.window == head.ends:
                    self.part.hear(news, self._shape)
                    return True
                if news.window > head.ends:
                    raise _gap(self._shape.news, place, head)
        return False

    def keep(self) -> None:
        """Keep what is known; then let go of what was read.

        To be called between two windows only.

        Raises:
            UnavailableError: The disk or the server refuses.
        """
        facts = {"at": list(self.at), "heard": self._heard, "shape": shape_text(self._shape)}
        save(self._keeping.disk, self._file, kept_part(self.part, self._heard, facts))
        self._since = 0
        self._server.note(self._shape.seen, str(self._number), self._heard)
        self._server.let_go(self._stream, self.at)


def _gap(stream: str, at: Place, head: Head) -> IntegrityError:
    wrong = f"entries between {at[0]}-{at[1]} and {head.after[0]}-{head.after[1]} are gone"
    todo = "Empty the folders of all workers and the streams, and send the log anew."
    return MalformedError(stream, wrong, todo)


def _place(pair: list[int]) -> Place:
    return pair[0], pair[1]
