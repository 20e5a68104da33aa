"""Which rows of a source are entities, and the order in which new ones are numbered."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.catalogue.build import numbering
from phonotheque.catalogue.epoch import Ids
from phonotheque.catalogue.tables import imported_schema

ROWS = st.lists(
    st.tuples(st.integers(-3, 12), st.none() | st.integers(0, 6)), min_size=1, max_size=25
)


def write(folder, table, columns, cut):
    folder = folder / table
    folder.mkdir(parents=True)
    schema = imported_schema(table)
    count = len(next(iter(columns.values())))
    whole = pa.table(
        [pa.array(columns.get(f.name, [None] * count), f.type) for f in schema], schema=schema
    )
    pq.write_table(whole.slice(0, cut), folder / "part-00001.parquet")
    pq.write_table(whole.slice(cut), folder / "part-00002.parquet")
    return folder


@given(ROWS, st.integers(0, 25), st.sampled_from([2, 100]))
@settings(max_examples=60)
def test_first_rows_stay(tmp_path_factory, rows, cut, chunk):
    """Keys come sorted, once each, but for those whose MBID an earlier row has."""
    tmp = tmp_path_factory.mktemp("n")
    mbids = [None if n is None else bytes([n]) * 16 for _, n in rows]
    folder = write(tmp, "artist", {"key": [key for key, _ in rows], "mbid": mbids}, cut)
    (tmp / "work").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbering, "_CHUNK", chunk)
        keys = numbering.read_keys(folder, tmp / "work")
    first = {}
    refused = {
        key
        for (key, _), m in zip(rows, mbids, strict=True)
        if m and first.setdefault(m, key) != key
    }
    every = [key for key, _ in rows]
    assert keys.refused.tolist() == sorted(refused)
    assert keys.repeated.tolist() == sorted({key for key in every if every.count(key) > 1})
    assert keys.known.tolist() == sorted(set(every) - refused)
    fresh = numbering.new_in_order(keys, Ids(), tmp / "new")
    assert fresh.tolist() == keys.known.tolist()


def test_albums_stay_together(tmp_path):
    """New recordings are numbered by release, medium and position; those on none follow."""
    tracks = {
        "release": [2, 2, 1, 1, 1, 2],
        "medium_position": [1, 1, 2, 1, None, 1],
        "position": [2, 1, 1, 5, 4, 3],
        "recording": [30, 10, 40, 20, 50, 10],
    }
    folder = write(tmp_path, "track", tracks, 6)
    new = np.array([5, 10, 20, 30, 40, 50, 60])
    places = numbering.album_order(new, folder, tmp_path / "places")
    assert [int(new[i]) for i in np.argsort(places)] == [50, 20, 40, 10, 30, 5, 60]


def test_no_rows_no_keys(tmp_path):
    """A table that a source does not have has no keys."""
    keys = numbering.read_keys(tmp_path / "label", tmp_path)
    assert len(keys.known) == len(keys.repeated) == len(keys.refused) == 0
