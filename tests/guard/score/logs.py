"""Logs of a service that nobody ever ran: listeners, and some who go through its catalogue."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import NamedTuple

START = 1_760_000_000
"""2025-10-09, 08:53:20 UTC."""

SONGS = 20_000


class Fetch(NamedTuple):
    """One request."""

    second: int
    address: str
    song: int


def listeners(count: int = 400, seed: int = 5) -> list[Fetch]:
    """People: each comes back to some songs, most of which many others hear, too."""
    draw = random.Random(seed)
    fetches = []
    for number in range(count):
        own = [min(SONGS, int(draw.paretovariate(0.6))) for _ in range(draw.randrange(5, 60))]
        for _ in range(draw.randrange(20, 90)):
            second = START + draw.randrange(7 * 86_400)
            fetches.append(Fetch(second, f"10.{number >> 8}.{number & 255}.7", draw.choice(own)))
    return sorted(fetches)


def scraper(address: str, songs: int, *, every_s: int = 40, first: int = 5_000) -> list[Fetch]:
    """Somebody who counts through the songs."""
    return [Fetch(START + every_s * number, address, first + number) for number in range(songs)]


def combined(fetches: list[Fetch], agent: str = "Mozilla/5.0") -> bytes:
    """The combined log format."""
    return b"".join(
        f"{one.address} - - [{datetime.fromtimestamp(one.second, UTC):%d/%b/%Y:%H:%M:%S +0000}] "
        f'"GET /song/{one.song}.ogg HTTP/1.1" 200 3000000 "-" "{agent}"\n'.encode()
        for one in fetches
    )


def caddy(fetches: list[Fetch]) -> bytes:
    """Caddy's lines of JSON."""
    return b"".join(
        json.dumps(
            {
                "level": "info",
                "ts": one.second + 0.25,
                "request": {
                    "remote_ip": one.address,
                    "method": "GET",
                    "uri": f"/song/{one.song}.ogg",
                    "headers": {"User-Agent": ["Mozilla/5.0"]},
                },
                "status": 200,
                "size": 3_000_000,
            }
        ).encode()
        + b"\n"
        for one in fetches
    )


def door(fetches: list[Fetch]) -> bytes:
    """The access log of `phono serve`."""
    return b"".join(
        json.dumps(
            {
                "at": f"{datetime.fromtimestamp(one.second, UTC):%Y-%m-%dT%H:%M:%S}.250Z",
                "address": f"{int(one.address.replace('.', '')):016x}",
                "method": "GET",
                "endpoint": "/sound/{gid}",
                "status": 206,
                "client": "Firefox/128",
                "item": f"00000000-0000-4000-8000-{one.song:012x}",
                "restricted": True,
                "bytes": 1_048_576,
            }
        ).encode()
        + b"\n"
        for one in fetches
    )
