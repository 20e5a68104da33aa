"""What looks wrong in the catalogue, as a work list: with gids, and a command for each.

Law: what was corrected since the snapshot was built is not on the list.

Not here: what is looked for (`phonotheque.catalogue.corrections.suspecting`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from phonotheque.archive.finding.correcting import Thing, things_of
from phonotheque.archive.finding.searching import Catalogue
from phonotheque.archive.opening import Archive, today
from phonotheque.catalogue.corrections.fields import list_of
from phonotheque.catalogue.corrections.suspecting import (
    Doubt,
    Suspicion,
    command_for,
    suspicions,
)
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card


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
    found = suspicions(catalogue.snapshot, doubts, today(), limit)
    cards = _cards(catalogue, found)
    by_gid = {card.gid: card for card in cards.values()}
    things = {one.asked: one for one in things_of(archive, catalogue, by_gid)}
    made_at = catalogue.snapshot.descriptor.made_at
    suggested = []
    for one in found:
        card = cards[one.kind, one.id]
        thing = things[card.gid]
        if not any(
            line.made.field == one.field and line.made.at > made_at for line in thing.history
        ):
            other = cards[one.kind, one.other_id].gid if one.other_id is not None else None
            command = command_for(one, card.gid, other, _kept(thing, one))
            suggested.append(Suggestion(one, card, other, command))
    return suggested


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
