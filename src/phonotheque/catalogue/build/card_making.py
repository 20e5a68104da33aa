"""Cards made from the tables, a million ids at a time, not yet in order of rank.

Laws: every entity with a title or name that speaks for itself has one card; a part that was made is
not made again; the same tables give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from phonotheque.catalogue import cards
from phonotheque.catalogue.build import cards_sql
from phonotheque.catalogue.build.engines import Engine, Opens, on_one_machine
from phonotheque.catalogue.build.subjects import Subjects, last_id, open_tables
from phonotheque.catalogue.bulk import (
    ROWS_IN_PART,
    Progress,
    finish_folder,
    part_name,
    parts_in,
    write_part,
)
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind
from phonotheque.music.licence import parse_licence
from phonotheque.music.popularity import THRESHOLDS

UNRANKED = pa.schema(list(cards.SCHEMA)[1:])
"""A card before it has a rank."""

_UNSCORED = pa.schema([field for field in UNRANKED if field.name != "score"])

_ARTIST = pa.schema(
    [(name, UNRANKED.field(name).type) for name in ("id", "title", "credit", "country", "year")]
    + [("genres", pa.list_(pa.string())), ("licence", pa.string()), ("is_free", pa.bool_())]
    + [("listens", pa.int64())]
)
_CREDIT = pa.schema(
    [
        ("id", pa.int64()),
        ("name", pa.string()),
        ("artist", pa.int64()),
        ("country", pa.string()),
        ("genres", pa.list_(pa.string())),
    ]
)
_RELEASE = pa.schema(
    [
        ("id", pa.int64()),
        ("title", pa.string()),
        ("artist_credit", pa.int64()),
        ("country", pa.string()),
        ("barcode", pa.string()),
        ("year", pa.int16()),
        ("date", pa.int64()),
        ("catalog_number", pa.string()),
        ("label", pa.string()),
        ("genres", pa.list_(pa.string())),
        ("licence", pa.string()),
        ("is_free", pa.bool_()),
        ("listens", pa.int64()),
    ]
)

_MOVED = {
    "artist": [("artist", "id"), ("tag", "entity"), ("rights", "entity"), ("popularity", "entity")],
    "label": [("label", "id"), ("tag", "entity"), ("rights", "entity"), ("popularity", "entity")],
    "release": [
        ("release", "id"), ("tag", "entity"), ("rights", "entity"), ("popularity", "entity"),
        ("track", "release"), ("release_label", "release"),
    ],
    "recording": [
        ("recording", "id"), ("tag", "entity"), ("rights", "entity"), ("popularity", "entity"),
        ("track", "recording"), ("isrc", "recording"), ("file", "recording"),
    ],
}  # fmt: skip
"""For each kind the tables of which rows are moved to those that speak for others."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """One thing to make in parts: where, from which ids, by which query."""

    name: str
    ids_of: str
    schema: pa.Schema
    query: str


def make_cards(
    snapshot: Path,
    work: Path,
    machine: Machine,
    on_progress: Progress,
    opens: Opens = on_one_machine,
) -> None:
    """Make the cards of all kinds as `<work>/unranked-<kind>/part-*.parquet`.

    Args:
        snapshot: Folder with `tables`.
        work: Folder for them and for what is prepared on the way.
        opens: Opens the engine that does it.
    """
    with opens(work, machine) as engine:
        subjects = open_tables(engine, snapshot)
        for kind, tables in _MOVED.items():
            subjects[kind].prepare(engine, tables)
        _find_free_licences(engine)
        _make(engine, work, _prepared(subjects), on_progress, (0.0, 0.3))
        _make(engine, work, _sung(subjects), on_progress, (0.3, 0.9))
        for kind, query in (
            ("artist", cards_sql.ROLLED_TO_ARTISTS),
            ("label", cards_sql.ROLLED_TO_LABELS),
        ):
            engine.keep(f"rolled_to_{kind}", query)
        _make(engine, work, _named(subjects), on_progress, (0.9, 1.0))


def _prepared(subjects: Mapping[str, Subjects]) -> list[_Stretch]:
    return [
        _Stretch("prepared_artist", "artist", _ARTIST, cards_sql.prepared_artist(subjects)),
        _Stretch("prepared_credit", "artist_credit", _CREDIT, cards_sql.prepared_credit()),
        _Stretch("prepared_release", "release", _RELEASE, cards_sql.prepared_release(subjects)),
    ]


def _sung(subjects: Mapping[str, Subjects]) -> list[_Stretch]:
    recording, release = cards_sql.recording_cards(subjects), cards_sql.release_cards(subjects)
    return [
        _Stretch("recording_card", "recording", _UNSCORED, recording),
        _Stretch("release_card", "release", _UNSCORED, release),
    ]


def _named(subjects: Mapping[str, Subjects]) -> list[_Stretch]:
    return [
        _Stretch("artist_card", "artist", _UNSCORED, cards_sql.artist_cards()),
        _Stretch("label_card", "label", _UNSCORED, cards_sql.label_cards(subjects)),
    ]


def unranked(work: Path, kind: Kind) -> Path:
    """Return the folder of the cards of a kind."""
    return work / f"{kind.value}_card"


def _make(
    engine: Engine,
    work: Path,
    stretches: list[_Stretch],
    on_progress: Progress,
    shares: tuple[float, float],
) -> None:
    """Make each in parts of a million ids, and make it readable under its name."""
    chunks = [range(0, last_id(engine, one.ids_of) + 1, ROWS_IN_PART) for one in stretches]
    total, done = max(sum(map(len, chunks)), 1), 0
    for one, lows in zip(stretches, chunks, strict=True):
        folder, unfinished = work / one.name, work / f"{one.name}.part"
        if not folder.is_dir():
            unfinished.mkdir(exist_ok=True)
            for _ in _make_parts(engine, unfinished, one, lows):
                done += 1
                on_progress(shares[0] + (shares[1] - shares[0]) * done / total)
            finish_folder(unfinished, folder)
        engine.view(one.name, parts_in(folder), one.schema)


def _make_parts(engine: Engine, folder: Path, one: _Stretch, lows: Sequence[int]) -> Iterator[None]:
    """Make the part of each range that is not there yet; tell of each when it is."""
    parts = {low: folder / part_name(number) for number, low in enumerate(lows, 1)}
    missing = [low for low in lows if not parts[low].exists()]
    yield from [None] * (len(lows) - len(missing))
    made = engine.rows(one.query, missing, one.schema)
    if one.schema is _UNSCORED:
        made = map(with_scores, made)
    for low in missing:
        write_part(parts[low], next(made))  # no name for it, so that none is kept beside the next
        yield


def with_scores(rows: pa.Table) -> pa.Table:
    """Add the score, which follows from the listens."""
    listens = rows["listens"].combine_chunks()
    known = listens.fill_null(0).to_numpy(zero_copy_only=False)
    scores = np.searchsorted(np.array(THRESHOLDS), known, side="right").astype(np.int16)
    is_unknown = np.asarray(listens.is_null())
    column = pa.array(scores, pa.int16(), mask=is_unknown)
    return rows.append_column("score", column).select(UNRANKED.names).cast(UNRANKED)


def _find_free_licences(engine: Engine) -> None:
    """Make a table of the licences that let everybody pass copies on unchanged."""
    found = engine.fetch("SELECT DISTINCT licence FROM rights WHERE licence IS NOT NULL")
    free = sorted(licence for (licence,) in found if is_free(licence))
    engine.give("free", pa.table({"licence": pa.array(free, pa.string())}))


def is_free(licence: str) -> bool:
    """Whether a licence, by its address, lets everybody copy unchanged."""
    return parse_licence(licence).may_redistribute
