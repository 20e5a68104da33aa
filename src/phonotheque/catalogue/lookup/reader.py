"""Asking the look-up file: by any identifier, one or a thousand, and page by page.

Laws: nothing is written; what is not there is answered by nothing, never by an error; a list is in
order of popularity and is gone on with by the last rank seen, at the same cost on every page; a
member of a group of linked entities is answered by the card of its group.

Cost: a step down SQLite's tree for each index and each row; microseconds when warm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup import packing
from phonotheque.catalogue.lookup.blocks import read_list
from phonotheque.catalogue.lookup.card import Card, Tombstone, Track
from phonotheque.catalogue.lookup.card_reading import CardReader
from phonotheque.catalogue.lookup.connection import Connection
from phonotheque.catalogue.lookup.move_reading import MoveReader
from phonotheque.catalogue.lookup.schema import KINDS
from phonotheque.music.identifiers import Gtin, Isrc

PAGE = 20
"""Cards of a page when nobody says otherwise."""

MOST_OF_ONE_NUMBER = 100
"""Cards that one ISRC, barcode or the like is answered with: some numbers are on thousands."""

_NO_KEY = -1
"""A key that no index has."""

Place = tuple[Kind, int]
"""Where a card stands: its kind and rank."""


class Lookup:
    """An open look-up file. Close it, or use it in a `with` block; one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open `ids.db`.

        Raises:
            NoCatalogueError: There is no such file.
            FormatTooNewError: It was made by a later Phonotheque.
            MalformedError: It is no look-up file. All other calls raise it of a damaged file.
        """
        self._file = Connection(path)
        self._cards = CardReader(self._file)
        self._moves = MoveReader(self._file)

    def __enter__(self) -> Lookup:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def count(self, kind: Kind) -> int:
        """Return how many cards of a kind there are."""
        with self._file.damage_told():
            rows = self._file.rows("SELECT value FROM meta WHERE name = ?", str(kind))
            return int(rows[0][0]) if rows else 0

    def cards_at(self, kind: Kind, ranks: Iterable[int]) -> list[Card]:
        """Return the cards of ranks, in the order asked for; a rank without a card is left out."""
        wanted = list(ranks)
        with self._file.damage_told():
            found = self._cards.cards(kind, wanted)
        return [found[rank] for rank in wanted if rank in found]

    def texts_at(self, kind: Kind) -> Callable[[Sequence[int]], list[tuple[str, str]]]:
        """Return what fetches title and credit of ranks, as the searcher of a kind wants it."""

        def texts(ranks: Sequence[int]) -> list[tuple[str, str]]:
            with self._file.damage_told():
                return self._cards.texts(kind, ranks)

        return texts

    def years_at(self, kind: Kind) -> Callable[[Sequence[int]], list[int | None]]:
        """Return what fetches the years of ranks, as the searcher of a kind wants it."""

        def years(ranks: Sequence[int]) -> list[int | None]:
            with self._file.damage_told():
                return self._cards.years(kind, ranks)

        return years

    def cards_of_ids(self, kind: Kind, ids: Iterable[int]) -> list[Card]:
        """Return the cards of ids, in the order asked for; an id without a card is left out."""
        wanted = list(ids)
        with self._file.damage_told():
            ranks, origins = self._cards.ids(kind, set(wanted))
            cards = self._cards.cards(kind, set(ranks.values()), origins)
        placed = (cards.get(ranks.get(one, 0)) for one in wanted)
        return [card for card in placed if card is not None]

    def names_of_ids(self, kind: Kind, ids: Iterable[int]) -> dict[int, tuple[str, UUID]]:
        """Return title and gid of each id, for what is only named; an id without a card is left
        out. Takes half as long as its card."""
        with self._file.damage_told():
            return self._cards.names(kind, set(ids))

    def by_gid(self, gid: UUID) -> Card | Tombstone | None:
        """Return what a gid stands for: an MBID, or one that was made here.

        A gid that was given up is answered by what stands for it now, a withdrawn one by its
        tombstone.
        """
        return self.by_gids([gid])[0]

    def by_gids(self, gids: Sequence[UUID]) -> list[Card | Tombstone | None]:
        """Return what each gid stands for, in the order asked for; see `by_gid`."""
        numbers = [gid.int for gid in gids]
        with self._file.damage_told():
            heirs = self._moves.heirs(numbers)
            current = [heirs.get(gid, gid) for gid in numbers] if heirs else numbers
            stones = self._moves.tombstones(current)
            cards = self._cards_of_gids([gid for gid in current if gid not in stones])
        return [stones.get(gid) or cards.get(gid) for gid in current]

    def by_isrc(self, isrc: Isrc) -> list[Card]:
        """Return the recordings of an ISRC, the most popular first, at most 100."""
        return self.by_isrcs([isrc])[0]

    def by_isrcs(self, isrcs: Sequence[Isrc]) -> list[list[Card]]:
        """Return the recordings of each ISRC, in the order asked for; see `by_isrc`."""
        keys = [packing.pack_isrc(isrc.code) for isrc in isrcs]
        return self._of_keys("isrc", Kind.RECORDING, keys)

    def by_barcode(self, barcode: Gtin) -> list[Card]:
        """Return the releases of a barcode, the most popular first, at most 100."""
        return self.by_barcodes([barcode])[0]

    def by_barcodes(self, barcodes: Sequence[Gtin]) -> list[list[Card]]:
        """Return the releases of each barcode, in the order asked for; see `by_barcode`."""
        keys = [int(barcode.digits) for barcode in barcodes]
        return self._of_keys("barcode", Kind.RELEASE, keys)

    def by_catalog_number(self, text: str) -> list[Card]:
        """Return the releases of a catalogue number, however it is spelled; at most 100."""
        return self.by_catalog_numbers([text])[0]

    def by_catalog_numbers(self, texts: Sequence[str]) -> list[list[Card]]:
        """Return the releases of each catalogue number, in the order asked for."""
        keys = map(packing.catalog_number_key, texts)
        known = [_NO_KEY if key is None else key for key in keys]
        return self._of_keys("catalog_number", Kind.RELEASE, known)

    def by_external(self, scheme: str, value: str) -> list[Card]:
        """Return what others call by this identifier, the most popular of each kind first."""
        return self.by_externals([(scheme, value)])[0]

    def by_externals(self, identifiers: Sequence[tuple[str, str]]) -> list[list[Card]]:
        """Return what others call by each scheme and value, in the order asked for."""
        keys = [packing.external_key(*identifier) for identifier in identifiers]
        with self._file.damage_told():
            found = self._file.found("external_id", keys)
            places = {
                key: sorted(_place_of(number) for number in numbers[:MOST_OF_ONE_NUMBER])
                for key, numbers in found.items()
            }
            cards = self._cards_at_places(chain.from_iterable(places.values()))
        return [[cards[place] for place in places.get(key, ())] for key in keys]

    def tracks_of(self, release: int) -> list[Track]:
        """Return the tracks of a release, by its id, in order; none when it is not known."""
        with self._file.damage_told():
            query = "SELECT recordings, places FROM release_track WHERE release = ?"
            for recordings, places in self._file.rows(query, release):
                ranks = read_list(recordings)
                cards = self._cards.cards(Kind.RECORDING, {rank for rank in ranks if rank})
                return _tracks([cards.get(rank) for rank in ranks], places)
        return []

    def recordings_of(self, artist: int, *, after: int = 0, limit: int = PAGE) -> list[Card]:
        """Return recordings that name an artist, by his id, the most popular first.

        Args:
            artist: Id of the artist.
            after: Rank of the last card of the page before; 0 for the first page.
            limit: Cards of a page.
        """
        owned = ("artist_recording", Kind.ARTIST, artist)
        return self.cards_at(Kind.RECORDING, self._page(*owned, after, limit))

    def ranks_of_artist(self, rank: int, limit: int) -> list[int]:
        """Return ranks of recordings that name the artist of a rank, the most popular first: what
        is held against a title before any card is wanted."""
        with self._file.damage_told():
            return self._file.listed("artist_recording", rank, 0, limit)

    def releases_of(self, artist: int, *, after: int = 0, limit: int = PAGE) -> list[Card]:
        """Return releases that name an artist; see `recordings_of`."""
        owned = ("artist_release", Kind.ARTIST, artist)
        return self.cards_at(Kind.RELEASE, self._page(*owned, after, limit))

    def releases_of_label(self, label: int, *, after: int = 0, limit: int = PAGE) -> list[Card]:
        """Return releases of a label; see `recordings_of`."""
        owned = ("label_release", Kind.LABEL, label)
        return self.cards_at(Kind.RELEASE, self._page(*owned, after, limit))

    def _page(self, name: str, kind: Kind, owner: int, after: int, limit: int) -> list[int]:
        with self._file.damage_told():
            for rank in self._cards.ids(kind, [owner])[0].values():
                return self._file.listed(name, rank, after, limit)
        return []

    def _of_keys(self, index: str, kind: Kind, keys: Sequence[int]) -> list[list[Card]]:
        """Return the cards of one kind that an index has for each key."""
        with self._file.damage_told():
            found = self._file.found(index, keys)
            ranks = {key: values[:MOST_OF_ONE_NUMBER] for key, values in found.items()}
            cards = self._cards.cards(kind, set(chain.from_iterable(ranks.values())))
        return [[cards[rank] for rank in ranks.get(key, ())] for key in keys]

    def _cards_at_places(self, places: Iterable[Place]) -> dict[Place, Card]:
        of_kind: dict[Kind, set[int]] = {}
        for kind, rank in places:
            of_kind.setdefault(kind, set()).add(rank)
        return {
            (kind, rank): card
            for kind, ranks in of_kind.items()
            for rank, card in self._cards.cards(kind, ranks).items()
        }

    def _cards_of_gids(self, gids: Iterable[int]) -> dict[int, Card]:
        """Return the card that each gid leads to, without those that lead nowhere.

        The index has a part of each gid, so what it leads to is compared with the whole: with the
        gid on the card, and only when that is another, of what the card speaks for.
        """
        of_kind: dict[Kind, set[int]] = {}
        wanted = {gid: packing.gid_key(gid) for gid in gids}
        found = self._file.found("gid", wanted.values())
        for value in chain.from_iterable(found.values()):
            kind, entity = _place_of(value)
            of_kind.setdefault(kind, set()).add(entity)
        of_gid: dict[int, Card] = {}
        of_members: dict[int, Card] = {}
        for kind, ids in of_kind.items():
            ranks, origins = self._cards.ids(kind, ids)
            cards = self._cards.cards(kind, set(ranks.values()), origins)
            of_gid |= {card.gid.int: card for card in cards.values()}
            if ranks.keys() - {card.id for card in cards.values()}:
                members = self._cards.gids(kind, origins)
                of_members |= {gid: cards[ranks[entity]] for entity, gid in members.items()}
        return of_members | of_gid


def _place_of(value: int) -> tuple[Kind, int]:
    """Return the kind whose number stands in a value of an index, and the rank or id before it."""
    number, kind = divmod(value, len(KINDS))
    return KINDS[kind], number


def _tracks(cards: list[Card | None], places: str | None) -> list[Track]:
    """Put cards on their places; without places they are numbered from 1 on one medium."""
    if places is None:
        return [
            Track(medium_position=1, position=place, recording=card)
            for place, card in enumerate(cards, start=1)
        ]
    tracks = []
    for card, written in zip(cards, json.loads(places), strict=True):
        values: list[Any] = [*written, None, None, None, None]
        medium, position, number, title = values[:4]
        tracks.append(
            Track(
                medium_position=medium or 1,
                position=position or 0,
                number=number,
                title=title,
                recording=card,
            )
        )
    return tracks
