"""Sites to make pages of: large, small, empty, hostile."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable

from phonotheque.publish.health.history import Observed, observed
from phonotheque.publish.health.report import Count, Health
from phonotheque.publish.index.lines import Header, TorrentLine
from phonotheque.publish.pages.site import Site

LICENCES = {
    "open": {
        "https://creativecommons.org/licenses/by/4.0/": 61,
        "https://creativecommons.org/publicdomain/zero/1.0/": 39,
    },
    "nc": {"https://creativecommons.org/licenses/by-nc/4.0/": 5},
    "nd": {"https://creativecommons.org/licenses/by-nd/3.0/de/": 100},
    "nc-nd": {"https://creativecommons.org/licenses/by-nc-nd/4.0/": 7, "LicenseRef-Own": 1},
}
HOSTILE = '</script><b onclick="x">&amp;\u202egnp.exe\x00\x1b[31m\u2066"\''


def line(number: int, kind: str = "open", tier: str = "50", **other: object) -> TorrentLine:
    """A torrent; what is not given follows from its number."""
    name = f"kettle-comet-{kind}-{tier if tier in ('rest', 'all') else f't{tier}'}-{number:05d}"
    digest = hashlib.sha256(name.encode()).hexdigest()
    fields: dict[str, object] = {
        "id": name,
        "kind": kind,
        "tier": tier,
        "v2": digest,
        "v1": digest[20:60],
        "size_bytes": 10**9 * (1 + number % 34),
        "files": 100 + number % 8000,
        "items": 96,
        "piece_bytes": 1 << 20,
        "torrent_bytes": 400,
        "torrent_sha256": digest,
        "added": f"2026-{1 + number % 11:02d}-{1 + number % 28:02d}T10:00:00Z",
        "basis": "licence" if kind in LICENCES else "own work",
        "licences": LICENCES.get(kind, {}),
    }
    return TorrentLine(**{**fields, **other})  # type: ignore[arg-type]


def header(title: str = "Kettle & Comet", address: str = "https://archive.example/t") -> Header:
    """The header of an index."""
    return Header(
        schema=1,
        archive="8b0c2f3e-2f3e-4c4c-9d9d-0123456789ab",
        name="kettle-comet",
        title=title,
        seq=12,
        previous="0" * 64,
        created="2026-11-21T10:00:00Z",
        expires="2026-12-21T10:00:00Z",
        torrents=0,
        size_bytes=0,
        tdm="",
        address=address,
    )


def health(lines: Iterable[TorrentLine]) -> Health:
    """A count in which every level occurs."""
    counts = {
        one.id: Count(number % 23, number % 3, "2026-11-21T18:05:00Z", ("tracker",))
        for number, one in enumerate(lines)
        if number % 29 != 28
    }
    return Health(1, "Kettle & Comet", "2026-11-21T18:05:00Z", counts)


def history(lines: tuple[TorrentLine, ...]) -> tuple[Observed, ...]:
    """Ten months in which an archive grew."""
    return tuple(
        observed(
            Health(1, "x", f"2026-{month:02d}-05T10:00:00Z", health(lines).torrents),
            lines[: len(lines) * month // 10],
        )
        for month in range(1, 11)
    )


def site(torrents: int = 60) -> Site:
    """An archive with so many volumes, six packs, and some that are not offered any more."""
    rng = random.Random(6)
    tiers = ("50", "90", "99", "996", "rest")
    lines = [
        line(number, rng.choice(list(LICENCES)), tiers[number * len(tiers) // torrents])
        for number in range(torrents)
    ]
    lines += [line(900 + n, kind, "all") for n, kind in enumerate(("metadata", "facts", "art"))]
    lines.append(line(990, "nc", "90", obsolete="Removed: case 7.", superseded_by=lines[0].id))
    lines.append(line(991, "metadata", "all", obsolete="Replaced by a newer one."))
    every = tuple(lines)
    return Site(
        header=header(),
        lines=every,
        health=health(every),
        history=history(every),
        collections={one.id: ("Tidewrack Editions",) for one in lines[: torrents // 3]},
        trackers=("udp://tracker.example:6969/announce",),
        summary=("These torrents hold 99.6 % of what is listened to.",),
        papers={"index": "index-00012.jsonl.zst", "facts": "facts/fact-sheet.html"},
        listings=frozenset(one.id for one in lines),
    )


def hostile_site() -> Site:
    """An archive whose every text was written by somebody who means harm."""
    lines = (
        line(1, licences={HOSTILE: 3, "https://creativecommons.org/licenses/" + HOSTILE: 1}),
        line(2, obsolete=HOSTILE, superseded_by=HOSTILE),
        line(3, added=HOSTILE, web_seeds=("javascript:alert(1)//" + HOSTILE,)),
    )
    return Site(
        header=header(title=HOSTILE, address="javascript:alert(1)"),
        lines=lines,
        health=Health(1, HOSTILE, HOSTILE, {lines[0].id: Count(3, 1, HOSTILE)}),
        collections={lines[0].id: (HOSTILE,), lines[2].id: ('"><script src=//x>',)},
        trackers=(f"udp://x/{HOSTILE}",),
        summary=(HOSTILE,),
    )
