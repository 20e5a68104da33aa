"""Running the listening door: a socket, some workers, an end that lets nobody down.

Laws: the address is taken, and whatever is wrong with the archive is told, before anything is
promised; a worker that dies is replaced, and ends when whoever would replace it is gone; when it is
told to stop, no new connection is taken, what is being sent is finished or given up within seconds,
what was told to be counted is on the disk.

Workers are processes: forked before any thread exists (spawned on macOS, whose libraries do not
survive a fork). TLS is for a proxy in front.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread

import uvicorn

from phonotheque.archive.listening.door import OnFault, Worker
from phonotheque.archive.listening.listener_keys import ListenerKeys
from phonotheque.archive.listening.protocol import IDLE_S, FileSender, PatientProtocol
from phonotheque.archive.listening.rooms import open_door
from phonotheque.config import FILE_NAME, parse_config
from phonotheque.disk import LocalDisk, read_whole
from phonotheque.listen.metrics import Metrics, make_metrics
from phonotheque.publish.web.server import cannot_listen
from phonotheque.stopping import Stop

STOP_S = 8
"""How long what is being sent may still take when the door is closed."""

MOST_CONNECTIONS = 4096
"""Of one worker; who comes when they are all taken is told to come again."""

_TURN_S = 0.001
"""For how long a thread that makes a page keeps the others waiting, those of sound among them."""

_BACKLOG = 512
_FEWEST_LIVES_S = 2.0


@dataclass(frozen=True, slots=True)
class Served:
    """How an archive is served.

    Attributes:
        root: The archive's folder.
        workers: Processes that answer.
        copyists: Processes of each worker that make copies.
    """

    root: Path
    workers: int = 1
    copyists: int = 1


def listen_at(host: str, port: int) -> socket.socket:
    """Take an address.

    Args:
        host: Where to listen.
        port: 0 for any free one.

    Raises:
        UnavailableError: It is taken, or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise cannot_listen(host, port, error) from error


def serve(served: Served, listening: socket.socket, on_fault: OnFault, stop: Stop) -> None:
    """Serve until `stop` is set, or the one worker ends.

    Args:
        served: What.
        listening: Where; closed at the end.
        on_fault: Told of what should not happen, one line each.
        stop: Set by a signal.
    """
    ListenerKeys(served.root)  # made before there are workers who would each make one
    _allow_files()
    with tempfile.TemporaryDirectory(prefix="phonotheque-") as folder:
        counts = Path(folder) / "metrics"
        make_metrics(counts, served.workers)
        with listening:
            if served.workers == 1:
                work(served, listening, counts, 0, on_fault, stop)
            else:
                _Crew(served, listening, counts, on_fault).run(stop)


def work(
    served: Served,
    listening: socket.socket,
    counts: Path,
    row: int,
    on_fault: OnFault,
    stop: Stop | None = None,
) -> None:
    """Be one worker, until a signal comes, or has come: `stop` is set then."""
    told = stop or Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn answers them while it serves, and raises them once more at its end.
        signal.signal(number, lambda *_: told.set())
    config = parse_config(read_whole(LocalDisk(served.root), FILE_NAME))
    with ExitStack() as stack:
        metrics = Metrics(counts, row, served.workers)
        stack.callback(metrics.close)
        keys = ListenerKeys(served.root)
        worker = Worker(
            served.root, config, keys, metrics, served.copyists, on_fault, served.workers, row
        )
        door = open_door(worker, stack)
        _end_with_parent()
        sys.setswitchinterval(_TURN_S)
        gc.freeze()  # what is open now stays: it is not looked through again and again
        stack.callback(gc.unfreeze)

        def tick() -> None:
            door.tick()
            if told.is_set():  # before uvicorn listened for signals
                server.should_exit = True

        server = server_of(door.app, tick)
        server.run(sockets=[listening])


def _end_with_parent() -> None:
    """Stop as when a signal comes, once the process that began this one is gone: nobody else would
    end a worker then, and it would keep the address. A worker that has only just begun does not
    listen for the signal yet: so it is given until it is heard."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def end() -> None:
        parent.join()
        while True:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)

    Thread(target=end, name="parent", daemon=True).start()


def server_of(app: Callable[..., object], tick: Callable[[], None]) -> uvicorn.Server:
    """The server of one worker; `tick` is called about once a second."""

    async def notify() -> None:
        tick()
        now = asyncio.get_running_loop().time()
        for connection in list(server.server_state.connections):
            if isinstance(connection, PatientProtocol):
                connection.check(now)

    server = uvicorn.Server(
        uvicorn.Config(
            FileSender(app),  # type: ignore[arg-type]
            http=PatientProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # the rim reads them, by the archive's settings
            server_header=False,
            headers=[("Server", "Phonotheque")],
            backlog=_BACKLOG,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=int(IDLE_S),
            timeout_graceful_shutdown=STOP_S,
            timeout_notify=1,
            callback_notify=notify,
            h11_max_incomplete_event_size=16 << 10,
        )
    )
    return server


class _Crew:
    """Several workers, and one who sees to it that they are there."""

    def __init__(
        self, served: Served, listening: socket.socket, counts: Path, on_fault: OnFault
    ) -> None:
        method = "spawn" if sys.platform == "darwin" else "fork"
        self._context = multiprocessing.get_context(method)
        self._given = (served, listening, counts)
        self._on_fault = on_fault
        self._workers = [self._hire(row) for row in range(served.workers)]

    def run(self, stop: Stop) -> None:
        """Replace who dies, until told to stop."""
        born = [time.monotonic()] * len(self._workers)
        try:
            while not stop.wait(0.2):
                for row, process in enumerate(self._workers):
                    if process.is_alive():
                        continue
                    self._on_fault(f"worker {row} ended with {process.exitcode}; another begins")
                    if time.monotonic() - born[row] < _FEWEST_LIVES_S and stop.wait(1.0):
                        break
                    self._workers[row] = self._hire(row)
                    born[row] = time.monotonic()
        finally:
            self._dismiss()

    def _hire(self, row: int) -> BaseProcess:
        process = self._context.Process(  # type: ignore[attr-defined]
            target=work, args=(*self._given, row, self._on_fault), daemon=False
        )
        process.start()
        return process  # type: ignore[no-any-return]

    def _dismiss(self) -> None:
        for process in self._workers:
            process.terminate()
        until = time.monotonic() + STOP_S + 2
        for process in self._workers:
            process.join(timeout=max(0.1, until - time.monotonic()))
        for process in self._workers:
            if process.is_alive():
                process.kill()
                process.join()


def _allow_files() -> None:
    """Let as many files be open as the system allows: a connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
