"""Asking the browse file: shelves and their sizes, a page of ranks, the k-th of many.

Laws: nothing is written; a page costs the same wherever it begins; ranks come in order, each once;
the k-th card of a choice is found without looking at those before it.

Cost: a step down SQLite's tree for each block of 256 ranks. The first ranks of a part's blocks stay
in memory once it was asked for: four bytes for 256 cards.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import Any

from phonotheque.catalogue.browse import coding
from phonotheque.catalogue.browse.schema import (
    BLOCK_BITS,
    DIGEST_BYTES,
    ENTRIES,
    OWNER_BITS,
    PARTS,
    VERSION,
    Facet,
    Mark,
    link_key,
)
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.blocks import read_list
from phonotheque.catalogue.sqlite_reading import connect, damage_told
from phonotheque.errors import FormatTooNewError, MalformedError, NoCatalogueError

MOST_TRIED = 1_500
"""Ranks that are held against further facets for one page; then the page is partial."""

MOST_SHELVES = 500
"""Shelves that are remembered: at ten million cards the fullest of them takes 160 KB."""

_BUILD = "Build the catalogue again: `phono catalogue build`."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cards of a kind are meant.

    Attributes:
        names: By facet, names of which any one must hold; of several facets each.
        is_held, is_free, is_speech: None when it does not matter.
    """

    names: tuple[tuple[Facet, tuple[str, ...]], ...] = ()
    is_held: bool | None = None
    is_free: bool | None = None
    is_speech: bool | None = None

    @property
    def marks(self) -> tuple[int, ...]:
        """The parts of a shelf in which they stand."""
        asked = zip(Mark, (self.is_held, self.is_free, self.is_speech), strict=True)
        wishes = [(mark, wish) for mark, wish in asked if wish is not None]
        return tuple(
            marks
            for marks in range(PARTS)
            if all(bool(marks & mark) == wish for mark, wish in wishes)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Ranks of a page.

    Attributes:
        after: Rank after which the next page begins; None when this is the last.
        is_partial: Whether a bound was met before the page was full.
    """

    ranks: tuple[int, ...]
    after: int | None = None
    is_partial: bool = False


class Part:
    """One part of a shelf, opened."""

    def __init__(self, db: sqlite3.Connection, number: int, cards: int, firsts: array[int]) -> None:
        self.cards = cards
        self._db = db
        self._number = number
        self._firsts = firsts
        self._read: tuple[int, list[int]] = (-1, [])

    def place_after(self, rank: int) -> int:
        """Return how many cards have this rank or one before it."""
        block = bisect_right(self._firsts, rank) - 1
        return 0 if block < 0 else block * ENTRIES + bisect_right(self._block(block), rank)

    def at(self, place: int) -> int:
        """Return the rank in a place, from 0."""
        return self._block(place // ENTRIES)[place % ENTRIES]

    def after(self, rank: int) -> Iterator[int]:
        """Give the ranks after one."""
        block, place = divmod(self.place_after(rank), ENTRIES)
        while block * ENTRIES < self.cards:
            yield from self._block(block)[place:]
            block, place = block + 1, 0

    def has(self, rank: int) -> bool:
        """Whether a rank is in it."""
        place = self.place_after(rank)
        return place > 0 and self.at(place - 1) == rank

    def _block(self, block: int) -> list[int]:
        if self._read[0] != block:
            key = self._number << BLOCK_BITS | block
            rows = self._db.execute("SELECT ranks FROM block WHERE key = ?", (key,)).fetchall()
            self._read = (block, coding.decode(rows[0][0]))
        return self._read[1]


Parts = dict[int, list[Part]]
"""Parts of the shelves of one facet, by their marks: a card that is in one of some marks is in none
of others."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Cards of which any one can be had by its number, from 0.

    Attributes:
        count: How many they are.
    """

    count: int
    _stretches: tuple[tuple[Part, int, int], ...]
    _damage_told: Callable[[], AbstractContextManager[None]]

    def rank(self, number: int) -> int:
        """Return the rank of a card.

        Raises:
            IndexError: There are not so many.
            MalformedError: The file is damaged.
        """
        for part, begin, end in self._stretches:
            if 0 <= number < end - begin:
                with self._damage_told():
                    return part.at(begin + number)
            number -= end - begin
        raise IndexError(number)


class Browse:
    """An open browse file. Close it; one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open `browse.db`.

        Raises:
            NoCatalogueError: There is none: the catalogue was built by an earlier Phonotheque.
            FormatTooNewError: It was made by a later one.
            MalformedError: It is no browse file. All other calls raise it of a damaged file.
        """
        if not path.is_file():
            raise NoCatalogueError(
                str(path), "there is no such file", "Build it: `phono catalogue build`."
            )
        self._path = path
        self._db = connect(path)
        with self._damage_told():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            self._db.close()
            if version > VERSION:
                todo = "Update Phonotheque, or build the catalogue again."
                raise FormatTooNewError(str(path), f"it has format {version}", todo)
            raise MalformedError(str(path), "it is not a browse file", _BUILD)
        self._shelves: dict[tuple[Kind, Facet, str], dict[int, Part]] = {}
        self._names: dict[tuple[Kind, Facet, tuple[int, ...]], list[tuple[str, int]]] = {}

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        self._shelves.clear()
        self._db.close()

    def names(self, kind: Kind, facet: Facet, wanted: Wanted = Wanted()) -> list[tuple[str, int]]:
        """Return the shelves of a facet with how many cards of them are wanted; the fullest first,
        those with none left out."""
        key = (kind, facet, wanted.marks)
        if key not in self._names:  # of few facets, and at most 256 of marks
            marks = ", ".join(map(str, wanted.marks))
            query = (
                "SELECT name, sum(cards) FROM part WHERE kind = ? AND facet = ?"
                f" AND marks IN ({marks}) GROUP BY name ORDER BY 2 DESC, 1"
            )
            self._names[key] = self._rows(query, kind.value, facet.value)
        return list(self._names[key])

    def count(self, kind: Kind, wanted: Wanted = Wanted()) -> int:
        """Return how many cards of a kind are wanted; of several facets the shortest is counted."""
        with self._damage_told():
            return min(map(_cards, self._asked(kind, wanted)))

    def page(self, kind: Kind, wanted: Wanted, after: int, limit: int) -> Page:
        """Return up to `limit` ranks of wanted cards that are greater than `after`."""
        with self._damage_told():
            lead, *others = sorted(self._asked(kind, wanted), key=_cards)
            ranks, last = list[int](), 0
            for tried, (rank, marks) in enumerate(_merged(lead, after)):
                if len(ranks) == limit or tried == MOST_TRIED:
                    return Page(tuple(ranks), last, is_partial=len(ranks) < limit)
                last = rank
                if all(any(part.has(rank) for part in parts.get(marks, ())) for parts in others):
                    ranks.append(rank)
            return Page(tuple(ranks))

    def pool(self, wanted: Wanted, first: int, last: int) -> Pool:
        """Return the recordings that are wanted, between two ranks, both included.

        Args:
            wanted: One facet at most, and not genre: nothing may stand on two of its shelves.

        Raises:
            ValueError: It names several facets.
        """
        if len(wanted.names) > 1:
            raise ValueError("a pool is of one facet")
        with self._damage_told():
            (asked,) = self._asked(Kind.RECORDING, wanted)
            parts = [part for marks in sorted(asked) for part in asked[marks]]
            found = [(part, part.place_after(first - 1), part.place_after(last)) for part in parts]
            stretches = tuple(one for one in found if one[2] > one[1])
            count = sum(end - begin for _, begin, end in stretches)
            return Pool(count, stretches, self._damage_told)

    def last_of_score(self, least: int) -> int:
        """Return the last rank of a recording that has at least this popularity."""
        return self._meta(f"score {least}")

    def last_heard(self) -> int:
        """Return the last rank of a recording that somebody is known to have heard."""
        return self._meta("heard")

    def objects(self, recording: int) -> tuple[bytes, ...]:
        """Return the SHA-256 of each file of a recording that was held, by its rank."""
        rows = self._rows("SELECT digests FROM object WHERE recording = ?", recording)
        digests: bytes = rows[0][0] if rows else b""
        with self._damage_told():
            if len(digests) % DIGEST_BYTES:
                raise ValueError("not a list of digests")
        steps = range(0, len(digests), DIGEST_BYTES)
        return tuple(digests[at : at + DIGEST_BYTES] for at in steps)

    def releases_of(self, recording: int) -> list[int]:
        """Return the ranks of the releases of a recording that is on several; none of others."""
        return self._owned("recording_release", recording)

    def labels_of(self, release: int) -> list[int]:
        """Return the ranks of the labels of a release, by its rank."""
        return self._owned("release_label", release)

    def links(self, kind: Kind, rank: int) -> tuple[tuple[str, str], ...]:
        """Return what others call an artist or label: scheme and value of each."""
        rows = self._rows("SELECT body FROM link WHERE key = ?", link_key(kind, rank))
        with self._damage_told():
            return tuple((one[0], one[1]) for one in json.loads(rows[0][0])) if rows else ()

    def _owned(self, table: str, owner: int) -> list[int]:
        begin, end = owner << OWNER_BITS, (owner + 1) << OWNER_BITS
        query = f"SELECT ranks FROM {table} WHERE first >= ? AND first < ? ORDER BY first"
        with self._damage_told():
            return [rank for (ranks,) in self._rows(query, begin, end) for rank in read_list(ranks)]

    def _meta(self, name: str) -> int:
        rows = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return int(rows[0][0]) if rows else 0

    def _rows(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        with self._damage_told():
            return self._db.execute(query, given).fetchall()

    def _asked(self, kind: Kind, wanted: Wanted) -> list[Parts]:
        """The parts of each facet that is asked for, or of all cards."""
        asked = wanted.names or ((Facet.ALL, ("",)),)
        found: list[Parts] = []
        for facet, names in asked:
            shelves = [self._shelf(kind, facet, name) for name in dict.fromkeys(names)]
            found.append(
                {
                    marks: [shelf[marks] for shelf in shelves if marks in shelf]
                    for marks in wanted.marks
                }
            )
        return found

    def _shelf(self, kind: Kind, facet: Facet, name: str) -> dict[int, Part]:
        key = (kind, facet, name)
        if key not in self._shelves:
            if len(self._shelves) >= MOST_SHELVES:
                self._shelves.clear()
            rows = self._rows(
                "SELECT number, marks, cards, firsts FROM part"
                " WHERE kind = ? AND facet = ? AND name = ?",
                *(kind.value, facet.value, name),
            )
            self._shelves[key] = {
                marks: Part(self._db, number, cards, coding.decode_firsts(firsts))
                for number, marks, cards, firsts in rows
            }
        return self._shelves[key]

    def _damage_told(self) -> AbstractContextManager[None]:
        """Say in our words that what was read cannot be what was written."""
        return damage_told(self._path)


def _cards(parts: Parts) -> int:
    return sum(part.cards for some in parts.values() for part in some)


def _merged(parts: Parts, after: int) -> Iterator[tuple[int, int]]:
    """Ranks of parts after one, in order, each once, with its marks."""

    def marked(part: Part, marks: int) -> Iterator[tuple[int, int]]:
        return ((rank, marks) for rank in part.after(after))

    last = 0
    every = [marked(part, marks) for marks, some in parts.items() for part in some]
    for rank, marks in merge(*every):
        if rank != last:
            yield rank, marks
        last = rank
