"""A small server for the bulk door: files over HTTP/1.1, and nothing else.

Written with the standard library: the door has to open wherever an archive can be published,
without the extra that serves pages to listeners, and it needs no routes, bodies or event loop.
Files go from the system's cache to the network by `sendfile`. TLS is for a proxy in front of it.

Laws: a fixed number of threads, each with one connection; who finds the queue full is told to come
again; one address holds only so many connections; a connection stays open between requests only
while nobody waits; no connection ends a thread, and a stop ends every connection. What is asked for
is looked up anew for every request.

Not here: what may be given (`shelves`), what is answered (`heads`).
"""

from __future__ import annotations

import errno
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic
from typing import Protocol

from phonotheque.errors import PhonothequeError, UnavailableError
from phonotheque.publish.web.heads import (
    Answer,
    BadHeadError,
    Request,
    answer,
    encode_head,
    parse_head,
    refuse,
)
from phonotheque.publish.web.paths import parse_target
from phonotheque.publish.web.shelves import Resource
from phonotheque.publish.web.wire import (
    PATIENT,
    ClosedError,
    LongHeadError,
    Patience,
    SlowError,
    Wire,
)

_LOOK_UP_S = 2.0
"""How long a stop waits for threads that look something up on the disk; they end after that."""


class Finder(Protocol):
    """Finds what a path names, as it stands at this moment. Used by one thread."""

    def find(self, parts: tuple[str, ...]) -> Resource | None:
        """Open it; None when it is nothing that may be given. Raises `PhonothequeError`."""


Opening = Callable[[], AbstractContextManager[Finder]]
"""Makes the finder of one thread."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is done at once.

    Attributes:
        threads: Connections that are served at once.
        waiting: Connections that wait for a thread; more are sent away.
        of_one: Connections of one address.
        patience: How long the other end is waited for.
    """

    threads: int = 32
    waiting: int = 64
    of_one: int = 16
    patience: Patience = PATIENT


def cannot_listen(host: str, port: int, error: OSError) -> UnavailableError:
    """Say in our words why the operating system gave no socket at an address."""
    wrong = f"nobody can listen there: {(error.strerror or str(error)).lower()}"
    if error.errno == errno.EADDRINUSE:
        wrong = "the port is taken: another program listens there already"
    return UnavailableError(f"{host}:{port}", wrong, "Choose another --port or --host.")


class Server:
    """The bulk door, listening. It serves from `start` until `close`.

    Args:
        opening: Makes the finder of each thread.
        address: Where to listen: a host and a port, 0 for any free one.
        bounds: How much is done at once.
        on_fault: Told of what should not happen, one line each.

    Raises:
        UnavailableError: The address is taken, or not ours.
    """

    def __init__(
        self,
        opening: Opening,
        address: tuple[str, int],
        bounds: Bounds,
        on_fault: Callable[[str], None],
    ) -> None:
        self._opening = opening
        self._bounds = bounds
        self._on_fault = on_fault
        self._stopping = Event()
        self._waiting: Queue[tuple[socket.socket, str]] = Queue(bounds.waiting)
        self._of_address: Counter[str] = Counter()
        self._served: set[socket.socket] = set()
        self._lock = Lock()
        try:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            self._socket = socket.create_server(address, family=family, backlog=128)
        except OSError as error:
            raise cannot_listen(*address, error) from error
        self._socket.settimeout(0.25)  # how late a stop is noticed
        self._threads: list[Thread] = []

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Begin to serve, in threads of its own."""
        tasks = [self._accept, *[self._work] * self._bounds.threads]
        self._threads = [Thread(target=task, daemon=True) for task in tasks]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop: who asks for nothing is let go at once; what is being sent is finished within
        `Patience.end_s`, or given up."""
        self._stopping.set()
        self._shut(socket.SHUT_RD)
        self._join(self._bounds.patience.end_s)
        self._shut(socket.SHUT_RDWR)
        self._join(_LOOK_UP_S)
        self._socket.close()
        with suppress(Empty):
            while True:
                self._waiting.get_nowait()[0].close()

    def _shut(self, how: int) -> None:
        """Wake the threads that wait for somebody: there is nothing more to be read, or at all."""
        with self._lock:
            for connection in self._served:
                with suppress(OSError):  # the other end went away
                    connection.shutdown(how)

    def _join(self, wait_s: float) -> None:
        until = monotonic() + wait_s
        for thread in self._threads:
            thread.join(timeout=max(until - monotonic(), 0))

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, address = self._socket.accept()
            except TimeoutError:
                continue
            except OSError as error:  # too many open files: those that are served will end
                self._on_fault(f"a connection could not be taken: {error}")
                self._stopping.wait(0.1)
                continue
            self._enqueue(connection, str(address[0]))

    def _enqueue(self, connection: socket.socket, host: str) -> None:
        with self._lock:
            is_many = self._of_address[host] >= self._bounds.of_one
            self._of_address[host] += not is_many
        if is_many:
            _turn_away(connection, HTTPStatus.TOO_MANY_REQUESTS)
            return
        try:
            self._waiting.put_nowait((connection, host))
        except Full:
            self._leave(host)
            _turn_away(connection, HTTPStatus.SERVICE_UNAVAILABLE)

    def _leave(self, host: str) -> None:
        with self._lock:
            self._of_address[host] -= 1
            if self._of_address[host] <= 0:
                del self._of_address[host]

    def _work(self) -> None:
        """One thread: connection after connection, with a finder of its own."""
        with ExitStack() as stack:
            try:
                finder = stack.enter_context(self._opening())
            except PhonothequeError as error:
                self._on_fault(str(error))
                return
            while not self._stopping.is_set():
                try:
                    connection, host = self._waiting.get(timeout=0.25)
                except Empty:
                    continue
                try:
                    self._take(connection, finder)
                finally:
                    self._leave(host)

    def _take(self, connection: socket.socket, finder: Finder) -> None:
        """Serve a connection where a stop finds it, and close it."""
        with self._lock:
            self._served.add(connection)
        try:
            wire = Wire(connection, self._bounds.patience)
            self._serve(wire, finder)
            wire.finish()
        except (ClosedError, SlowError):
            pass
        except Exception as error:
            self._on_fault(f"{type(error).__name__}: {error}")
        finally:
            with self._lock:  # which `_shut` holds: it never meets the next socket of this number
                self._served.discard(connection)
                connection.close()

    def _serve(self, wire: Wire, finder: Finder) -> None:
        """Answer the requests of one connection."""
        is_kept = True
        while is_kept:
            try:
                request = parse_head(wire.read_head())
            except BadHeadError:
                _reply(wire, refuse(HTTPStatus.BAD_REQUEST), None, is_kept=False)
                return
            except LongHeadError:
                refusal = refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                _reply(wire, refusal, None, is_kept=False)
                return
            is_kept = request.is_kept and self._waiting.empty() and not self._stopping.is_set()
            self._answer(wire, finder, request, is_kept=is_kept)

    def _answer(self, wire: Wire, finder: Finder, request: Request, *, is_kept: bool) -> None:
        parts = parse_target(request.target)
        try:
            found = finder.find(parts) if parts and request.method in ("GET", "HEAD") else None
        except PhonothequeError as error:
            self._on_fault(str(error))
            _reply(wire, refuse(HTTPStatus.SERVICE_UNAVAILABLE), None, is_kept=is_kept)
            return
        except Exception:
            _reply(wire, refuse(HTTPStatus.INTERNAL_SERVER_ERROR), None, is_kept=False)
            wire.finish()
            raise  # a mistake of ours: `_take` tells it, and the next connection is served
        with ExitStack() as stack:
            if found is not None:
                stack.enter_context(found.file)
            reply = answer(request, found.shown if found else None)
            is_bare = request.method == "HEAD"
            _reply(wire, reply, None if is_bare else found, is_kept=is_kept, is_bare=is_bare)


def _reply(
    wire: Wire, reply: Answer, found: Resource | None, *, is_kept: bool, is_bare: bool = False
) -> None:
    date = formatdate(usegmt=True)
    head = encode_head(reply, date, is_kept=is_kept)
    wire.send(head if is_bare else head + reply.text)
    if found is not None and reply.span is not None:
        wire.send_file(found.file, reply.span)


def _turn_away(connection: socket.socket, status: HTTPStatus) -> None:
    """Say that it is too much, without waiting for anybody."""
    reply = refuse(status)
    head = encode_head(reply, formatdate(usegmt=True), is_kept=False)
    with suppress(OSError), connection:
        connection.setblocking(False)
        connection.send(head + reply.text)
