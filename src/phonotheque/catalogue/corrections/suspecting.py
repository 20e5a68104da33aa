"""What looks wrong in a catalogue: a work list for people, nothing that corrects by itself.

Looked for are ISRCs on different songs, one recording with different lengths, dates that cannot be,
and artists whose names are nearly one. Each finding says both values and a command that would put
it right, as far as a program can guess which of them is wrong; the most heard come first.

Laws: a list depends on the snapshot, the day and what is settled; what is as it should be is not on
it; memory is bounded: the work is joins and sorts that spill, and distinct titles are keyed in
batches.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import pyarrow as pa

from phonotheque.catalogue.build.engines import OneMachine
from phonotheque.catalogue.build.subjects import open_tables
from phonotheque.catalogue.cards import SCHEMA
from phonotheque.catalogue.corrections import suspicions_sql as sql
from phonotheque.catalogue.corrections.near_names import map_near_names, name_key
from phonotheque.catalogue.database import Machine, database, view_of_folder
from phonotheque.catalogue.identity.texts import map_texts
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.music.title_key import title_key

_MACHINE = Machine(jobs=2, memory_bytes=1 << 30)


class Doubt(StrEnum):
    """What is doubted."""

    ISRC = "isrc"
    LENGTH = "length"
    DATE = "date"
    TWINS = "twins"


WORDS = {
    Doubt.ISRC: "one ISRC on different songs",
    Doubt.LENGTH: "one recording with different lengths",
    Doubt.DATE: "a date that cannot be",
    Doubt.TWINS: "two artists with nearly one name",
}
"""Each doubt in words."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One thing that looks wrong.

    Attributes:
        id: Of the card of the thing.
        title: What it is called.
        listens: How often it was heard; None unknown.
        field: What may have to be corrected.
        value: What the field says.
        other: What speaks against it: another value, or the other thing.
        other_id: Id of the other thing; None where it is about one.
    """

    doubt: Doubt
    kind: Kind
    id: int
    title: str
    listens: int | None
    field: str
    value: str
    other: str
    other_id: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What nobody need look at again; ids are those of cards.

    Attributes:
        fields: Kind, id and field of what a person has looked at.
        pairs: Kind and both ids of things of which a person has said that they are one, or two.
    """

    fields: frozenset[tuple[Kind, int, str]] = frozenset()
    pairs: frozenset[tuple[Kind, int, int]] = frozenset()


def suspicions(
    snapshot: Snapshot,
    doubts: Sequence[Doubt],
    on: date,
    limit: int,
    settled: Settled = Settled(),
) -> list[Suspicion]:
    """Look through a snapshot.

    Args:
        doubts: What is looked for.
        on: A day; dates after it are in the future.
        limit: So many of each doubt at most, the most heard.
        settled: What is left out before anything is counted.

    Returns:
        What was found, the most heard first.
    """
    found: list[Suspicion] = []
    with (
        tempfile.TemporaryDirectory(prefix="phono-") as work,
        database(Path(work), _MACHINE) as db,
    ):
        open_tables(OneMachine(db), snapshot.folder)
        for kind in Kind:
            view_of_folder(db, f"{kind}_card", snapshot.cards(kind), SCHEMA)
        _give_settled(db, settled)
        if Doubt.ISRC in doubts:
            map_texts(db, "title_of", sql.TITLES_OF_SHARED_ISRCS, title_key, Path(work))
            found += _asked(db, sql.ISRCS, Doubt.ISRC, limit)
        if Doubt.LENGTH in doubts:
            found += _asked(db, sql.LENGTHS, Doubt.LENGTH, limit)
        if Doubt.DATE in doubts:
            found += _asked(db, sql.dates(on), Doubt.DATE, limit)
        if Doubt.TWINS in doubts:
            map_texts(db, "name_of", sql.NAMES, name_key, Path(work))
            map_near_names(db, Path(work))
            found += _asked(db, sql.TWINS, Doubt.TWINS, limit)
    return sorted(found, key=_urgency)


def _give_settled(db: sql.Connection, settled: Settled) -> None:
    """Make `settled_field` (kind, id, field) and `settled_pair` (kind, id, other_id), both ways."""
    pairs = {(kind, *ends) for kind, a, b in settled.pairs for ends in ((a, b), (b, a))}
    for name, last, rows in (
        ("settled_field", ("field", pa.string()), settled.fields),
        ("settled_pair", ("other_id", pa.int64()), pairs),
    ):
        schema = pa.schema([("kind", pa.string()), ("id", pa.int64()), last])
        columns = [
            pa.array((row[place] for row in rows), column.type)
            for place, column in enumerate(schema)
        ]
        db.register(name, pa.Table.from_arrays(columns, schema=schema))


def _urgency(one: Suspicion) -> tuple[int, str, str, int, str]:
    heard = -1 if one.listens is None else one.listens
    return -heard, one.doubt, one.kind, one.id, one.field


def _asked(db: sql.Connection, query: str, doubt: Doubt, limit: int) -> Iterator[Suspicion]:
    columns = "kind, id, title, listens, field, value, other, other_id"
    rows = db.execute(
        f"SELECT {columns} FROM ({query}) ANTI JOIN settled_field USING (kind, id, field) "
        f"ANTI JOIN settled_pair USING (kind, id, other_id) "
        f"ORDER BY listens DESC NULLS LAST, kind, id, field, value, other LIMIT {limit}"
    ).fetchall()
    return (Suspicion(doubt, Kind(row[0]), *row[1:]) for row in rows)


def words_for(one: Suspicion) -> str:
    """Say what is doubted of it."""
    return "two artists with one name" if _is_one_name(one) else WORDS[one.doubt]


def _is_one_name(one: Suspicion) -> bool:
    return one.doubt is Doubt.TWINS and one.value == one.other


def command_for(one: Suspicion, gid: UUID, other: UUID | None, isrcs: Sequence[str] = ()) -> str:
    """Return a command that would put it right, were the other value the right one.

    Args:
        gid: Of the thing.
        other: Of the other thing.
        isrcs: Those that the thing would keep.
    """
    match one.doubt:
        case Doubt.ISRC:
            kept = " ".join(f"isrcs={code}" for code in isrcs) or "isrcs="
            return f"phono edit {gid} {kept}"
        case Doubt.LENGTH:
            return f"phono edit {gid} length={one.other.split()[0]}"
        case Doubt.DATE:
            return f"phono edit {gid} {one.field}="
        case Doubt.TWINS:
            how = "listed twice" if _is_one_name(one) else "written in two ways"
            return f'phono catalogue merge {other} {gid} --reason "one artist, {how}"'
