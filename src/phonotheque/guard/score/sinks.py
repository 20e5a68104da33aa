"""Where verdicts go: a file, a set of nftables, or Valkey. All of them end by themselves.

Laws: a file of verdicts is whole at every instant; a verdict ends when it says, however late it
came, and one that ended is not taken; while a verdict holds, no lower rung takes its place; a
verdict that cannot be delivered is told; nothing but addresses ever goes into a set of addresses.

Sources: nftables 1.0, nft(8), "SET STATEMENT" and "ELEMENT COMMANDS"; Valkey, `SET` with `EX`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol

import msgspec

from phonotheque.disk import LocalDisk, write_whole
from phonotheque.errors import BadRequestError, MalformedError, UnavailableError
from phonotheque.guard.rungs import Rung
from phonotheque.guard.score.following import Verdict
from phonotheque.guard.score.reasons import instant

_NFT_TIMEOUT_S = 10
_NFT = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or "nft"
"""Where timers and ordinary people look for programs, it often is not."""


Clock = Callable[[], float]
"""Gives seconds since 1970."""


class Sink(Protocol):
    """Takes verdicts to whoever acts on them."""

    def take(self, verdict: Verdict) -> None:
        """Take one, unless it ended, or a higher rung of the same account holds.

        Raises:
            UnavailableError: It cannot be delivered now.
        """


class VerdictFile:
    """A file of JSON lines, one for each account, without those that ended."""

    def __init__(self, path: Path, clock: Clock = time.time) -> None:
        """Begin with what the file holds already.

        Raises:
            MalformedError: It holds something else: it is left alone.
        """
        self._disk, self._name = LocalDisk(path.absolute().parent), path.name
        self._clock = clock
        self._rows: dict[str, dict[str, Any]] = {}
        for line in path.read_bytes().splitlines() if path.exists() else []:
            row = _row(line, path)
            self._rows[row["account"]] = row

    def take(self, verdict: Verdict) -> None:
        """Add it, and leave out what ended."""
        now = instant(int(self._clock()))
        there = self._rows.get(verdict.account)
        if there is None or there["until"] <= now or _rung(there) <= verdict.rung:
            self._rows[verdict.account] = {"account": verdict.account, **record_of(verdict)}
        self._rows = {name: row for name, row in self._rows.items() if row["until"] > now}
        lines = [msgspec.json.encode(row) + b"\n" for row in self._rows.values()]
        write_whole(self._disk, self._name, b"".join(lines))


class AddressSet:
    """A set of nftables with timeouts: only suspensions, only of addresses."""

    def __init__(self, family: str, table: str, name: str, clock: Clock = time.time) -> None:
        """Name a set, as `inet filter scrapers`, made with `flags timeout`."""
        self._set, self._clock = f"{family} {table} {name}", clock

    def take(self, verdict: Verdict) -> None:
        """Add the address; the kernel takes it out again."""
        if verdict.rung is not Rung.SUSPEND:
            return
        address = _bare_address(verdict.account)
        seconds = verdict.until - int(self._clock())
        if not address or seconds <= 0:
            return
        command = f"add element {self._set} {{ {address} timeout {seconds}s }}\n"
        try:
            subprocess.run(
                [_NFT, "-f", "-"], input=command, text=True, capture_output=True, check=True,
                timeout=_NFT_TIMEOUT_S,
            )  # fmt: skip
        except FileNotFoundError as error:
            todo = "Install the package nftables."
            raise UnavailableError("nft", "it is not installed", todo) from error
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            told = " ".join(str(getattr(error, "stderr", "") or error).split())[:200]
            todo = f"Make it: nft add set {self._set} '{{ type ipv4_addr; flags timeout; }}'"
            raise UnavailableError(f"the set {self._set}", f"nft refused ({told})", todo) from error


class ValkeyKeys:
    """Keys `phonotheque:verdict:ACCOUNT` in Valkey or Redis, which end by themselves."""

    def __init__(self, url: str, clock: Clock = time.time) -> None:
        """Name a server, as `valkey://127.0.0.1:6379/0`.

        Raises:
            UnavailableError: The extra `valkey` is not installed.
        """
        try:
            import valkey
        except ImportError as error:
            todo = "Install it with `pip install 'phonotheque[valkey]'`."
            raise UnavailableError(url, "the library for it is not installed", todo) from error
        self._url, self._error, self._clock = url, valkey.ValkeyError, clock
        self._server = valkey.Valkey.from_url(url, socket_timeout=5, socket_connect_timeout=5)

    def take(self, verdict: Verdict) -> None:
        """Set the key; the server takes it out again."""
        key, value = (
            f"phonotheque:verdict:{verdict.account}",
            msgspec.json.encode(record_of(verdict)),
        )
        seconds = verdict.until - int(self._clock())
        if seconds <= 0:
            return
        try:
            if _rung_in(self._server.get(key)) <= verdict.rung:
                self._server.set(key, value, ex=seconds)
        except self._error as error:
            told = " ".join(str(error).split())[:200]
            raise UnavailableError(self._url, f"it refused ({told})", "Start it.") from error


_SINKS: dict[str, Callable[[str], Sink]] = {
    "file": lambda rest: VerdictFile(Path(rest)),
    "nft": lambda rest: _address_set(rest),
    "valkey": lambda rest: ValkeyKeys(f"valkey:{rest}"),
}


def sink_of(text: str) -> Sink:
    """Return the sink that a text names: `file:PATH`, `nft:FAMILY:TABLE:SET`, `valkey://HOST:PORT/DB`.

    Raises:
        BadRequestError: It names none.
        UnavailableError: What it needs is not installed.
    """
    kind, colon, rest = text.partition(":")
    if not colon or not rest or kind not in _SINKS:
        todo = "Write file:PATH, nft:inet:filter:SET or valkey://127.0.0.1:6379/0."
        raise BadRequestError(text, "verdicts cannot go there", todo)
    return _SINKS[kind](rest)


def record_of(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as others read it, without its account."""
    return {
        "rung": verdict.rung.name.lower(),
        "score": round(verdict.score, 3),
        "at": instant(verdict.second),
        "until": instant(verdict.until),
        "why": verdict.why,
    }


def _bare_address(account: str) -> str:
    """An address as it may stand in a command, of a machine elsewhere; "" for anything else.

    The name of a network interface may follow an IPv6 address, and may hold any letters at all.
    """
    try:
        address = ip_address(account)
    except ValueError:
        return ""
    if "%" in account or address.is_loopback or address.is_unspecified or address.is_multicast:
        return ""
    return address.compressed


def _row(line: bytes, path: Path) -> dict[str, Any]:
    try:
        row = msgspec.json.decode(line)
        if {"account", "rung", "until"} <= row.keys():
            _rung(row)
            return dict(row)
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, KeyError):
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


def _address_set(rest: str) -> AddressSet:
    parts = rest.split(":")
    if len(parts) != 3 or not all(
        part.replace("_", "").replace("-", "").isalnum() for part in parts
    ):
        todo = "Write nft:FAMILY:TABLE:SET, as nft:inet:filter:scrapers."
        raise BadRequestError(f"nft:{rest}", "it names no set", todo)
    family, table, name = parts
    return AddressSet(family, table, name)
