"""A row of a sheet beside what holds now: what is to be corrected, and what cannot be.

Laws: a cell that nobody touched corrects nothing, whatever was corrected meanwhile; a cell that two
editors changed is told with both values and corrects nothing, unless that is wanted; every other
cell of the row counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from phonotheque.catalogue.corrections.fields import (
    FIELDS,
    KindField,
    format_value,
    parse_value,
)
from phonotheque.catalogue.corrections.sheet import Row, mark_of
from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import BadRequestError


@dataclass(frozen=True, slots=True)
class Change:
    """A field that is to hold something else. `was` and `now` are as the register keeps them."""

    place: KindField
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A cell that corrects nothing.

    Attributes:
        field: Its column; "" for the whole row.
        mine: What it says.
        theirs: What holds instead.
        is_stale: Whether the field was corrected since the sheet was made.
    """

    field: str
    wrong: str
    mine: str = ""
    theirs: str = ""
    is_stale: bool = False


@dataclass(slots=True)
class Compared:
    """What comes of one row."""

    changes: list[Change] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def compare(row: Row, kind: Kind, held: Mapping[str, str], *, is_forced: bool = False) -> Compared:
    """Find what a row corrects.

    Args:
        kind: Of the thing that it is about.
        held: What its fields hold now, as the register keeps it.
        is_forced: Whether a cell counts also where the field was corrected meanwhile.
    """
    compared = Compared()
    if row.kind != kind:
        compared.refused.append(Refused("kind", f"it is a {kind}", row.kind))
        return compared
    for name, cell in row.cells.items():
        if name not in FIELDS[kind]:
            if cell:
                wrong = f"a {kind} has no such field"
                compared.refused.append(Refused(name, wrong, cell))
            continue
        _compare_cell(compared, row, KindField(kind, name), held.get(name, ""), is_forced=is_forced)
    return compared


def _compare_cell(
    compared: Compared, row: Row, place: KindField, held: str, *, is_forced: bool
) -> None:
    cell, shown = row.cells[place.field], format_value(place.form, held)
    if cell in (shown, shown.strip()) or row.was.get(place.field) == mark_of(cell):
        return
    try:
        now = parse_value(place, cell)
    except BadRequestError as error:
        compared.refused.append(Refused(place.field, f"{error.wrong}. {error.todo}", cell, shown))
        return
    if now == held:
        return
    if _lost_letters(cell, shown):
        wrong = "the program that saved the sheet put ? for letters. Save it in UTF-8"
        compared.refused.append(Refused(place.field, wrong, cell, shown))
    elif row.was.get(place.field) != mark_of(shown) and not is_forced:
        wrong = "it was corrected since the sheet was made. Export it again, or `--force`"
        if place.field not in row.was:
            wrong = "`was` does not tell what it said when the sheet was made"
        compared.refused.append(Refused(place.field, wrong, cell, shown, is_stale=True))
    else:
        compared.changes.append(Change(place, held, now))


def _lost_letters(cell: str, shown: str) -> bool:
    """Whether a cell is what holds, with question marks for letters that an encoding lacks."""
    if len(cell) != len(shown):
        return False
    differing = [(a, b) for a, b in zip(cell, shown, strict=True) if a != b]
    return all(a == "?" and not b.isascii() for a, b in differing)
