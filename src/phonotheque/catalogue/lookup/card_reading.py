"""Rows of `ids.db` as cards again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, SafeUUID

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup import schema
from phonotheque.catalogue.lookup.blocks import IDS
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.lookup.connection import Connection
from phonotheque.catalogue.lookup.packing import gid_head, made_gid, unpack_isrc, unpack_marks

_PLACE = f"(c.id & {IDS - 1})"
_WIDTH = f"(length(i.origins) / {IDS})"
_ORIGIN = f"i.source, i.first, substr(i.origins, 1 + {_PLACE} * {_WIDTH}, {_WIDTH})"
_SHARED = f"c.rank, c.id, c.title, t.text, t.artist, c.marks, c.listens, g.text, {_ORIGIN}"
_JOINS = (
    " LEFT JOIN text t ON t.number = c.credit LEFT JOIN text g ON g.number = c.genres"
    " LEFT JOIN {kind}_id i ON i.block = c.id / " + str(IDS)
)
_OWN = {
    Kind.RECORDING: (
        ", r.id, r.title, c.length, c.isrc",
        " LEFT JOIN release r ON r.rank = c.release",
    ),
    Kind.RELEASE: (
        ", c.length, c.barcode, c.catalog_number, l.text, c.tracks",
        " LEFT JOIN text l ON l.number = c.label",
    ),
    Kind.ARTIST: ("", ""),
    Kind.LABEL: ("", ""),
}


def _query(kind: Kind) -> str:
    own, joins = _OWN[kind]
    wanted = f"json_each(?) w CROSS JOIN {kind} c ON c.rank = w.value"
    return f"SELECT {_SHARED}{own} FROM {wanted}{_JOINS.format(kind=kind)}{joins}"


_QUERIES = {kind: _query(kind) for kind in schema.KINDS}
_TEXTS = {
    kind: f"SELECT w.key, c.title, t.text FROM json_each(?) w CROSS JOIN {kind} c"
    " ON c.rank = w.value LEFT JOIN text t ON t.number = c.credit"
    for kind in schema.KINDS
}
_ORIGINS = {
    kind: f"SELECT c.id, {_ORIGIN} FROM (SELECT value AS id FROM json_each(?)) c"
    f" CROSS JOIN {kind}_id i ON i.block = c.id / {IDS}"
    for kind in schema.KINDS
}

Heads = dict[int, bytes]
"""By number of a source: what gids of one kind are made of, before an entity's own key."""


class CardReader:
    """Fetches cards by rank."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        with connection.damage_told():
            self._words = dict(connection.rows("SELECT number, text FROM word"))
            sources = connection.rows("SELECT number, name FROM source")
        self._heads: dict[Kind, Heads] = {
            kind: {number: gid_head(name, kind) for number, name in sources}
            for kind in schema.KINDS
        }

    def cards(self, kind: Kind, ranks: Iterable[int]) -> dict[int, Card]:
        """Return the cards of ranks, without those that there are none of."""
        # In the order in which they lie in the file: neighbours are found on the same page.
        rows = self._connection.rows(_QUERIES[kind], _as_json(sorted(ranks)))
        heads, words = self._heads[kind], self._words
        return {row[0]: _card(kind, heads, words, row) for row in rows}

    def texts(self, kind: Kind, ranks: Sequence[int]) -> list[tuple[str, str]]:
        """Return title and credit of each rank, two empty texts where there is no card."""
        found = [("", "")] * len(ranks)
        for place, title, credit in self._connection.rows(_TEXTS[kind], _as_json(ranks)):
            found[place] = (title, credit or "")
        return found

    def gids(self, kind: Kind, ids: Iterable[int]) -> dict[int, int]:
        """Return the gid, as a number, of each id that has, or had, a card in its group."""
        rows = self._connection.rows(_ORIGINS[kind], _as_json(ids))
        heads = self._heads[kind]
        return {entity: _gid(heads, entity, *origin) for entity, *origin in rows}


def _gid(heads: Heads, entity: int, source: int | None, first: int | None, own: bytes) -> int:
    """Return a gid from what is kept of it: itself, or the number that it is made of."""
    if source is None or first is None:
        return int.from_bytes(own)
    return made_gid(heads[source], first + (int.from_bytes(own) if own else entity % IDS))


def _uuid(number: int) -> UUID:
    """Return `UUID(int=number)` of a number that is in range, in a third of the time: half of what
    that does is to look at arguments that nobody gave."""
    made = _new(UUID)
    _set(made, "int", number)
    _set(made, "is_safe", SafeUUID.unknown)
    return made


_new, _set = object.__new__, object.__setattr__


def _card(kind: Kind, heads: Heads, words: dict[int, str], row: tuple[Any, ...]) -> Card:
    """Return a row as a card. It is by place and in one call, since a thousand at once are."""
    rank, entity, title, credit, artist, marks, listens, genres, source, first, own, *rest = row
    is_held, is_free, score, year, country, licence = unpack_marks(marks)
    release = release_title = length = isrc = barcode = catalog_number = label = tracks = None
    if kind is Kind.RECORDING:
        release, release_title, length, isrc = rest
    elif kind is Kind.RELEASE:
        length, barcode, catalog_number, label, tracks = rest
    return Card(
        kind,
        rank,
        entity,
        _uuid(_gid(heads, entity, source, first, own)),
        title,
        credit,
        artist,
        release,
        release_title,
        length,
        year,
        words.get(country),
        words.get(licence),
        is_held,
        is_free,
        tuple(genres.split("\n")) if genres else (),
        score,
        listens,
        None if isrc is None else unpack_isrc(isrc),
        f"{barcode:014d}" if isinstance(barcode, int) else barcode,
        catalog_number,
        label,
        tracks,
    )


def _as_json(numbers: Iterable[int]) -> str:
    return json.dumps(list(numbers))
