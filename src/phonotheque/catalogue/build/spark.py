"""Cards made on Spark, for catalogues that one machine takes too long for: the extra `spark`.

Laws: the parts have the rows that DuckDB makes, in the same order; the driver collects nothing but
counts, names of licences and what people corrected, and holds one part at a time.

How. Ibis says the queries in Spark's SQL (`Backend.sql` with the dialect that they are written in).
Spark sorts what a query gives into files, which are read in the order of their names and cut into
parts here: so all that follows, resuming included, is as it is with DuckDB.

Not here: a cluster. The folder of the catalogue must lie where the driver and all workers find it
under the same path; workers need Java and no Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.build.engines import Engine, Opens, in_range
from phonotheque.catalogue.bulk import (
    ROWS_IN_PART,
    batches_of,
    fresh_folder,
    parts_in,
    remove_tree,
    translated,
)
from phonotheque.catalogue.database import Machine
from phonotheque.errors import UnavailableError

if TYPE_CHECKING:
    from ibis.expr.types import Table
    from pyspark.sql import DataFrame, SparkSession

_QUIETLY = {"spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false"}
_DISK = "file://"
_PATTERN_SIGNS = "*?[]{}\\"
"""What Hadoop takes for a pattern in a path."""


@contextmanager
def session_at(master: str) -> Iterator[SparkSession]:
    """Start a session, and end it.

    Args:
        master: Where Spark is: "spark://host:7077", "yarn", "local[4]" ... All else that Spark can
            be told stands in its own files (`spark-defaults.conf` in `SPARK_CONF_DIR`).

    Raises:
        UnavailableError: The extra or Java is missing, or nobody answers there.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise _no_library() from error
    builder = SparkSession.builder.master(master).appName("phonotheque")
    for name, value in _QUIETLY.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        todo = "It needs Java 17; `--master` says where Spark is."
        raise UnavailableError("Spark", f"it does not start: {_in_short(error)}", todo) from error
    try:
        yield session
    finally:
        session.stop()


def spark_at(master: str) -> Opens:
    """Return what opens Spark as an engine, in a session that begins and ends with it.

    Args:
        master: As `session_at` takes it; "" for as many threads in this machine as there are jobs.
    """

    @contextmanager
    def opened(work: Path, machine: Machine) -> Iterator[Engine]:
        with (
            session_at(master or f"local[{machine.jobs}]") as session,
            on_spark(session)(work, machine) as engine,
        ):
            yield engine

    return opened


def on_spark(session: SparkSession) -> Opens:
    """Return what opens a session as an engine.

    Raises:
        UnavailableError: The extra `spark` is not installed.
    """
    try:
        connection = ibis.pyspark.connect(session)
    except ImportError as error:
        raise _no_library() from error
    # A sum that does not fit stops a build, as DuckDB's does.
    session.conf.set("spark.sql.ansi.enabled", "true")

    @contextmanager
    def opened(work: Path, _: Machine) -> Iterator[Engine]:
        folder = fresh_folder(work / "on-spark")
        try:
            with _answering():
                yield _Spark(session, connection, folder)
        finally:
            remove_tree(folder)

    return opened


class _Spark:
    """Spark: all ranges at once.

    Args:
        connection: The session, as Ibis knows it.
        folder: Where it may leave files; the driver and all workers find it under this path.
    """

    def __init__(self, session: SparkSession, connection: Any, folder: Path) -> None:
        self._session = session
        self._connection = connection
        self._folder = folder

    def view(self, name: str, parts: Sequence[Path], schema: pa.Schema) -> None:
        """See `Engine.view`."""
        from ibis.backends.pyspark.datatypes import PySparkType

        form = PySparkType.from_ibis(_form(schema).as_struct())
        there = parts or [_put(self._folder / f"{name}-empty.parquet", schema.empty_table())]
        rows = self._session.read.schema(form).parquet(*map(_in_hadoop, there))
        rows.createOrReplaceTempView(name)

    def give(self, name: str, rows: pa.Table) -> None:
        """See `Engine.give`."""
        self.view(name, [_put(self._folder / f"{name}.parquet", rows)], rows.schema)

    def define(self, name: str, query: str) -> None:
        """See `Engine.define`."""
        self._frame(self._said(query)).createOrReplaceTempView(name)

    def keep(self, name: str, query: str) -> None:
        """See `Engine.keep`."""
        kept = self._written(name, self._said(query))
        self._session.read.parquet(_in_hadoop(kept)).createOrReplaceTempView(name)

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        """See `Engine.fetch`."""
        return [tuple(row) for row in self._frame(self._said(query)).collect()]

    def rows(self, query: str, lows: Sequence[int], schema: pa.Schema) -> Iterator[pa.Table]:
        """See `Engine.rows`."""
        if not lows:
            return
        asked = self._said(in_range(query, lows[0], lows[-1] + ROWS_IN_PART - 1))
        wanted = asked.select(schema.names).cast(_form(schema)).order_by("id")
        made = self._written("rows", wanted)
        yield from _cut(batches_of(parts_in(made)), lows, schema)
        remove_tree(made)

    def _said(self, query: str) -> Table:
        asked: Table = self._connection.sql(query, dialect="duckdb")
        return asked

    def _frame(self, rows: Table) -> DataFrame:
        return self._session.sql(self._connection.compile(rows))

    def _written(self, name: str, rows: Table) -> Path:
        """Let Spark write rows; return the folder of its files, in order of their names.

        Raises:
            UnavailableError: They are not where this process finds them.
        """
        folder = self._folder / name
        remove_tree(folder)
        # Without the scheme it is a path in whatever file system the cluster takes for its own.
        # A name that is written to is none of a pattern, so nothing in it is quoted.
        self._connection.to_parquet(rows, f"{_DISK}{folder}")
        if not parts_in(folder):  # of no rows, too, Spark makes a file
            wrong = f"what its workers wrote is not in {folder}"
            todo = "Put the catalogue where driver and workers find it under the same path."
            raise UnavailableError("Spark", wrong, todo)
        return folder


def _cut(
    batches: Iterable[pa.RecordBatch], lows: Sequence[int], schema: pa.Schema
) -> Iterator[pa.Table]:
    """Cut rows in order of `id` into those of each range."""
    coming = iter(batches)
    waiting: list[pa.RecordBatch] = []
    for low in lows:
        found = [schema.empty_table()]
        for batch in chain(waiting, coming):
            ids = batch.column("id").to_numpy()
            first, end = map(int, np.searchsorted(ids, [low, low + ROWS_IN_PART]))
            rows = pa.Table.from_batches([batch.slice(first, end - first)])
            found.append(rows.select(schema.names).cast(schema))
            waiting = [batch.slice(end)]
            if end < len(ids):
                break
        yield pa.concat_tables(found)


def _form(schema: pa.Schema) -> ibis.Schema:
    """Return a schema as Ibis knows it, which has one kind of bytes."""
    fields = (
        field.with_type(pa.binary()) if pa.types.is_fixed_size_binary(field.type) else field
        for field in schema
    )
    return ibis.Schema.from_pyarrow(pa.schema(fields))


def _put(path: Path, rows: pa.Table) -> Path:
    with translated(str(path)):
        pq.write_table(rows, path)
    return path


def _in_hadoop(path: Path) -> str:
    """Return a path as Spark takes it, which looks for patterns."""
    return _DISK + "".join(f"\\{one}" if one in _PATTERN_SIGNS else one for one in str(path))


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what Spark refuses into our error, once."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, ConnectionError) as error:
        todo = "Look at its log, and run again: what is made stays made."
        raise UnavailableError("Spark", _in_short(error), todo) from error


def _in_short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _no_library() -> UnavailableError:
    todo = "Install it with `pip install 'phonotheque[spark]'`."
    return UnavailableError("Spark", "its library is not installed", todo)
