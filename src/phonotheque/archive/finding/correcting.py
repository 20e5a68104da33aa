"""Correcting what the catalogue says: what holds of a thing now, and new lines in the register.

Laws: what the register says counts before what the snapshot says, which may be older; whatever is
written at once is one append: durable together, and after a kill whole lines of it or none; what
is corrected already is not written again, and what is said already only where that is confirmed;
everything can be taken back, also of a thing that no source has any more. Corrections show in
search and on cards with the next build of the catalogue.

Not here: what a field can hold (`phonotheque.catalogue.corrections`), many corrections at once
(`correcting_sheets`), corrections to the tags of a held file (`archive.recordings.edits`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from uuid import UUID

from phonotheque.archive.finding.identifying import look_up
from phonotheque.archive.finding.searching import Catalogue
from phonotheque.archive.opening import Archive
from phonotheque.archive.recordings.edits import Why, which_stand
from phonotheque.catalogue.corrections.comparing import Change
from phonotheque.catalogue.corrections.fields import (
    FIELDS,
    LISTS,
    KindField,
    list_of,
    parse_value,
    stored_list,
)
from phonotheque.catalogue.corrections.reading import Said, said_of
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.query.parsed import Identifier, Scheme
from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.register.catalogue_corrections import (
    StandingCorrection,
    corrections_of_gids,
    still_standing,
)
from phonotheque.register.events import Correction

_AT_ONCE = 10_000
"""Cards that are looked up at once, some 10 MB."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing of the catalogue, as it may be corrected.

    Attributes:
        card: None where nothing in the catalogue has the gid any more: what was corrected of it
            can be taken back, and nothing else.
        asked: The gid that it was asked for by: corrections are about that one.
        said: What the sources say.
        history: All corrections ever, of any gid that leads to it, the oldest first.
    """

    kind: Kind
    card: Card | None
    asked: UUID
    said: Said
    history: tuple[StandingCorrection, ...]

    @property
    def title(self) -> str:
        """What it is called on its card; "" where it has none."""
        return self.card.title if self.card else ""

    @property
    def standing(self) -> list[StandingCorrection]:
        """The corrections that count of each of its gids, the oldest first."""
        of_gids = [
            still_standing(one for one in self.history if one.gid == gid) for gid in self.said.gids
        ]
        found = [one for of_gid in of_gids for one in of_gid.values()]
        return sorted(found, key=lambda one: one.made.seq)

    @property
    def held(self) -> dict[str, str]:
        """What each field holds now, as the register keeps it: the newest that counts, else what
        the sources say."""
        return self.said.values | {one.made.field: one.made.value for one in self.standing}


def thing_named(archive: Archive, catalogue: Catalogue, named: Identifier, given: str) -> Thing:
    """Return the one thing that an identifier names; a gid that was ever corrected also where it
    names nothing any more.

    Args:
        given: What was typed, for errors.

    Raises:
        BadReferenceError: It names nothing, or several things.
    """
    (found,) = look_up(catalogue.lookup, [named])
    cards = [one for one in found if isinstance(one, Card)]
    if not cards and named.scheme is Scheme.GID:
        history = corrections_of_gids(archive.index, [UUID(named.value)])
        if history:
            return _gone(history)
    if len(cards) != 1:
        wrong = "several things have it" if cards else "nothing in the catalogue has it"
        raise BadReferenceError(given, wrong, "`phono search --json` lists gids.")
    asked = UUID(named.value) if named.scheme is Scheme.GID else cards[0].gid
    (thing,) = things_of(archive, catalogue, {asked: cards[0]})
    return thing


def _gone(history: Sequence[StandingCorrection]) -> Thing:
    """A thing of which nothing is known but what was corrected."""
    last = history[-1]
    said = Said({last.gid: last.source}, {})
    return Thing(Kind(last.entity_type), None, last.gid, said, tuple(history))


def cards_by_gid(catalogue: Catalogue, gids: Iterable[UUID]) -> Iterator[tuple[UUID, Card]]:
    """Give gids with the cards that they lead to; without those that lead to none."""
    left = iter(gids)
    while some := list(islice(left, _AT_ONCE)):
        for gid, card in zip(some, catalogue.lookup.by_gids(some), strict=True):
            if isinstance(card, Card):
                yield gid, card


def things_of(
    archive: Archive, catalogue: Catalogue, cards: Mapping[UUID, Card]
) -> Iterator[Thing]:
    """Give what may be corrected of the things on cards, in their order.

    Args:
        cards: By the gid that each was asked for by.
    """
    said: dict[tuple[Kind, int], Said] = {}
    for kind in Kind:
        ids = [card.id for card in cards.values() if card.kind is kind]
        found = said_of(catalogue.snapshot, kind, ids)
        said |= {(kind, id_): one for id_, one in found.items()}
    history: dict[UUID, list[StandingCorrection]] = {}
    gids = [*(gid for one in said.values() for gid in one.gids), *cards]
    for one in corrections_of_gids(archive.index, gids):
        history.setdefault(one.gid, []).append(one)
    for asked, card in cards.items():
        of_it = said.get((card.kind, card.id), Said({card.gid: ""}, {}))
        of_it = replace(of_it, gids={**of_it.gids, asked: of_it.gids.get(asked, "")})
        lines = [one for gid in of_it.gids for one in history.get(gid, ())]
        lines.sort(key=lambda one: one.made.seq)
        yield Thing(card.kind, card, asked, of_it, tuple(lines))


def parse_changes(thing: Thing, given: Iterable[str]) -> list[Change]:
    """Read `field=value` texts; a field of several values is given once for each of them.

    Raises:
        BadRequestError: There is no such field, or it cannot hold the value.
        BadReferenceError: The thing is in the catalogue no more.
    """
    texts: dict[str, list[str]] = {}
    for one in given:
        field, sign, value = one.partition("=")
        if not sign:
            known = ", ".join(FIELDS[thing.kind])
            raise BadRequestError(one, "it corrects no field", f"Write FIELD=VALUE: {known}.")
        texts.setdefault(field, []).append(value)
    _check_there(thing, texts)
    held = thing.held
    return [
        Change(place, held.get(place.field, ""), _parsed(place, values))
        for place, values in ((KindField(thing.kind, name), some) for name, some in texts.items())
    ]


def _check_there(thing: Thing, fields: Collection[str]) -> None:
    if fields and thing.card is None:
        wrong = "nothing in the catalogue has it, so its corrections can only be taken back"
        raise BadReferenceError(str(thing.asked), wrong, "`phono search --json` lists gids.")


def _parsed(place: KindField, values: list[str]) -> str:
    if len(values) == 1:
        return parse_value(place, values[0])
    if place.form not in LISTS:
        raise BadRequestError(place.field, "it has one value", "Give it once.")
    parsed = [one for text in values for one in list_of(parse_value(place, text))]
    return parse_value(place, stored_list(parsed))


def confirmed_fields(thing: Thing, fields: Iterable[str]) -> list[Change]:
    """Return fields that are right as they are; `now` is what holds, as a correction says it.

    Raises:
        BadRequestError: There is no such field, or a correction cannot say what it holds.
        BadReferenceError: The thing is in the catalogue no more.
    """
    names, held = list(dict.fromkeys(fields)), thing.held
    _check_there(thing, names)
    places = (KindField(thing.kind, name) for name in names)
    given = ((place, held.get(place.field, "")) for place in places)
    return [Change(place, value, parse_value(place, value)) for place, value in given]


def undone_fields(thing: Thing, fields: Iterable[str]) -> list[Change]:
    """Return what taking corrections back changes; `now` is what the sources say.

    Raises:
        BadRequestError: A field is not corrected.
    """
    corrected, changes = {one.made.field for one in thing.standing}, []
    for field in fields:
        if field not in corrected:
            raise BadRequestError(field, "nothing is corrected of it", which_stand(corrected))
        place, said = KindField(thing.kind, field), thing.said.values.get(field, "")
        changes.append(Change(place, thing.held.get(field, ""), said))
    return changes


def lines_for(
    thing: Thing,
    changes: Sequence[Change],
    undone: Iterable[str],
    why: Why,
    person: str,
    *,
    confirmed: Iterable[str] = (),
) -> list[Correction]:
    """Return the lines that put changes on record; none for what holds already.

    Args:
        confirmed: Fields of `changes` that are put on record also where only sources say so.
        undone: Fields of which corrections are taken back, of whichever gid of the thing.
        person: Local id of who decided.
    """
    who = (why.reason, person)
    gid, source = str(thing.asked), thing.said.gids.get(thing.asked, "")
    new = set(confirmed) - {one.made.field for one in thing.standing}
    lines = [
        Correction(thing.kind, gid, one.place.field, one.now, *who, source)
        for one in changes
        if one.now != one.was or one.place.field in new
    ]
    fields = set(undone)
    lines += [
        Correction(thing.kind, str(one.gid), one.made.field, "", *who, one.source, is_undone=True)
        for one in thing.standing
        if one.made.field in fields
    ]
    return lines


def record(archive: Archive, lines: Sequence[Correction]) -> None:
    """Write lines to the register at once.

    Raises:
        UnavailableError: The disk refused; nothing was recorded.
    """
    if lines:
        archive.record(lines)
