"""Sets of nftables that verdicts go to, which let addresses go by themselves.

Law: nothing but addresses, and networks as small as accounts are, ever goes into a command.

Source: nftables 1.0, nft(8), "SETS" and "ELEMENTS".
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network

from phonotheque.errors import BadRequestError, UnavailableError
from phonotheque.guard.rungs import Rung
from phonotheque.guard.score.following import Verdict

_NFT_TIMEOUT_S = 10
_NFT = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or "nft"
"""Where timers and ordinary people look for programs, it often is not."""

_EXAMPLES = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Of what goes into a set that nothing went into yet."""

_WIDEST = {4: 24, 6: 48}
"""Bits of the networks that are accounts (`Gathering.by_network`)."""


class AddressSet:
    """A set of nftables with timeouts: only suspensions, only of addresses and of networks."""

    def __init__(
        self,
        family: str,
        table: str,
        name: str,
        name_v6: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Name a set, as `inet filter scrapers`, made with `flags timeout`, or for networks with
        `flags interval, timeout`; and one for IPv6, as a set holds one kind."""
        self._place, self._clock = f"{family} {table}", clock
        self._names = {4: name, 6: name_v6 or name}

    def take(self, verdict: Verdict) -> None:
        """Add the address; the kernel takes it out again."""
        if verdict.rung is not Rung.SUSPEND:
            return
        network = _network_of(verdict.account)
        seconds = verdict.until - int(self._clock())
        if network is None or seconds <= 0:
            return
        name = f"{self._place} {self._names[network.version]}"
        element = f"{_as_element(network)} timeout {seconds}s"
        self._run(f"add element {name} {{ {element} }}", name, network)

    def probe(self) -> None:
        """See whether the sets are there."""
        for kind, name in {4: self._names[4], **self._second()}.items():
            place = f"{self._place} {name}"
            self._run(f"list set {place}", place, ip_network(_EXAMPLES[kind]))

    def _second(self) -> dict[int, str]:
        return {} if self._names[6] == self._names[4] else {6: self._names[6]}

    def _run(self, command: str, name: str, network: IPv4Network | IPv6Network) -> None:
        try:
            subprocess.run(
                [_NFT, "-t", "-f", "-"], input=f"{command}\n", text=True, capture_output=True,
                check=True, timeout=_NFT_TIMEOUT_S,
            )  # fmt: skip
        except OSError as error:
            todo = "Install the package nftables."
            raise UnavailableError("nft", "it cannot be run", todo) from error
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            told = " ".join(str(getattr(error, "stderr", "") or error).split())[:200]
            raise UnavailableError(
                f"the set {name}", f"nft refused ({told})", _how_to_make(name, network)
            ) from error


def address_set_of(rest: str) -> AddressSet:
    """Return what `FAMILY:TABLE:SET` or `FAMILY:TABLE:SET:SET6` names.

    Raises:
        BadRequestError: It names none.
    """
    parts = rest.split(":")
    if len(parts) not in (3, 4) or not all(
        part.replace("_", "").replace("-", "").isalnum() for part in parts
    ):
        todo = "Write nft:FAMILY:TABLE:SET, as nft:inet:filter:scrapers."
        raise BadRequestError(f"nft:{rest}", "it names no set", todo)
    family, table, name, *name_v6 = parts
    return AddressSet(family, table, name, "".join(name_v6))


def _network_of(account: str) -> IPv4Network | IPv6Network | None:
    """An address, or a network of neighbours, as it may stand in a command; None for anything else.

    The name of a network interface may follow an IPv6 address, and may hold any letters at all; and
    an account that calls itself `0.0.0.0/0` must not shut everybody out.
    """
    try:
        network = ip_network(account)
    except ValueError:
        return None
    first = network.network_address
    is_here = first.is_loopback or first.is_unspecified or first.is_multicast
    if "%" in account or is_here or network.prefixlen < _WIDEST[network.version]:
        return None
    return network


def _as_element(network: IPv4Network | IPv6Network) -> str:
    return network.compressed if network.num_addresses > 1 else network.network_address.compressed


def _how_to_make(name: str, network: IPv4Network | IPv6Network) -> str:
    flags = "interval, timeout" if network.num_addresses > 1 else "timeout"
    make = f"nft add set {name} '{{ type ipv{network.version}_addr; flags {flags}; }}'"
    second = " A set for IPv6 is named behind the other: nft:inet:filter:SET:SET6."
    return f"Make it: {make}.{second if network.version == 6 else ''}"
