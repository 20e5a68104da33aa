"""Coverage counted: the expressions run over a snapshot, on DuckDB in this process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue import census
from phonotheque.catalogue.charts.counting import opened
from phonotheque.catalogue.coverage import expressions
from phonotheque.catalogue.coverage.words import COUNTS, By
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump.isrcs import unpack_isrcs
from phonotheque.catalogue.snapshot import SourceEntry

COVERAGE = pa.schema([("group", pa.string()), *((name, pa.int64()) for name in COUNTS)])
"""A table of coverage: what the recordings of a row have in common, null where that is unknown;
and what is counted of them."""

_REGISTRANT_LETTERS = 5


def coverage_of(
    snapshot: Path,
    by: By | None,
    sources: tuple[SourceEntry, ...],
    work: Path,
    machine: Machine,
) -> pa.Table:
    """Count what is known, held, free, missing and rare.

    Args:
        snapshot: Folder of a snapshot.
        by: What to tell apart; None for one row of everything.
        sources: Those of the snapshot: by source, their titles are the groups.
        work: Folder in which sorting may spill.

    Returns:
        Rows in the form of `COVERAGE`: years in their order, all else most known first.

    Raises:
        MalformedError: A table cannot be read.
        UnavailableError: The disk refused.
    """
    with opened(snapshot, set(expressions.READS), work, machine) as db:
        rows = db.sql(coverage_sql(by)).to_arrow_table()
    names = names_of(rows["group"].combine_chunks(), by, sources)
    return rows.set_column(0, "group", names).cast(COVERAGE)


def names_of(groups: pa.Array, by: By | None, sources: tuple[SourceEntry, ...] = ()) -> pa.Array:
    """Return groups as people call them: a query tells sources and registrants by numbers."""
    if by is By.REGISTRANT:
        isrcs = unpack_isrcs(pc.multiply(groups.cast(pa.int64()), census.ISRCS_OF_A_REGISTRANT))
        return pc.utf8_slice_codeunits(isrcs, 0, _REGISTRANT_LETTERS)
    if by is By.SOURCE:
        titles = {str(one.id): one.title or one.name for one in sources}
        return pa.array([titles.get(one, one) for one in groups.to_pylist()], pa.string())
    return groups


@cache
def coverage_sql(by: By | None, dialect: str = "duckdb") -> str:
    """Return the query, for DuckDB ("duckdb") or Spark ("pyspark").

    Spark needs the extra `spark` and `ibis.pyspark.connect` before: Ibis learns its words there.
    """
    return str(ibis.to_sql(expressions.counted(by), dialect=dialect))
