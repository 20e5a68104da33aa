"""A web server on loopback, in a thread, with any handler."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self


class Silent(BaseHTTPRequestHandler):
    """A handler that tells nobody what it was asked."""

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


class Loopback:
    """Listens from `with` to its end, on a port that was free.

    Args:
        handler: What answers; a class of handlers, or a partial of one.
    """

    def __init__(self, handler: Callable[..., Any]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        # Looks for its end often: at half a second, as is usual, tests would wait for that alone.
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def address(self, path: str = "") -> str:
        """The URL of a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
