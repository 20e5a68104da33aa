"""The access log: one line of JSON for each request, without anybody's address.

Laws: who asked stands there as a hash under a key that is replaced after 90 days and then gone, so
that what was written before cannot be laid beside what is written after; lines are whole, also when
several processes write; a log that cannot be written stops nobody from listening, and is told once;
of a disk that took only a part, one line is torn, and the next begins on a line of its own.

The form is specified in `docs/reference/access-log.md`, and is what the guard reads.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Protocol

import msgspec

_HASH_DIGITS = 16
_MOST_KNOWN = 10_000
_MOST_CLIENT = 40
_FLUSH_LINES = 64
_FLUSH_S = 0.2
_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
_PRODUCT = re.compile(r"([A-Za-z][A-Za-z0-9._ -]{0,30})/([0-9]+)")


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request. Fields that are empty or zero are left out.

    Attributes:
        at: Instant at which it was answered: ISO 8601 in UTC, ms.
        id: Of the request, also in its answer (`X-Request-Id`).
        address: Keyed hash of the address; of IPv6 of the household's network.
        network: Keyed hash of its neighbourhood (/24, /48).
        account: Of restricted sound, also refused, and of canaries: keyed hash of the listener's
            token; left out where it is the address that counts.
        client: Program that asked, with its main version: "Firefox/128".
        method: "GET", "HEAD", "POST".
        endpoint: The route, as it is written in the reference: "/sound/{gid}".
        item: gid of what was asked for.
        form: Of sound: "original", "dressed", "opus", "preview".
        restricted: Whether it may be heard and not kept.
        status: HTTP status.
        bytes: Of the body that was sent.
        ms: How long it took.
        played_ms: Of a report of a play: how much of it was heard.
        of_bytes: Of restricted sound: how long all of it is.
        chosen: Of restricted sound: the service itself drew it for whoever asks.
        canary: What was asked for names nothing, and nobody was ever given it.
        over_budget: It was refused because the budget for new restricted recordings is used.
    """

    at: str
    id: str
    address: str
    network: str
    method: str
    endpoint: str
    status: int
    client: str = ""
    account: str = ""
    item: str = ""
    form: str = ""
    restricted: bool = False
    bytes: int = 0
    ms: float = 0.0
    played_ms: int = 0
    of_bytes: int = 0
    chosen: bool = False
    canary: bool = False
    over_budget: bool = False


class Sink(Protocol):
    """Where lines go."""

    def write(self, line: Line) -> None:
        """Take one line; it is written soon."""

    def flush(self) -> None:
        """Write what was taken."""

    def close(self) -> None:
        """Write what was taken."""


class Pseudonyms:
    """Turns addresses into what stands for them.

    Args:
        key: Returns the key of this day.
    """

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key
        self._known: tuple[bytes, dict[str, str]] = b"", {}

    def of(self, text: str) -> str:
        """16 hexadecimal digits that stand for a text while the key is the same."""
        key = self._key()
        under, known = self._known  # one look: other threads may replace it at any moment
        if key != under or len(known) >= _MOST_KNOWN:
            known = {}
            self._known = key, known
        found = known.get(text)
        if found is None:
            hashed = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
            found = known[text] = hashed[:_HASH_DIGITS]
        return found


@lru_cache(maxsize=1024)
def client_of(user_agent: str) -> str:
    """The program and its main version; nothing of the machine that it runs on."""
    found = dict(_PRODUCT.findall(user_agent[:512]))
    for name in _BROWSERS:
        if name in found:
            return f"{name}/{found[name]}"
    name, version = next(iter(found.items()), ("", ""))
    return f"{name.strip()}/{version}"[:_MOST_CLIENT] if name else ""


def _line_end_for(descriptor: int) -> bytes:
    """What comes before new lines: an end for the line that a full disk, or a crash, tore off, of
    whichever process it was."""
    size_bytes = os.fstat(descriptor).st_size
    is_torn = size_bytes and os.pread(descriptor, 1, size_bytes - 1) != b"\n"
    return b"\n" if is_torn else b""


class FileSink:
    """Writes lines to a file for each day, many at a time, each whole.

    Args:
        folder: Where the files lie: `2026-11-22.jsonl`.
        on_fault: Told once when nothing can be written.
        clock: Seconds that never go back.
        most_days: Files of so many days are kept.
    """

    def __init__(
        self,
        folder: Path,
        on_fault: Callable[[str], None],
        clock: Callable[[], float],
        *,
        most_days: int,
    ) -> None:
        self._folder = folder
        self._on_fault = on_fault
        self._clock = clock
        self._most_days = most_days
        self._lines: list[bytes] = []
        self._day = ""
        self._flushed_at = clock()
        self._lock = Lock()
        self._is_told = False

    def write(self, line: Line) -> None:
        """Take one line."""
        data = msgspec.json.encode(line) + b"\n"
        with self._lock:
            if line.at[:10] != self._day:
                self._flush()
                self._day = line.at[:10]
                self._forget_old()
            self._lines.append(data)
            is_due = self._clock() - self._flushed_at >= _FLUSH_S
            if is_due or len(self._lines) >= _FLUSH_LINES:
                self._flush()

    def flush(self) -> None:
        """Write what was taken."""
        with self._lock:
            self._flush()

    def close(self) -> None:
        """Write what was taken."""
        self.flush()

    def _flush(self) -> None:
        self._flushed_at = self._clock()
        if not self._lines:
            return
        data, self._lines = b"".join(self._lines), []
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._folder / f"{self._day}.jsonl", flags, 0o640)
            try:
                wanted = _line_end_for(descriptor) + data
                count = os.write(descriptor, wanted)  # one call: those of others stay whole
            finally:
                os.close(descriptor)
            if count < len(wanted):
                self._tell(f"the disk took {count} of {len(wanted)} bytes; the others are lost")
        except OSError as error:
            self._tell(str(error))

    def _tell(self, wrong: str) -> None:
        if not self._is_told:
            self._is_told = True
            self._on_fault(f"the access log cannot be written: {wrong}")

    def _forget_old(self) -> None:
        try:
            found = sorted(self._folder.glob("????-??-??.jsonl"), reverse=True)
            old = [path for path in found if path.stem < self._day]
            for path in old[self._most_days - 1 :]:
                path.unlink(missing_ok=True)
        except OSError:
            return  # tomorrow again
