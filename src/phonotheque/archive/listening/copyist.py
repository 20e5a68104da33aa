"""Copies and pictures made by processes beside the server, which has threads and must not fork.

Laws: a process ends with whoever started it; what it makes goes into the cache of copies, whole or
not at all, so that one that dies costs the copy it was making and nothing else; what is asked for
by several at once is made once; one address has a quarter of the queue, whether it waits or not;
who finds the queue full is told to come again.

The talk: a line of JSON goes in (`Order`), a line comes out when it is done: `{}` when the copy is
in the cache, else the error as `--json` prints it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import BinaryIO

import msgspec

from phonotheque import errors
from phonotheque.archive.answering import start_answering
from phonotheque.archive.listening.desk import Desk
from phonotheque.archive.opening import Archive
from phonotheque.archive.recordings.covers import open_cover
from phonotheque.archive.recordings.derivatives import open_copy
from phonotheque.derive import opus, thumbnails
from phonotheque.derive.recipes import COPIES, THUMBNAILS
from phonotheque.errors import NotHeldError, PhonothequeError, UnavailableError
from phonotheque.listen.sound.ports import Making
from phonotheque.music.digest import Sha256

WAITING = 32
"""Copies that may wait to be made, those being made among them; more askers come again later."""

_SHARE = 4
"""One address has a quarter of these places."""


class Order(msgspec.Struct, frozen=True):
    """What is to be made.

    Attributes:
        sha256: Name of the object.
        recipe: Name of a copy's recipe, or "cover-<pixels>" for the cover of the recording.
    """

    sha256: str
    recipe: str


class _Refusal(msgspec.Struct, frozen=True):
    error: str = ""
    thing: str = ""
    wrong: str = ""
    todo: str = ""


class Workshop:
    """The processes that make copies for one server. Threads may share it.

    Nobody waits in here: who orders gets what tells that it is done.

    Args:
        root: The archive's folder.
        count: How many processes; each is started when it is needed first.
        waiting: Most orders at once.
    """

    def __init__(self, root: Path, count: int = 1, waiting: int = WAITING) -> None:
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._under_way: dict[Order, Making] = {}
        self._ordered_by: dict[Order, str] = {}
        self._waiting = waiting
        self._lock = Lock()
        self._is_closed = False
        self._copyists = [_Copyist(root) for _ in range(count)]
        self._threads: list[Thread] = []

    def order(self, order: Order, group: str = "") -> Making:
        """Have something made; the same for all who order it while it is being made.

        Args:
            order: What.
            group: Who orders it; "" where that does not count.

        Returns:
            Done when it is in the cache; it raises what `archive.recordings.derivatives` says, or
            `UnavailableError` when whoever made it died.

        Raises:
            UnavailableError: Too many are being made, or too many for this group.
        """
        with self._lock:
            making = self._under_way.get(order)
            if making is not None:
                return making
            if self._is_closed or len(self._under_way) >= self._waiting:
                raise UnavailableError(
                    "the copy", "too many others are being made", "Ask again in a minute."
                )
            if group and self._of(group) >= max(1, self._waiting // _SHARE):
                raise UnavailableError(
                    "this address", "many copies are being made for it", "Ask again in a minute."
                )
            making = self._under_way[order] = Future()
            self._ordered_by[order] = group
            while len(self._threads) < len(self._copyists):
                self._threads.append(self._begin(self._copyists[len(self._threads)]))
            self._orders.put(order)
        return making

    @property
    def under_way(self) -> int:
        """How many copies are being made or wait."""
        return len(self._under_way)

    def close(self) -> None:
        """End the processes; what they were making is made again when somebody asks."""
        with self._lock:
            self._is_closed = True
        for _ in self._threads:
            self._orders.put(None)
        for copyist, thread in zip(self._copyists, self._threads, strict=False):
            while thread.is_alive():  # it may have begun a process a moment ago
                copyist.stop()
                thread.join(0.1)

    def _of(self, group: str) -> int:
        return sum(one == group for one in self._ordered_by.values())

    def _begin(self, copyist: _Copyist) -> Thread:
        thread = Thread(target=self._work, args=(copyist,), name="copyist", daemon=True)
        thread.start()
        return thread

    def _work(self, copyist: _Copyist) -> None:
        """Hand order after order to one process."""
        while (order := self._orders.get()) is not None:
            error: BaseException | None = _away()
            if not self._is_closed:
                try:
                    refusal = copyist.ask(order)
                    error = _as_error(refusal) if refusal.error else None
                except (OSError, EOFError, ValueError, msgspec.DecodeError):
                    copyist.stop()  # it died, or says what nobody understands
            with self._lock:
                making = self._under_way.pop(order)
                del self._ordered_by[order]
            if error is None:
                making.set_result(None)
            else:
                making.set_exception(error)
        copyist.stop()


class _Copyist:
    """One process, and the line to it; for one thread at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, order: Order) -> _Refusal:
        if self._process is None or self._process.poll() is not None:
            self._process = start_answering(__name__, self._root)
        asked, told = self._process.stdin, self._process.stdout
        assert asked is not None
        assert told is not None
        asked.write(msgspec.json.encode(order) + b"\n")
        asked.flush()
        line = told.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return msgspec.json.decode(line, type=_Refusal)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _away() -> PhonothequeError:
    return UnavailableError("the copy", "whoever made it died", "Ask again.")


def _as_error(refusal: _Refusal) -> PhonothequeError:
    """The error that was told, of the class that it was."""
    kind = next(
        (one for one in _all_below(PhonothequeError) if one.code == refusal.error),
        errors.UnavailableError,
    )
    return kind(refusal.thing, refusal.wrong, refusal.todo)


def _all_below(kind: type[PhonothequeError]) -> Iterable[type[PhonothequeError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _all_below(below)


def carry_out(archive: Archive, order: Order) -> None:
    """Make one copy, in this process.

    Raises:
        NotHeldError: There is no such object, or it has no cover.
        PhonothequeError: See `archive.recordings.derivatives`.
    """
    held = archive.index.held(Sha256.parse(order.sha256))
    if held is None:
        raise NotHeldError(order.sha256, "it is not held", "Search for it in the catalogue.")
    if order.recipe in COPIES:
        open_copy(archive, held, COPIES[order.recipe]).close()
    else:
        longest_px = int(order.recipe.removeprefix("cover-"))
        open_cover(archive, held, THUMBNAILS[longest_px]).close()


def serve(desk: Desk, asked: Iterable[bytes], told: BinaryIO) -> None:
    """Answer until nobody asks any more.

    Args:
        asked: Lines.
        told: Where answers go.
    """
    for line in asked:
        answer: object = {}
        try:
            carry_out(desk.archive(), msgspec.json.decode(line, type=Order))
        except PhonothequeError as error:
            answer = error.fields()
        told.write(msgspec.json.encode(answer) + b"\n")
        told.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it answers Ctrl-C
    os.nice(5)  # pages and sound that is there go before what is being made
    opus.warm_up()
    thumbnails.warm_up()
    serve(Desk(Path(sys.argv[1])), sys.stdin.buffer, sys.stdout.buffer)
