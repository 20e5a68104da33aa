"""The gid of a row: made in Python, SQL and Arrow, and everywhere the same."""

import duckdb
import pyarrow as pa
import pytest

from phonotheque.catalogue.dump.json_keys import macros
from phonotheque.catalogue.gid_rows import ids_of_made_gids
from phonotheque.catalogue.gids import gid_of, gid_of_row
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.id_rows import _entities

MBID = bytes(range(16))


@pytest.mark.parametrize("source_id", [None, "", "5", "Ü/1"])
@pytest.mark.parametrize("mbid", [None, MBID])
def test_every_way_to_a_gid_is_one(source_id, mbid):
    """A row without an identifier in text is named by its key, and an empty text is a text: for
    pages, builds, serving files and the JSON of dumps alike."""
    gid = gid_of_row("plain", "recording", 5, source_id, mbid)
    own = "5" if source_id is None else source_id
    assert gid == gid_of("plain", "recording", own, mbid)
    with duckdb.connect() as db:
        db.execute("CREATE TABLE sources AS SELECT 1 AS id, 'plain' AS name")
        columns = "id BIGINT, source INTEGER, key BIGINT, source_id VARCHAR, mbid BLOB"
        db.execute(f"CREATE TABLE recording ({columns})")
        db.execute("INSERT INTO recording VALUES (7, 1, 5, ?, ?)", [source_id, mbid])
        found = ids_of_made_gids(db, "recording", {gid}, "plain")
        assert found == ({} if mbid else {gid: 7})
        for statement in macros("plain"):
            db.execute(statement)
        query = "SELECT gid('recording', mbid, source_id, key) FROM recording"
        assert db.execute(query).fetchone() == (str(gid),)
    rows = pa.table(
        {
            "id": pa.array([7], pa.int64()),
            "source": pa.array([1], pa.int32()),
            "key": pa.array([5], pa.int64()),
            "source_id": pa.array([source_id], pa.string()),
            "mbid": pa.array([mbid], pa.binary(16)),
        }
    )
    (made,) = _entities(rows, Kind.RECORDING, {1: "plain"}).gids
    assert bytes(made) == gid.bytes
