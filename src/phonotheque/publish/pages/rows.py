"""One torrent as a row of a table shows it, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from phonotheque.music.number_words import counted
from phonotheque.publish.health.report import Level
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.pages.site import Site
from phonotheque.publish.pages.texts import (
    format_count,
    format_day,
    format_size,
    group_words,
    plain,
)
from phonotheque.publish.torrent import magnet_link

_MOST_LICENCES = 3
_NO_BREAK = "\u00a0"


@dataclass(frozen=True, slots=True)
class Row:
    """A row. `address` of its page, `torrent` of its file and `magnet` are "" when not offered."""

    id: str
    words: str
    size: str
    files: str
    licences: str
    sealed: str
    sealed_at: str
    level: Level
    health: str
    magnet: str
    torrent: str
    listing: str
    reason: str
    superseded_by: str
    where: str
    collections: tuple[str, ...]


def row_of(site: Site, line: TorrentLine, pages: dict[str, str]) -> Row:
    """Return the row of a torrent.

    Args:
        site: What is known.
        line: The torrent.
        pages: On which page each torrent stands in full.
    """
    is_offered = not line.obsolete
    return Row(
        id=line.id,
        words=group_words(line.kind, line.tier),
        size=format_size(line.size_bytes),
        files=format_count(line.files),
        licences=licence_mix(line),
        sealed=format_day(line.added),
        sealed_at=plain(line.added),
        level=site.level(line),
        health=health_words(site, line),
        magnet=magnet_of(site, line) if is_offered else "",
        torrent=f"{quote(line.id)}.torrent" if is_offered else "",
        listing=f"files/{quote(line.id)}.jsonl.zst" if line.id in site.listings else "",
        reason=plain(line.obsolete),
        superseded_by=plain(line.superseded_by),
        where=pages.get(line.superseded_by, ""),
        collections=site.collections_of(line),
    )


def magnet_of(site: Site, line: TorrentLine) -> str:
    """The magnet link of a torrent."""
    return magnet_link(line.v1, line.v2, line.id, site.trackers, line.web_seeds)


def health_words(site: Site, line: TorrentLine) -> str:
    """Number and word: "3 seeders, at risk"."""
    seeders = site.seeders(line)
    if seeders is None:
        return Level.UNKNOWN.value
    return f"{counted(seeders, 'seeder')}, {site.level(line).value}"


def licence_mix(line: TorrentLine) -> str:
    """Which licences its items stand under, the most frequent first: "61 % CC BY, 39 % CC0"."""
    total = sum(line.licences.values())
    if not total:
        return "as the archive states" if line.kind != "art" else "as each release"
    ordered = sorted(line.licences.items(), key=lambda pair: (-pair[1], pair[0]))
    shares = _shares([count for _, count in ordered])
    named = zip(shares, (_short(name) for name, _ in ordered), strict=True)
    shown = [_NO_BREAK.join(one) for one in named][:_MOST_LICENCES]
    more = len(ordered) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _shares(counts: Sequence[int]) -> list[str]:
    """Percentages of parts, each above 0, that add up to 100: by the largest remainder.

    What is less than 1 is told so, and nothing but all is 100.
    """
    total = sum(counts)
    whole = [100 * count // total for count in counts]
    missing = 100 - sum(whole)
    by_rest = sorted(range(len(counts)), key=lambda place: -(100 * counts[place] % total))
    for place in by_rest[:missing]:
        whole[place] += 1
    return [
        f"{'< 1' if 100 * count < total else min(said, 99 if count < total else 100)}{_NO_BREAK}%"
        for count, said in zip(counts, whole, strict=True)
    ]


def _short(licence: str) -> str:
    """A licence as people call it: "CC BY 4.0" for the address of that licence."""
    head, found, rest = licence.partition("creativecommons.org/")
    if not found or head not in ("http://", "https://"):
        return plain(licence)
    parts = [part for part in rest.split("/") if part]
    if parts[:2] == ["publicdomain", "zero"]:
        return "CC0"
    if parts[:2] == ["publicdomain", "mark"]:
        return "Public domain"
    if len(parts) >= 3 and parts[0] == "licenses":
        return plain(f"CC {parts[1].upper()} {' '.join(parts[2:])}")
    return plain(licence)
