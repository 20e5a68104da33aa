"""Cards of the catalogue as the listening door shows them.

Law: what a card says of rights, and of being held, is what holds now (`archive.finding.standing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from phonotheque.archive.finding.searching import Catalogue, Found
from phonotheque.archive.finding.standing import Standings
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card, Tombstone, Track
from phonotheque.catalogue.sources.holdings.values import UNKNOWN_ARTIST
from phonotheque.listen.values import AlbumTrack, Answer, Gone, Hit, Link, Mention

_MOST_NAMED = 4_000
"""Artists and albums whose names are remembered: the same ones are shown again and again."""

_NAMED = (Kind.ARTIST, Kind.RELEASE)


class Showing:
    """Turns cards of one open catalogue into what is shown. For one thread.

    Args:
        catalogue: What the cards are of.
        standings: What they say now.
    """

    def __init__(self, catalogue: Catalogue, standings: Standings) -> None:
        self._catalogue = catalogue
        self._standings = standings
        self._named: dict[tuple[Kind, int], Mention] = {}

    def hits(self, cards: Sequence[Card]) -> tuple[Hit, ...]:
        """Return what is shown of cards, in their order.

        Artists and albums that they name are looked up together, each once; those that are among
        them, or were shown a while ago, not at all.
        """
        self._learn(cards)
        cards = self._standings.cards(cards)
        artists = self._mentions(Kind.ARTIST, (card.artist for card in cards))
        albums = self._mentions(Kind.RELEASE, (card.release for card in cards))
        return tuple(self._hit(card, artists, albums) for card in cards)

    def hit(self, card: Card) -> Hit:
        """Return what is shown of a card."""
        return self.hits([card])[0]

    def album(self, card: Card, tracks: Sequence[Track]) -> Hit:
        """Return what is shown of an album whose tracks are known."""
        return self.hit(self._standings.album(card, tracks))

    def answer(self, found: Found) -> Answer:
        """Return what a search found."""
        return Answer(self.hits(found.cards), found.is_partial, found.used, found.instead_of)

    def tracks(self, tracks: Sequence[Track]) -> tuple[AlbumTrack, ...]:
        """Return the tracks of an album; a song that was removed keeps its place and name."""
        cards = [track.recording for track in tracks if track.recording is not None]
        songs = dict(zip((card.rank for card in cards), self.hits(cards), strict=True))
        return tuple(
            AlbumTrack(
                medium=track.medium_position,
                position=track.position,
                number=track.number or str(track.position),
                title=track.title or (track.recording.title if track.recording else "[unknown]"),
                song=songs[track.recording.rank] if track.recording else None,
            )
            for track in tracks
        )

    def _learn(self, cards: Iterable[Card]) -> None:
        """Remember how things are named that were looked up for themselves."""
        if len(self._named) > _MOST_NAMED:
            self._named.clear()
        for card in cards:
            if card.kind in _NAMED:
                self._named[card.kind, card.id] = mention(card)

    def _mentions(self, kind: Kind, ids: Iterable[int | None]) -> dict[int | None, Mention]:
        wanted = {one for one in ids if one is not None}
        known = self._named
        if new := [one for one in wanted if (kind, one) not in known]:
            found = self._catalogue.lookup.names_of_ids(kind, new)
            known.update(((kind, one), Mention(*named)) for one, named in found.items())
        return {one: known[kind, one] for one in wanted if (kind, one) in known}

    def _hit(
        self,
        card: Card,
        artists: dict[int | None, Mention],
        albums: dict[int | None, Mention],
    ) -> Hit:
        is_known = card.credit != UNKNOWN_ARTIST
        album = albums.get(card.release)
        if album is None and card.release_title:
            album = Mention(card.release_title)
        return Hit(
            kind=card.kind,
            gid=card.gid,
            title=card.title,
            credit=card.credit if is_known else None,
            artist=artists.get(card.artist) if is_known else None,
            album=album,
            length_ms=card.length,
            year=card.year,
            country=card.country,
            licence=card.licence,
            is_held=card.is_held,
            is_free=card.is_free,
            genres=card.genres,
            score=card.score,
            listens=card.listens,
            isrc=card.isrc,
            barcode=card.barcode,
            catalog_number=card.catalog_number,
            label=Mention(card.label) if card.label else None,
            songs=card.tracks,
        )


def gone(stone: Tombstone) -> Gone:
    """Return what is shown of what was withdrawn."""
    return Gone(
        gid=stone.gid,
        kind=stone.entity_type,
        reason=stone.reason,
        public_note=stone.public_note,
        decided_at=stone.decided_at,
    )


def mention(card: Card) -> Mention:
    """Return a thing as it is named beside another."""
    return Mention(card.title, card.gid)


_ADDRESSES = {
    "archive.org": "https://archive.org/details/{}",
    "isni": "https://isni.org/isni/{}",
    "viaf": "https://viaf.org/viaf/{}",
    "wikidata": "https://www.wikidata.org/wiki/{}",
}
"""Where those who named it show it, by the scheme of their identifier."""

_DISCOGS = {Kind.ARTIST: "artist", Kind.LABEL: "label"}
_NUMBER_OF_DISCOGS = "https://www.discogs.com/{}/{}"
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def links(kind: Kind, pairs: Iterable[tuple[str, str]]) -> tuple[Link, ...]:
    """Return addresses of an artist or label elsewhere.

    A value that is an address itself is one only when it is of the web and has no spaces or
    quotation marks; into an address of ours goes only what has nothing but letters, digits and
    `._-`. What is neither is shown as words.
    """
    found = [Link(scheme=scheme, value=value) for scheme, value in pairs]
    return tuple(
        Link(scheme=one.scheme, value=one.value, address=_address(kind, one)) for one in found
    )


def _address(kind: Kind, link: Link) -> str | None:
    value = link.value
    if value.startswith(("https://", "http://")):
        return None if set(value) & set(" \"'<>\\^`{|}\n\r\t") else value
    if not set(value) <= _SAFE:
        return None
    if link.scheme == "discogs" and kind in _DISCOGS:
        number = value.lstrip("aAlL")
        return _NUMBER_OF_DISCOGS.format(_DISCOGS[kind], number) if number.isdigit() else None
    if link.scheme == "musicbrainz":
        return f"https://musicbrainz.org/{kind}/{value}"
    form = _ADDRESSES.get(link.scheme)
    return form.format(value) if form else None
