"""Cards and census made on Spark: the rows that DuckDB makes, on two workers that are processes."""

import shutil
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalogue.build.drawn import draw_snapshot
from phonotheque.catalogue import census
from phonotheque.catalogue.build.card_making import make_cards, unranked
from phonotheque.catalogue.build.census_making import make_census
from phonotheque.catalogue.build.engines import on_one_machine
from phonotheque.catalogue.bulk import ROWS_IN_PART, parts_in
from phonotheque.catalogue.database import Machine
from phonotheque.errors import UnavailableError

pytest.importorskip("pyspark", reason="the extra spark is not installed")

MADE = (
    "prepared_artist", "prepared_credit", "prepared_release",
    "recording_card", "release_card", "artist_card", "label_card",
)  # fmt: skip


@pytest.fixture(scope="module")
def session():
    """A cluster in this machine; skipped where there is no Java."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not on this machine")
    from phonotheque.catalogue.build.spark import session_at

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        with session_at("local-cluster[2,1,1024]") as session:
            for name, value in {  # so little is quicker read than compiled
                "spark.sql.shuffle.partitions": "2",
                "spark.sql.adaptive.enabled": "false",
                "spark.sql.codegen.wholeStage": "false",
                "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            }.items():
                session.conf.set(name, value)
            yield session


@pytest.mark.torture
def test_spark_makes_the_rows_that_duckdb_makes(session, tmp_path):
    """Odd rows, links and corrections: every part is equal, row by row, wherever the folder is."""
    from phonotheque.catalogue.build.spark import on_spark

    root = tmp_path / "What? [1] *{a,b} 100% of it"
    draw_snapshot(root, seed=7)
    for work in ("here", "there"):
        (root / work).mkdir()
    make_cards(root, root / "here", Machine(), lambda _: None)
    make_cards(root, root / "there", Machine(), lambda _: None, on_spark(session))
    for work, opens in (("here", on_one_machine), ("there", on_spark(session))):
        cards, out = partial(unranked, root / work), root / work / census.FOLDER
        make_census(root, cards, out, (root / work, Machine()), lambda _: None, opens)
    for name in (*MADE, census.FOLDER):
        here, there = (parts_in(root / work / name) for work in ("here", "there"))
        assert [part.name for part in here] == [part.name for part in there]
        assert all(map(_equal, here, there)), name
        assert sum(pq.read_metadata(part).num_rows for part in here) > 20, name
    assert not (root / "there/on-spark").exists()


class _Elsewhere:
    """A cluster that writes where this process does not look."""

    def __init__(self):
        self.places = []

    def sql(self, query, dialect):
        return query

    def to_parquet(self, rows, place):
        self.places.append(place)


def test_rows_that_the_workers_wrote_elsewhere_are_missed(tmp_path):
    """They are written to the disk, whatever file system a cluster takes for its own; what is not
    there afterwards stops the build, and is not taken for no rows."""
    from phonotheque.catalogue.build.spark import _Spark

    connection = _Elsewhere()
    with pytest.raises(UnavailableError, match="the same path"):
        _Spark(None, connection, tmp_path).keep("kept", "SELECT 1")
    assert connection.places == [f"file://{tmp_path}/kept"]


def _equal(one, other):
    return pq.read_table(one).equals(pq.read_table(other))


def test_sorted_rows_are_cut_where_ranges_end():
    """Each range has its own rows, some none; those of a range that nobody asks for are left."""
    from phonotheque.catalogue.build.spark import _cut

    schema = pa.schema([("id", pa.int64())])
    million = ROWS_IN_PART
    ids = [0, 5, million - 1, million, 3 * million, 3 * million + 1, 4 * million]
    for size in (1, 2, 3, 7):
        rows = pa.table({"id": ids}).to_batches(max_chunksize=size)
        found = _cut(rows, [0, 2 * million, 3 * million], schema)
        assert [table["id"].to_pylist() for table in found] == [
            [0, 5, million - 1], [], [3 * million, 3 * million + 1],
        ]  # fmt: skip
    assert [table.num_rows for table in _cut([], [0, million], schema)] == [0, 0]
