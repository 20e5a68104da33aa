"""A tracker on loopback that tells every client of the same peers and remembers who asked.

Source: BEP 3 (announce), BEP 23 (compact peers).
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from threading import Condition
from time import monotonic
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from publish.loopback import Loopback, Silent

INTERVAL_S = 60

Announced: TypeAlias = dict[str, str]


class MiniTracker(Loopback):
    """Use it in a `with` statement. `announces` holds the query of each announce, as latin-1."""

    def __init__(self, peers: list[tuple[str, int]]) -> None:
        self.peers = list(peers)
        self.announces: list[Announced] = []
        self._news = Condition()
        tracker = self

        class Announce(Silent):
            def do_GET(self) -> None:
                query = urlsplit(self.path).query
                said = dict(parse_qsl(query, keep_blank_values=True, encoding="latin-1"))
                with tracker._news:
                    tracker.announces.append(said)
                    tracker._news.notify_all()
                body = tracker._answer()
                # A client of this process that is ending holds the interpreter: it hangs up first.
                with suppress(ConnectionError):
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

        super().__init__(Announce)

    @property
    def url(self) -> str:
        return self.address("announce")

    def _answer(self) -> bytes:
        compact = b"".join(
            socket.inet_aton(host) + struct.pack(">H", port) for host, port in self.peers
        )
        return b"d8:intervali%de5:peers%d:%be" % (INTERVAL_S, len(compact), compact)

    def wait_for(self, event: str, timeout_s: float, port: int | None = None) -> Announced | None:
        """Return the first announce of an event ("started", "completed", "stopped"), None without.

        With `port`, only that of the client which listens there.
        """
        deadline = monotonic() + timeout_s
        with self._news:
            while True:
                for said in self.announces:
                    if said.get("event") == event and said["port"] == str(port or said["port"]):
                        return said
                if (left_s := deadline - monotonic()) <= 0:
                    return None
                self._news.wait(left_s)
