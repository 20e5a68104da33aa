"""What there is to be found in an archive: its catalogue, for the listening door.

Laws: every answer is from one snapshot, less what was removed since it was built; many threads may
ask at once; nothing is written.

Not here: building the catalogue (`archive.listening.readiness`), all facts of one recording
(`archive.listening.facts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from phonotheque.archive.finding.searching import SearchOptions
from phonotheque.archive.listening import arrivals, lists
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.former_names import FormerNames
from phonotheque.archive.listening.reading import Reading, Readings
from phonotheque.archive.listening.showing import gone, links, mention
from phonotheque.catalogue.browse.drawing import drawn
from phonotheque.catalogue.browse.reader import Wanted
from phonotheque.catalogue.browse.schema import Facet as Shelved
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card, Tombstone
from phonotheque.catalogue.query.licences import addresses_of, short_name
from phonotheque.catalogue.query.parsing import parse
from phonotheque.errors import BadRequestError
from phonotheque.listen.values import (
    Album,
    Answer,
    Artist,
    Choice,
    Counts,
    Drawn,
    Facet,
    Gone,
    Hit,
    Label,
    Listing,
    Pool,
    Shelf,
    Song,
    Suggestions,
)
from phonotheque.music.digest import Sha256
from phonotheque.music.identifiers import Gtin, Isrc
from phonotheque.register.cases import removals_of
from phonotheque.register.events import Removal

DEADLINE_S = 0.5
"""After so long the best found so far is the answer to a search."""
MOST_DRAWN = 200
MOST_SHELVES = 1_000
_OF_A_PAGE = 50
"""Songs and albums on the page of an artist or label; more are listed."""

_SHELVED = {Facet.GENRE: Shelved.GENRE, Facet.YEAR: Shelved.YEAR, Facet.LICENCE: Shelved.LICENCE}


class ArchiveLibrary:
    """The library of one archive; see `phonotheque.listen.ports.Library`.

    Args:
        root: The archive's folder.
        desks: The same archive as other rooms have it open; None for the library by itself.
    """

    def __init__(self, root: Path, desks: Desks | None = None) -> None:
        self._readings = Readings(desks or Desks(root))
        self._collections = arrivals.CollectionCounts()
        self._former_names = FormerNames()

    def close(self) -> None:
        """Let go of what this thread has open; what other threads have goes with them."""
        self._readings.close()

    def version(self) -> str:
        """Name what answers now: a snapshot, and a place in the register."""
        return self._readings.here().version

    def counts(self) -> Counts:
        """Return how much there is."""
        reading = self._readings.here()
        cards = reading.catalogue.snapshot.descriptor.cards
        count = reading.browse.count
        return Counts(
            songs=cards.get("recording", 0),
            albums=cards.get("release", 0),
            artists=cards.get("artist", 0),
            labels=cards.get("label", 0),
            held=count(Kind.RECORDING, Wanted(is_held=True)),
            free=count(Kind.RECORDING, Wanted(is_held=True, is_free=True)),
            as_of=reading.catalogue.snapshot.descriptor.made_at,
        )

    # -- searching -----------------------------------------------------------------------------

    def search(
        self, text: str, kind: Kind | None = None, *, limit: int = 20, is_typing: bool = False
    ) -> Answer:
        """Answer a query of the query language."""
        reading = self._readings.here()
        asked = SearchOptions(limit, DEADLINE_S, kind, is_typing)
        return reading.showing.answer(reading.catalogue.find(parse(text), asked))

    def suggest(self, text: str, *, limit: int = 6) -> Suggestions:
        """Answer what somebody is typing with the best of each kind."""
        reading, parsed = self._readings.here(), parse(text)

        def best(kind: Kind) -> Answer:
            if parsed.kind not in (None, kind):
                return Answer(())
            try:
                found = reading.catalogue.find(
                    parsed, SearchOptions(limit, DEADLINE_S / len(Kind), kind, is_typing=True)
                )
            except BadRequestError:  # a field that this kind has not: nothing of it is meant
                return Answer(())
            return reading.showing.answer(found)

        return Suggestions(
            songs=best(Kind.RECORDING),
            albums=best(Kind.RELEASE),
            artists=best(Kind.ARTIST),
            labels=best(Kind.LABEL),
        )

    # -- looking up ----------------------------------------------------------------------------

    def by_gids(self, gids: Sequence[UUID]) -> list[Hit | Gone | None]:
        """Return what each gid stands for, in the order asked for."""
        reading = self._readings.here()
        found = reading.catalogue.lookup.by_gids(gids)
        cards = [one for one in found if isinstance(one, Card)]
        shown = dict(zip(map(_place, cards), reading.showing.hits(cards), strict=True))

        def one_of(one: Card | Tombstone | None) -> Hit | Gone | None:
            if isinstance(one, Tombstone):
                return gone(one)
            if one is None:
                return None
            return _removed(reading, one) or shown[_place(one)]

        return [one_of(one) for one in found]

    def by_isrcs(self, codes: Sequence[Isrc]) -> list[list[Hit]]:
        """Return the songs of each ISRC, in the order asked for."""
        reading = self._readings.here()
        return _each(reading, reading.catalogue.lookup.by_isrcs(codes))

    def by_barcodes(self, codes: Sequence[Gtin]) -> list[list[Hit]]:
        """Return the albums of each barcode, in the order asked for."""
        reading = self._readings.here()
        return _each(reading, reading.catalogue.lookup.by_barcodes(codes))

    def objects(self, gid: UUID) -> tuple[Sha256, ...]:
        """Return the files of a song that this archive has, the one to be heard first."""
        reading = self._readings.here()
        card = reading.catalogue.lookup.by_gid(gid)
        if not isinstance(card, Card) or card.kind is not Kind.RECORDING:
            return ()
        return _objects(reading, card)

    def song_of(self, sha256: Sha256) -> Hit | None:
        """Return the song that a file holds."""
        reading = self._readings.here()
        cards = reading.catalogue.lookup.by_external("sha256", sha256.hex)
        songs = [card for card in cards if card.kind is Kind.RECORDING]
        return reading.showing.hit(songs[0]) if songs else None

    def formerly(self, name: str) -> tuple[Hit, ...]:
        """Return songs of this archive that had a name before it was corrected."""
        reading = self._readings.here()
        found = self._former_names.bearing(reading.archive.index, name)
        named = [("sha256", one.hex) for one in found]
        cards = {
            card.rank: card
            for some in reading.catalogue.lookup.by_externals(named)
            for card in some
            if card.kind is Kind.RECORDING
        }
        return reading.showing.hits([cards[rank] for rank in sorted(cards)])

    # -- one thing -----------------------------------------------------------------------------

    def song(self, gid: UUID) -> Song | Gone | None:
        """Return a song; None when nothing, or another kind of thing, has the gid."""
        reading = self._readings.here()
        card = _named(reading, gid, Kind.RECORDING)
        if not isinstance(card, Card):
            return card
        lookup, ranks = reading.catalogue.lookup, reading.browse.releases_of(card.rank)
        albums = lookup.cards_at(Kind.RELEASE, ranks)
        if not albums and card.release is not None:
            albums = lookup.cards_of_ids(Kind.RELEASE, [card.release])
        hit, *others = reading.showing.hits([card, *albums])
        return Song(hit=hit, objects=_objects(reading, card), albums=tuple(others))

    def album(self, gid: UUID) -> Album | Gone | None:
        """Return an album with its songs; None likewise."""
        reading = self._readings.here()
        card = _named(reading, gid, Kind.RELEASE)
        if not isinstance(card, Card):
            return card
        lookup = reading.catalogue.lookup
        found = lookup.tracks_of(card.id)
        hit, tracks = reading.showing.album(card, found), reading.showing.tracks(found)
        lengths = [track.song.length_ms if track.song else None for track in tracks]
        known = [length for length in lengths if length is not None]
        labels = lookup.cards_at(Kind.LABEL, reading.browse.labels_of(card.rank))
        return Album(
            hit=hit,
            tracks=tracks,
            length_ms=sum(known) if known and len(known) == len(lengths) else None,
            labels=tuple(map(mention, labels)),
        )

    def artist(self, gid: UUID) -> Artist | Gone | None:
        """Return an artist; None likewise."""
        reading = self._readings.here()
        card = _named(reading, gid, Kind.ARTIST)
        if not isinstance(card, Card):
            return card
        return Artist(
            hit=reading.showing.hit(card),
            albums=lists.owned(reading, card, Choice(kind=Kind.RELEASE), limit=_OF_A_PAGE),
            songs=lists.owned(reading, card, Choice(kind=Kind.RECORDING), limit=_OF_A_PAGE),
            links=links(card.kind, reading.browse.links(card.kind, card.rank)),
        )

    def label(self, gid: UUID) -> Label | Gone | None:
        """Return a label; None likewise."""
        reading = self._readings.here()
        card = _named(reading, gid, Kind.LABEL)
        if not isinstance(card, Card):
            return card
        return Label(
            hit=reading.showing.hit(card),
            albums=lists.owned(reading, card, Choice(kind=Kind.RELEASE), limit=_OF_A_PAGE),
            links=links(card.kind, reading.browse.links(card.kind, card.rank)),
        )

    # -- browsing ------------------------------------------------------------------------------

    def listing(self, choice: Choice, *, after: str | None = None, limit: int = 50) -> Listing:
        """Return a page of a list."""
        return lists.listing(self._readings.here(), choice, after, limit)

    def shelves(self, facet: Facet) -> tuple[Shelf, ...]:
        """Return by what one can browse."""
        reading = self._readings.here()
        if facet is Facet.COLLECTION:
            found = self._collections.of(reading.archive.index)
        else:
            held = Wanted(is_held=True)
            found = reading.browse.names(Kind.RECORDING, _SHELVED[facet], held)
        if facet is Facet.YEAR:
            found = sorted(found)
        title = short_name if facet is Facet.LICENCE else str
        return tuple(
            Shelf(name, title(name) or name, songs) for name, songs in found[:MOST_SHELVES]
        )

    def draw(self, pool: Pool, *, seed: str = "", after: int = 0, limit: int = 20) -> Drawn:
        """Draw songs, uniformly and without scanning."""
        if not (1 <= limit <= MOST_DRAWN and after >= 0):
            todo = f"Draw 1 to {MOST_DRAWN}."
            raise BadRequestError(f"limit {limit}, after {after}", "are out of range", todo)
        reading, seed = self._readings.here(), seed or token_hex(4)
        found = reading.browse.pool(_in_pool(pool), *_between(reading, pool))
        end = min(after + limit, found.count)
        ranks = [found.rank(drawn(seed, found.count, place)) for place in range(after, end)]
        cards = reading.catalogue.lookup.cards_at(Kind.RECORDING, ranks)
        kept = [card for card in cards if not reading.catalogue.is_withdrawn(card)]
        next_one = end if end < found.count else None
        hits = reading.showing.hits(kept)
        free = tuple(hit for hit in hits if hit.is_free or not pool.is_free)
        return Drawn(free, found.count, seed, next_one)


def _in_pool(pool: Pool) -> Wanted:
    names: tuple[tuple[Shelved, tuple[str, ...]], ...] = ()
    if pool.licence is not None:
        names = ((Shelved.LICENCE, addresses_of(pool.licence)),)
    return Wanted(
        names,
        is_held=True,
        is_free=True if pool.is_free else None,
        is_speech=None if pool.with_spoken_word else False,
    )


def _between(reading: Reading, pool: Pool) -> tuple[int, int]:
    """The first and the last rank of a pool: what is popular comes before what is not."""
    first, last = 1, reading.catalogue.lookup.count(Kind.RECORDING)
    if pool.min_score is not None:
        last = reading.browse.last_of_score(min(max(pool.min_score, 0), 100))
    if pool.is_never_heard:
        first = reading.browse.last_heard() + 1
    return first, last


def _place(card: Card) -> tuple[Kind, int]:
    return card.kind, card.rank


def _each(reading: Reading, found: Sequence[Sequence[Card]]) -> list[list[Hit]]:
    """What is shown of the cards of each code, looked up together."""
    cards = {_place(card): card for some in found for card in some}
    shown = dict(zip(cards, reading.showing.hits(list(cards.values())), strict=True))
    return [[shown[_place(card)] for card in some] for some in found]


def _named(reading: Reading, gid: UUID, kind: Kind) -> Card | Gone | None:
    found = reading.catalogue.lookup.by_gid(gid)
    if isinstance(found, Tombstone):
        return gone(found) if found.entity_type == kind else None
    if found is None or found.kind is not kind:
        return None
    return _removed(reading, found) or found


def _removed(reading: Reading, card: Card) -> Gone | None:
    """The stone of a song that was removed since the snapshot was built; None when it was not."""
    if not reading.catalogue.is_withdrawn(card):
        return None
    lines = [
        line
        for name in reading.browse.objects(card.rank)
        for line in removals_of(reading.archive.index, Sha256(name))
        if isinstance(line.event, Removal)
    ]
    last = max(lines, key=lambda line: line.seq, default=None)
    return Gone(
        gid=card.gid,
        kind=card.kind.value,
        reason=last.event.reason if last and isinstance(last.event, Removal) else None,
        decided_at=last.at[:10] if last else None,
    )


def _objects(reading: Reading, card: Card) -> tuple[Sha256, ...]:
    gone_since = reading.catalogue.removed
    names: Iterable[Sha256] = map(Sha256, reading.browse.objects(card.rank))
    return tuple(name for name in names if name not in gone_since)
