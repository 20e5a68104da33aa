"""An archive's listening door, open on loopback in this process; and asking it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import uvicorn

from phonotheque.archive.listening.door import Worker
from phonotheque.archive.listening.listener_keys import ListenerKeys
from phonotheque.archive.listening.rooms import open_door
from phonotheque.archive.listening.serving import listen_at, server_of
from phonotheque.config import FILE_NAME, parse_config
from phonotheque.disk import LocalDisk, read_whole
from phonotheque.listen.metrics import Metrics, make_metrics

PATIENCE_S = 120.0


@dataclass(frozen=True)
class Answered:
    """What the door answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class OpenDoor:
    """A door that is open. `faults` has what its operator was told, `connections` those it has."""

    root: Path
    port: int
    faults: list[str]
    connections: set[Any] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path: str, method: str = "GET", **headers: str) -> Answered:
        """Ask for a path as it is written; headers with underscores for hyphens."""
        return self._ask(method, path, None, headers)

    def post(self, path: str, fields: Any, **headers: str) -> Answered:
        """Send a form as a page of the door does."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(fields, doseq=True), kind | headers)

    def _ask(self, method: str, path: str, body: str | None, headers: Any) -> Answered:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            reply = connection.getresponse()
            fields = {name.lower(): value for name, value in reply.getheaders()}
            return Answered(reply.status, fields, reply.read())
        finally:
            connection.close()


@contextmanager
def open_on_loopback(root: Path, port: int = 0, *, ahead_bytes: int = 0) -> Iterator[OpenDoor]:
    """Open the door of an archive that has a catalogue, in a thread of this process.

    Args:
        root: The archive's folder.
        port: 0 for any free one.
        ahead_bytes: How much the system takes before the other end does; 0 for what it likes.
    """
    faults: list[str] = []
    with ExitStack() as stack:
        counts = Path(stack.enter_context(TemporaryDirectory())) / "metrics"
        make_metrics(counts, 1)
        metrics = Metrics(counts, 0, 1)
        stack.callback(metrics.close)
        config = parse_config(read_whole(LocalDisk(root), FILE_NAME))
        worker = Worker(root, config, ListenerKeys(root), metrics, 1, faults.append)
        listening = stack.enter_context(listen_at("127.0.0.1", port))
        if ahead_bytes:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ahead_bytes)
        door = open_door(worker, stack)
        server = server_of(door.app, door.tick)
        _look_often(server)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            connections = server.server_state.connections
            yield OpenDoor(root, int(listening.getsockname()[1]), faults, connections)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


def _look_often(server: uvicorn.Server) -> None:
    """Let it look around every tenth of a second: what it tells once a second, tests wait for."""
    look = server.on_tick
    server.config.timeout_notify = 0

    async def often(_: int) -> bool:
        return await look(0)

    server.on_tick = often
