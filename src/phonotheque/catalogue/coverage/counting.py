"""Coverage counted: the expressions run over a snapshot, on DuckDB in this process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import ibis
import pyarrow as pa

from phonotheque.catalogue.charts.counting import opened
from phonotheque.catalogue.coverage import expressions
from phonotheque.catalogue.coverage.words import COUNTS, By
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.snapshot import SourceEntry

COVERAGE = pa.schema([("group", pa.string()), *((name, pa.int64()) for name in COUNTS)])
"""A table of coverage: what the recordings of a row have in common, null where that is unknown;
and what is counted of them."""


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
        rows = db.sql(coverage_sql(by)).to_arrow_table().cast(COVERAGE)
    if by is By.SOURCE:
        titles = {str(one.id): one.title or one.name for one in sources}
        names = [titles.get(number, number) for number in rows["group"].to_pylist()]
        rows = rows.set_column(0, COVERAGE.field("group"), pa.array(names, pa.string()))
    return rows


@cache
def coverage_sql(by: By | None, dialect: str = "duckdb") -> str:
    """Return the query, for DuckDB ("duckdb") or Spark ("pyspark").

    Spark needs the extra `spark` and `ibis.pyspark.connect` before: Ibis learns its words there.
    """
    return str(ibis.to_sql(expressions.counted(by), dialect=dialect))
