"""The facts of a publication, written: listings, fact sheet, descriptor, datasheet, machine files.

Order: every listing durable before a paper that counts or names it; the fact sheet's JSON last of
all, because others read it. Laws: what did not change is not written again; files of ours that no
longer follow from anything are taken away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

from phonotheque.archive.bulk.listings import write_listings
from phonotheque.archive.bulk.publication import counted_of, coverage_of, left_of
from phonotheque.archive.opening import Archive
from phonotheque.archive.status import status_of
from phonotheque.disk import Disk, make_folders, read_if_held, read_whole, write_changed
from phonotheque.publish.facts.croissant import TABLE, croissant
from phonotheque.publish.facts.datasheet import datasheet
from phonotheque.publish.facts.listing import (
    ListedFile,
    TorrentFacts,
    listing_path,
    read_listing,
)
from phonotheque.publish.facts.machine_files import (
    POLICY,
    ServedAt,
    ai_txt,
    free_volumes,
    has_words,
    is_of_one_mind,
    policy,
    robots_txt,
    rules_of,
)
from phonotheque.publish.facts.page import page
from phonotheque.publish.facts.record import encode_json, record_of
from phonotheque.publish.facts.sheet import FactSheet, make_sheet
from phonotheque.publish.facts.text import markdown
from phonotheque.publish.facts.torrents_table import torrents_csv
from phonotheque.publish.sealed import PUBLISHED
from phonotheque.register.published import last_publication

SHEET = "facts/fact-sheet.json"
FOLDERS = (f"{PUBLISHED}/facts", f"{PUBLISHED}/.well-known")


def write_facts(archive: Archive) -> str:
    """Write all papers of the publication that is being made.

    Returns:
        What was done, a short sentence; "" when nothing had changed.
    """
    torrents, listings = write_listings(archive)
    site = site_of(archive)
    sheet = _sheet(archive, torrents)
    for folder in FOLDERS:
        make_folders(archive.disk, folder)
    papers = 0
    for path, data in _papers(archive.disk, site, sheet, torrents):
        papers += write_changed(archive.disk, f"{PUBLISHED}/{path}", data)
    is_same = not (listings or papers)
    return "" if is_same else f"Listings: {listings} written. Papers: {papers} written."


def site_of(archive: Archive) -> ServedAt:
    """Where an archive's publication is served."""
    return ServedAt(archive.config["title"] or archive.config.name, archive.config["address"])


def _sheet(archive: Archive, torrents: Sequence[TorrentFacts]) -> FactSheet:
    """The sheet of the publication to come, or the one that stands when no figure changed."""
    last = last_publication(archive.index)
    status = status_of(archive)
    counted, left = counted_of(archive, status), left_of(archive, status)
    parts = (counted, torrents, coverage_of(archive), left)
    standing = make_sheet(*parts, publication=last.number if last else 1)
    if _stands(archive.disk, standing):
        return standing
    return make_sheet(*parts, publication=last.number + 1 if last else 1)


def _stands(disk: Disk, sheet: FactSheet) -> bool:
    """Whether this very sheet is published."""
    return read_if_held(disk, f"{PUBLISHED}/{SHEET}") == encode_json(record_of(sheet))


def _papers(
    disk: Disk, site: ServedAt, sheet: FactSheet, torrents: Sequence[TorrentFacts]
) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every paper, the sheet that others read last."""
    free = free_volumes(torrents)
    yield "robots.txt", robots_txt(site, free).encode()
    yield "ai.txt", ai_txt(site, free).encode()
    yield ".well-known/tdmrep.json", _reservations(disk, site, torrents)
    yield POLICY, encode_json(policy(site))
    table = torrents_csv(torrents).encode()
    yield TABLE, table
    digest = hashlib.sha256(table).hexdigest()
    yield "facts/croissant.json", encode_json(croissant(sheet, site, torrents, digest))
    yield "facts/datasheet.md", datasheet(sheet, site).encode()
    yield "facts/fact-sheet.md", markdown(sheet).encode()
    yield "facts/fact-sheet.html", page(sheet).encode()
    yield SHEET, encode_json(record_of(sheet))


def _reservations(disk: Disk, site: ServedAt, torrents: Sequence[TorrentFacts]) -> bytes:
    """tdmrep.json: one rule a line, so that a change of one is a change of one line."""
    rules = []
    for facts in torrents:
        if has_words(facts):
            files = [] if is_of_one_mind(facts) else _listing(disk, facts.name)
            rules += [json.dumps(rule) for rule in rules_of(site, facts, files)]
    return ("[" + ",\n ".join(rules) + "]\n").encode()


def _listing(disk: Disk, name: str) -> list[ListedFile]:
    path = listing_path(name)
    return read_listing(read_whole(disk, path), path)
