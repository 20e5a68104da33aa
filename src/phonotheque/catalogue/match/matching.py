"""Matching a list with the catalogue, some hundred lines at a time.

Laws: every line has one answer, in the order of the lines; candidates of a line are bounded, so a
line costs the same however many recordings are called "Intro"; of recordings that are as sure, one
that is held comes before one that is free, and that before one that is better known.

The steps cost more and find less from the first to the last, and a line that was matched goes no
further: identifiers; title and name together, by one key for all steps from "exact" to
"transliteration"; the title alone, where the name is only similar; the artist's own recordings,
where the title is only similar.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from rapidfuzz import fuzz, process

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card, Tombstone
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.match import keys
from phonotheque.catalogue.match.entry import Entry
from phonotheque.catalogue.match.forms import name_forms, title_skeleton
from phonotheque.catalogue.match.index import MatchIndex
from phonotheque.catalogue.match.judging import IsWord, Step, Verdict, by_identifier, judge
from phonotheque.catalogue.match.nearness import near_names
from phonotheque.catalogue.match.schema import NAME, PAIR, TITLE
from phonotheque.music.identifiers import Isrc, Mbid

AT_ONCE = 500
"""Lines that are asked for together."""
_OF_ONE_TITLE = 40
"""Recordings of one title whose artists are looked at, the most popular."""
_OF_ONE_ARTIST = 256
"""Recordings of one artist whose titles are looked at, the most popular: one row of his list."""
_ARTISTS_OF_ONE_NAME = 3
_LIKE_IT = 6
"""Titles of an artist that are nearest to the one asked for, and are judged."""
_LEAST_LIKE = 60.0
_KEPT_ARTISTS = 512
"""Artists whose titles are remembered: lists go by artist; some 15 MB."""


class Match(NamedTuple):
    """What was made of one line.

    Attributes:
        card: The recording; None when none is meant.
        step: By which it was found.
        confidence: 0 to 1.
        reason: What was forgiven, or why nothing was found.
        near: Of what was not found: the recording that came nearest.
        withdrawn: Whether what is meant was withdrawn, or removed from this archive.
    """

    entry: Entry
    card: Card | None = None
    step: Step | None = None
    confidence: float = 0.0
    reason: str = ""
    near: Card | None = None
    withdrawn: bool = False


class Matcher:
    """Matches lines with one snapshot; one thread at a time.

    Args:
        is_word: Whether the catalogue has a folded word anywhere.
        withdrawn: Ranks of recordings that were removed after it was built.
    """

    def __init__(
        self,
        lookup: Lookup,
        index: MatchIndex,
        is_word: IsWord,
        withdrawn: frozenset[int] = frozenset(),
    ) -> None:
        self._lookup = lookup
        self._index = index
        self._is_word = is_word
        self._withdrawn = withdrawn
        self._texts = lookup.texts_at(Kind.RECORDING)
        self._titles: OrderedDict[int, dict[int, str]] = OrderedDict()

    def match(self, entries: Sequence[Entry]) -> list[Match]:
        """Return what each line means, in order.

        Raises:
            MalformedError: A file of the snapshot is damaged.
        """
        work = _Work(entries, self._withdrawn)
        self._by_mbids(work)
        self._by_isrcs(work)
        for find in (self._by_pair, self._by_title, self._by_artist):
            find(work, list(work.waiting()))
        return work.matches()

    def _by_mbids(self, work: _Work) -> None:
        asked = [(place, text) for place in work.open() for text in work.entries[place].mbids]
        named = [(place, gid) for place, text in asked if (gid := _gid_of(text)) is not None]
        if not named:
            return
        found = self._lookup.by_gids([gid for _, gid in named])
        for (place, _), card in zip(named, found, strict=True):
            if isinstance(card, Tombstone):
                work.withdraw(place, card.public_note or card.reason or "")
            elif card is not None and card.kind is Kind.RECORDING:
                work.offer(place, by_identifier(work.entries[place], Step.MBID, card))

    def _by_isrcs(self, work: _Work) -> None:
        asked = [(place, text) for place in work.open() for text in work.entries[place].isrcs]
        named = [(place, code) for place, text in asked if (code := _isrc_of(text)) is not None]
        if not named:
            return
        found = self._lookup.by_isrcs([code for _, code in named])
        for (place, _), cards in zip(named, found, strict=True):
            for card in cards:
                work.offer(place, by_identifier(work.entries[place], Step.ISRC, card))

    def _by_pair(self, work: _Work, asked: list[_Asked]) -> None:
        """Ask for title and name together."""
        wanted: list[tuple[_Asked, int]] = []
        for one in asked:
            names = name_forms(one.artist)
            if not names.is_nobody:
                title = work.title_hash(one)
                several = dict.fromkeys((names.skeleton, names.names[0]))
                wanted += [(one, keys.pair_key(title, keys.text_hash(name))) for name in several]
        found = self._index.ranks(PAIR, (key for _, key in wanted))
        self._judge(work, [(one, found[key]) for one, key in wanted if key in found])

    def _by_title(self, work: _Work, asked: list[_Asked]) -> None:
        """Ask for the title alone; of what has it, the names are compared."""
        wanted = [
            (one, keys.single_key(work.title_hash(one)))
            for one in asked
            if not name_forms(one.artist).is_nobody
        ]
        found = self._index.ranks(TITLE, (key for _, key in wanted), _OF_ONE_TITLE)
        ranks = list(dict.fromkeys(rank for some in found.values() for rank in some))
        texts = dict(zip(ranks, self._texts(ranks), strict=True))
        alike: list[tuple[_Asked, list[int]]] = []
        for one, key in wanted:
            some = found.get(key, ())
            like = [rank for rank in some if _is_like(one.artist, texts[rank][1])]
            if like:
                alike.append((one, like[:_LIKE_IT]))
            elif some:
                credit = texts[some[0]][1] or "nobody who is named"
                left = len(some) - 1
                others = f" and {left} other{'s' * (left > 1)}" if left else ""
                work.explain(one.place, f"the title is known by {credit}{others}")
        self._judge(work, alike)

    def _by_artist(self, work: _Work, asked: list[_Asked]) -> None:
        """Ask for the artist; of his recordings, the titles are compared."""
        wanted: list[tuple[_Asked, int]] = []
        for one in asked:
            names = name_forms(one.artist)
            if not names.is_nobody:
                several = dict.fromkeys((names.skeleton, names.names[0]))
                wanted += [(one, keys.single_key(keys.text_hash(name))) for name in several]
        found = self._index.ranks(NAME, (key for _, key in wanted), _ARTISTS_OF_ONE_NAME)
        near: list[tuple[_Asked, list[int]]] = []
        for one, key in wanted:
            for artist in found.get(key, ()):
                titles = self._titles_of(artist)
                best = process.extract(
                    _head(one.title),
                    titles,
                    scorer=fuzz.ratio,
                    score_cutoff=_LEAST_LIKE,
                    limit=_LIKE_IT,
                )
                near.append((one, [rank for _, _, rank in best]))
                if not best:
                    work.explain(one.place, "the artist is known, the title is not")
        self._judge(work, near)

    def _titles_of(self, artist: int) -> dict[int, str]:
        """Return the beginnings of an artist's titles by rank."""
        if artist in self._titles:
            self._titles.move_to_end(artist)
            return self._titles[artist]
        ranks = self._lookup.ranks_of_artist(artist, _OF_ONE_ARTIST)
        titles = zip(ranks, self._texts(ranks), strict=True)
        found = self._titles[artist] = {rank: _head(title) for rank, (title, _) in titles}
        if len(self._titles) > _KEPT_ARTISTS:
            self._titles.popitem(last=False)
        return found

    def _judge(self, work: _Work, candidates: list[tuple[_Asked, list[int]]]) -> None:
        """Fetch candidates and judge them."""
        wanted = {rank for _, ranks in candidates for rank in ranks}
        cards = {card.rank: card for card in self._lookup.cards_at(Kind.RECORDING, wanted)}
        for one, ranks in candidates:
            entry = work.entries[one.place]
            for rank in ranks:
                if rank in cards:
                    work.offer(one.place, judge(entry, one.reading, cards[rank], self._is_word))


class _Asked(NamedTuple):
    """One line, understood in one way."""

    place: int
    reading: int
    artist: str
    title: str


class _Work:
    """Some lines, and the best that was found for each."""

    def __init__(self, entries: Sequence[Entry], withdrawn: frozenset[int]) -> None:
        self.entries = entries
        self._withdrawn = withdrawn
        self._best: list[Verdict | None] = [None] * len(entries)
        self._near: list[Verdict | None] = [None] * len(entries)
        self._told: dict[int, str] = {}
        self._gone: dict[int, str] = {}
        self._hashes: dict[str, int] = {}

    def open(self) -> list[int]:
        """Places of lines that can be used and have no match."""
        return [
            place
            for place, entry in enumerate(self.entries)
            if not entry.wrong and self._best[place] is None and place not in self._gone
        ]

    def waiting(self) -> Iterator[_Asked]:
        """Give what is still asked, in all ways in which it is understood."""
        for place in self.open():
            for number, (artist, title) in enumerate(self.entries[place].readings):
                yield _Asked(place, number, artist, title)

    def title_hash(self, one: _Asked) -> int:
        """Return the hash of a title's skeleton."""
        if one.title not in self._hashes:
            self._hashes[one.title] = keys.text_hash(title_skeleton(one.title))
        return self._hashes[one.title]

    def offer(self, place: int, verdict: Verdict) -> None:
        """Take a verdict, if it is better than what was there."""
        best = self._best if verdict.is_match else self._near
        other = best[place]
        if other is None or self._order(place, verdict) > self._order(place, other):
            best[place] = verdict

    def _order(self, place: int, verdict: Verdict) -> tuple[object, ...]:
        card, album = verdict.card, self.entries[place].album
        is_on = bool(album and card.release_title) and _is_same(album, card.release_title or "")
        sure = round(verdict.confidence, 2)
        is_there = card.rank not in self._withdrawn
        return (sure, verdict.nearness, is_there, is_on, card.is_held, card.is_free, -card.rank)

    def explain(self, place: int, reason: str) -> None:
        """Take a reason why a line has no match; the first one stays."""
        self._told.setdefault(place, reason)

    def withdraw(self, place: int, note: str) -> None:
        """Take note that what an identifier names was withdrawn."""
        self._gone[place] = note

    def matches(self) -> list[Match]:
        """Return what was made of each line."""
        return [self._match(place, entry) for place, entry in enumerate(self.entries)]

    def _match(self, place: int, entry: Entry) -> Match:
        best, near = self._best[place], self._near[place]
        if entry.wrong:
            return Match(entry, reason=entry.wrong)
        if best is not None and best.card.rank in self._withdrawn:
            return Match(entry, reason="removed from this archive", withdrawn=True)
        if best is not None:
            told = best.reason
            return Match(entry, best.card, best.step, round(best.confidence, 2), told)
        if place in self._gone:
            note = self._gone[place]
            return Match(entry, reason=f"withdrawn{': ' if note else ''}{note}", withdrawn=True)
        if near is not None:
            return Match(entry, reason=near.reason, near=near.card)
        return Match(entry, reason=self._told.get(place) or _why(entry))


def _why(entry: Entry) -> str:
    """Say why nothing came near."""
    if not entry.readings:
        return "no recording has this identifier"
    if all(name_forms(reading.artist).is_nobody for reading in entry.readings):
        return "it names no artist"
    return "neither the artist nor the title is known"


def _is_same(album: str, release: str) -> bool:
    return title_skeleton(album) == title_skeleton(release)


def _is_like(artist: str, credit: str) -> bool:
    """Whether a credit is worth being judged: one of the names is the same, or they are near."""
    one, two = name_forms(artist), name_forms(credit)
    shares = not set(one.names).isdisjoint(two.names)
    return shares or near_names(artist, credit) is not None


def _head(title: str) -> str:
    """Return a title up to what stands in brackets or after a dash, in lower case."""
    for sign in (" (", " [", " - "):
        title = title.partition(sign)[0] or title
    return title.lower()


def _gid_of(text: str) -> UUID | None:
    try:
        return UUID(Mbid.parse(text).uuid)
    except ValueError:
        return None


def _isrc_of(text: str) -> Isrc | None:
    try:
        return Isrc.parse(text)
    except ValueError:
        return None


def match_all(matcher: Matcher, entries: Iterable[Entry]) -> Iterator[list[Match]]:
    """Give what lines mean, `AT_ONCE` together, in bounded memory.

    Raises:
        MalformedError: A file of the snapshot is damaged.
    """
    waiting: list[Entry] = []
    for entry in entries:
        waiting.append(entry)
        if len(waiting) == AT_ONCE:
            yield matcher.match(waiting)
            waiting = []
    if waiting:
        yield matcher.match(waiting)
