"""What the tables say of entities: SQL that says the same as the pure rules."""

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.catalogue.build.card_making import is_free, with_scores
from phonotheque.catalogue.build.cards_sql import country, year
from phonotheque.catalogue.build.subjects import _WORTH, Subjects
from phonotheque.catalogue.cards import SCHEMA
from phonotheque.music.popularity import MOST_LISTENS, Count, score_of, worth

NUMBERS = st.none() | st.integers(-2, 300) | st.integers(0, 2 * MOST_LISTENS)
COUNTS = st.builds(
    Count,
    st.sampled_from(["listens", "plays", "radio plays", "rating"]),
    NUMBERS,
    NUMBERS,
    st.none() | st.floats(-1, 2) | st.just(float("nan")),
)
DB = duckdb.connect()


@given(st.lists(COUNTS, min_size=1, max_size=30))
@settings(max_examples=60)
def test_what_a_count_is_worth(counts):
    """DuckDB finds the worth that `music.popularity.worth` finds, null where it is unknown."""
    DB.register(
        "counted",
        pa.table(
            {
                "place": list(range(len(counts))),
                "measure": [one.measure for one in counts],
                "total_listen_count": pa.array([one.listens for one in counts], pa.int64()),
                "total_user_count": pa.array([one.users for one in counts], pa.int64()),
                "rating": pa.array([one.rating for one in counts], pa.float64()),
            }
        ),
    )
    found = DB.execute(f"SELECT {_WORTH} FROM counted ORDER BY place").fetchall()
    assert [row[0] for row in found] == [worth(one) for one in counts]


@given(st.lists(st.none() | st.integers(0, 10**18), max_size=20))
def test_scores_of_columns(listens):
    """A column of scores is what `score_of` says of each."""
    fields = [f for f in list(SCHEMA)[1:] if f.name != "score"]
    arrays = [
        pa.array(listens, f.type) if f.name == "listens" else pa.nulls(len(listens), f.type)
        for f in fields
    ]
    scored = with_scores(pa.table(arrays, schema=pa.schema(fields)))
    assert scored["score"].to_pylist() == [score_of(one) for one in listens]


def test_years_and_countries():
    """Only years and codes of countries come out; anything else is unknown."""
    texts = ["1999-02", "2001", "", "abcd", None]
    DB.register("texts", pa.table({"t": pa.array(texts, pa.string())}))
    assert [r[0] for r in DB.execute(f"SELECT {year('t')} FROM texts").fetchall()] == [
        1999, 2001, None, None, None,
    ]  # fmt: skip
    areas = ["DE", "XW", "Berlin", "de", None]
    DB.register("areas", pa.table({"t": pa.array(areas, pa.string())}))
    assert [r[0] for r in DB.execute(f"SELECT {country('t')} FROM areas").fetchall()] == [
        "DE", None, None, None, None,
    ]  # fmt: skip


def test_counts_of_all_time_stand_for_their_source():
    """All time before years before months; sources and measures add up."""
    rows = [
        ("a", "listens", "all", 10), ("a", "listens", "2023", 99), ("b", "listens", "2023", 3),
        ("b", "listens", "2024", 4), ("b", "listens", "2024-01", 50), ("c", "plays", "2024-01", 1),
        ("c", "plays", "2024-02", 1), ("c", "listens", None, 5),
    ]  # fmt: skip
    DB.register(
        "popularity",
        pa.table(
            {
                "entity_type": ["recording"] * len(rows),
                "entity": [7] * len(rows),
                "source": [row[0] for row in rows],
                "measure": [row[1] for row in rows],
                "period": [row[2] for row in rows],
                "total_listen_count": [row[3] for row in rows],
                "total_user_count": pa.nulls(len(rows), pa.int64()),
                "rating": pa.nulls(len(rows), pa.float64()),
            }
        ),
    )
    query = Subjects("recording", is_linked=False).heard()
    query = query.replace("$low", "0").replace("$high", "9")
    assert DB.execute(f"SELECT * FROM {query}").fetchall() == [(7, 10 + 7 + 2 + 5)]


def test_which_licences_are_free():
    """Free is what lets everybody copy unchanged, whatever else it forbids."""
    at = "https://creativecommons.org"
    assert is_free(f"{at}/licenses/by-nc-nd/4.0/")
    assert is_free(f"{at}/publicdomain/zero/1.0/")
    assert not is_free("https://rightsstatements.org/vocab/InC/1.0/")
    assert not is_free("nobody knows")
