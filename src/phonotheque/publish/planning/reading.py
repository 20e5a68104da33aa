"""A plan that is written, read: its sums, its curve, and whose turn it is.

Not here: how it was made (`making`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import batches_of, parts_in
from phonotheque.catalogue.database import Machine
from phonotheque.publish.planning.coverage import PlanCoverage, coverage_of
from phonotheque.publish.planning.curve import Point, curve_of
from phonotheque.publish.planning.descriptor import Descriptor, read_descriptor
from phonotheque.publish.planning.sums import sums_of
from phonotheque.publish.planning.words import Status


@dataclass(frozen=True, slots=True)
class Figures:
    """What a plan comes to, and its curve."""

    descriptor: Descriptor
    coverage: PlanCoverage
    curve: tuple[Point, ...]


def figures_of(folder: Path, machine: Machine) -> Figures:
    """Add up a plan.

    Raises:
        MalformedError: It is damaged.
        UnavailableError: It cannot be read, or its sums cannot be kept.
    """
    descriptor = read_descriptor(folder)
    sums = sums_of(folder, descriptor, machine)
    coverage = coverage_of(sums.totals, *sums.releases)
    return Figures(descriptor, coverage, curve_of(sums.steps, coverage.tally().listens))


def to_share(folder: Path) -> Iterator[tuple[int, str, int | None, str]]:
    """Give what is to be shared, in the order of the plan: object, tier, listens, form."""
    columns = ["status", "object", "tier", "listens", "form"]
    for batch in batches_of(parts_in(folder), columns):
        chosen = _of_status(batch, Status.TO_SHARE)
        yield from zip(*(chosen.column(name).to_pylist() for name in columns[1:]), strict=True)


def _of_status(batch: pa.RecordBatch, status: Status) -> pa.RecordBatch:
    column = batch.column("status")
    # The batch's own word for it: Arrow loads pandas to make a value of Python's one of its own.
    word = next((one for one in column.dictionary if one.as_py() == str(status)), None)
    if word is None:
        return batch.slice(0, 0)
    return batch.filter(pc.equal(column.cast(pa.string()), word))


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
