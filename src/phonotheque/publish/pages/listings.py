"""The lists for programs: `torrents.json` of all, `choice.json` for the chooser, magnets as text.

Laws: `torrents.json` has every torrent of the index, also what is not offered any more, with the
reason; a list for a size is what `phonotheque.publish.choice` gives for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from phonotheque.music.tdm_statement import SENTENCE
from phonotheque.publish.choice import FILL_PERCENT, TARGET_COPIES, fitting
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.pages.rows import magnet_of
from phonotheque.publish.pages.site import GONE, Site

PREPARED_BYTES = {
    "100GB": 10**11,
    "500GB": 5 * 10**11,
    "1TB": 10**12,
    "2TB": 2 * 10**12,
    "4TB": 4 * 10**12,
    "8TB": 8 * 10**12,
    "16TB": 16 * 10**12,
}
"""Sizes for which a list is made beforehand: for those without scripts."""


def torrents_json(site: Site) -> bytes:
    """Return the list of all, one torrent a line."""
    header = site.header
    head = {
        "schema": 1,
        "archive": header.archive,
        "name": header.name,
        "title": header.title,
        "address": header.address,
        "index": header.seq,
        "created": header.created,
        "expires": header.expires,
        "statement_on_text_and_data_mining": SENTENCE,
        "health": {"observer": site.health.observer, "observed_at": site.health.observed_at}
        if site.health
        else None,
    }
    return _with_lines(head, "torrents", [_record(site, line) for line in site.lines])


def _record(site: Site, line: TorrentLine) -> dict[str, Any]:
    is_offered = not line.obsolete
    count = site.count(line)
    return {
        **{name: getattr(line, name) for name in TorrentLine.__struct_fields__},
        "torrent": f"{quote(line.id)}.torrent" if is_offered else None,
        "magnet": magnet_of(site, line) if is_offered else None,
        "collections": list(site.collections_of(line)),
        "seeders": count.seeders if count else None,
        "leechers": count.leechers if count else None,
    }


def choice_json(site: Site, spine_of: Mapping[str, int]) -> bytes:
    """Return what the chooser in the browser needs, as small as it goes.

    One row a torrent: name, kind, tier, bytes, day it was sealed, numbers of its collections,
    number of its spine on the shelf, seeders (null: not counted).
    """
    names = sorted({name for line in site.offered for name in site.collections_of(line)})
    number_of = {name: number for number, name in enumerate(names)}
    rows = [
        [
            line.id,
            line.kind,
            line.tier,
            line.size_bytes,
            line.added[:10],
            [number_of[name] for name in site.collections_of(line)],
            spine_of[line.id],
            site.seeders(line),
        ]
        for line in site.offered
    ]
    head = {
        "schema": 1,
        "target_copies": TARGET_COPIES,
        "fill_percent": FILL_PERCENT,
        "collections": names,
    }
    return _with_lines(head, "torrents", rows)


def _with_lines(head: dict[str, Any], name: str, rows: Iterable[Any]) -> bytes:
    """One JSON value whose rows stand each on a line of its own, for those who use grep."""
    body = b",\n".join(msgspec.json.encode(row) for row in rows)
    start = msgspec.json.encode(head)[:-1]
    return start + b"," + msgspec.json.encode(name) + b":[\n" + body + b"\n]}\n"


def link_lists(site: Site) -> list[tuple[str, bytes]]:
    """Return path and bytes of the lists of magnet links and addresses: by group, and by size."""
    lists = [
        pair
        for group in site.groups
        if group.kind != GONE
        for pair in (
            (f"lists/{group.slug}.magnets.txt", _magnets(site, group.lines)),
            (f"lists/{group.slug}.torrents.txt", _addresses(site, group.lines)),
        )
    ]
    total_bytes = sum(line.size_bytes for line in site.offered)
    by_id = {line.id: line for line in site.offered}
    for name in prepared_sizes(total_bytes):
        lines = [by_id[one.id] for one in fitting(site.by_need, PREPARED_BYTES[name])]
        lists.append((f"lists/help-{name}.magnets.txt", _magnets(site, lines)))
        records = [_record(site, line) for line in lines]
        lists.append((f"lists/help-{name}.json", _with_lines({"schema": 1}, "torrents", records)))
    return lists


def prepared_sizes(total_bytes: int) -> list[str]:
    """The sizes worth a list: all below the whole, and the first that takes everything."""
    names = list(PREPARED_BYTES)
    enough = (number for number, name in enumerate(names, 1) if _holds(name, total_bytes))
    return names[: next(enough, len(names))]


def takes_all(total_bytes: int) -> bool:
    """Whether the last of these lists takes everything."""
    return _holds(prepared_sizes(total_bytes)[-1], total_bytes)


def _holds(name: str, total_bytes: int) -> bool:
    return PREPARED_BYTES[name] // 100 * FILL_PERCENT >= total_bytes


def _addresses(site: Site, lines: Iterable[TorrentLine]) -> bytes:
    """Where the .torrent files are, as `wget --input-file` takes it; relative to the archive's
    address when that is unknown."""
    return "".join(f"{site.address}{quote(line.id)}.torrent\n" for line in lines).encode()


def _magnets(site: Site, lines: Iterable[TorrentLine]) -> bytes:
    return "".join(f"{magnet_of(site, line)}\n" for line in lines).encode()
