"""Asking trackers how many peers they know: the scrape, over HTTP and UDP.

Laws: whatever a tracker sends, the answer is small, comes within the time limit, and is either
numbers or an `UnavailableError` that names the tracker; a torrent that the tracker does not name is
absent from the answer, which is not zero.

Source: BEP 48 (HTTP), BEP 15 (UDP). A tracker sees SHA-256 info-hashes cut to 20 bytes (BEP 52).
Not here: which torrents, several trackers together (`observing`).
"""

from __future__ import annotations

import secrets
import socket
import struct
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import quote, urlsplit, urlunsplit

from phonotheque.errors import MalformedError, UnavailableError
from phonotheque.publish.bencode import decode
from phonotheque.publish.health.report import held_to
from phonotheque.publish.health.swarm import Swarm

MOST_HASHES = 50
"""Asked for at once: the address stays below 4 kB (HTTP), the answer below one packet (UDP)."""

_MOST_ANSWER_BYTES = 1 << 16
_UDP_TRIES = 3
_UDP_CONNECT = 0x41727101980
_CONNECT, _SCRAPE, _ERROR = 0, 2, 3


def can_scrape(tracker: str) -> bool:
    """Whether a tracker can be asked: its kind of address is one that scrapes are defined for."""
    return _is_udp(tracker) or bool(http_scrape_address(tracker))


def http_scrape_address(announce: str) -> str:
    """Return where an HTTP tracker is scraped: "announce" at the beginning of the last part of its
    path becomes "scrape". "" when it has none."""
    try:
        parts = urlsplit(announce)
    except ValueError:
        return ""
    folder, slash, last = parts.path.rpartition("/")
    if parts.scheme not in ("http", "https") or not slash or not last.startswith("announce"):
        return ""
    path = f"{folder}/scrape{last.removeprefix('announce')}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def scrape(tracker: str, hashes: Sequence[bytes], timeout_s: float) -> Mapping[bytes, Swarm]:
    """Ask one tracker for some torrents.

    Args:
        tracker: Its announce address.
        hashes: At most `MOST_HASHES` info-hashes of 20 bytes.
        timeout_s: For each step of the conversation.

    Raises:
        UnavailableError: It cannot be reached, refuses, or answers what is no answer.
    """
    try:
        ask = _scrape_udp if _is_udp(tracker) else _scrape_http
        return ask(tracker, hashes, timeout_s)
    except (OSError, URLError, HTTPException, ValueError, MalformedError) as error:
        wrong = error.wrong if isinstance(error, MalformedError) else str(error) or "no answer"
        raise UnavailableError(
            tracker, f"it cannot be asked ({wrong})", "Ask again later, or check `seed.trackers`."
        ) from error


def _scrape_http(tracker: str, hashes: Sequence[bytes], timeout_s: float) -> Mapping[bytes, Swarm]:
    address = http_scrape_address(tracker)
    if not address:
        raise ValueError("its address says nothing of announce, so it has no scrape")
    query = "&".join(f"info_hash={quote(one, safe='')}" for one in hashes)
    joined = f"{address}{'&' if '?' in address else '?'}{query}"
    with urllib.request.urlopen(joined, timeout=timeout_s) as answer:
        data = answer.read(_MOST_ANSWER_BYTES + 1)
    if len(data) > _MOST_ANSWER_BYTES:
        raise ValueError("its answer does not end")
    said = decode(data, thing=tracker, max_depth=4, max_tokens=20 * MOST_HASHES)
    files = said.get(b"files") if isinstance(said, dict) else None
    if not isinstance(files, dict):
        reason = said.get(b"failure reason", b"") if isinstance(said, dict) else b""
        text = reason.decode("utf-8", "replace")[:200] if isinstance(reason, bytes) else ""
        raise ValueError(text or "its answer names no files")
    asked = set(hashes)
    return {name: _swarm(file) for name, file in files.items() if name in asked}


def _swarm(file: object) -> Swarm:
    if not isinstance(file, dict):
        raise ValueError("its answer is not what a scrape gives")
    seeders, leechers = file.get(b"complete", 0), file.get(b"incomplete", 0)
    if not isinstance(seeders, int) or not isinstance(leechers, int):
        raise ValueError("its answer counts in something else than numbers")
    return Swarm(held_to(seeders), held_to(leechers))


def _is_udp(tracker: str) -> bool:
    try:
        parts = urlsplit(tracker)
        return parts.scheme == "udp" and bool(parts.hostname) and parts.port is not None
    except ValueError:
        return False


def _scrape_udp(tracker: str, hashes: Sequence[bytes], timeout_s: float) -> Mapping[bytes, Swarm]:
    parts = urlsplit(tracker)
    family, kind, proto, _, where = socket.getaddrinfo(
        parts.hostname, parts.port, type=socket.SOCK_DGRAM
    )[0]
    with socket.socket(family, kind, proto) as line:
        line.settimeout(timeout_s)
        line.connect(where)  # from now on only its packets arrive
        connection = _converse(line, struct.pack(">Q", _UDP_CONNECT), _CONNECT, b"")[:8]
        if len(connection) < 8:
            raise ValueError("its answer is too short")
        body = _converse(line, connection, _SCRAPE, b"".join(hashes))
    if len(body) < 12 * len(hashes):
        raise ValueError("its answer is too short")
    counts = struct.iter_unpack(">III", body[: 12 * len(hashes)])
    return {
        one: Swarm(held_to(seeders), held_to(leechers))
        for one, (seeders, _, leechers) in zip(hashes, counts, strict=True)
    }


def _converse(line: socket.socket, head: bytes, action: int, body: bytes) -> bytes:
    """Send one request and return the body of its answer; packets get lost, so try thrice."""
    for attempt in range(_UDP_TRIES):
        number = secrets.token_bytes(4)
        line.send(head + struct.pack(">I", action) + number + body)
        try:
            return _answer(line, action, number)
        except TimeoutError:
            if attempt == _UDP_TRIES - 1:
                raise
    raise AssertionError


_MOST_STRAYS = 16


def _answer(line: socket.socket, action: int, number: bytes) -> bytes:
    for _ in range(_MOST_STRAYS):
        data = line.recv(_MOST_ANSWER_BYTES)
        if len(data) < 8 or data[4:8] != number:
            continue  # an answer to an earlier try
        said = int.from_bytes(data[:4], "big")
        if said == _ERROR:
            raise ValueError(data[8:208].decode("utf-8", "replace"))
        if said == action:
            return data[8:]
    raise ValueError("it answers what was not asked")
