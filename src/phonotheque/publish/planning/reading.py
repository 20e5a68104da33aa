"""A plan that is written, read: its sums, its curve, and whose turn it is.

Not here: how it was made (`making`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import batches_of, parts_in
from phonotheque.catalogue.database import Machine, view_of_folder
from phonotheque.publish.planning import figures
from phonotheque.publish.planning.coverage import Coverage, coverage_of
from phonotheque.publish.planning.curve import Point, curve_of
from phonotheque.publish.planning.making import Descriptor, read_descriptor
from phonotheque.publish.planning.tables import PLAN
from phonotheque.publish.planning.words import Order, Status
from phonotheque.publish.planning.workshop import workshop


@dataclass(frozen=True, slots=True)
class Figures:
    """What a plan comes to, and its curve."""

    descriptor: Descriptor
    coverage: Coverage
    curve: tuple[Point, ...]


def figures_of(folder: Path, machine: Machine) -> Figures:
    """Add up a plan.

    Raises:
        UnavailableError: It cannot be read.
    """
    descriptor = read_descriptor(folder)
    with workshop(folder.with_name(f"{folder.name}.sums"), machine) as db:
        view_of_folder(db, "plan", folder, PLAN)
        coverage = coverage_of(_rows(db, figures.totals()), *_rows(db, figures.releases()))
        steps = _rows(db, figures.steps(Order(descriptor.order), descriptor.rows))
    return Figures(descriptor, coverage, curve_of(steps, coverage.tally().listens))


def _rows(db: duckdb.DuckDBPyConnection, expression: ibis.Table) -> list[dict[str, Any]]:
    """Return the few rows of a sum; DuckDB adds whole numbers up in 128 bits."""
    found = db.sql(str(ibis.to_sql(expression, dialect="duckdb"))).to_arrow_table()
    fields = [
        one.with_type(pa.int64()) if pa.types.is_decimal(one.type) else one for one in found.schema
    ]
    rows: list[dict[str, Any]] = found.cast(pa.schema(fields)).to_pylist()
    return rows


def to_share(folder: Path) -> Iterator[tuple[int, str, int | None, str]]:
    """Give what is to be shared, in the order of the plan: object, tier, listens, form."""
    columns = ["status", "object", "tier", "listens", "form"]
    for batch in batches_of(parts_in(folder), columns):
        chosen = _of_status(batch, Status.TO_SHARE)
        yield from zip(*(chosen.column(name).to_pylist() for name in columns[1:]), strict=True)


def _of_status(batch: pa.RecordBatch, status: Status) -> pa.RecordBatch:
    return batch.filter(pc.equal(batch.column("status").cast(pa.string()), str(status)))


_LEFT = (
    Status.HELD_NOT_SHARED,
    Status.BETTER_COPY_HELD,
    Status.BELOW_THRESHOLD,
    Status.BEYOND_SPACE,
)


def left(folder: Path) -> Counter[str]:
    """Count copies that are whole, may be read and are not shared, by reason."""
    counted: Counter[str] = Counter()
    for batch in batches_of(parts_in(folder), ["status", "object", "reason"]):
        for status in _LEFT:
            chosen = _of_status(batch, status)
            chosen = chosen.filter(chosen.column("object").is_valid())
            for row in chosen.column("reason").cast(pa.string()).value_counts():
                counted[row["values"].as_py()] += row["counts"].as_py()
    return counted
