"""Rows of `ids.db` made cards again, many at once: what search and pages show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, TypeAlias
from uuid import UUID, SafeUUID

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup import packing, schema
from phonotheque.catalogue.lookup.blocks import IDS, LIST_WIDTH
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.lookup.connection import Connection
from phonotheque.catalogue.lookup.packing import gid_head, made_gid

_MOST_GENRES = 4_096
"""Lists of genres that are remembered, some hundred kilobytes: most cards have one of few."""


def _origin(entity: str) -> str:
    """Return the columns of what an entity's gid is made of, in its block of ids `i`."""
    width = f"(length(i.origins) / {IDS})"
    return f"i.source, i.first, substr(i.origins, 1 + ({entity} & {IDS - 1}) * {width}, {width})"


_ORIGIN_COLUMNS = 3
_SHARED = "c.rank, c.id, c.title, t.text, t.artist, c.marks, c.listens, c.genres"
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


def _query(kind: Kind, *, with_origins: bool) -> str:
    own, joins = _OWN[kind]
    columns, block = "", ""
    if with_origins:
        columns, block = f", {_origin('c.id')}", f" LEFT JOIN {kind}_id i ON i.block = c.id / {IDS}"
    return (
        f"SELECT {_SHARED}{own}{columns} FROM json_each(?) w"
        f" CROSS JOIN {kind} c ON c.rank = w.value"
        f" LEFT JOIN text t ON t.number = c.credit{block}{joins}"
    )


_QUERIES = {kind: _query(kind, with_origins=True) for kind in schema.KINDS}
_BARE_QUERIES = {kind: _query(kind, with_origins=False) for kind in schema.KINDS}
_TEXTS = {
    kind: f"SELECT w.key, c.title, t.text FROM json_each(?) w CROSS JOIN {kind} c"
    " ON c.rank = w.value LEFT JOIN text t ON t.number = c.credit"
    for kind in schema.KINDS
}
_NAMES = {
    kind: f"SELECT c.rank, c.id, c.title FROM json_each(?) w CROSS JOIN {kind} c"
    " ON c.rank = w.value"
    for kind in schema.KINDS
}
_MARKS = {
    kind: f"SELECT w.key, c.marks FROM json_each(?) w CROSS JOIN {kind} c ON c.rank = w.value"
    for kind in schema.KINDS
}
_RANK = f"substr(i.ranks, 1 + (w.value & {IDS - 1}) * {LIST_WIDTH}, {LIST_WIDTH})"
_IDS = {
    kind: f"SELECT w.value, {_RANK}, {_origin('w.value')} FROM json_each(?) w"
    f" CROSS JOIN {kind}_id i ON i.block = w.value / {IDS} WHERE w.value >= 0"
    for kind in schema.KINDS
}
_GENRES = "SELECT t.number, t.text FROM json_each(?) w CROSS JOIN text t ON t.number = w.value"

Heads: TypeAlias = dict[int, bytes]
"""By number of a source: what gids of one kind are made of, before an entity's own key."""

Origin: TypeAlias = tuple[int | None, int | None, bytes]
"""What the gid of an entity is made of: number of its source, the first key of its block, and its
own key less that; or two times None, and the gid."""


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
        self._genres: dict[int | None, tuple[str, ...]] = {None: ()}

    def cards(
        self, kind: Kind, ranks: Iterable[int], origins: dict[int, Origin] | None = None
    ) -> dict[int, Card]:
        """Return the cards of ranks, without those that there are none of.

        Args:
            origins: By id, when they were read already: a step down a tree less for each card.
        """
        # In the order in which they lie in the file: neighbours are found on the same page.
        wanted = sorted(ranks)
        self._connection.expect(len(wanted))
        query = (_QUERIES if origins is None else _BARE_QUERIES)[kind]
        columns = list(zip(*self._connection.rows(query, _as_json(wanted)), strict=True))
        if not columns:
            return {}
        ids = columns[1]
        if origins is None:
            own = zip(*columns[-_ORIGIN_COLUMNS:], strict=True)
            return self._made(kind, columns[:-_ORIGIN_COLUMNS], own)
        others = {*ids} - origins.keys()
        if others:  # a member of a group was asked for, and its card is another's
            origins = origins | self.ids(kind, others)[1]
        return self._made(kind, columns, map(origins.__getitem__, ids))

    def texts(self, kind: Kind, ranks: Sequence[int]) -> list[tuple[str, str]]:
        """Return title and credit of each rank, two empty texts where there is no card."""
        found = [("", "")] * len(ranks)
        for place, title, credit in self._connection.rows(_TEXTS[kind], _as_json(ranks)):
            found[place] = (title, credit or "")
        return found

    def years(self, kind: Kind, ranks: Sequence[int]) -> list[int | None]:
        """Return the year of each rank, None where there is no card or its year is not known."""
        found: list[int | None] = [None] * len(ranks)
        for place, marks in self._connection.rows(_MARKS[kind], _as_json(ranks)):
            found[place] = packing.unpack_marks(marks).year
        return found

    def ids(self, kind: Kind, ids: Iterable[int]) -> tuple[dict[int, int], dict[int, Origin]]:
        """Return the rank of the card of each id, and what its gid is made of; ids without a card
        are left out."""
        rows = self._connection.rows(_IDS[kind], _as_json(sorted(ids)))
        if not rows:
            return {}, {}
        found, raw, *origin = zip(*rows, strict=True)
        ranks = dict(zip(found, map(int.from_bytes, raw), strict=True))
        origins: dict[int, Origin] = dict(zip(found, zip(*origin, strict=True), strict=True))
        for one in [one for one, rank in ranks.items() if not rank]:
            del ranks[one], origins[one]
        return ranks, origins

    def names(self, kind: Kind, ids: Iterable[int]) -> dict[int, tuple[str, UUID]]:
        """Return title and gid of the card of each id; ids without a card are left out."""
        ranks, origins = self.ids(kind, ids)
        rows = self._connection.rows(_NAMES[kind], _as_json(sorted({*ranks.values()})))
        others = {entity for _, entity, _ in rows} - origins.keys()
        if others:  # members of a group, whose card is another's
            origins = origins | self.ids(kind, others)[1]
        heads = self._heads[kind]
        named = {
            rank: (title, _uuid(_gid(heads, entity, origins[entity])))
            for rank, entity, title in rows
        }
        return {one: named[rank] for one, rank in ranks.items() if rank in named}

    def gids(self, kind: Kind, origins: dict[int, Origin]) -> dict[int, int]:
        """Return the gid, as a number, of each id."""
        heads = self._heads[kind]
        return {entity: _gid(heads, entity, origin) for entity, origin in origins.items()}

    def _made(
        self, kind: Kind, columns: Sequence[Sequence[Any]], origins: Iterable[Origin]
    ) -> dict[int, Card]:
        """Return rows as cards, by rank. A column at a time: a thousand at once are the rule where
        time counts, and a call for each card and field takes half as long again."""
        ranks, ids, titles, credits, artists, marks, listens, genres, *own = columns
        self._learn_genres({*genres})
        gids = map(_gid, repeat(self._heads[kind]), ids, origins)
        facts = zip(*map(packing.unpack_marks, marks), strict=True)
        is_held, is_free, scores, years, countries, licences = facts
        releases, release_titles, lengths, isrcs, *others = _own(kind, own)
        made = map(
            Card,
            repeat(kind),
            ranks,
            ids,
            map(_uuid, gids),
            titles,
            credits,
            artists,
            releases,
            release_titles,
            lengths,
            years,
            map(self._words.get, countries),
            map(self._words.get, licences),
            is_held,
            is_free,
            map(self._genres.__getitem__, genres),
            scores,
            listens,
            isrcs,
            *others,
        )
        return dict(zip(ranks, made, strict=True))

    def _learn_genres(self, numbers: set[int | None]) -> None:
        unknown = numbers - self._genres.keys()
        if not unknown:
            return
        if len(self._genres) + len(unknown) > _MOST_GENRES:
            self._genres = {None: ()}
            unknown = numbers - {None}
        for number, text in self._connection.rows(_GENRES, json.dumps(list(unknown))):
            self._genres[number] = tuple(text.split("\n")) if text else ()


def _own(kind: Kind, columns: Sequence[Sequence[Any]]) -> tuple[Iterable[Any], ...]:
    """Return release, its title, length, ISRC, barcode, catalogue number, label and tracks of each
    card: what only some kinds have, and nothing where this one has it not."""
    unknown: Iterable[Any] = repeat(None)
    if kind is Kind.RECORDING:
        releases, titles, lengths, numbers = columns
        isrcs = [None if one is None else packing.unpack_isrc(one) for one in numbers]
        return releases, titles, lengths, isrcs, unknown, unknown, unknown, unknown
    if kind is Kind.RELEASE:
        lengths, numbers, catalog_numbers, labels, tracks = columns
        barcodes = [f"{one:014d}" if isinstance(one, int) else one for one in numbers]
        return unknown, unknown, lengths, unknown, barcodes, catalog_numbers, labels, tracks
    return (unknown,) * 8


def _gid(heads: Heads, entity: int, origin: Origin) -> int:
    """Return a gid from what is kept of it: itself, or the number that it is made of."""
    source, first, own = origin
    if source is None or first is None:
        return int.from_bytes(own)
    return made_gid(heads[source], first + (int.from_bytes(own) if own else entity % IDS))


def _uuid(number: int) -> UUID:
    """Return `UUID(int=number)` of a number that is in range, in a third of the time: half of what
    that does is to look at arguments that nobody gave."""
    made = _new(UUID)
    _set(made, "int", number)
    _set(made, "is_safe", _UNKNOWN)
    return made


_new, _set, _UNKNOWN = object.__new__, object.__setattr__, SafeUUID.unknown


def _as_json(numbers: Iterable[int]) -> str:
    return json.dumps(list(numbers))
