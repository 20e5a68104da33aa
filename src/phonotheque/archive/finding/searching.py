"""Asking the catalogue: what a query means, answered from the files of one snapshot.

Laws: the snapshot that served when it was opened answers until it is closed, whatever is built
meanwhile; nothing here reads Parquet, so that a question costs milliseconds and not the loading of
libraries. Building and importing: `archive.finding.catalogue`; all that is known of one thing:
`archive.finding.entry`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from time import monotonic
from uuid import UUID

from phonotheque.archive.finding.identifying import look_up
from phonotheque.archive.finding.serving import removed_since, serving_snapshot
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.query.asking import fits, has_fields, kind_of, question_of
from phonotheque.catalogue.query.parsed import Identifier, Parsed
from phonotheque.catalogue.search.joined import iter_joined
from phonotheque.catalogue.search.question import Answer, Question, Used
from phonotheque.catalogue.search.searcher import Searcher
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.errors import NoCatalogueError
from phonotheque.music.digest import Sha256
from phonotheque.music.folding import words

MOST_NAMED = 100
"""Releases or labels of one name that are gone on from, the most popular."""
MOST_BEHIND = 5_000
"""Recordings or releases behind them that are looked at."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How a query is to be answered.

    Attributes:
        limit: How many cards at most.
        deadline_s: After so many seconds the best found so far is the answer.
        kind: What is searched for, unless the query says it.
        is_typing: Whether the last word may go on.
    """

    limit: int = 20
    deadline_s: float | None = None
    kind: Kind | None = None
    is_typing: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        cards: In the order of the answer; of one kind, but those of an identifier.
        is_partial: Whether a bound was met: there may be more, and better.
        used: "exact"; "prefix" when the last word was taken for a beginning; "typos" when near
            words were taken; "identifier" when it was looked up.
        instead_of: The kind that was searched for first, in vain; None when these are of it.
    """

    cards: tuple[Card, ...]
    is_partial: bool = False
    used: str = "exact"
    instead_of: Kind | None = None


class Catalogue:
    """A snapshot, opened to be asked; one thread at a time.

    Args:
        snapshot: The snapshot.
        removed: Objects that were removed after it was built: no search finds what they hold.

    Attributes:
        withdrawn: Ranks of the recordings that they hold.

    Raises:
        MalformedError: A file of the snapshot is missing or damaged.
    """

    def __init__(self, snapshot: Snapshot, removed: frozenset[Sha256] = frozenset()) -> None:
        self.snapshot = snapshot
        self.removed = removed
        self._open = ExitStack()
        self.lookup = Lookup(snapshot.ids)
        self._open.callback(self.lookup.close)
        self._searchers: dict[Kind, Searcher] = {}
        self.withdrawn = self._ranks_of(removed)

    def close(self) -> None:
        """Let go of all files."""
        self._open.close()

    def find(self, parsed: Parsed, wanted: SearchOptions) -> Found:
        """Answer a query.

        When nothing has the words as they stand, the last of them may go on; then, where no kind
        was said, the other kinds are asked; typing errors are forgiven at the very last.

        Raises:
            BadRequestError: The query cannot be answered for this kind, or is too long.
            MalformedError: A file of the snapshot is damaged.
        """
        kind = kind_of(parsed, wanted.kind)
        if parsed.identifier is not None:
            cards = self._identified(parsed.identifier, parsed.kind or wanted.kind)
            if cards or not parsed.text:
                return Found(cards[: wanted.limit], used="identifier")
        ends_at = None if wanted.deadline_s is None else monotonic() + wanted.deadline_s
        best: Found | None = None
        for way in _ways(parsed, kind, wanted):
            left_s = None if ends_at is None else ends_at - monotonic()
            if best is not None and left_s is not None and left_s <= 0:
                return replace(best, is_partial=True)
            found = self._search(parsed, way, replace(wanted, deadline_s=left_s))
            if found.cards and found.used != Used.TYPOS:
                return replace(found, instead_of=None if way.kind is kind else kind)
            if best is None or (found.cards and not best.cards):
                best = found
        assert best is not None
        return best

    def _search(self, parsed: Parsed, way: _Way, wanted: SearchOptions) -> Found:
        """Answer a query in one way."""
        question = question_of(
            parsed,
            way.kind,
            limit=wanted.limit,
            deadline_s=wanted.deadline_s,
            is_typing=way.is_typing,
        )
        if question.is_empty and not (parsed.release or parsed.label):
            return Found(tuple(self.lookup.cards_at(way.kind, range(1, wanted.limit + 1))))
        if (accepts := self._accepts(parsed, way.kind)) is None:
            return self._found(way, self._searcher(way.kind).ask(question))
        if question.text or question.title or question.credit:
            return self._found(way, self._searcher(way.kind).ask(question, accepts))
        return self._behind(parsed, way.kind, question)

    def _identified(self, named: Identifier, kind: Kind | None) -> tuple[Card, ...]:
        (found,) = look_up(self.lookup, [named])
        cards = (one for one in found if isinstance(one, Card))
        return tuple(card for card in cards if kind in (None, card.kind))

    def _accepts(self, parsed: Parsed, kind: Kind) -> Callable[[Sequence[int]], list[bool]] | None:
        """What search cannot ask: the release of a recording, the label of either."""
        label = words(parsed.label) if kind in (Kind.RECORDING, Kind.RELEASE) else []
        release = words(parsed.release) if kind is Kind.RECORDING else []
        if not label and not release:
            return None

        def accepts(ranks: Sequence[int]) -> list[bool]:
            cards = {card.rank: card for card in self.lookup.cards_at(kind, ranks)}
            labels = self._labels(kind, cards.values()) if label else {}
            return [
                rank in cards
                and _has(cards[rank].release_title, release)
                and _has(labels.get(rank), label)
                for rank in ranks
            ]

        return accepts

    def _labels(self, kind: Kind, cards: Iterable[Card]) -> dict[int, str | None]:
        """Names of labels by rank; a recording's is that of the release it is first on."""
        if kind is Kind.RELEASE:
            return {card.rank: card.label for card in cards}
        of_rank = {card.rank: card.release for card in cards if card.release is not None}
        releases = self.lookup.cards_of_ids(Kind.RELEASE, sorted(set(of_rank.values())))
        labels = {card.id: card.label for card in releases}
        return {rank: labels.get(release) for rank, release in of_rank.items()}

    def _behind(self, parsed: Parsed, kind: Kind, question: Question) -> Found:
        """Go from releases and labels of a name to what belongs to them."""
        if kind is Kind.RECORDING:
            named = replace(parsed, years=None, licences=(), countries=(), genres=())
            named = replace(named, is_held=None, is_free=None, kind=Kind.RELEASE)
            releases = self.find(named, SearchOptions(MOST_NAMED, question.deadline_s))
            is_partial = releases.is_partial or len(releases.cards) == MOST_NAMED
            cards = list(self._tracks_of(releases.cards))
        else:
            wanted = Question(parsed.label, limit=MOST_NAMED, deadline_s=question.deadline_s)
            labels = self._found(_Way(Kind.LABEL), self._searcher(Kind.LABEL).ask(wanted))
            is_partial = labels.is_partial or len(labels.cards) == MOST_NAMED
            cards = list(self._releases_of(labels.cards))
        is_partial = is_partial or len(cards) == MOST_BEHIND
        passes = fits(question)
        gone = self._left_out(kind)
        chosen = {card.rank: card for card in cards if card.rank not in gone and passes(card)}
        ordered = tuple(chosen[rank] for rank in sorted(chosen))
        return Found(ordered[: question.limit], is_partial and len(ordered) < question.limit)

    def _tracks_of(self, releases: Iterable[Card]) -> Iterator[Card]:
        tracks = (track for one in releases for track in self.lookup.tracks_of(one.id))
        return islice((track.recording for track in tracks if track.recording), MOST_BEHIND)

    def _releases_of(self, labels: Iterable[Card]) -> Iterator[Card]:
        pages = (self.lookup.releases_of_label(one.id, limit=MOST_BEHIND) for one in labels)
        return islice(chain.from_iterable(pages), MOST_BEHIND)

    def _searcher(self, kind: Kind) -> Searcher:
        if kind not in self._searchers:
            texts, years = self.lookup.texts_at(kind), self.lookup.years_at(kind)
            left_out = self._left_out(kind)
            searcher = Searcher(self.snapshot.search(kind), texts, left_out, years=years)
            self._open.callback(searcher.close)
            self._searchers[kind] = searcher
        return self._searchers[kind]

    def is_withdrawn(self, card: Card) -> bool:
        """Whether what a card shows was removed after the snapshot was built."""
        return card.kind is Kind.RECORDING and card.rank in self.withdrawn

    def _left_out(self, kind: Kind) -> frozenset[int]:
        """Ranks of what no search of a kind finds until the next build."""
        if kind is Kind.RECORDING:
            return self.withdrawn
        return self._emptied if kind is Kind.RELEASE else frozenset()

    @cached_property
    def _emptied(self) -> frozenset[int]:
        """Ranks of the releases on which nothing stands any more but what was removed."""
        gone = self.lookup.cards_at(Kind.RECORDING, sorted(self.withdrawn))
        ids = sorted({card.release for card in gone if card.release is not None})
        return frozenset(
            release.rank
            for release in self.lookup.cards_of_ids(Kind.RELEASE, ids)
            if all(
                track.recording is not None and self.is_withdrawn(track.recording)
                for track in self.lookup.tracks_of(release.id)
            )
        )

    def _ranks_of(self, objects: frozenset[Sha256]) -> frozenset[int]:
        """Ranks of the recordings that objects hold."""
        if not objects:
            return frozenset()
        named = self.lookup.by_externals([("sha256", name.hex) for name in sorted(objects)])
        found = chain.from_iterable(named)
        return frozenset(card.rank for card in found if card.kind is Kind.RECORDING)

    def _found(self, way: _Way, answer: Answer) -> Found:
        cards = tuple(self.lookup.cards_at(way.kind, answer.ranks))
        used = way.used if answer.used is Used.EXACT else str(answer.used)
        return Found(cards, answer.is_partial, used)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to answer a query.

    Attributes:
        used: What the answer says of it, unless typing errors were forgiven.
    """

    kind: Kind
    is_typing: bool = False
    used: str = "exact"


def _ways(parsed: Parsed, kind: Kind, wanted: SearchOptions) -> Iterator[_Way]:
    """In which ways a query is tried, one after the other until something is found."""
    yield _Way(kind, wanted.is_typing)
    if parsed.text and not wanted.is_typing:
        yield _Way(kind, is_typing=True, used="prefix")
    if parsed.kind or wanted.kind or not parsed.text:
        return
    others = [one for one in Kind if one is not kind and has_fields(parsed, one)]
    yield from (_Way(other, wanted.is_typing) for other in others)
    if not wanted.is_typing:
        yield from (_Way(other, is_typing=True, used="prefix") for other in others)


def _has(text: str | None, wanted: Sequence[str]) -> bool:
    """Whether all words stand in a text."""
    return not wanted or set(wanted) <= {*words(text or ""), *iter_joined(text or "")}


@contextmanager
def open_catalogue(root: Path) -> Iterator[Catalogue]:
    """Open the catalogue of an archive to ask it.

    Raises:
        NoCatalogueError: None was built.
        MalformedError: It is damaged.
    """
    snapshot = serving_snapshot(root)
    with closing(Catalogue(snapshot, removed_since(root, snapshot))) as catalogue:
        yield catalogue


def gid_of_object(root: Path, sha256: Sha256) -> UUID | None:
    """Return the gid of the recording that an object holds; None when no catalogue knows it.

    Raises:
        MalformedError: The catalogue is damaged.
    """
    try:
        with open_catalogue(root) as catalogue:
            cards = catalogue.lookup.by_external("sha256", sha256.hex)
    except NoCatalogueError:
        return None
    return next((card.gid for card in cards if card.kind is Kind.RECORDING), None)
