"""Sheets of corrections beside what holds: what their rows correct, and the lines that say so.

Laws: a row that nobody touched corrects nothing and is no fault; of several rows about one thing
the first that corrects anything counts, and another that would is told.

Not here: reading a sheet and comparing one row (`phonotheque.catalogue.corrections`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from phonotheque.archive.finding.correcting import Thing, lines_for, things_of
from phonotheque.archive.finding.searching import Catalogue
from phonotheque.archive.opening import Archive
from phonotheque.archive.recordings.edits import Why
from phonotheque.catalogue.corrections.comparing import Change, Refused, compare
from phonotheque.catalogue.corrections.sheet import Row, Sheet
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.music.identifiers import Mbid
from phonotheque.publish.removal.request import check_public
from phonotheque.register.events import Correction


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
    corrected: set[tuple[Kind, int]] = set()
    judged = []
    for row, gid in zip(sheet.rows, asked, strict=True):
        if gid is None or gid not in things:
            unknown = Refused("id", "nothing in the catalogue has it", row.id)
            judged.append(Judged(row, None, (), (unknown,)))
            continue
        thing, key = things[gid], (cards[gid].kind, cards[gid].id)
        one = compare(row, thing.kind, thing.held, is_forced=is_forced)
        if one.changes and key in corrected:
            again = Refused("id", "a row before it is about the same thing", row.id)
            judged.append(Judged(row, thing, (), (*one.refused, again)))
            continue
        if one.changes:
            corrected.add(key)
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
        BadRequestError: The reason of a row cannot be public; the row's line is named.
    """
    lines: list[Correction] = []
    for one in judged:
        if one.thing is not None and one.changes:
            if one.row.reason:
                check_public(one.row.reason, f"line {one.row.line}, column reason", why.by)
            of_row = Why(one.row.reason or why.reason, why.by)
            lines += lines_for(one.thing, one.changes, (), of_row, person)
    return lines
