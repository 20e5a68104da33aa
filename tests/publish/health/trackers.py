"""Trackers on loopback that can be scraped, honest and not.

Source: BEP 48 (HTTP), BEP 15 (UDP).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from phonotheque.publish.bencode import encode
from publish.loopback import Loopback, Silent

Known = dict[bytes, tuple[int, int]]
"""Seeders and leechers by info-hash."""


class HttpTracker(Loopback):
    """Answers a scrape with what it knows, or with `body` whatever it is asked."""

    def __init__(self, known: Known, body: bytes | None = None, status: int = 200) -> None:
        self.asked: list[list[bytes]] = []
        tracker = self

        class Scrape(Silent):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                pairs = parse_qsl(parts.query, encoding="latin-1")
                hashes = [one.encode("latin-1") for key, one in pairs if key == "info_hash"]
                tracker.asked.append(hashes)
                files = {
                    one: {
                        b"complete": known[one][0],
                        b"downloaded": 0,
                        b"incomplete": known[one][1],
                    }
                    for one in hashes
                    if one in known
                }
                said = encode({b"files": files}) if body is None else body
                with suppress(ConnectionError):
                    self.send_response(status if parts.path == "/scrape" else 404)
                    self.end_headers()
                    self.wfile.write(said)

        super().__init__(Scrape)

    @property
    def url(self) -> str:
        return self.address("announce")


Twist = Callable[[bytes], list[bytes]]


class UdpTracker:
    """Answers over UDP; `twist` may lose, cut or change what it sends."""

    def __init__(self, known: Known, twist: Twist = lambda packet: [packet]) -> None:
        self._known = known
        self._twist = twist
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve)

    @property
    def url(self) -> str:
        return f"udp://127.0.0.1:{self._socket.getsockname()[1]}/announce"

    def _serve(self) -> None:
        while True:
            packet, where = self._socket.recvfrom(4096)
            if not packet:
                return
            for answer in self._twist(self._answer(packet)):
                self._socket.sendto(answer, where)

    def _answer(self, packet: bytes) -> bytes:
        connection, action, number = struct.unpack(">QI4s", packet[:16])
        if action == 0:
            assert connection == 0x41727101980
            return struct.pack(">I4sQ", 0, number, 77)
        if connection != 77:
            return struct.pack(">I4s", 3, number) + b"no such connection"
        hashes = [packet[at : at + 20] for at in range(16, len(packet), 20)]
        counts = [self._known.get(one, (0, 0)) for one in hashes]
        body = b"".join(struct.pack(">III", s, 9, left) for s, left in counts)
        return struct.pack(">I4s", 2, number) + body

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()
