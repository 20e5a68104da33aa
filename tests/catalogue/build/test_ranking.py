"""Cards in order of rank."""

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.catalogue import cards, ranking
from phonotheque.catalogue.bulk import parts_in


def some_cards(ids, listens):
    rows = {
        "id": pa.array(ids, pa.int64()),
        "title": pa.array([f"title {one}" for one in ids]),
        "country": pa.array(["DE", "FR", None][one % 3] for one in ids).dictionary_encode(),
        "genres": pa.array([[f"genre {one % 5}"] for one in ids], pa.list_(pa.string())),
        "listens": pa.array(listens, pa.int64()),
    }
    columns = []
    for field in list(cards.SCHEMA)[1:]:
        given = rows.get(field.name, pa.nulls(len(ids), pa.null()))
        columns.append(pa.array(given.to_pylist(), field.type))
    return pa.table(columns, schema=pa.schema(list(cards.SCHEMA)[1:]))


def write_parts(folder, chunks):
    folder.mkdir()
    parts = []
    for number, (ids, listens) in enumerate(chunks):
        parts.append(folder / f"cards-{number}.parquet")
        pq.write_table(some_cards(ids, listens), parts[-1])
    return parts


def expected(chunks):
    rows = [row for ids, listens in chunks for row in zip(ids, listens, strict=True)]
    return [i for i, n in sorted(rows, key=lambda r: (r[1] is None, -(r[1] or 0), r[0]))]


def read(out):
    return pa.concat_tables([pq.read_table(part) for part in parts_in(out)])


@st.composite
def many_chunks(draw):
    ids = draw(st.lists(st.integers(0, 2**40), unique=True, min_size=1, max_size=60))
    ids = sorted(ids) if draw(st.booleans()) else ids
    counts = st.one_of(st.none(), st.integers(0, 5), st.integers(0, 2**62))
    listens = [draw(counts) for _ in ids]
    cuts = sorted(draw(st.lists(st.integers(0, len(ids)), max_size=3)))
    edges = [0, *cuts, len(ids)]
    return [(ids[a:b], listens[a:b]) for a, b in itertools.pairwise(edges)]


@given(many_chunks(), st.sampled_from([7, 60]))
@settings(max_examples=40)
def test_order_is_total_and_ranks_have_no_gaps(tmp_path_factory, chunks, rows_in_part):
    """By listens falling, unknown last, then id; in whatever order they come, in any ranges."""
    tmp = tmp_path_factory.mktemp("r")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "ROWS_IN_PART", rows_in_part)
        count = ranking.rank_cards(
            write_parts(tmp / "in", chunks), tmp / "out", rows_in_memory=rows_in_part
        )
    rows = read(tmp / "out")
    assert rows.schema.equals(cards.SCHEMA)
    assert rows["id"].to_pylist() == expected(chunks)
    assert rows["rank"].to_pylist() == list(range(1, count + 1))
    assert all(r["title"] == f"title {r['id']}" for r in rows.to_pylist())
    assert not (tmp / "out.part").exists()


@pytest.mark.parametrize("is_consuming", [False, True])
@pytest.mark.parametrize("stop_at", range(9))
def test_what_was_stopped_goes_on(tmp_path, monkeypatch, stop_at, is_consuming):
    """Stopped at any step, also with its input half consumed, it ends with the same rows."""
    monkeypatch.setattr(ranking, "ROWS_IN_PART", 10)
    chunks = [
        (list(range(k * 13, k * 13 + 13)), [(7 * i) % 11 for i in range(13)]) for k in range(3)
    ]
    parts = write_parts(tmp_path / "in", chunks)
    calls = 0

    class StoppedError(Exception):
        pass

    def stop(_):
        nonlocal calls
        calls += 1
        if calls == stop_at + 1:
            raise StoppedError

    run = {"rows_in_memory": 10, "is_consuming": is_consuming}
    if stop_at < 8:  # 1 ranking, 3 parts, 4 ranges
        with pytest.raises(StoppedError):
            ranking.rank_cards(parts, tmp_path / "out", on_progress=stop, **run)
        assert not (tmp_path / "out").exists()
    left = [part for part in parts if part.exists()]
    assert ranking.rank_cards(left, tmp_path / "out", **run) == 39
    assert read(tmp_path / "out")["id"].to_pylist() == expected(chunks)
    assert any(part.exists() for part in parts) != is_consuming


def test_another_input_begins_anew(tmp_path, monkeypatch):
    """What an earlier run left for other cards is thrown away."""
    monkeypatch.setattr(ranking, "ROWS_IN_PART", 10)

    def stop(share):
        if share > 0.3:
            raise RuntimeError

    first = write_parts(tmp_path / "a", [(list(range(30)), [1] * 30)])
    with pytest.raises(RuntimeError):
        ranking.rank_cards(first, tmp_path / "out", rows_in_memory=10, on_progress=stop)
    (tmp_path / "b").mkdir()
    other = tmp_path / "b" / "other.parquet"
    pq.write_table(some_cards([5, 6], [None, 3]), other)
    assert ranking.rank_cards([other], tmp_path / "out", rows_in_memory=10) == 2
    assert read(tmp_path / "out")["id"].to_pylist() == [6, 5]


def test_nothing_is_ranked_too(tmp_path):
    """No cards give an empty folder."""
    assert ranking.rank_cards([], tmp_path / "out") == 0
    assert parts_in(tmp_path / "out") == []


def test_places_need_little_memory_where_ids_rise(tmp_path):
    """Ids are not held when they rise from row to row over all parts."""
    parts = write_parts(tmp_path / "in", [([1, 2], [3, 4]), ([5, 9], [None, 4])])
    assert ranking._heard_and_ids(parts, 4)[1] is None
    assert ranking.places_of(parts, 4).tolist() == [2, 0, 3, 1]
    assert np.array_equal(ranking.places_of(parts[::-1], 4), [3, 1, 2, 0])
