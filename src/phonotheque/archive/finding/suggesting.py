"""What looks wrong in the catalogue, as a work list: with gids, and a command for each.

Laws: the list can be worked off. What was corrected since the snapshot was built is not on it, nor
is a field of which a correction stands, whatever it says: somebody looked at it; nor two artists of
whom it was decided that they are one, or two. For what is left out others move up.

Not here: what is looked for (`phonotheque.catalogue.corrections.suspecting`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from phonotheque.archive.finding.correcting import Thing, cards_by_gid, things_of
from phonotheque.archive.finding.searching import Catalogue
from phonotheque.archive.finding.serving import FOLDER
from phonotheque.archive.opening import Archive, today
from phonotheque.catalogue.corrections.fields import list_of
from phonotheque.catalogue.corrections.suspecting import (
    Doubt,
    Settled,
    Suspicion,
    command_for,
    suspicions,
)
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.disk import LocalDisk
from phonotheque.register.catalogue_corrections import corrections_since, standing_corrections


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A place where to look.

    Attributes:
        other_gid: Gid of the other thing, where it is about two.
        command: What would put it right, were the other value the right one.
    """

    found: Suspicion
    card: Card
    other_gid: UUID | None
    command: str


def suggestions(
    archive: Archive, catalogue: Catalogue, doubts: Sequence[Doubt], limit: int
) -> list[Suggestion]:
    """Return what looks wrong, the most heard first.

    Args:
        limit: So many of each doubt at most.
    """
    settled = _settled(archive, catalogue)
    found = suspicions(catalogue.snapshot, doubts, today(), limit, settled)
    cards = _cards(catalogue, found)
    by_gid = {card.gid: card for card in cards.values()}
    things = {one.asked: one for one in things_of(archive, catalogue, by_gid)}
    suggested = []
    for one in found:
        card = cards[one.kind, one.id]
        other = cards[one.kind, one.other_id].gid if one.other_id is not None else None
        command = command_for(one, card.gid, other, _kept(things[card.gid], one))
        suggested.append(Suggestion(one, card, other, command))
    return suggested


def _settled(archive: Archive, catalogue: Catalogue) -> Settled:
    """Find what somebody looked at already."""
    made_at = catalogue.snapshot.descriptor.made_at
    # A name that was corrected may be nearly another's only now: it settles no pair.
    standing = (one for one in standing_corrections(archive.index) if one.made.field != "name")
    fields: dict[UUID, set[str]] = {}
    for one in chain(standing, corrections_since(archive.index, made_at)):
        fields.setdefault(one.gid, set()).add(one.made.field)
    settled = {
        (card.kind, card.id, field)
        for gid, card in cards_by_gid(catalogue, fields)
        for field in fields[gid]
    }
    # That two recordings are two says nothing of the ISRC that both of them have.
    decided = [
        one
        for one in decisions.standing(LocalDisk(archive.root / FOLDER))
        if one.entity_type == Kind.ARTIST
    ]
    ends = {gid for one in decided for gid in (one.one.gid, one.other.gid)}
    cards = {gid: (card.kind, card.id) for gid, card in cards_by_gid(catalogue, ends)}
    pairs = {
        (cards[one.gid], cards[other.gid])
        for one, other in ((decision.one, decision.other) for decision in decided)
        if one.gid in cards and other.gid in cards
    }
    return Settled(frozenset(settled), frozenset((*a, b) for a, (_, b) in pairs))


def _cards(catalogue: Catalogue, found: Iterable[Suspicion]) -> dict[tuple[Kind, int], Card]:
    ids: dict[Kind, set[int]] = {}
    for one in found:
        ids.setdefault(one.kind, set()).add(one.id)
        if one.other_id is not None:
            ids[one.kind].add(one.other_id)
    return {
        (kind, card.id): card
        for kind, some in ids.items()
        for card in catalogue.lookup.cards_of_ids(kind, sorted(some))
    }


def _kept(thing: Thing, one: Suspicion) -> list[str]:
    """The ISRCs that a recording would keep without the doubted one."""
    if one.doubt is not Doubt.ISRC:
        return []
    return [code for code in list_of(thing.held.get("isrcs", "")) if code != one.value]
