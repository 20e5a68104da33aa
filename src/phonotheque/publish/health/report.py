"""`health.json`: who counted the seeders of each torrent, when, and what they found.

Laws: a torrent that nobody answered for is absent, which is not the same as none; several sources
see the same peers, so their counts are never added up, the highest counts; the file is not signed:
it is one observer's word, with name and time.

Source: BEP 48 for the three numbers of a scrape.
Not here: asking (`scrape`, `dht`), pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from phonotheque.errors import MalformedError
from phonotheque.music.decoding import UNDECODABLE

SCHEMA = 1
PATH = "published/health.json"

LEAST_WATCH, LEAST_SAFE = 4, 11
"""Fewer than 4 seeders: at risk; 4 to 10: watch; more than 10: safe."""

_MOST_PEERS = 10_000_000
"""No swarm is larger; a tracker that says so lies, and is held to this."""


class Level(StrEnum):
    """How a torrent stands, in the word that people read."""

    AT_RISK = "at risk"
    WATCH = "watch"
    SAFE = "safe"
    UNKNOWN = "not counted"


def level_of(seeders: int | None) -> Level:
    """Say how a torrent with so many seeders stands; None: nobody counted."""
    if seeders is None:
        return Level.UNKNOWN
    if seeders < LEAST_WATCH:
        return Level.AT_RISK
    return Level.WATCH if seeders < LEAST_SAFE else Level.SAFE


class Count(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one observation says of one torrent.

    Attributes:
        seeders: Peers that have all of it.
        leechers: Peers that are still fetching.
        at: When, UTC.
        by: Which sources answered: "tracker", "dht".
    """

    seeders: int
    leechers: int
    at: str
    by: tuple[str, ...] = ()


class Health(msgspec.Struct, frozen=True):
    """The whole of `health.json`.

    Attributes:
        schema: Number of the form.
        observer: Who counted.
        observed_at: When the counting ended, UTC.
        torrents: By name.
    """

    schema: int
    observer: str
    observed_at: str
    torrents: dict[str, Count]


def held_to(number: int) -> int:
    """A count that a stranger told, kept within what can be."""
    return min(max(number, 0), _MOST_PEERS)


def highest(counts: Iterable[Count]) -> Count | None:
    """What several sources say of one torrent together; None when there are none."""
    told = list(counts)
    if not told:
        return None
    by = sorted({source for one in told for source in one.by})
    most_seeders = max(one.seeders for one in told)
    most_leechers = max(one.leechers for one in told)
    return Count(most_seeders, most_leechers, max(one.at for one in told), tuple(by))


def encode(health: Health) -> bytes:
    """Return the bytes of `health.json`: torrents in order of name, one line each."""
    lines = [
        msgspec.json.encode(name) + b":" + msgspec.json.encode(health.torrents[name])
        for name in sorted(health.torrents)
    ]
    head = msgspec.json.encode(
        {
            "schema": health.schema,
            "observer": health.observer,
            "observed_at": health.observed_at,
        }
    )
    return head[:-1] + b',"torrents":{\n' + b",\n".join(lines) + b"\n}}\n"


def decode(data: bytes) -> Health:
    """Read the bytes of a `health.json`.

    Raises:
        MalformedError: They are not one, or of a later form.
    """
    try:
        health = msgspec.json.decode(data, type=Health)
    except UNDECODABLE as error:
        raise MalformedError(PATH, str(error), "Count anew: phono publish health") from error
    if health.schema > SCHEMA:
        raise MalformedError(
            PATH, f"its form {health.schema} is newer than this program", "Install a newer one."
        )
    return health
