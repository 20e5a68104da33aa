"""A plan made: an engine puts the rows in order, which are numbered here and written.

Laws: the same tables and the same wish give the same bytes, whatever the number of threads; a plan
has its name only when it is whole, and is described last.

Cost: 256 million recordings of which a third is held take some 5 GB of memory and 25 GB of disk
while they are sorted; see `bench/plan.py`.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Protocol

import ibis
import msgspec
import pyarrow as pa

from phonotheque.catalogue.bulk import (
    ROWS_IN_PART,
    Progress,
    finish_folder,
    fresh_folder,
    part_name,
    parts_in,
    remove_tree,
    rows_of,
    translated,
    write_part,
)
from phonotheque.catalogue.database import Machine, number, view
from phonotheque.publish.planning import expressions
from phonotheque.publish.planning.descriptor import DESCRIPTOR, Descriptor, describe
from phonotheque.publish.planning.numbering import Numbering
from phonotheque.publish.planning.tables import HELD, KNOWN
from phonotheque.publish.planning.words import Tier, Wish
from phonotheque.publish.planning.workshop import workshop

_ROWS_AT_ONCE = 1 << 17


@dataclass(frozen=True, slots=True)
class Material:
    """What a plan is made of.

    Attributes:
        known: Parts with the columns of `tables.KNOWN`, and maybe others.
        held: Parts with the columns of `tables.HELD`.
        reasons: What the column `reason` counts in.
        facts: What else the plan shall say of itself: snapshot, head of the register, day.
    """

    known: Sequence[Path]
    held: Sequence[Path]
    reasons: Sequence[str]
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ordered:
    """What an engine found.

    Attributes:
        rows: As `expressions.planned` has them, in order, lazily.
        shared_bytes: Of all copies that are shared.
        most: As many rows as there can be.
    """

    rows: Iterator[pa.RecordBatch]
    shared_bytes: int
    most: int


class Engine(Protocol):
    """Puts the rows of a plan in order. Every engine gives the same rows.

    Used in a `with` statement; what it needs on disk it puts into the folder `work`, which the
    caller makes and removes.
    """

    def __call__(
        self, material: Material, wish: Wish, work: Path
    ) -> AbstractContextManager[Ordered]:
        """Begin.

        Raises:
            UnavailableError: The disk refused.
            MalformedError: A part cannot be read.
        """


def on_one_machine(machine: Machine) -> Engine:
    """Return DuckDB within bounds, in this process."""

    @contextmanager
    def engine(material: Material, wish: Wish, work: Path) -> Iterator[Ordered]:
        most = sum(map(rows_of, (*material.known, *material.held)))
        with workshop(work, machine) as db:
            view(db, "known", material.known, KNOWN)
            view(db, "held", material.held, HELD)
            shared_bytes = number(db, _sql(expressions.shared_bytes))
            db.execute(f"CREATE TEMP TABLE tiers AS {_sql(expressions.tiers)}")
            lowest = Tier.REST if number(db, "SELECT count(*) FROM tiers") else Tier.ALL
            query = _sql(expressions.planned, replace(wish, space_bytes=None), lowest)
            rows = db.sql(query).to_arrow_reader(_ROWS_AT_ONCE)
            yield Ordered(iter(rows), shared_bytes or 0, most)

    return engine


@cache  # a third of a second each, and the same again in a process that plans twice
def _sql(expression: Callable[..., ibis.Table], *arguments: Hashable) -> str:
    return str(ibis.to_sql(expression(*arguments), dialect="duckdb"))


def make_plan(
    material: Material,
    wish: Wish,
    out: Path,
    engine: Engine,
    on_progress: Progress,
    threads: int = 2,
) -> Descriptor:
    """Write a plan as a folder of parts.

    Args:
        out: The folder; what stood there before is replaced when the new plan is whole.
        engine: Puts the rows in order.
        on_progress: Is told the share that is done.
        threads: Write parts.

    Raises:
        UnavailableError: The disk refused.
        MalformedError: A part cannot be read.
    """
    unfinished = fresh_folder(out.with_name(f"{out.name}.part"))
    work = fresh_folder(out.with_name(f"{out.name}.work"))
    try:
        with engine(material, wish, work) as ordered:
            numbering = Numbering(wish, material.reasons, ordered.shared_bytes)
            rows = 0
            for rows in _write_parts(numbering.tables(ordered.rows), unfinished, threads):
                on_progress(_share(rows, ordered.most))
    finally:
        remove_tree(work)
    descriptor = describe(wish, material.facts, rows, _digest(unfinished))
    text = msgspec.json.format(msgspec.json.encode(descriptor), indent=1)
    with translated(str(out)):
        (unfinished / DESCRIPTOR).write_bytes(text + b"\n")
    remove_tree(out)
    finish_folder(unfinished, out)
    return descriptor


def _share(rows: int, most: int) -> float:
    """Half of the work is done before the first row is in its place."""
    return 0.5 + 0.5 * min(rows / max(most, 1), 1.0)


def _write_parts(tables: Iterable[pa.Table], folder: Path, threads: int) -> Iterator[int]:
    """Write rows as parts, several at once; give how many rows there are so far.

    Parts are cut at whole numbers of rows and their columns joined, so that their bytes do not
    depend on how rows came.
    """
    rows = 0
    with ThreadPoolExecutor(threads) as pool:
        under_way: deque[Future[None]] = deque()
        for count, part in enumerate(_cut(tables, ROWS_IN_PART), 1):
            while len(under_way) >= threads:  # more would only fill the memory
                under_way.popleft().result()
            under_way.append(pool.submit(_write_part, folder / part_name(count), part))
            rows += part.num_rows
            yield rows
        for one in under_way:
            one.result()


def _write_part(path: Path, rows: pa.Table) -> None:
    write_part(path, rows.combine_chunks())


def _cut(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Give the same rows in tables of so many rows, the last one of what is left."""
    waiting, count = [], 0
    for table in tables:
        waiting.append(table)
        count += table.num_rows
        if count >= rows:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, rows)
            waiting, count = [whole.slice(rows)], count - rows
    if count:
        yield pa.concat_tables(waiting)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for part in parts_in(folder):
        with translated(str(part)), part.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
