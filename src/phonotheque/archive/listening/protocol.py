"""One connection of the listening door: who sends or takes too slowly ends it, files go out without
being copied here, plain requests are answered the short way.

uvicorn waits for ever for the end of a head or a body, and for what was written to be taken; a
thousand who send a byte now and then, or take none, would hold all connections that there are (the
attacks called Slowloris and slow read). Here a connection ends when what it waits for does not come
in time, whatever that is: looked at once a second or so, which costs a play nothing.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress
from typing import Any, BinaryIO

import h11
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from phonotheque.archive.listening.bounded_heads import BoundedHeads
from phonotheque.archive.listening.plain_requests import Cycle, parse_plain, scope_of
from phonotheque.listen.sound.sending import ZERO_COPY
from phonotheque.listen.sound.traffic import BrokenOffError

HEAD_S = 10.0
"""From the beginning of a connection, or the first byte of a further head, to the end of a head."""

BODY_S = 60.0
"""For the body of a request, whatever it is; and a second more for each `_LEAST_BYTES` of it that
came, so that a long one that comes at half a megabit a second is not cut off."""

MOST_BODY_S = 300.0
"""For all of the body of a request."""

TAKE_S = 30.0
"""For 64 KiB of an answer. Who takes less in it does not listen to music."""

IDLE_S = 15.0
"""Between an answer and the next head."""

_LEAST_BYTES = 64 << 10
_MOST_AHEAD = 64 << 10
_MOST_HEAD = 16 << 10
_MORE = getattr(socket, "MSG_MORE", 0)  # Linux: the head goes out with what follows it

CONNECTION = "phonotheque.connection"
"""Where the connection of a request stands in the state of its scope."""


class _Length:
    """Stands for bytes that go another way; h11 counts them and writes nothing."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count


class FileSender:
    """Adds "zero copy send" to what an application may say (ASGI extension of that name), and ends
    a connection whose answer stays unfinished.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        connection = scope.get("state", {}).get(CONNECTION)
        if not isinstance(connection, PatientProtocol):
            await self._app(scope, receive, send)
            return
        scope["extensions"] = {ZERO_COPY: {}}
        cycle = connection.cycle

        async def send_or_copy(message: Message) -> None:
            if cycle.disconnected:
                raise BrokenOffError
            if message["type"] == ZERO_COPY:
                file, offset, count = message["file"], message["offset"], message["count"]
                connection.conn.send_with_data_passthrough(
                    h11.Data(data=_Length(count))  # type: ignore[arg-type]
                )
                await connection.send_file(file, offset, count)
                more = message["more_body"]
                message = {"type": "http.response.body", "body": b"", "more_body": more}
            connection.given += len(message.get("body", b""))
            await send(message)
            await connection.taken()

        try:
            await self._app(scope, receive, send_or_copy)
        except BrokenOffError:
            pass
        finally:
            if not cycle.response_complete:
                connection.break_off()


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with a bound on all waiting.

    Attributes:
        given: Bytes of bodies that were handed to the system, or wait to be.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        most_bytes = self.config.h11_max_incomplete_event_size or _MOST_HEAD
        self.conn = BoundedHeads(h11.SERVER, most_bytes)
        # uvicorn puts it into every scope, also of a request that came together with another.
        self.app_state = {**self.app_state, CONNECTION: self}
        self.given = 0
        self._heads = 0
        self._body_bytes = 0
        self._plain: Cycle | None = None
        self._ahead = bytearray()
        self._copy: _Copy | None = None
        self._waits: tuple[str, int, float] = ("head", 0, self.loop.time())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection. What was written counts as taken when nothing of it waits."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self.transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """Take bytes: a plain request, or whatever else."""
        if self._plain is not None:
            self._ahead += data
            if len(self._ahead) > _MOST_AHEAD:
                self.flow.pause_reading()
            return
        if self._is_between() and (plain := parse_plain(data)) is not None:
            self._unset_keepalive_if_required()
            self._heads += 1
            scope = scope_of(plain, self.client, self.server)
            headers = self.server_state.default_headers
            cycle = self._plain = Cycle(scope, self, headers, STATUS_PHRASES)
            self.cycle = cycle  # type: ignore[assignment]
            task = self.loop.create_task(cycle.run(self.app))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)
            return
        if self.conn.their_state is h11.SEND_BODY:
            self._body_bytes += len(data)
        super().data_received(data)

    def handle_events(self) -> None:
        """Read on: also when an answer is whole, and the next request is there already."""
        before = self.scope
        super().handle_events()
        if self.scope is not before:
            self._heads += 1
            self._body_bytes = 0

    def finished(self, cycle: Cycle) -> None:
        """A plain request was answered, or cannot be: go on, or end."""
        self._plain = None
        self.server_state.total_requests += 1
        if not cycle.response_complete:
            self.break_off()
        elif not cycle.keep_alive:
            self.transport.close()
        elif not self.transport.is_closing():
            self.flow.resume_reading()
            if self._ahead:
                ahead, self._ahead = bytes(self._ahead), bytearray()
                self.data_received(ahead)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go."""
        super().connection_lost(exc)
        self.app_state = {}  # which has this connection
        if self._copy is not None:
            self._copy.close()

    def check(self, now: float) -> None:
        """End the connection when what it waits for did not come in time.

        Args:
            now: Of the loop's clock.
        """
        kind, progress = self._waiting()
        before, far, since = self._waits
        if kind != before or not far <= progress < far + _LEAST_BYTES:
            self._waits = (kind, progress, now)
        elif now - since > self._patience(kind) and not self._is_aborted():
            self.transport.abort()

    def break_off(self) -> None:
        """End the connection at once: what the system has and the other end did not take yet is
        not sent any more, as it would be for minutes to who takes it slowly (socket(7))."""
        own = self.transport.get_extra_info("socket")
        with suppress(OSError):  # it is gone
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    async def write(self, data: bytes) -> None:
        """Write, and wait until all of it was taken.

        Raises:
            BrokenOffError: The other end went away.
        """
        self.given += len(data)
        self.transport.write(data)
        await self.taken()

    async def taken(self) -> None:
        """Wait until all that was written was taken. Raises as `write`."""
        if self.flow.write_paused:
            await self.flow.drain()
            if self.transport.is_closing() and self.transport.get_write_buffer_size():
                raise BrokenOffError

    async def send_file(self, file: BinaryIO, offset: int, count: int, head: bytes = b"") -> None:
        """Send a part of a file as a part of the body, without copying it here.

        Args:
            file: Open; left where it is.
            offset: Where the part begins in it.
            count: Its bytes.
            head: What goes before it.

        Raises:
            BrokenOffError: The other end went away, or the file ends too early.
        """
        await self.taken()
        if self.cycle.disconnected or self.transport.is_closing():
            raise BrokenOffError
        if self._copy is None:
            self._copy = _Copy(self)
        await self._copy.send(file.fileno(), offset, count, head)

    def _is_between(self) -> bool:
        """Whether a request may begin, and nothing of it came yet."""
        conn = self.conn
        return (
            conn.our_state is h11.IDLE
            and conn.their_state is h11.IDLE
            and not conn.trailing_data[0]
            and max(len(self.connections), len(self.tasks)) < (self.limit_concurrency or 1 << 30)
            and not self.transport.is_closing()
        )

    def _waiting(self) -> tuple[str, int]:
        """What is waited for, and how far it is."""
        untaken = self.transport.get_write_buffer_size()
        if untaken or (self._copy is not None and self._copy.is_under_way):
            return "take", self.given - untaken
        if self._plain is not None:
            return "", 0
        if self.conn.their_state is h11.SEND_BODY:
            return "body", self._heads * _LEAST_BYTES
        if self.cycle is not None and not self.cycle.response_complete:
            return "", 0
        begun = not self._heads or bool(self.conn.trailing_data[0])
        return "head" if begun else "idle", self._heads * _LEAST_BYTES

    def _patience(self, kind: str) -> float:
        """How long it is waited for, in seconds; read when it is needed."""
        body_s = min(BODY_S + self._body_bytes / _LEAST_BYTES, MOST_BODY_S)
        told = {"head": HEAD_S, "body": body_s, "take": TAKE_S, "idle": IDLE_S}
        return told.get(kind, float("inf"))

    def _is_aborted(self) -> bool:
        return self.transport.is_closing() and not self.transport.get_write_buffer_size()


class _Copy:
    """Files sent straight to a connection, one after another.

    The loop does not let anybody wait for a socket that a transport has; a second descriptor of it
    may be waited for.

    Args:
        connection: Where they go.
    """

    def __init__(self, connection: PatientProtocol) -> None:
        self._connection = connection
        self._loop = connection.loop
        own = connection.transport.get_extra_info("socket")
        self._socket = socket.socket(own.family, own.type, own.proto, os.dup(own.fileno()))
        self._socket.setblocking(False)
        self._file = -1
        self._head = b""
        self._offset = self._left = 0
        self._done: asyncio.Future[None] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether somebody waits for the other end to take more."""
        return self._done is not None

    async def send(self, file: int, offset: int, count: int, head: bytes) -> None:
        """Send a part of a file. Raises as `PatientProtocol.send_file`."""
        self._file, self._offset, self._left, self._head = file, offset, count, head
        self._go_on()
        if not self._left:
            return
        done = self._done = self._loop.create_future()
        self._loop.add_writer(self._socket, self._when_writable)
        try:
            await done
        finally:
            self._done = None
            if self._socket.fileno() >= 0:
                self._loop.remove_writer(self._socket)

    def close(self) -> None:
        """The connection is lost."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(BrokenOffError())
        if self._socket.fileno() >= 0:
            self._loop.remove_writer(self._socket)
            self._socket.close()

    def _when_writable(self) -> None:
        done = self._done
        if done is None or done.done():
            return
        try:
            self._go_on()
        except BrokenOffError as error:
            done.set_exception(error)
        else:
            if not self._left:
                done.set_result(None)

    def _go_on(self) -> None:
        """Send as much as is taken now."""
        while self._left:
            try:
                if self._head:
                    sent = self._socket.send(self._head, _MORE)
                    self._head = self._head[sent:]
                    continue
                sent = os.sendfile(self._socket.fileno(), self._file, self._offset, self._left)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                raise BrokenOffError from error
            if not sent:  # the file ends before
                raise BrokenOffError
            self._offset += sent
            self._left -= sent
            self._connection.given += sent
