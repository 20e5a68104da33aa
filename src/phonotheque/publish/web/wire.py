"""One connection: reading heads and sending files in bounded time, whoever is at the other end.

Laws: a head must come whole within its time, not merely byte by byte; a body must move on by a
block within its time; nothing waits longer than that for anybody.
"""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import BinaryIO

from phonotheque.publish.web.heads import MAX_HEAD_BYTES
from phonotheque.publish.web.ranges import Span

_BLOCK_BYTES = 256 << 10
_LINGER_S = 1.0
_END = b"\r\n\r\n"


class SlowError(Exception):
    """The other end did not take or give enough in time."""


class LongHeadError(Exception):
    """The head of a request has no end within its bound."""


class ClosedError(Exception):
    """The other end went away."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the other end is waited for, in seconds.

    Attributes:
        idle_s: For the next request on an open connection.
        head_s: From the first byte of a head to its end.
        block_s: For 256 KiB of a body: less than 8.7 kB a second is nobody who wants music.
        end_s: For what is being sent when the server stops, by all of them together.
    """

    idle_s: float = 15.0
    head_s: float = 10.0
    block_s: float = 30.0
    end_s: float = 5.0


PATIENT = Patience()


class Wire:
    """A connected socket.

    Args:
        connection: The socket. Whoever gives it closes it.
        patience: How long to wait.

    Raises:
        ClosedError: The other end went away.
    """

    def __init__(self, connection: socket.socket, patience: Patience) -> None:
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:  # as macOS refuses all calls after a reset
            raise ClosedError from error
        self._socket = connection
        self._patience = patience
        self._rest = b""

    def finish(self) -> None:
        """Wait a little until what was sent last has arrived.

        Were it closed with something unread, the system would take the answer back (RFC 9112, 9.6).
        """
        with suppress(OSError, SlowError):
            self._socket.shutdown(socket.SHUT_WR)
            until = monotonic() + _LINGER_S
            while monotonic() < until:
                self._wait(select.POLLIN, until)
                if not self._socket.recv(1 << 16):
                    break

    def read_head(self) -> bytes:
        """Return the next head without its empty line.

        Raises:
            ClosedError: There is no further request.
            SlowError: It did not come in time.
            LongHeadError: It is too long.
        """
        data = self._rest.lstrip(b"\r\n")  # RFC 9112, 2.2: empty lines before a request
        has_begun = bool(data)
        until = monotonic() + (self._patience.head_s if has_begun else self._patience.idle_s)
        while _END not in data:
            if len(data) > MAX_HEAD_BYTES:
                raise LongHeadError
            self._wait(select.POLLIN, until)
            try:
                block = self._socket.recv(8192)
            except BlockingIOError:
                continue
            except OSError as error:
                raise ClosedError from error
            if not block:
                raise ClosedError
            if not has_begun:
                has_begun = True
                until = monotonic() + self._patience.head_s
            data = (data + block).lstrip(b"\r\n")
        head, _, self._rest = data.partition(_END)
        if len(head) > MAX_HEAD_BYTES:
            raise LongHeadError
        return head

    def send(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            ClosedError: The other end went away.
            SlowError: It does not take them.
        """
        view = memoryview(data)
        until = monotonic() + self._patience.block_s
        while view:
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, until)
            except OSError as error:
                raise ClosedError from error

    def send_file(self, file: BinaryIO, span: Span) -> None:
        """Send bytes of a file from the system's cache, without copying them here.

        Raises:
            ClosedError: The other end went away, or the file ends too early.
            SlowError: It does not take them.
        """
        offset = span.start
        while offset < span.end:
            goal = min(offset + _BLOCK_BYTES, span.end)
            until = monotonic() + self._patience.block_s
            while offset < goal:
                try:
                    sent = os.sendfile(self._socket.fileno(), file.fileno(), offset, goal - offset)
                except BlockingIOError:
                    self._wait(select.POLLOUT, until)
                    continue
                except OSError as error:
                    raise ClosedError from error
                if not sent:
                    raise ClosedError  # the file was cut: the other end sees too few bytes
                offset += sent

    def _wait(self, event: int, until: float) -> None:
        poll = select.poll()
        poll.register(self._socket, event)
        left_s = until - monotonic()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            raise SlowError
