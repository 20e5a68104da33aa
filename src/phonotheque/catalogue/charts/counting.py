"""Questions put to a snapshot: views over its Parquet, and the queries as anybody can run them.

Laws: what is published as a query is what was run; a snapshot is read, never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from phonotheque.catalogue import cards, census
from phonotheque.catalogue.build.subjects import CANONICAL_SCHEMA
from phonotheque.catalogue.bulk import Progress, parts_in
from phonotheque.catalogue.charts.top_lists import PLAYED
from phonotheque.catalogue.charts.values import Answer, Chart
from phonotheque.catalogue.database import Machine, database, view
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.tables import TABLES, snapshot_schema
from phonotheque.errors import MalformedError

MEMORY_BYTES = 5 << 30
"""What counting may hold before it spills."""

_BUILD = "Run `phono catalogue build`."


@dataclass(frozen=True, slots=True)
class ViewFiles:
    """Where the rows of a view are in a snapshot, and their columns.

    Attributes:
        path: Of a file, or of a folder of parts, within the snapshot.
    """

    path: str
    schema: pa.Schema

    def parts(self, snapshot: Path) -> list[Path]:
        """Return the files that have its rows."""
        path = snapshot / self.path
        if path.suffix:
            return [path] if path.exists() else []
        return parts_in(path)

    @property
    def pattern(self) -> str:
        """The same files, as DuckDB takes a pattern, from within the snapshot."""
        return self.path if Path(self.path).suffix else f"{self.path}/*.parquet"


PLACES: Mapping[str, ViewFiles] = {
    **{f"{kind}_card": ViewFiles(f"cards/{kind}", cards.SCHEMA) for kind in Kind},
    **{name: ViewFiles(f"tables/{name}", snapshot_schema(name)) for name in TABLES},
    "census": ViewFiles(census.FOLDER, census.SCHEMA),
    "canonical": ViewFiles("tables/canonical.parquet", CANONICAL_SCHEMA),
}
"""Every view that a query may name, but for `played`."""


def answers_of(
    charts: Sequence[Chart],
    snapshot: Path,
    played: pa.Table,
    work: tuple[Path, Machine],
    on_progress: Progress,
) -> list[Answer]:
    """Run the queries of charts.

    Args:
        snapshot: Folder of a snapshot.
        played: What was heard here lately, with the columns of `PLAYED`.
        work: Folder in which sorting may spill, and what it may use.

    Raises:
        MalformedError: A table cannot be read.
        UnavailableError: The disk refused.
    """
    found = []
    with opened(snapshot, {name for chart in charts for name in chart.reads}, *work) as db:
        db.register("played", played.cast(PLAYED))
        for done, chart in enumerate(charts, 1):
            found.append(_answer(db, chart))
            on_progress(done / len(charts))
    return found


def _answer(db: duckdb.DuckDBPyConnection, chart: Chart) -> Answer:
    names = list(chart.columns)
    rows = [dict(zip(names, row, strict=True)) for row in db.execute(chart.query).fetchall()]
    return Answer(chart, rows, chart.find(rows))


@contextmanager
def opened(
    snapshot: Path, names: set[str], work: Path, machine: Machine
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database with views over a snapshot's files.

    Raises:
        MalformedError: A table cannot be read, or an earlier program built a snapshot without it.
        UnavailableError: The disk refused.
    """
    if census.FOLDER in names and not (snapshot / census.FOLDER).is_dir():
        raise MalformedError(str(snapshot), "it has no census: it was built before", _BUILD)
    try:
        with database(work, machine) as db:
            for name in sorted(names & PLACES.keys()):
                place = PLACES[name]
                view(db, name, place.parts(snapshot), place.schema)
            yield db
    except (duckdb.InvalidInputException, duckdb.BinderException) as error:
        wrong = f"a table cannot be read: {' '.join(str(error).split())[:200]}"
        raise MalformedError(str(snapshot), wrong, _BUILD) from error


def published_query(chart: Chart, snapshot: Path, words: Sequence[str]) -> str:
    """Return a query as a file for DuckDB's own program, to be run in the folder of the snapshot.

    Args:
        words: Comments to begin with, a line each: whatever is in them, they stay comments.
    """
    lines = [f"-- {_on_one_line(word)}" for word in words]
    for name in chart.reads:
        place = PLACES.get(name)
        if place is None:
            lines.append(f"-- {name}: plays at the listening door, which no snapshot has.")
        elif place.parts(snapshot):
            source = f"SELECT * FROM read_parquet('{place.pattern}')"
            lines.append(f"CREATE OR REPLACE TEMP VIEW {name} AS {source};")
        else:
            lines.append(f"CREATE OR REPLACE TEMP VIEW {name} AS {_no_rows(place.schema)};")
    return "\n".join((*lines, chart.query.strip() + ";", ""))


def _on_one_line(text: str) -> str:
    """Text of a catalogue without what ends a line or rules a terminal: else a title could be a
    command of whoever runs the file."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _no_rows(schema: pa.Schema) -> str:
    """SQL for a table of these columns without rows."""
    with duckdb.connect() as db:
        db.register("one", schema.empty_table())
        columns = db.execute("DESCRIBE one").fetchall()
    nulls = ", ".join(f"NULL::{kind} AS {name}" for name, kind, *_ in columns)
    return f"SELECT {nulls} WHERE false"
