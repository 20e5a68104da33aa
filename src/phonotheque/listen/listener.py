"""Who asks: the address behind all proxies that are trusted, and where that is; pure.

Laws: only a proxy that the operator named is believed, hop by hop from this end, so nobody writes
an address of his own into the head of a request; an address that cannot be read is that of the
last proxy that can.

What others call a listener is never an address: `group` is what limits count by, one machine or one
household, because an IPv6 customer has 2**64 addresses to change among.

Source: RFC 7239 section 7.4 (reading a chain of proxies from the end), RFC 6177 (a /64 for each
network of a household).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from phonotheque.errors import BadSettingError
from phonotheque.guard.tokens import token_in
from phonotheque.listen.sound.ports import Place

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_COUNTRY = re.compile(r"[A-Z]{2}")
_NOWHERE = ip_address("0.0.0.0")
_MOST_HOPS = 16


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody at the other end.

    Attributes:
        address: Of the machine, as far as proxies that are trusted say.
        place: Where that is.
        is_secure: Whether the way here was encrypted, as far as is known.
        is_machine: It is this machine itself, and no proxy stands between.
        token: What it says that this door gave it, unproven; "" for nothing.
    """

    address: Address
    place: Place
    is_secure: bool = False
    is_machine: bool = False
    token: str = ""

    @property
    def group(self) -> str:
        """What limits count by: the address, of IPv6 the network of the household."""
        return _group_of(self.address)

    @property
    def network(self) -> str:
        """The neighbourhood: 256 addresses of IPv4, a site (/48) of IPv6."""
        return _network_of(self.address)


@lru_cache(maxsize=4096)
def _group_of(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, 64), strict=False))


@lru_cache(maxsize=4096)
def _network_of(address: Address) -> str:
    prefix = 24 if isinstance(address, IPv4Address) else 48
    return str(ip_network((address, prefix), strict=False))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the operator says of the machines around.

    Attributes:
        proxies: Networks of proxies that are believed.
        premises: Networks of the archive's own rooms.
        country_header: Name, in lower case, of the header in which a proxy says the country; ""
            when none does.
    """

    proxies: tuple[Network, ...] = ()
    premises: tuple[Network, ...] = ()
    country_header: str = ""

    def listener(self, peer: str, scheme: str, fields: Mapping[str, str]) -> Listener:
        """Return who asks.

        Args:
            peer: Address of the other end of the connection; "" when it has none.
            scheme: "http" or "https", as the connection is.
            fields: Headers, names in lower case; several of one name with commas between.
        """
        near = _address(peer) or _NOWHERE
        is_believed = self._is_proxy(near)
        chain = fields.get("x-forwarded-for", "") if is_believed else ""
        address = self._behind(near, chain)
        country = None
        if is_believed:
            scheme = fields.get("x-forwarded-proto", scheme)
            told = fields.get(self.country_header, "").upper() if self.country_header else ""
            country = told if _COUNTRY.fullmatch(told) else None
        is_premises = any(address in network for network in self.premises)
        return Listener(
            address,
            Place(country, is_premises),
            is_secure=scheme == "https",
            is_machine=near.is_loopback and not chain,
            token=token_in(fields.get("cookie", "")),
        )

    def _behind(self, near: Address, chain: str) -> Address:
        """Walk from the nearest proxy outwards to the first address nobody answers for."""
        for text in reversed(chain.split(",")[-_MOST_HOPS:]):
            further = _address(text)
            if further is None:
                break
            near = further
            if not self._is_proxy(near):
                break
        return near

    def _is_proxy(self, address: Address) -> bool:
        return any(address in network for network in self.proxies)


def _address(text: str) -> Address | None:
    """Read an address; one of IPv4 written in IPv6 is the former (RFC 4291, 2.5.5.2)."""
    try:
        address = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def parse_networks(setting: str, texts: Sequence[str]) -> tuple[Network, ...]:
    """Read networks and single addresses.

    Raises:
        BadSettingError: One is neither.
    """
    try:
        return tuple(ip_network(text.strip(), strict=False) for text in texts)
    except ValueError as error:
        raise BadSettingError(
            setting, f"{error}", "Write addresses or networks: 127.0.0.1, 10.0.0.0/8, ::1."
        ) from error
