"""Where verdicts go: a file, a set of nftables, or Valkey. All of them end by themselves.

Laws: a file of verdicts is whole at every instant; a verdict ends when it says, however late it
came, and one that ended is not taken; while a verdict holds, no lower rung takes its place; one
that comes again changes nothing; a verdict that cannot be delivered is told.

Source: Valkey, `SET` with `EX`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from phonotheque.disk import LocalDisk, write_whole
from phonotheque.errors import (
    BadRequestError,
    MalformedError,
    PhonothequeError,
    UnavailableError,
)
from phonotheque.guard.instants import INSTANT, instant_of
from phonotheque.guard.rungs import Rung
from phonotheque.guard.score.address_sets import address_set_of
from phonotheque.guard.score.following import Verdict

Clock = Callable[[], float]
"""Gives seconds since 1970."""


class Sink(Protocol):
    """Takes verdicts to whoever acts on them."""

    def take(self, verdict: Verdict) -> None:
        """Take one, unless it ended, or a higher rung of the same account holds.

        Raises:
            UnavailableError: It cannot be delivered now.
        """

    def probe(self) -> None:
        """See whether it would take one now.

        Raises:
            UnavailableError: It would not.
        """


class VerdictFile:
    """A file of JSON lines, one for each account, without those that ended."""

    def __init__(self, path: Path, clock: Clock = time.time) -> None:
        """Begin with what the file holds already.

        Raises:
            BadRequestError: No file can be there.
            MalformedError: It holds something else: it is left alone.
            UnavailableError: It cannot be read.
        """
        self._path, self._clock = path, clock
        self._disk = LocalDisk(path.absolute().parent)
        self._rows = {row["account"]: row for row in _rows(path)}

    def take(self, verdict: Verdict) -> None:
        """Add it, and leave out what ended."""
        now = instant_of(int(self._clock()))
        there = self._rows.get(verdict.account)
        if there is None or there["until"] <= now or _rung(there) <= verdict.rung:
            self._rows[verdict.account] = {"account": verdict.account, **record_of(verdict)}
        self._rows = {name: row for name, row in self._rows.items() if row["until"] > now}
        lines = [msgspec.json.encode(row) + b"\n" for row in self._rows.values()]
        try:
            write_whole(self._disk, self._path.name, b"".join(lines))
        except PhonothequeError as error:
            todo = "It is tried again; see to the folder and the disk."
            raise UnavailableError(f"file:{self._path}", error.wrong, todo) from error

    def probe(self) -> None:
        """Nothing is to be seen: what cannot be written was refused in the beginning."""


class ValkeyKeys:
    """Keys `phonotheque:verdict:ACCOUNT` in Valkey or Redis, which end by themselves."""

    def __init__(self, url: str, clock: Clock = time.time) -> None:
        """Name a server, as `valkey://127.0.0.1:6379/0`.

        Raises:
            BadRequestError: It names none.
            UnavailableError: The extra `valkey` is not installed.
        """
        try:
            import valkey
        except ImportError as error:
            todo = "Install it with `pip install 'phonotheque[valkey]'`."
            raise UnavailableError(url, "the library for it is not installed", todo) from error
        self._url, self._error, self._clock = url, valkey.ValkeyError, clock
        try:
            parts = urlsplit(url)
            is_whole = bool(parts.hostname) and parts.port != 0
            (parts.hostname or "").encode("idna")
            database = int(parts.path.strip("/") or 0)
            self._server = valkey.Valkey.from_url(url, socket_timeout=5, socket_connect_timeout=5)
        except ValueError as error:
            raise BadRequestError(url, f"it names no server ({error})", _TODO) from error
        if not is_whole or database < 0:
            raise BadRequestError(url, "it names no server", _TODO)

    def take(self, verdict: Verdict) -> None:
        """Set the key; the server takes it out again."""
        key, value = (
            f"phonotheque:verdict:{verdict.account}",
            msgspec.json.encode(record_of(verdict)),
        )
        seconds = verdict.until - int(self._clock())
        if seconds <= 0:
            return
        with self._telling():
            if _rung_in(self._server.get(key)) <= verdict.rung:
                self._server.set(key, value, ex=seconds)

    def probe(self) -> None:
        """See whether the server answers."""
        with self._telling():
            self._server.ping()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (self._error, OSError) as error:
            told = " ".join(str(error).split())[:200]
            raise UnavailableError(self._url, f"it refused ({told})", "Start it.") from error


_TODO = "Write file:PATH, nft:inet:filter:SET or valkey://127.0.0.1:6379/0."

_SINKS: dict[str, Callable[[str], Sink]] = {
    "file": lambda rest: VerdictFile(Path(rest)),
    "nft": lambda rest: address_set_of(rest),
    "valkey": lambda rest: ValkeyKeys(f"valkey:{rest}"),
}


def sink_of(text: str) -> Sink:
    """Return the sink that a text names.

    Args:
        text: `file:PATH`, `nft:FAMILY:TABLE:SET` (with a set for IPv6 behind it:
            `nft:FAMILY:TABLE:SET:SET6`) or `valkey://HOST:PORT/DB`.

    Raises:
        BadRequestError: It names none, or nothing can be written there.
        MalformedError: The file holds something else.
        UnavailableError: What it needs is not installed, or cannot be read.
    """
    kind, colon, rest = text.partition(":")
    if not colon or not rest or kind not in _SINKS:
        raise BadRequestError(text, "verdicts cannot go there", _TODO)
    return _SINKS[kind](rest)


def record_of(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as others read it, without its account."""
    return {
        "rung": verdict.rung.name.lower(),
        "score": None if verdict.score is None else round(verdict.score, 3),
        "at": instant_of(verdict.second),
        "until": instant_of(verdict.until),
        "why": verdict.why,
    }


def _rows(path: Path) -> list[dict[str, Any]]:
    """What a file of verdicts holds; nothing where there is none."""
    folder, thing = path.absolute().parent, f"file:{path}"
    if not os.path.isdir(folder):
        todo = f"Make it: mkdir -p {folder}"
        raise BadRequestError(
            thing, f"the folder that it is to be in is not there ({folder})", todo
        )
    if not os.access(folder, os.W_OK):
        raise BadRequestError(thing, f"its folder cannot be written to ({folder})", _TODO)
    if not os.path.exists(path):
        return []
    if not os.path.isfile(path):
        raise BadRequestError(thing, "it is a folder or a device", "Name a file of its own.")
    try:
        return [_row(line, path) for line in path.read_bytes().splitlines()]
    except OSError as error:
        wrong = f"it cannot be read ({error.strerror})"
        raise UnavailableError(thing, wrong, "Read it as somebody who may.") from error


def _row(line: bytes, path: Path) -> dict[str, Any]:
    try:
        row = msgspec.json.decode(line, type=dict[str, Any])
        datetime.strptime(row["until"], INSTANT).replace(tzinfo=UTC)
        if isinstance(row["account"], str) and _rung(row):
            return row
    except (msgspec.MsgspecError, ValueError, AttributeError, KeyError, TypeError):
        pass
    raise MalformedError(str(path), "it holds no verdicts", "Name a file of its own for them.")


def _rung(row: dict[str, Any]) -> Rung:
    return Rung[row["rung"].upper()]


def _rung_in(value: Any) -> Rung:
    """The rung of a record that a key holds; none where it holds nothing that is one."""
    try:
        return _rung(msgspec.json.decode(value or b"{}"))
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        return Rung.NONE
