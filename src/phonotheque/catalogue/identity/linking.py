"""Links between the entities of all sources, and who speaks for whom.

The way: redirects; then recordings and releases by identifiers, codes and texts; then artists and
labels, for whom a linked recording or release is the best evidence beside their name. Each kind's
links are grouped (`groups`), and what they come to is two tables: every link with its reason and
confidence, and for each entity that another speaks for, which one that is. No row is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.build.engines import OneMachine
from phonotheque.catalogue.build.subjects import CANONICAL_SCHEMA, open_tables
from phonotheque.catalogue.bulk import sync_file
from phonotheque.catalogue.corrections.overlaying import overlay
from phonotheque.catalogue.corrections.resolving import resolve, write_corrections
from phonotheque.catalogue.database import Machine, database, number
from phonotheque.catalogue.epoch import Integers
from phonotheque.catalogue.identity import candidates, hand
from phonotheque.catalogue.identity.decisions import Decision
from phonotheque.catalogue.identity.groups import Groups, Links, Nodes, group
from phonotheque.catalogue.identity.reasons import (
    CONFIDENCE,
    LENGTH_TOLERANCE_MS,
    SURE_ENOUGH,
    WITHIN_SOURCE,
    Reason,
)
from phonotheque.catalogue.identity.texts import NOBODY, map_texts
from phonotheque.music.folding import fold
from phonotheque.music.title_key import title_key
from phonotheque.register.catalogue_corrections import StandingCorrection

LINKS_SCHEMA = pa.schema(
    [
        ("entity_type", pa.dictionary(pa.int32(), pa.string())),
        ("one", pa.int64()),  # the lower id
        ("other", pa.int64()),
        ("reason", pa.dictionary(pa.int32(), pa.string())),  # identity.reasons.Reason
        ("confidence", pa.float64()),  # 0 to 1
        ("is_joined", pa.bool_()),  # whether both have one card
    ]
)
"""`tables/links.parquet`: the surest link of each pair."""

KINDS = ("recording", "release", "artist", "label")
"""What is linked, those first whose links are evidence for others."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What was found of one kind."""

    links: pa.Table
    groups: Groups


def link_all(
    snapshot: Path,
    out: Path,
    machine: Machine,
    decisions: Sequence[Decision] = (),
    corrections: Sequence[StandingCorrection] = (),
) -> hand.Redirected:
    """Link the entities of a snapshot's tables.

    Args:
        snapshot: Folder with `tables`.
        out: Folder to write `links.parquet`, `canonical.parquet`, the table `gid_redirect` and,
            where anything is corrected, `corrections.parquet` to.
        decisions: Decisions by hand that stand.
        corrections: Corrections that stand: names and titles are compared as corrected.

    Returns:
        What became of redirects, decisions and corrections.
    """
    with database(out, machine) as db:
        engine = OneMachine(db)
        open_tables(engine, snapshot)
        by_hand = hand.resolve(db, decisions)
        redirected = hand.redirect(db, by_hand, out)
        corrected = resolve(db, corrections)
        write_corrections(out, corrected.rows)
        if corrected.rows.num_rows:  # else what was opened above is what holds
            overlay(engine, snapshot / "tables", corrected.rows)
        db.execute("CREATE OR REPLACE TEMP TABLE link (entity_type VARCHAR, one BIGINT, "
                   "other BIGINT, is_joined BOOLEAN)")  # fmt: skip
        found = {}
        for kind in KINDS:
            _collect(db, kind, out, by_hand)
            found[kind] = _grouped(db, kind, by_hand)
            joined = found[kind].links
            db.register("joined", joined)
            db.execute(f"INSERT INTO link SELECT '{kind}', one, other, is_joined FROM joined")
            db.unregister("joined")
        _write(out / "links.parquet", [one.links for one in found.values()], LINKS_SCHEMA)
        _write(out / "canonical.parquet", list(_away(found)), CANONICAL_SCHEMA)
    return replace(redirected, uncorrected=tuple(map(str, corrected.unknown)))


def _away(found: dict[str, Linked]) -> Iterator[pa.Table]:
    for kind, linked in found.items():
        ids = linked.groups.ids
        types = pa.array([kind] * 1).take(pa.array(np.zeros(len(ids), np.int64)))
        rows = {"entity_type": types, "id": ids, "canonical": linked.groups.canonical}
        yield pa.table(rows).cast(CANONICAL_SCHEMA)


def _collect(db: duckdb.DuckDBPyConnection, kind: str, work: Path, by_hand: hand.ByHand) -> None:
    """Fill `candidate` (one, other, reason) with all that speaks for a link of a kind."""
    db.execute("CREATE OR REPLACE TEMP TABLE candidate (one BIGINT, other BIGINT, reason VARCHAR)")
    rows = [(min(pair), max(pair), Reason.BY_HAND.value) for pair in by_hand.merged(kind)]
    if rows:
        db.executemany("INSERT INTO candidate VALUES (?, ?, ?)", rows)
    queries = [candidates.by_claimed_mbid(kind)]
    queries += [candidates.SOUNDS] if kind == "recording" else []
    if _sources_of(db, kind) > 1:
        queries += [candidates.by_mbid(kind), candidates.by_external_id(kind)]
        queries += {"recording": _recordings, "release": _releases}.get(kind, _names)(
            db, kind, work
        )
    for query in queries:
        db.execute(f"INSERT INTO candidate {query}")


def _sources_of(db: duckdb.DuckDBPyConnection, kind: str) -> int:
    return number(db, f"SELECT count(DISTINCT source) FROM {kind}") or 0


def _credit_key(name: str) -> str:
    key = fold(name)
    return "" if key in NOBODY else key


def _prepare_titles(db: duckdb.DuckDBPyConnection, kind: str, work: Path, more: str = "") -> None:
    """Make what is asked by title: rows by credits that several sources have, and title keys."""
    map_texts(db, "credit_name", "SELECT name AS text FROM artist_credit", _credit_key, work)
    for name, query in (
        ("shared_credit", candidates.SHARED_CREDITS),
        (f"credited_{kind}", candidates.credited(kind)),
    ):
        db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
    texts = f"SELECT title AS text FROM credited_{kind}{more}"
    map_texts(db, f"{kind}_title", texts, title_key, work)


def _recordings(db: duckdb.DuckDBPyConnection, kind: str, work: Path) -> list[str]:
    _prepare_titles(db, kind, work, f" UNION ALL {candidates.TITLES_OF_CODED}")
    db.execute(f"CREATE OR REPLACE TEMP TABLE coded AS {candidates.CODED}")
    db.execute(f"CREATE OR REPLACE TEMP TABLE alike_{kind} AS {candidates.alike(kind)}")
    near = LENGTH_TOLERANCE_MS
    by_title = candidates.by_title(kind, "length", near, Reason.TITLE_AND_LENGTH, has_unsure=True)
    return [candidates.by_isrc(), by_title]


def _releases(db: duckdb.DuckDBPyConnection, kind: str, work: Path) -> list[str]:
    coded = " UNION ALL SELECT title AS text FROM release WHERE barcode IS NOT NULL"
    _prepare_titles(db, kind, work, coded)
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE alike_{kind} AS SELECT a.*, t.tracks FROM "
        f"({candidates.alike(kind)}) a LEFT JOIN (SELECT release AS id, count(*) AS tracks "
        f"FROM track GROUP BY release) t ON t.id = a.id"
    )
    return [
        candidates.by_barcode_and_number(),
        candidates.by_barcode_and_title(),
        candidates.by_title(kind, "tracks", 0, Reason.TITLE_AND_TRACKS, has_unsure=True),
    ]


def _names(db: duckdb.DuckDBPyConnection, kind: str, work: Path) -> list[str]:
    map_texts(db, f"{kind}_name", f"SELECT name AS text FROM {kind}", _credit_key, work)
    return [candidates.by_joined(kind), candidates.by_name(kind)]


def _grouped(db: duckdb.DuckDBPyConnection, kind: str, by_hand: hand.ByHand) -> Linked:
    """Take the surest candidate of each pair, and group."""
    values = ", ".join(
        f"('{reason}', {confidence}::DOUBLE, {order}, {reason in WITHIN_SOURCE})"
        for order, (reason, confidence) in enumerate(CONFIDENCE.items())
    )
    links = db.sql(
        "SELECT one, other, arg_min(c.reason, r.place) AS reason, "
        "max(r.confidence) AS confidence, arg_min(r.within, r.place) AS within "
        f"FROM candidate c JOIN (VALUES {values}) r(reason, confidence, place, within) "
        "ON r.reason = c.reason GROUP BY one, other "
        "ORDER BY confidence DESC, min(r.place), one, other"
    ).to_arrow_table()
    is_sure = np.asarray(links["confidence"].combine_chunks()) >= SURE_ENOUGH
    one, other = (links[name].to_numpy()[is_sure] for name in ("one", "other"))
    is_within = links["within"].to_numpy(zero_copy_only=False)[is_sure].astype(bool)
    nodes = _nodes(db, kind, np.unique(np.r_[one, other]), by_hand)
    groups = group(Links(one, other, is_within), nodes, by_hand.split(kind))
    is_joined = np.zeros(links.num_rows, bool)
    is_joined[is_sure] = groups.is_joined
    types = pa.array([kind]).take(pa.array(np.zeros(links.num_rows, np.int64)))
    rows = links.append_column("entity_type", types).append_column("is_joined", pa.array(is_joined))
    return Linked(rows.select(LINKS_SCHEMA.names).cast(LINKS_SCHEMA), groups)


def _nodes(
    db: duckdb.DuckDBPyConnection,
    kind: str,
    ids: Integers,
    by_hand: hand.ByHand,
) -> Nodes:
    db.register("node", pa.table({"id": ids}))
    found = db.sql(
        f"SELECT n.id, e.source, s.priority FROM node n JOIN {kind} e ON e.id = n.id "
        "JOIN sources s ON s.id = e.source ORDER BY n.id"
    ).to_arrow_table()
    db.unregister("node")
    priorities = found["priority"].to_numpy().astype(np.int64)
    speakers = np.isin(ids, by_hand.speakers(kind))
    priorities = np.where(speakers, -1, priorities)
    return Nodes(ids, found["source"].to_numpy().astype(np.int64), priorities)


def _write(path: Path, tables: list[pa.Table], schema: pa.Schema) -> None:
    table = pa.concat_tables([one.cast(schema) for one in tables]).unify_dictionaries()
    pq.write_table(table, path, compression="zstd", row_group_size=100_000)
    sync_file(path)
