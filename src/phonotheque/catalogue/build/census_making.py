"""The census made from cards and tables, a million ids at a time.

Laws: one row for each card of a recording, in order of id; the same cards and tables give the same
bytes, whether a build made them or a dump brought them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue import census
from phonotheque.catalogue.build.card_making import UNRANKED
from phonotheque.catalogue.build.engines import Opens, on_one_machine
from phonotheque.catalogue.build.steps import make_once
from phonotheque.catalogue.build.subjects import Subjects, last_id, open_tables
from phonotheque.catalogue.bulk import ROWS_IN_PART, PartWriter, Progress, fresh_folder, parts_in
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.packed_columns import pack_isrcs

_ASKED = pa.schema(
    [pa.field("isrc", pa.string()) if f.name == "registrant" else f for f in census.SCHEMA]
)


_KNOWN_TO = """
    SELECT id, string_agg(source::VARCHAR, ' ' ORDER BY source) AS sources FROM (
        SELECT a.canonical AS id, r.source FROM away_recording a JOIN recording r ON r.id = a.id
        UNION
        SELECT r.id, r.source FROM recording r JOIN away_recording a ON a.canonical = r.id)
    GROUP BY id ORDER BY id"""
"""The sources of recordings that speak for others; few, so that all else is not grouped."""


def make_census(
    snapshot: Path,
    unranked: Callable[[Kind], Path],
    out: Path,
    work: tuple[Path, Machine],
    on_progress: Progress,
    opens: Opens = on_one_machine,
) -> None:
    """Make the census of a snapshot; nothing when it is made.

    Args:
        snapshot: Folder with `tables`.
        unranked: Folder of the cards of a kind.
        out: Folder of the census.
        work: Folder in which joins may spill, and what they may use.
        opens: Opens the engine that joins.
    """

    def make(folder: Path) -> None:
        writer = PartWriter(fresh_folder(folder))
        for share, rows in _counted(snapshot, unranked, work, opens):
            writer.write(rows)
            on_progress(share)
        writer.close()

    make_once(out, make)


def _counted(
    snapshot: Path, unranked: Callable[[Kind], Path], work: tuple[Path, Machine], opens: Opens
) -> Iterator[tuple[float, pa.Table]]:
    """Give the rows of each range of ids, with the share that is done."""
    with opens(*work) as engine:
        recording = open_tables(engine, snapshot)["recording"]
        recording.prepare(engine, [("file", "recording")])
        engine.keep("known_to", _KNOWN_TO)
        for kind in (Kind.RECORDING, Kind.RELEASE):
            engine.view(f"{kind}_card", parts_in(unranked(kind)), UNRANKED)
        lows = range(0, last_id(engine, "recording") + 1, ROWS_IN_PART)
        made = engine.rows(_query(recording), lows, _ASKED)
        for done, rows in enumerate(made, 1):
            yield done / len(lows), _with_registrants(rows)


def _with_registrants(rows: pa.Table) -> pa.Table:
    """Turn ISRCs into who gave them; a text that is none was given by nobody."""
    packed = pack_isrcs(rows["isrc"].combine_chunks())
    registrants = pc.divide(packed, census.ISRCS_OF_A_REGISTRANT).cast(pa.int32())
    place = rows.schema.get_field_index("isrc")
    return rows.set_column(place, census.SCHEMA.field("registrant"), registrants)


def _query(recording: Subjects) -> str:
    holder = (
        f"CASE WHEN state = 'held' THEN '{census.HERE}' "
        "ELSE coalesce(nullif(split_part(address, '/', 3), ''), source::VARCHAR) END"
    )
    files = recording.about("file", "recording", "source, state, address")
    held = (
        f"SELECT subject AS id, min({holder}) AS first_holder, max({holder}) AS last_holder "
        f"FROM {files} WHERE state IN ('held', 'elsewhere') GROUP BY subject"
    )
    return f"""
        SELECT c.id, c.release, r.label, c.isrc, c.year, c.country, c.licence,
            coalesce(k.sources, e.source::VARCHAR) AS sources,
            h.first_holder, h.last_holder, c.is_held, c.is_free, c.listens
        FROM (SELECT * FROM recording_card WHERE id BETWEEN $low AND $high) c
        LEFT JOIN release_card r ON r.id = c.release
        LEFT JOIN (SELECT * FROM recording WHERE id BETWEEN $low AND $high) e ON e.id = c.id
        LEFT JOIN (SELECT * FROM known_to WHERE id BETWEEN $low AND $high) k ON k.id = c.id
        LEFT JOIN ({held}) h ON h.id = c.id
        ORDER BY c.id"""
