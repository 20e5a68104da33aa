"""What the tables say of entities, some at a time: the pieces of SQL that cards are joined from.

A *subject* is an entity that has a card: it speaks for itself and for those that are linked with it
(`tables/canonical.parquet`). Rows about the others are *moved* to it. Every query is about a range
of ids of subjects, because tables are in order of what their rows are about: what lies outside is
left out without being read, and memory does not grow with the tables.

Laws: no result depends on the order in which an engine meets rows: whatever is first is so by a
stated order, sources that are believed before others first (`inputs.priority_of`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from phonotheque.catalogue.build.engines import Engine
from phonotheque.catalogue.bulk import parts_in
from phonotheque.catalogue.corrections.overlaying import overlay
from phonotheque.catalogue.corrections.resolving import read_corrections
from phonotheque.catalogue.tables import TABLES, snapshot_schema
from phonotheque.music import popularity

CANONICAL_SCHEMA = pa.schema(
    [
        ("entity_type", pa.dictionary(pa.int32(), pa.string())),
        ("id", pa.int64()),  # an entity that has no card of its own
        ("canonical", pa.int64()),  # the one that speaks for it
    ]
)
"""`tables/canonical.parquet`: entities that others speak for."""

_SOURCES = pa.schema([("id", pa.int64()), ("priority", pa.int64())])
"""What is read of `tables/sources.parquet`."""

GENRES_ON_A_CARD = 8
"""So many genres, those named most often, are on a card."""

_ID_BITS = 36
"""Ids are below this many bits where a date or a priority stands before them."""

_RANGE = "BETWEEN $low AND $high"
"""Filled in by `engines.in_range`."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """The tables of a snapshot, seen from the entities of one kind.

    Attributes:
        kind: Table of the entities.
        is_linked: Whether any of them speaks for another.
    """

    kind: str
    is_linked: bool

    def about(self, table: str, by: str, columns: str) -> str:
        """Return a query for rows about subjects in a range of ids.

        Args:
            by: Column that says what a row is about; "entity" in tables about several kinds.
            columns: More columns, as SQL.

        Returns:
            SQL with the columns `subject`, `member` (the one that the row was about), `early`
            (0 first) and those asked for.
        """
        kind = f" AND entity_type = '{self.kind}'" if by == "entity" else ""
        own = (
            f"SELECT {by} AS subject, {by} AS member, 0::BIGINT AS early, {columns} "
            f"FROM {table} WHERE {by} {_RANGE}{kind}"
        )
        if not self.is_linked:
            return f"({own})"
        moved = f"SELECT subject, member, early, {columns} FROM {self.moved(table, by)}"
        # Never null, and said so: else Spark would give all that is away to every worker.
        away = f"SELECT coalesce(id, -1) FROM away_{self.kind} WHERE id {_RANGE}"
        here = f"coalesce({by}, -1) NOT IN ({away})"
        return f"({own} AND {here} UNION ALL {moved} WHERE subject {_RANGE})"

    def moved(self, table: str, by: str) -> str:
        """Name of the table of rows that were moved to their subjects."""
        return f"moved_{table}_{by}_{self.kind}"

    def prepare(self, engine: Engine, tables: Sequence[tuple[str, str]]) -> None:
        """Move rows about entities that another speaks for; (table, by) for each that is asked."""
        if not self.is_linked:
            return
        for table, by in tables:
            kind = f"AND t.entity_type = '{self.kind}'" if by == "entity" else ""
            engine.keep(
                self.moved(table, by),
                f"SELECT a.canonical AS subject, t.{by} AS member, "
                f"1 + (s.priority::BIGINT << {_ID_BITS}) + t.{by} AS early, t.* "
                f"FROM {table} t JOIN away_{self.kind} a ON t.{by} = a.id {kind} "
                "JOIN sources s ON s.id = t.source ORDER BY subject",
            )

    def entities(self, columns: Sequence[str]) -> str:
        """Return a query for one row for each subject: `id` and columns of its table.

        Of several linked ones each column is the first that is known.
        """
        rows = self.about(self.kind, "id", ", ".join(columns))
        if not self.is_linked:
            return f"(SELECT subject AS id, {', '.join(columns)} FROM {rows})"
        first = ", ".join(
            f"arg_min({one}, early) FILTER ({one} IS NOT NULL) AS {one}" for one in columns
        )
        return f"(SELECT subject AS id, {first} FROM {rows} GROUP BY subject)"

    def heard(self) -> str:
        """Return a query for `id` and `listens`: what all counts of a subject are worth.

        A count of all time stands for its source; where there is none, those of years add up, else
        those of months.
        """
        rows = self.about(
            "popularity",
            "entity",
            f"source, measure, coalesce(period, 'all') AS period, {_WORTH} AS worth",
        )
        return (
            "(SELECT subject AS id, sum(worth)::BIGINT AS listens FROM ("
            "SELECT subject, coalesce(max(worth) FILTER (period = 'all'), "
            "sum(worth) FILTER (length(period) = 4), sum(worth) FILTER (length(period) = 7)) "
            f"AS worth FROM {rows} GROUP BY subject, member, source, measure) GROUP BY subject)"
        )

    def genres(self) -> str:
        """Return a query for `id` and `genres`: genres before styles, most often named first.

        What one source calls a style another calls a genre; people search for both as genres.
        """
        rows = self.about("tag", "entity", 'name, kind, coalesce("count", 1) AS votes')
        return (
            "(SELECT subject AS id, list_transform(array_slice(list_sort("
            "list({'s': is_style, 'v': -votes, 'n': name})), "
            f"1, {GENRES_ON_A_CARD}), lambda one: one.n) AS genres "
            "FROM (SELECT subject, name, sum(votes) AS votes, "
            f"bool_and(kind = 'style') AS is_style FROM {rows} "
            "WHERE kind IN ('genre', 'style') AND name IS NOT NULL GROUP BY subject, name) "
            "GROUP BY subject)"
        )

    def licence(self) -> str:
        """Return a query for `id`, `licence` and whether any licence is a free one."""
        rows = self.about("rights", "entity", "licence")
        return (
            "(SELECT subject AS id, min({'e': early, 'l': licence}).l AS licence, "
            f"bool_or(licence IN (SELECT licence FROM free)) AS is_free FROM {rows} "
            "WHERE licence IS NOT NULL GROUP BY subject)"
        )


def _worth_in_sql() -> str:
    """`music.popularity.worth`, over columns."""
    most = popularity.MOST_LISTENS
    listens, users = (
        f"CASE WHEN {one} >= 0 THEN least({one}, {most}) END"
        for one in ("total_listen_count", "total_user_count")
    )
    rating = (  # least and greatest leave out nulls
        "CASE WHEN rating IS NOT NULL AND NOT isnan(rating) "
        "THEN floor(least(greatest(rating, 0.0), 1.0) "
        f"* {popularity.LISTENS_OF_A_FULL_RATING} * coalesce({users}, 1))::BIGINT END"
    )
    per_user = f"({users}) * {popularity.LISTENS_PER_USER}"
    return (
        f"CASE measure WHEN '{popularity.RATING}' THEN {rating} "
        f"WHEN '{popularity.RADIO_PLAYS}' THEN ({listens}) * {popularity.LISTENERS_OF_A_SPIN} "
        f"ELSE CASE WHEN total_listen_count >= 0 THEN least({listens}, coalesce({per_user}, "
        f"{most})) ELSE {users} END END"
    )


_WORTH = _worth_in_sql()


def open_tables(engine: Engine, snapshot: Path) -> dict[str, Subjects]:
    """Make the tables of a snapshot readable, as corrected; return the subjects of each kind."""
    tables = snapshot / "tables"
    for name in TABLES:
        engine.view(name, parts_in(tables / name), snapshot_schema(name))
    engine.view("sources", [tables / "sources.parquet"], _SOURCES)
    linked = [tables / "canonical.parquet"] if (tables / "canonical.parquet").exists() else []
    engine.view("canonical", linked, CANONICAL_SCHEMA)
    spoken_for = {kind for (kind,) in engine.fetch("SELECT DISTINCT entity_type FROM canonical")}
    subjects = {}
    for kind in ("artist", "release", "recording", "label", "artist_credit", "release_group"):
        engine.keep(
            f"away_{kind}",
            f"SELECT id, canonical FROM canonical WHERE entity_type = '{kind}' ORDER BY id",
        )
        subjects[kind] = Subjects(kind, kind in spoken_for)
    overlay(engine, tables, read_corrections(tables))
    return subjects


def last_id(engine: Engine, kind: str) -> int:
    """Return the highest id of a kind, -1 when there is none."""
    ((found,),) = engine.fetch(f"SELECT max(id) FROM {kind}")
    return -1 if found is None else int(found)
