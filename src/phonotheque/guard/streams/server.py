"""The stream server, as few calls: add, read, let go. Valkey 7, or Redis 7.

Laws: an entry is added at most once, under an identifier that its writer chose, so that whoever is
not sure may add it again; a server that is gone, busy or full is asked again for a while, and then
it is said which server, what it answered, and what to do; nothing is ever let go but on request.

Source: Valkey documentation, "Streams": an XADD whose identifier is not above the last one of the
stream is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from phonotheque.errors import ConflictError, UnavailableError

PATIENCE_S = 60.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.05, 2.0
_ANSWER_S = 10.0

BEGIN = (0, 0)
"""Stands before the first entry of any stream."""

Place = tuple[int, int]
"""Where an entry stands in its stream: its identifier."""

_Result = TypeVar("_Result")


class Entry(NamedTuple):
    """An entry of a stream."""

    stream: str
    place: Place
    head: bytes
    data: bytes


@dataclass
class StreamServer:
    """One server; threads do not share it.

    Attributes:
        url: As `valkey://127.0.0.1:6379/0` or `unix:///run/valkey.sock`.
        patience_s: How long a server that does not answer is asked again.
        wait: Waits so many seconds.
        clock: Seconds, to count how long what is tried takes.
        answer_s: How long one answer may take.
        told: Is told of a server that is waited for, when that begins.
    """

    url: str
    patience_s: float = PATIENCE_S
    wait: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    answer_s: float = _ANSWER_S
    told: Callable[[str], object] = lambda _: None
    _library: Any = field(default=None, repr=False)
    _asked: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        try:
            import valkey
        except ImportError as error:
            todo = "Install it with `pip install 'phonotheque[valkey]'`."
            raise UnavailableError(self.url, "the library for it is not installed", todo) from error
        self._library = valkey
        self._asked = valkey.Valkey.from_url(
            self.url, socket_timeout=self.answer_s, socket_connect_timeout=self.answer_s
        )

    def add(self, stream: str, place: Place, head: bytes, data: bytes) -> None:
        """Add an entry, unless it is there.

        Raises:
            UnavailableError: It cannot be added now.
        """
        self.add_each([Entry(stream, place, head, data)])

    def add_each(self, entries: Sequence[Entry]) -> None:
        """Add entries to different streams, likewise, with one question for all of them.

        No two in one stream: were the first refused and the second not, the first would seem to be
        there when it is added again.

        Raises:
            UnavailableError: One of them cannot be added now; others may have been.
        """

        def asked() -> None:
            questions = self._asked.pipeline(transaction=False)
            for one in entries:
                fields = {b"h": one.head, b"d": one.data}
                questions.xadd(one.stream, fields, id=_text(one.place))
            for answer in questions.execute(raise_on_error=False):
                if isinstance(answer, Exception) and "equal or smaller" not in str(answer):
                    raise answer

        self._safely(asked)

    def read(self, after: dict[str, Place], wait_s: float, count: int = 64) -> list[Entry]:
        """Return what stands in some streams after a place in each; waits a while for the first.

        Raises:
            UnavailableError: The server does not answer.
        """
        places = {stream: _text(place) for stream, place in after.items()}
        wait_ms = min(int(wait_s * 1000), int(self.answer_s * 500)) or None
        found = self._safely(lambda: self._asked.xread(places, count=count, block=wait_ms))
        return [
            Entry(stream.decode(), _place(place), fields.get(b"h", b""), fields.get(b"d", b""))
            for stream, entries in found
            for place, fields in entries
        ]

    def last(self, stream: str) -> Entry | None:
        """Return the last entry of a stream; None of an empty one. Raises as `read` does."""
        found = self._safely(lambda: self._asked.xrevrange(stream, count=1))
        for place, fields in found:
            return Entry(stream, _place(place), fields.get(b"h", b""), fields.get(b"d", b""))
        return None

    def length(self, stream: str) -> int:
        """Return how many entries a stream holds. Raises as `read` does."""
        return int(self._safely(lambda: self._asked.xlen(stream)))

    def let_go(self, stream: str, before: Place) -> None:
        """Let go of the entries before a place. Raises as `read` does."""
        self._safely(lambda: self._asked.xtrim(stream, minid=_text(before), approximate=False))

    def agree(self, key: str, text: str) -> None:
        """Write what all processes must agree on, or find that it is written.

        Raises:
            ConflictError: Something else is written.
            UnavailableError: As `read` does.
        """
        self._safely(lambda: self._asked.set(key, text, nx=True))
        there = self._safely(lambda: self._asked.get(key)) or b""
        if there != text.encode():
            said = there.decode(errors="replace")[:200]
            todo = f"Start all processes alike, or choose another --name (here: {text})."
            raise ConflictError(f"{self.url} {key}", f"other processes began with {said}", todo)

    def note(self, key: str, name: str, number: int) -> None:
        """Write a number under a name. Raises as `read` does."""
        self._safely(lambda: self._asked.hset(key, name, number))

    def noted(self, key: str) -> dict[str, int]:
        """Return all numbers by name. Raises as `read` does."""
        found = self._safely(lambda: self._asked.hgetall(key))
        return {name.decode(): int(number) for name, number in found.items()}

    def close(self) -> None:
        """Let go of the connection."""
        self._asked.close()

    def waits(self) -> Iterator[None]:
        """Yield as often as something may be tried, waiting longer and longer in between.

        What is tried counts as waiting, too: not answering is as slow as not being there.
        """
        spent, wait_s = 0.0, _FIRST_WAIT_S
        while True:
            began = self.clock()
            yield
            spent += self.clock() - began
            if spent >= self.patience_s:
                return
            self.wait(wait_s)
            spent, wait_s = spent + wait_s, min(2 * wait_s, _LONGEST_WAIT_S)

    def _safely(self, asked: Callable[[], _Result]) -> _Result:
        try:
            return self._ask(asked)
        except self._library.ResponseError as error:
            raise self._away(error) from error

    def _ask(self, asked: Callable[[], _Result]) -> _Result:
        """Ask, again and again while the server is gone, starting or full."""
        library = self._library
        for_now = (library.ConnectionError, library.TimeoutError, library.OutOfMemoryError)
        failed: Exception | None = None
        for tried, _ in enumerate(self.waits()):
            try:
                return asked()
            except for_now as error:
                failed = error
                if not tried and self.patience_s:
                    self.told(f"waiting for {self.url}: {_words(error)}")
        assert failed is not None
        raise self._away(failed) from failed

    def _away(self, error: Exception) -> UnavailableError:
        todo = "Start it; nothing is lost: whoever starts again goes on where it was."
        if isinstance(error, self._library.OutOfMemoryError):
            todo = "Give it more memory, or more workers, or start those that stand still."
        return UnavailableError(self.url, f"it refused ({_words(error)})", todo)


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _text(place: Place) -> str:
    return f"{place[0]}-{place[1]}"


def _place(text: bytes) -> Place:
    first, _, second = text.decode().partition("-")
    return int(first), int(second)
