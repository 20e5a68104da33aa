"""What is shown of one thing of the catalogue: its card, its entry and what belongs to it.

A portrait is a flat record for people and programs alike; every kind has the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from phonotheque.archive.finding.entry import Entry, Row, read_entry
from phonotheque.archive.finding.searching import Catalogue
from phonotheque.archive.finding.serving import HOLDINGS
from phonotheque.archive.finding.standing import Decided, Standings
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card, Tombstone, Track
from phonotheque.music.digest import Sha256

MOST_LISTED = 20
"""Recordings and releases of an artist or label that are listed."""


def portrait(
    catalogue: Catalogue, standings: Standings, card: Card, asked: UUID | None = None
) -> dict[str, Any]:
    """Return all that is shown of the thing on a card, as it stands now.

    Args:
        standings: How cards and files of the catalogue stand.
        asked: The gid that led here, where it was one: it may be another than the card's.

    Raises:
        MalformedError: A file of the snapshot is damaged.
    """
    entry = read_entry(catalogue.snapshot, card)
    (card,) = standings.cards([card])
    files = standings.files([Sha256(row["sha256"]) for row in entry.files if row["sha256"]])
    lookup, kind = catalogue.lookup, card.kind
    tracks = lookup.tracks_of(card.id) if kind is Kind.RELEASE else []
    recordings, releases = _belonging(catalogue, card, entry)
    return {
        "kind": str(kind),
        "gid": str(card.gid),
        "asked": str(asked or card.gid),
        "because": _because(card, entry, asked),
        "title": card.title,
        "credit": card.credit,
        "year": card.year,
        "country": card.country,
        "length_ms": card.length,
        "genres": list(card.genres),
        "is_held": card.is_held,
        "is_free": card.is_free,
        "score": card.score,
        "listens": card.listens,
        "isrcs": list(entry.isrcs),
        "barcode": card.barcode,
        "labels": list(map(_plain, entry.labels)),
        "tracks": list(map(_track, tracks)),
        "releases": list(map(_mention, releases)),
        "recordings": list(map(_mention, recordings)),
        "files": [_file(catalogue, files, row) for row in entry.files],
        "popularity": list(map(_plain, entry.popularity)),
        "licences": list(map(_plain, _licences(entry, files))),
        "identifiers": list(map(_plain, entry.identifiers)),
        "links": [{name: _text(value) for name, value in one.items()} for one in entry.links],
        "corrections": list(map(_plain, entry.corrections)),
        "sources": [_source(one) for one in entry.sources],
    }


def stone(tombstone: Tombstone) -> dict[str, Any]:
    """Return all that is shown of what was withdrawn."""
    return {
        "kind": tombstone.entity_type,
        "gid": str(tombstone.gid),
        "withdrawn": True,
        "reason": tombstone.reason,
        "public_note": tombstone.public_note,
        "decided_at": tombstone.decided_at,
    }


def _because(card: Card, entry: Entry, asked: UUID | None) -> str:
    """Why another thing is shown than the one whose gid was asked for; "" when it is the one."""
    if asked is None or asked == card.gid:
        return ""
    if any(one["gid"] == asked for one in entry.sources):
        reasons = [one for one in entry.links if asked in (one["one"], one["other"])]
        told = ", ".join(f"{one['reason']} ({one['confidence']:.2f})" for one in reasons)
        return f"linked with it: {told}" if told else "linked with it"
    return "given up for it: they were merged"


def _belonging(catalogue: Catalogue, card: Card, entry: Entry) -> tuple[list[Card], list[Card]]:
    """Recordings and releases, the most popular first."""
    lookup = catalogue.lookup
    match card.kind:
        case Kind.RECORDING:
            found = {one.rank: one for one in lookup.cards_of_ids(Kind.RELEASE, entry.releases)}
            return [], [found[rank] for rank in sorted(found)][:MOST_LISTED]
        case Kind.ARTIST:
            return (
                lookup.recordings_of(card.id, limit=MOST_LISTED),
                lookup.releases_of(card.id, limit=MOST_LISTED),
            )
        case Kind.LABEL:
            return [], lookup.releases_of_label(card.id, limit=MOST_LISTED)
        case Kind.RELEASE:
            return [], []


def _mention(card: Card) -> Row:
    return {
        "gid": str(card.gid),
        "title": card.title,
        "credit": card.credit,
        "year": card.year,
        "label": card.label,
        "catalog_number": card.catalog_number,
        "score": card.score,
    }


def _track(track: Track) -> Row:
    card = track.recording
    return {
        "medium_position": track.medium_position,
        "position": track.position,
        "number": track.number,
        "title": track.title or (card.title if card else None),
        "credit": card.credit if card else None,
        "length_ms": card.length if card else None,
        "gid": str(card.gid) if card else None,
        "is_held": bool(card and card.is_held),
    }


def _source(row: Row) -> Row:
    source = row["source"]
    return {
        "name": source.name,
        "title": source.title,
        "licence": source.licence or None,
        "as_of": source.as_of or None,
        "gid": str(row["gid"]),
    }


def _licences(entry: Entry, files: Mapping[Sha256, Decided]) -> list[Row]:
    """What each source says; of what is held the archive itself, as it decides now."""
    source = next((one["source"] for one in entry.sources if one["source"].name == HOLDINGS), None)
    if source is None or not files:
        return list(entry.licences)
    own = dict.fromkeys((one.licence, one.stated or None) for one in files.values())
    others = [row for row in entry.licences if row["source"].name != HOLDINGS]
    told = [{"source": source, "licence": uri, "raw": raw} for uri, raw in own if uri or raw]
    return others + told


def _file(catalogue: Catalogue, files: Mapping[Sha256, Decided], row: Row) -> Row:
    """A file as it stands; what was removed after the snapshot was built is told so."""
    if not row["sha256"]:
        return _plain(row)
    name = Sha256(row["sha256"])
    if name in catalogue.removed:
        return _plain({**row, "state": "removed", "is_free": False})
    return _plain({**row, "is_free": files[name].is_free} if name in files else row)


def _plain(row: Row) -> Row:
    """A row with its source by name, first; digests and gids as text."""
    named = {"source": row["source"].name} if "source" in row else {}
    return named | {name: _text(value) for name, value in row.items() if name != "source"}


def _text(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, UUID) else value
