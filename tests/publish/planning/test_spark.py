"""The same expressions on Spark."""

import random
import shutil

import pytest
from tests.publish.planning.shelves import MACHINE, Shelves, copy, songs

from phonotheque.publish.planning.making import make_plan, on_one_machine
from phonotheque.publish.planning.tables import UNCATALOGUED
from phonotheque.publish.planning.words import Order, Status, Tier, Wish

pytest.importorskip("pyspark", reason="the extra spark is not installed")


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Spark in this machine, with one thread; skipped where there is no Java."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not on this machine")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


def some_shelves():
    """Rows enough that every kind of status and tier occurs."""
    rng = random.Random(11)
    listens = sorted((int(1000 / (n + 1)) for n in range(200)), reverse=True)
    known = songs(*listens, *[None] * 50)
    alone = [s for s in Status if s.number in (0, 1, 5, 6, 7, 8)]
    held = [
        copy(
            object_,
            rng.choice([rng.randrange(1, 251), UNCATALOGUED + rng.randrange(1, 9)]),
            rng.choice(alone),
            size_bytes=rng.randrange(1, 99),
            quality=rng.randrange(4),
            is_decaying=rng.random() < 0.2,
            seeders=rng.choice([None, 0, 5]),
            elsewhere=rng.randrange(3),
        )
        for object_ in range(1, 200)
    ]
    return Shelves(known, held)


@pytest.mark.torture
@pytest.mark.parametrize("order", Order)
def test_spark_gives_the_bytes_that_duckdb_gives(session, tmp_path, order):
    """One text of the rules, two engines, one plan: equal to the last byte."""
    from phonotheque.publish.planning.spark import on_spark

    wish = Wish(order, frozenset({Tier.T50, Tier.T90, Tier.REST}), 3_000)
    material = some_shelves().material(tmp_path / "tables")
    one = make_plan(material, wish, tmp_path / "one", on_one_machine(MACHINE), lambda _: None)
    other = make_plan(material, wish, tmp_path / "other", on_spark(session), lambda _: None)
    assert one == other
    assert one.rows > 300
