"""The same plan on Spark, for those who outgrow one machine: the extra `spark`.

Laws: it gives the rows that DuckDB gives, in the same order; nothing is collected on the driver:
Spark sorts into files, which are read in the order of their names.

Not here: starting a session. Whoever has a cluster knows how to reach it; `material` and the work
folder must lie where the driver and all workers find them under the same path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.bulk import batches_of, translated
from phonotheque.errors import UnavailableError
from phonotheque.publish.planning import expressions
from phonotheque.publish.planning.making import Engine, Material, Ordered
from phonotheque.publish.planning.tables import HELD, KNOWN
from phonotheque.publish.planning.words import Tier, Wish

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def on_spark(session: SparkSession) -> Engine:
    """Return a Spark session as an engine.

    Raises:
        UnavailableError: The extra `spark` is not installed.
    """
    try:
        ibis.pyspark.connect(session)  # Ibis knows the dialect only after that
    except ImportError as error:
        todo = "Install it with `pip install 'phonotheque[spark]'`."
        raise UnavailableError("Spark", "its library is not installed", todo) from error

    @contextmanager
    def engine(material: Material, wish: Wish, work: Path) -> Iterator[Ordered]:
        _view(session, "known", material.known, KNOWN, work)
        _view(session, "held", material.held, HELD, work)
        tiers = session.sql(_sql(expressions.tiers())).cache()
        tiers.createOrReplaceTempView("tiers")
        lowest = Tier.REST if tiers.head(1) else Tier.ALL
        (shared,) = session.sql(_sql(expressions.shared_bytes())).collect()
        sorted_into = work / "sorted"
        rows = session.sql(_sql(expressions.planned(wish, lowest)))
        rows.write.parquet(sorted_into.as_uri())
        parts = sorted(sorted_into.glob("part-*.parquet"))
        with translated(str(sorted_into)):
            most = sum(pq.read_metadata(part).num_rows for part in parts)
        yield Ordered(batches_of(parts), int(shared[0] or 0), most)

    return engine


def _view(
    session: SparkSession, name: str, parts: Sequence[Path], schema: pa.Schema, work: Path
) -> None:
    paths = [part.as_uri() for part in parts]
    if not paths:
        empty = work / f"{name}.parquet"
        with translated(str(empty)):
            pq.write_table(schema.empty_table(), empty)
        paths = [empty.as_uri()]
    session.read.parquet(*paths).createOrReplaceTempView(name)


def _sql(expression: Any) -> str:
    return str(ibis.to_sql(expression, dialect="pyspark"))
