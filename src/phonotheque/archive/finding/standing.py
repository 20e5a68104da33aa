"""Cards of the catalogue as the register has them at this moment.

Laws: of a recording that is held the licence, and whether everybody may copy it, are what the
resolver says today, whatever was said when the catalogue was built; of what was removed since
nothing is held, nothing is free, and no licence is claimed; of an album of which something was
removed, what the songs that are left say. What is only known stays as the catalogue has it, and so
do artists and labels until the next build.

Cost: a recording that is held takes a look-up of its files; the statements about all of an answer
are asked for at once, and what is stated of many files alike is decided once.

Not here: what may leave (`phonotheque.listen.gate`), which cards answer (`searching`): by its
licence a recording is found as it was built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec

from phonotheque.archive.finding.searching import Catalogue
from phonotheque.archive.opening import Archive, open_to_read, today
from phonotheque.catalogue.browse.reader import Browse
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card, Track
from phonotheque.music.digest import Sha256
from phonotheque.music.licence import parse_licence
from phonotheque.music.rights import may_share_in_torrent
from phonotheque.register.provenance import Standing, standings_of


@dataclass(frozen=True, slots=True)
class Decided:
    """What the resolver says of a file, as cards say it.

    Attributes:
        licence: Canonical address; None where no licence is known, or where it would give
            everybody more than holds today, everywhere and without an end.
        stated: The licence that governs, as it was stated; "" for none.
        is_free: Whether everybody may copy it, and it is whole.
    """

    licence: str | None
    stated: str
    is_free: bool


@lru_cache(4096)  # a deposit states the same of all its files
def decided(standing: Standing, on: date, *, claims_count: bool) -> Decided:
    """Say what governs now, by the rule with which holdings come into the catalogue."""
    verdict = may_share_in_torrent(standing.statements, on, claims_count)
    stated = verdict.statement.licence if verdict.statement else ""
    licence = parse_licence(stated)
    is_true = bool(stated) and (verdict.allowed or not licence.may_redistribute)
    is_free = verdict.allowed and standing.condition == "intact"
    return Decided(licence.uri or None if is_true else None, stated, is_free)


class Standings:
    """Turns cards of an open catalogue into what holds now. For one thread.

    Args:
        catalogue: What the cards are of.
        browse: Of the same snapshot: which files a recording has.
        archive: Gives the archive as it is now.
    """

    def __init__(
        self, catalogue: Catalogue, browse: Browse, archive: Callable[[], Archive]
    ) -> None:
        self._catalogue = catalogue
        self._browse = browse
        self._archive = archive

    def cards(self, cards: Sequence[Card]) -> list[Card]:
        """Return what cards say now, in their order."""
        held = [card for card in cards if card.kind is Kind.RECORDING and card.is_held]
        said = self._said({card.rank for card in held if not self._catalogue.is_withdrawn(card)})
        return [self._now(card, said) for card in cards]

    def album(self, card: Card, tracks: Sequence[Track]) -> Card:
        """Return what the card of an album says now: what its songs do, if one was decided anew."""
        known = (track.recording for track in tracks if track.recording is not None)
        before = [song for song in known if not self._catalogue.is_withdrawn(song)]
        songs = self.cards(before)
        if all(map(_is_said_alike, before, songs)):
            return card
        licences = {song.licence for song in songs}
        return msgspec.structs.replace(
            card,
            licence=licences.pop() if len(licences) == 1 else None,
            is_free=any(song.is_free for song in songs),
        )

    def files(self, names: Sequence[Sha256]) -> dict[Sha256, Decided]:
        """Return what is decided of files now; what is not held is left out."""
        if not names:
            return {}
        archive = self._archive()
        counts, on = archive.config["rights.licence_tags_count"], today()
        return {
            name: decided(one, on, claims_count=counts)
            for name, one in standings_of(archive.index, names).items()
            if one.condition != "removed"
        }

    def _said(self, ranks: set[int]) -> dict[int, Decided]:
        """What is decided of recordings that are held, by rank."""
        names = {rank: tuple(map(Sha256, self._browse.objects(rank))) for rank in ranks}
        found = self.files([name for some in names.values() for name in some])
        said = {}
        for rank, some in names.items():
            if copies := [found[name] for name in some if name in found]:
                said[rank] = next((copy for copy in copies if copy.is_free), copies[0])
        return said

    def _now(self, card: Card, said: dict[int, Decided]) -> Card:
        if self._catalogue.is_withdrawn(card):
            return msgspec.structs.replace(card, is_held=False, is_free=False, licence=None)
        if card.kind is Kind.RECORDING:
            one = said.get(card.rank)
            if one is None or (one.licence, one.is_free) == (card.licence, card.is_free):
                return card
            return msgspec.structs.replace(card, licence=one.licence, is_free=one.is_free)
        return self._left(card)

    def _left(self, card: Card) -> Card:
        """What a card says after what was removed of an album."""
        if card.kind is not Kind.RELEASE or card.rank not in self._lessened:
            return card
        songs = [track.recording for track in self._catalogue.lookup.tracks_of(card.id)]
        left = [song for song in songs if song and not self._catalogue.is_withdrawn(song)]
        return msgspec.structs.replace(
            card,
            is_held=card.is_held and any(song.is_held for song in left),
            is_free=card.is_free and any(song.is_free for song in left),
            licence=card.licence if left else None,
        )

    @cached_property
    def _lessened(self) -> frozenset[int]:
        """Ranks of the albums of which a song was removed since the catalogue was built."""
        lookup, gone = self._catalogue.lookup, self._catalogue.withdrawn
        first = {song.release for song in lookup.cards_at(Kind.RECORDING, gone)}
        known = lookup.cards_of_ids(Kind.RELEASE, [one for one in first if one is not None])
        only = {album.rank for album in known}
        return frozenset(only.union(*map(self._browse.releases_of, gone)))


def _is_said_alike(one: Card, other: Card) -> bool:
    return (one.licence, one.is_free) == (other.licence, other.is_free)


@contextmanager
def open_standings(root: Path, catalogue: Catalogue) -> Iterator[Standings]:
    """Open what says how the cards of a catalogue stand now.

    Raises:
        PhonothequeError: What opening an archive to read raises.
    """
    with closing(Browse(catalogue.snapshot.browse)) as browse, open_to_read(root) as archive:
        yield Standings(catalogue, browse, lambda: archive)


def as_now(root: Path, catalogue: Catalogue, cards: Sequence[Card]) -> tuple[Card, ...]:
    """Return what cards say now; opens nothing where none of them is held. Raises likewise."""
    if not any(card.is_held for card in cards):
        return tuple(cards)
    with open_standings(root, catalogue) as standings:
        return tuple(standings.cards(cards))
