"""Correcting what the catalogue says: what holds of a thing now, and new lines in the register.

Laws: what the register says counts before what the snapshot says, which may be older; whatever is
written at once is one append: durable together, and after a kill whole lines of it or none; what
is corrected already is not written again. Corrections show in search and on cards with the next
build of the catalogue.

Not here: what a field can hold (`phonotheque.catalogue.corrections`), corrections to the tags of a
held file (`archive.recordings.edits`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from phonotheque.archive.finding.identifying import look_up
from phonotheque.archive.finding.searching import Catalogue
from phonotheque.archive.opening import Archive
from phonotheque.archive.recordings.edits import Why
from phonotheque.catalogue.corrections.comparing import Change, Refused, compare
from phonotheque.catalogue.corrections.fields import FIELDS, Place, parse_value, stored_list
from phonotheque.catalogue.corrections.reading import Said, said_of
from phonotheque.catalogue.corrections.sheet import Row, Sheet
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.query.parsed import Identifier, Scheme
from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.music.identifiers import Mbid
from phonotheque.register.catalogue_corrections import (
    Standing,
    corrections_of_gids,
    still_standing,
)
from phonotheque.register.events import Correction


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing of the catalogue, as it may be corrected.

    Attributes:
        asked: The gid that it was asked for by: corrections are about that one.
        said: What the sources say.
        history: All corrections ever, of any gid that leads to it, the oldest first.
    """

    card: Card
    asked: UUID
    said: Said
    history: tuple[Standing, ...]

    @property
    def kind(self) -> Kind:
        """What it is."""
        return self.card.kind

    @property
    def standing(self) -> list[Standing]:
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
    """Return the one thing that an identifier names.

    Args:
        given: What was typed, for errors.

    Raises:
        BadReferenceError: It names nothing, several things, or what was withdrawn.
    """
    (found,) = look_up(catalogue.lookup, [named])
    cards = [one for one in found if isinstance(one, Card)]
    if len(cards) != 1:
        wrong = "several things have it" if cards else "nothing in the catalogue has it"
        raise BadReferenceError(given, wrong, "`phono search --json` lists gids.")
    asked = UUID(named.value) if named.scheme is Scheme.GID else cards[0].gid
    (thing,) = things_of(archive, catalogue, {asked: cards[0]})
    return thing


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
    history: dict[UUID, list[Standing]] = {}
    gids = [*(gid for one in said.values() for gid in one.gids), *cards]
    for one in corrections_of_gids(archive.index, gids):
        history.setdefault(one.gid, []).append(one)
    for asked, card in cards.items():
        of_it = said.get((card.kind, card.id), Said({card.gid: ""}, {}))
        of_it = replace(of_it, gids={**of_it.gids, asked: of_it.gids.get(asked, "")})
        lines = [one for gid in of_it.gids for one in history.get(gid, ())]
        yield Thing(card, asked, of_it, tuple(sorted(lines, key=lambda one: one.made.seq)))


def parse_changes(thing: Thing, given: Iterable[str]) -> list[Change]:
    """Read `field=value` texts; a field of several values is given once for each of them.

    Raises:
        BadRequestError: There is no such field, or it cannot hold the value.
    """
    texts: dict[str, list[str]] = {}
    for one in given:
        field, sign, value = one.partition("=")
        if not sign:
            known = ", ".join(FIELDS[thing.kind])
            raise BadRequestError(one, "it corrects no field", f"Write FIELD=VALUE: {known}.")
        texts.setdefault(field, []).append(value)
    held = thing.held
    return [
        Change(place, held.get(place.field, ""), parse_value(place, _as_one(place, values)))
        for place, values in ((Place(thing.kind, name), some) for name, some in texts.items())
    ]


def _as_one(place: Place, values: list[str]) -> str:
    if len(values) == 1:
        return values[0]
    if place.form.name not in ("ISRCS", "WORDS"):
        raise BadRequestError(place.field, "it has one value", "Give it once.")
    return stored_list([one for one in values if one.strip()])


def undone_fields(thing: Thing, fields: Iterable[str]) -> list[Change]:
    """Return what taking corrections back changes; `now` is what the sources say.

    Raises:
        BadRequestError: A field is not corrected.
    """
    corrected, changes = {one.made.field for one in thing.standing}, []
    for field in fields:
        if field not in corrected:
            todo = f"Corrected are: {', '.join(sorted(corrected)) or 'none'}."
            raise BadRequestError(field, "nothing is corrected of it", todo)
        place, said = Place(thing.kind, field), thing.said.values.get(field, "")
        changes.append(Change(place, thing.held.get(field, ""), said))
    return changes


def lines_for(
    thing: Thing, changes: Sequence[Change], undone: Iterable[str], why: Why, person: str
) -> list[Correction]:
    """Return the lines that put changes on record; none for what holds already.

    Args:
        undone: Fields of which corrections are taken back, of whichever gid of the thing.
        person: Local id of who decided.
    """
    who = (why.reason, person)
    gid, source = str(thing.asked), thing.said.gids.get(thing.asked, "")
    lines = [
        Correction(thing.kind, gid, one.place.field, one.now, *who, source)
        for one in changes
        if one.now != one.was
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


@dataclass(frozen=True, slots=True)
class Judged:
    """What comes of one row of a sheet.

    Attributes:
        thing: What it is about; None where its id names nothing.
    """

    row: Row
    thing: Thing | None
    changes: tuple[Change, ...]
    refused: tuple[Refused, ...]


def judge(
    archive: Archive, catalogue: Catalogue, sheet: Sheet, *, is_forced: bool = False
) -> list[Judged]:
    """Find what the rows of a sheet correct, in their order.

    Args:
        is_forced: Whether a cell counts also where the field was corrected meanwhile.
    """
    asked = [_gid(row.id) for row in sheet.rows]
    found = catalogue.lookup.by_gids([gid for gid in asked if gid])
    named = dict(zip([gid for gid in asked if gid], found, strict=True))
    cards = {gid: card for gid, card in named.items() if isinstance(card, Card)}
    things = dict(zip(cards, things_of(archive, catalogue, cards), strict=True))
    seen: set[tuple[Kind, int]] = set()
    judged = []
    for row, gid in zip(sheet.rows, asked, strict=True):
        thing = things.get(gid) if gid else None
        if thing is None:
            wrong = Refused("id", "nothing in the catalogue has it", row.id)
            judged.append(Judged(row, None, (), (wrong,)))
        elif (thing.kind, thing.card.id) in seen:
            wrong = Refused("id", "a row before it is about the same thing", row.id)
            judged.append(Judged(row, thing, (), (wrong,)))
        else:
            seen.add((thing.kind, thing.card.id))
            one = compare(row, thing.kind, thing.held, is_forced=is_forced)
            judged.append(Judged(row, thing, tuple(one.changes), tuple(one.refused)))
    return judged


def _gid(text: str) -> UUID | None:
    try:
        return UUID(Mbid.parse(text).uuid)
    except ValueError:
        return None


def lines_of_sheet(judged: Iterable[Judged], why: Why, person: str) -> list[Correction]:
    """Return the lines that put a sheet on record; the reason of a row counts before the other.

    Raises:
        BadRequestError: The reason of a row cannot be public.
    """
    lines: list[Correction] = []
    for one in judged:
        if one.thing is not None and one.changes:
            of_row = Why(one.row.reason or why.reason, why.by)
            lines += lines_for(one.thing, one.changes, (), of_row, person)
    return lines
