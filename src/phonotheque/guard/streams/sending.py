"""From a log of plays into the streams of all parts, each line once, whatever stops in between.

A log is sent in pieces of whole lines. An entry is called by where its piece ends in the log, and
says where it began, so that the streams themselves know how far the log was sent: it is noted
nowhere else. Whoever starts again sends the last piece again exactly as it was, judged by the
second it was begun at, and the server refuses what it has.

Laws: names leave here as keyed hashes only; every stream gets every step, an empty one where it has
no rows; in which window a line is follows from the lines before it, wherever the log is cut; each
entry names the one before it in its stream, so that a gap cannot pass for silence; a clock that was
ahead, which no later line would reach for long, is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from phonotheque.errors import MalformedError, UnavailableError
from phonotheque.guard.intake import FUTURE_S, take
from phonotheque.guard.numbering import Names
from phonotheque.guard.streams.lines import answers_in
from phonotheque.guard.streams.rows import Rows, encode, part_of, rows_of
from phonotheque.guard.streams.server import BEGIN, Entry, Place, StreamServer
from phonotheque.guard.streams.shape import Shape

_FORM = 4
"""Of steps, reports, news and snapshots: processes of another form cannot go on with them."""

MOST_ENTRIES = 20_000
"""Entries that a stream may hold before sending waits for its worker: more than a worker reads
between two snapshots, and more than an hour of `phono guard send --follow` makes."""


class Head(msgspec.Struct, array_like=True, frozen=True):
    """What an entry says of itself.

    Attributes:
        begins: Byte of the log at which its piece begins.
        before: Window in which the piece begins.
        window: Of its rows; of an entry that ends one, the window that comes next.
        after: The entry before it in its stream.
        ends: The window that it ends; -1 for rows.
        is_last: Whether it is the last step of its piece.
        now: When its piece was begun, in seconds since 1970: its lines were judged by it.
    """

    begins: int
    before: int
    window: int
    after: tuple[int, int]
    ends: int
    is_last: bool
    now: int


_decoder = msgspec.msgpack.Decoder(Head)


def head_of(entry: Entry) -> Head:
    """Return what an entry says of itself.

    Raises:
        MalformedError: It is none of the guard's.
    """
    try:
        return _decoder.decode(entry.head)
    except msgspec.MsgspecError as error:
        todo = "Something else writes there: give the guard a database of its own."
        raise MalformedError(entry.stream, "it holds an entry that is none", todo) from error


@dataclass(frozen=True, slots=True)
class _Step:
    """Rows of one window, or its end."""

    window: int
    ends: int
    rows: Rows


@dataclass(frozen=True, slots=True)
class Refused:
    """Lines that were refused for one reason.

    Attributes:
        lines: How many.
        begins: Byte of the log at which the first of them begins.
    """

    lines: int
    begins: int


class Sender:
    """Sends one log; where it stands is read from the streams.

    Attributes:
        at: Byte of the log up to which it was sent.
        piece_ends: Where the piece ends that was begun; 0 where none was.
        refused: Lines that were not sent, by reason.
    """

    def __init__(
        self,
        server: StreamServer,
        shape: Shape,
        key: bytes,
        clock: Callable[[], float] = time.time,
        most: int = MOST_ENTRIES,
    ) -> None:
        """Find out how far the log was sent.

        Args:
            key: 16 to 64 bytes; another one makes others of all accounts.
            clock: Seconds since 1970, to judge the events' own by.
            most: Entries that a stream may hold.

        Raises:
            ConflictError: Others began with another shape.
            UnavailableError: The server does not answer.
        """
        self._server, self._shape, self._key, self._clock, self._most = (
            server, shape, key, clock, most,
        )  # fmt: skip
        server.agree(shape.key("shape"), shape_text(shape))
        found = [server.last(shape.events(part)) for part in range(shape.parts)]
        self._last: list[Place] = [BEGIN if one is None else one.place for one in found]
        newest = max((one for one in found if one is not None), key=_place, default=None)
        self.at, self._window, self.piece_ends, self._begun = 0, 0, 0, 0
        if newest is not None:
            head = head_of(newest)
            is_whole = head.is_last and len(set(self._last)) == 1
            self.at = newest.place[0] if is_whole else head.begins
            self._window = head.window if is_whole else head.before
            self.piece_ends = 0 if is_whole else newest.place[0]
            self._begun = head.now
        self.refused: dict[str, Refused] = {}

    def size(self, most: int) -> int:
        """How many bytes of the log, from `at` on, may be sent next: of a piece that was begun, all
        of it."""
        return self.piece_ends - self.at if self.piece_ends else most

    def send(self, lines: bytes, *, is_within: bool = False) -> None:
        """Send the lines that stand in the log at `at`.

        Args:
            is_within: `at` is inside of a line: the rest of that one is passed over.

        Raises:
            UnavailableError: The server does not answer, or a worker does not take its events; or
                what was sent is of the future.
        """
        begins, before, ends = self.at, self._window, self.at + len(lines)
        now = self._now()
        judged = lines[(lines.find(b"\n") + 1) or len(lines) :] if is_within else lines
        rows = self._rows(judged, ends - len(judged), now)
        steps = list(self._steps(rows, before))
        self._wait_for_room()
        self.piece_ends, self._begun = ends, now
        for number, step in enumerate(steps, 1):
            is_last = number == len(steps)
            head = Head(begins, before, step.window, BEGIN, step.ends, is_last, now)
            self._add((ends, number), head, step.rows)
        self.at, self.piece_ends, self._window = ends, 0, steps[-1].window

    def _add(self, place: Place, head: Head, rows: Rows) -> None:
        parts = part_of(rows["account"], self._shape.parts)
        new = [part for part in range(self._shape.parts) if place > self._last[part]]
        self._server.add_each(
            [
                Entry(
                    self._shape.events(part),
                    place,
                    msgspec.msgpack.encode(msgspec.structs.replace(head, after=self._last[part])),
                    encode(rows[parts == part]),
                )
                for part in new
            ]
        )
        for part in new:
            self._last[part] = place

    def _now(self) -> int:
        """The second to judge lines by: of a piece that was begun, the one that it began at."""
        now = int(self._clock())
        begun = self._begun if self.piece_ends else now
        ahead = max(begun, self._shape.second(self._window)) - now
        if ahead > FUTURE_S:
            wrong = f"what was sent is {ahead:,} s ahead of the clock here, which is wrong or was"
            todo = (
                "Set the clock right. If it was ahead before, empty the folders of all workers and "
                "the streams, and send the log anew."
            )
            raise UnavailableError(self._shape.events(0), wrong, todo)
        return begun

    def _steps(self, rows: Rows, window: int) -> Iterator[_Step]:
        """Yield rows window by window, and the end of each that is over."""
        begun = rows["second"] // self._shape.window_s
        windows = np.maximum.accumulate(np.concatenate([[window], begun]))[1:]
        if not len(rows):
            yield _Step(window, -1, rows)
        for following in np.unique(windows).tolist():
            if 0 < window < following:
                yield _Step(following, window, rows[:0])
            window = following
            yield _Step(window, -1, rows[windows == window])

    def _rows(self, lines: bytes, begins: int, now: int) -> Rows:
        """Plays, answers and canaries, in the order of their lines, which begin at that byte."""
        names = Names(self._key, 1 << 31)
        plays, answers, places, refused = answers_in(lines, self._key, now)
        taken = take(plays, names, self._shape.tracks, now)
        for reason, number in taken.first_refused.items():
            self._refuse(reason, taken.refused[reason], begins + _begin_of(number, lines))
        for reason, numbers in refused.items():
            self._refuse(reason, len(numbers), begins + _begin_of(numbers[0], lines))
        free = np.flatnonzero(~taken.chosen)
        events = type(taken.events)._make(column[free] for column in taken.events)
        rows = np.concatenate([rows_of(events, names.digests()), answers])
        return rows[np.argsort(np.concatenate([taken.lines[free], places]))]

    def _refuse(self, reason: str, lines: int, begins: int) -> None:
        known = self.refused.get(reason, Refused(0, begins))
        self.refused[reason] = Refused(known.lines + lines, min(known.begins, begins))

    def _wait_for_room(self) -> None:
        full = ""
        for _ in self._server.waits():
            lengths = {
                stream: self._server.length(stream)
                for stream in map(self._shape.events, range(self._shape.parts))
            }
            full = next((name for name, length in lengths.items() if length >= self._most), "")
            if not full:
                return
        todo = "Start its worker, or wait for it; nothing is lost: start again then."
        raise UnavailableError(
            full, f"it holds {self._most:,} entries that its worker has not let go", todo
        )


def shape_text(shape: Shape) -> str:
    """Return a shape as processes compare it."""
    size = f"{shape.parts} parts, windows of {shape.window_s} s, {shape.tracks} tracks"
    return f"{size}, form {_FORM}"


def _begin_of(number: int, lines: bytes) -> int:
    """At which byte of a text a line begins, by its number from 0."""
    return sum(len(one) + 1 for one in lines.split(b"\n", number)[:number])


def _place(entry: Entry) -> Place:
    return entry.place
