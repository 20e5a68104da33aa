"""Lists of songs and albums: what a choice means, answered page by page.

Laws: a page costs the same wherever it begins; a key belongs to the list it came from, and what is
no key is refused; what was removed since the snapshot was built stands in no list of what is held,
nor does an album of which nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from phonotheque.archive.listening import arrivals
from phonotheque.archive.listening.arrivals import Arrival
from phonotheque.archive.listening.reading import Reading
from phonotheque.catalogue.browse.reader import Wanted
from phonotheque.catalogue.browse.schema import Facet
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.query.licences import addresses_of
from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.listen.values import Choice, Hit, Listing, Order

MOST_ON_A_PAGE = 200
MOST_YEARS = 300
"""All years that a catalogue knows are fewer; each is a list of its own."""
MOST_TRIED = 1_000
"""Cards that are held against a choice for one page; then the page is partial."""

_FIRST_YEAR, _LAST_YEAR = 1800, 2099


def listing(reading: Reading, choice: Choice, after: str | None, limit: int) -> Listing:
    """Return a page of a list.

    Raises:
        BadRequestError: The choice, the limit or the key cannot be meant.
        BadReferenceError: An artist or label is named that nothing has.
    """
    if not 1 <= limit <= MOST_ON_A_PAGE:
        todo = f"Ask for 1 to {MOST_ON_A_PAGE}."
        raise BadRequestError(f"limit {limit}", "is out of range", todo)
    place = _place(after)
    if choice.artist is not None and choice.label is not None:
        raise _refused("artist and label", "Ask for one of them.")
    if choice.order is Order.NEW or choice.collection is not None:
        return _of_arrivals(reading, choice, place, limit)
    if choice.artist is not None or choice.label is not None:
        return _of_owner(reading, choice, place, limit)
    return _of_shelves(reading, choice, place, limit)


def _place(after: str | None) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and len(after) <= 15):
        raise BadRequestError(
            f"after {after[:40]!r}", "is no key of a list", "Take it from the page before."
        )
    return int(after)


def _refused(thing: str, todo: str) -> BadRequestError:
    return BadRequestError(thing, "cannot be asked together", todo)


# -- by what is on a card --------------------------------------------------------------------------


def wanted(choice: Choice) -> Wanted:
    """Return which cards a choice means, as shelves know them."""
    names: list[tuple[Facet, tuple[str, ...]]] = []
    if choice.genre is not None:
        names.append((Facet.GENRE, (choice.genre.lower(),)))
    if choice.licence is not None:
        names.append((Facet.LICENCE, addresses_of(choice.licence)))
    if choice.country is not None:
        names.append((Facet.COUNTRY, (choice.country.upper(),)))
    if choice.years is not None:
        first, last = choice.years
        first, last = max(first or _FIRST_YEAR, _FIRST_YEAR), min(last or _LAST_YEAR, _LAST_YEAR)
        names.append((Facet.YEAR, tuple(map(str, range(first, last + 1)))))
    if names and choice.kind in (Kind.ARTIST, Kind.LABEL):
        raise _refused(f"{choice.kind}s and {names[0][0]}", "Ask for recordings or releases.")
    return Wanted(tuple(names), choice.is_held, choice.is_free)


def _of_shelves(reading: Reading, choice: Choice, after: int, limit: int) -> Listing:
    page = reading.browse.page(choice.kind, wanted(choice), after, limit)
    cards = reading.catalogue.lookup.cards_at(choice.kind, page.ranks)
    key = None if page.after is None else str(page.after)
    return Listing(_shown(reading, choice, cards), key, page.is_partial)


# -- by who made it --------------------------------------------------------------------------------


def _of_owner(reading: Reading, choice: Choice, after: int, limit: int) -> Listing:
    if choice.label is not None:
        if choice.kind is not Kind.RELEASE:
            raise _refused(f"a label and {choice.kind}s", "Ask for its releases.")
        owner = _owner(reading, choice.label, Kind.LABEL)
    else:
        assert choice.artist is not None
        owner = _owner(reading, choice.artist, Kind.ARTIST)
        if choice.kind not in (Kind.RECORDING, Kind.RELEASE):
            raise _refused(f"an artist and {choice.kind}s", "Ask for recordings or releases.")
    return owned(reading, owner, choice, after, limit=limit)


def owned(reading: Reading, owner: Card, choice: Choice, after: int = 0, *, limit: int) -> Listing:
    """Return a page of an artist's songs or albums, or of a label's albums.

    Args:
        owner: The artist or label, whatever the choice says of one.
        after: Rank after which it begins.
    """
    lookup = reading.catalogue.lookup
    page: Callable[..., list[Card]] = lookup.releases_of
    if owner.kind is Kind.LABEL:
        page = lookup.releases_of_label
    elif choice.kind is Kind.RECORDING:
        page = lookup.recordings_of

    def cards() -> Iterator[Card]:
        last = after
        while found := page(owner.id, after=last, limit=limit + 1):
            yield from found
            last = found[-1].rank

    return _page(reading, choice, ((card.rank, card) for card in cards()), limit)


def _owner(reading: Reading, gid: UUID, kind: Kind) -> Card:
    card = reading.catalogue.lookup.by_gid(gid)
    if not isinstance(card, Card) or card.kind is not kind:
        raise BadReferenceError(str(gid), f"no {kind} has it", "Search for its name.")
    return card


# -- by when it came in ----------------------------------------------------------------------------


def _of_arrivals(reading: Reading, choice: Choice, after: int, limit: int) -> Listing:
    if choice.kind not in (Kind.RECORDING, Kind.RELEASE):
        raise _refused(f"what is new and {choice.kind}s", "Ask for recordings or releases.")
    index, before = reading.archive.index, after or None
    if choice.collection is not None:
        found = arrivals.of_collection(index, choice.collection, before)
    else:
        found = arrivals.newest(index, before)
    songs = _arrived(reading, found)
    if choice.kind is Kind.RELEASE:
        songs = _albums(reading, songs)
    return _page(reading, choice, songs, limit)


def _arrived(reading: Reading, found: Iterable[Arrival]) -> Iterator[tuple[int, Card | None]]:
    """The song of each file that came in; None of one that the catalogue lacks, or that has the
    song of another file, which stands for it."""
    lookup = reading.catalogue.lookup
    for seq, sha256 in found:
        cards = lookup.by_external("sha256", sha256.hex)
        card = next((card for card in cards if card.kind is Kind.RECORDING), None)
        if card is not None:
            named = reading.browse.objects(card.rank)
            if named and named[0] != sha256.raw:
                card = None
        yield seq, card


def _albums(
    reading: Reading, songs: Iterable[tuple[int, Card | None]]
) -> Iterator[tuple[int, Card | None]]:
    """The album of each song that came in, once in a row of its songs."""
    last: int | None = None
    for seq, song in songs:
        album = None
        if song is not None and song.release != last:
            last = song.release
            ids = [] if last is None else [last]
            album = next(iter(reading.catalogue.lookup.cards_of_ids(Kind.RELEASE, ids)), None)
        yield seq, album


def _page(
    reading: Reading, choice: Choice, keyed: Iterable[tuple[int, Card | None]], limit: int
) -> Listing:
    """A page of those cards that are meant; keys are those of the list that they come from."""
    passes, cards, last = _passes(reading, choice), dict[int, Card](), 0
    for tried, (key, card) in enumerate(keyed):
        is_new = card is not None and card.rank not in cards and passes(card)
        if tried == MOST_TRIED or (is_new and len(cards) == limit):
            hits = _shown(reading, choice, cards.values())
            return Listing(hits, str(last), is_partial=len(cards) < limit)
        if card is not None and is_new:
            cards[card.rank] = card
        last = key
    return Listing(_shown(reading, choice, cards.values()))


def _shown(reading: Reading, choice: Choice, cards: Iterable[Card]) -> tuple[Hit, ...]:
    """What is shown of cards, less those that are not held, free or so licensed any more."""
    hits = reading.showing.hits(list(cards))
    licences = None if choice.licence is None else addresses_of(choice.licence)
    return tuple(
        hit
        for hit in hits
        if (hit.is_held or not choice.is_held)
        and (hit.is_free or not choice.is_free)
        and (licences is None or hit.licence in licences)
    )


def _passes(reading: Reading, choice: Choice) -> Callable[[Card], bool]:
    asked = dict(wanted(choice).names)
    licences = asked.get(Facet.LICENCE, ())

    def passes(card: Card) -> bool:
        is_here = not reading.catalogue.is_withdrawn(card)
        return (
            choice.is_held in (None, card.is_held and is_here)
            and choice.is_free in (None, card.is_free and is_here)
            and (choice.genre is None or choice.genre.lower() in card.genres)
            and (not licences or card.licence in licences)
            and (choice.country is None or choice.country.upper() == card.country)
            and (choice.years is None or str(card.year) in asked[Facet.YEAR])
        )

    return passes
