"""Charts: what a query answers is what a hand counts, and anybody can run it again."""

from __future__ import annotations

import csv
import io
import json
import shutil
from contextlib import chdir
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.charts import words
from phonotheque.catalogue.charts.all_charts import CHARTS, charts_named
from phonotheque.catalogue.charts.counting import answers_of, published_query
from phonotheque.catalogue.charts.releases import doubling
from phonotheque.catalogue.charts.top_lists import PLAYED
from phonotheque.catalogue.charts.writing import csv_of
from phonotheque.catalogue.database import Machine
from phonotheque.errors import BadRequestError, MalformedError

MACHINE = Machine(1, 256 << 20)


def asked(snapshot, work, charts=CHARTS, played=()):
    """Answers by name."""
    table = pa.Table.from_pylist(
        [dict(zip(PLAYED.names, row, strict=True)) for row in played], schema=PLAYED
    )
    found = answers_of(charts, snapshot.folder, table, (work, MACHINE), lambda _: None)
    return {one.chart.name: one for one in found}


@pytest.fixture(scope="module")
def snapshot(built_village):
    """Made once, and only read."""
    return built_village


@pytest.fixture(scope="module")
def answers(snapshot, tmp_path_factory):
    return asked(snapshot, tmp_path_factory.mktemp("work"))


BY_HAND = {
    "recordings-by-popularity": [(0, 1), (3, 1), (21, 1), (28, 1), (29, 2), (32, 1), (None, 6)],
    "held-by-popularity": [
        (0, 1, 0, 0, None), (3, 1, 0, 1, None), (21, 1, 0, 80, None), (28, 1, 0, 400, None),
        (29, 2, 0, 999, None), (32, 1, 1, 900, 900), (None, 6, 1, None, None),
    ],
    "lengths": [(119, 1), (120, 2)],
    "very-long": [(0, "below 10 min", 3), (10, "10 to 20 min", 1), (60, "1 to 2 h", 1)],
    "releases-by-year": [(1990, 2, 1), (2001, 1, 0)],
    "tracks-per-release": [(3, 1), (4, 2)],
    "recordings-per-artist": [(4, 1), (9, 1)],
    "recordings-per-isrc": [(1, 1, 1), (2, 1, 1)],
    "releases-per-barcode": [(2, 1)],
    "countries": [("DE", 7, 979), ("FR", 4, 1401), (None, 2, None)],
    "explicit": [(True, 1), (False, 1), (None, 11)],
}  # fmt: skip
"""The village has 13 recordings: linked ones are one, and an ISRC that was told twice is one."""


@pytest.mark.parametrize("name", BY_HAND)
def test_a_chart_counts_as_a_hand_does(answers, name):
    """Rows are those that one counts in the sources, linked recordings being one."""
    assert [tuple(row.values()) for row in answers[name].rows] == BY_HAND[name]


def concentration_of(listens):
    """The chart's answer over recordings with so many listens each."""
    (chart,) = charts_named(["concentration"])
    with duckdb.connect() as db:
        db.register("recording_card", pa.table({"listens": pa.array(listens, pa.int64())}))
        rows = [
            dict(zip(chart.columns, row, strict=True)) for row in db.execute(chart.query).fetchall()
        ]
    return rows, chart.find(rows)


def test_the_most_played_have_what_they_have():
    """A share of recordings has the listens of so many of the most played, parts of one included;
    what nobody counted is none of them."""
    rows, finding = concentration_of([900, 500, *[5] * 148, None])
    shares = {row["share_of_recordings"]: row["share_of_listens"] for row in rows}
    assert shares[1.0] == pytest.approx(1)
    assert shares[0.01] == pytest.approx((900 + 500 / 2) / 2140)
    assert shares[0.5] == pytest.approx((900 + 500 + 73 * 5) / 2140)
    assert finding.title == "The most played 1 % of recordings have 54 % of all weighed listens"


def test_of_few_there_is_no_most_played_hundredth():
    """Below a hundred recordings 1 % is less than one of them, and nothing is drawn."""
    assert concentration_of([5] * 99) == ([], None)
    assert concentration_of([5] * 100)[1] is not None


def test_a_share_of_few_is_a_number(answers):
    """Of fewer than a hundred things nobody is told a per cent, but how many of how many."""
    assert words.share(1, 2, "artist") == "1 of 2 artists"
    assert words.share(0, 99, "artist") == "0 of 99 artists"
    assert words.share(50, 100, "artist") == "50 % of 100 artists"
    title = answers["recordings-per-artist"].finding.title
    assert title.startswith("0 of 2 artists have one recording")


@pytest.mark.parametrize(
    ("counts", "title"),
    [
        ((1, 1), ("1 of 2 recordings whose country is known is from GB, as many from SE; 2 codes "
                 "occur")),
        ((2, 2, 2, 1), ("2 of 7 recordings whose country is known are from GB, as many from SE and "
                       "DK; 4 codes occur")),
        ((60, 40), "60 % of 100 recordings whose country is known are from GB; 2 codes occur"),
        ((1,), "The one recording whose country is known is from GB"),
        ((3,), "All 3 recordings whose country is known are from GB"),
        ((1,) * 6, ("1 of 6 recordings whose country is known is from GB, as many from 5 others; "
                   "6 codes occur")),
    ],
)  # fmt: skip
def test_countries_are_told_with_ties(counts, title):
    """Of few recordings nobody is told a per cent, and the first of several that have as many is
    not told as if it had most."""
    (chart,) = charts_named(["countries"])
    codes = ("GB", "SE", "DK", "NO", "FI", "IS")
    rows = [
        {"country": code, "recordings": count, "listens": None}
        for code, count in zip(codes, counts, strict=False)
    ]
    found = chart.find(rows)
    assert found.title == title
    assert set(found.marked) == {code for code, n in zip(codes, counts, strict=False)
                                 if n == counts[0]}  # fmt: skip


@pytest.mark.parametrize(
    ("shared", "title"),
    [
        (1, "1 of 20 ISRCs stands for several recordings; one stands for 2"),
        (3, "3 of 20 ISRCs stand for several recordings; one stands for 2"),
    ],
)
def test_one_code_stands_and_several_stand(shared, title):
    """The verb is that of the number."""
    (chart,) = charts_named(["recordings-per-isrc"])
    rows = [
        {"recordings": 1, "isrcs": 20 - shared, "one_in": 1},
        {"recordings": 2, "isrcs": shared, "one_in": 1},
    ]
    assert chart.find(rows).title == title


@pytest.mark.parametrize(("count", "verb"), [(1, "1 recording has"), (2, "2 recordings have")])
def test_the_highest_popularity_is_told_in_a_sentence(count, verb):
    """The finding of the chart with steps of ten has a verb."""
    (chart,) = charts_named(["recordings-by-popularity-log"])
    rows = [{"score": 3, "recordings": 9}, {"score": 80, "recordings": count}]
    total = 9 + count
    title = f"{verb} the highest popularity, 80, among {total} whose listens are known"
    assert chart.find(rows).title == title


@pytest.mark.parametrize(
    ("of_2023", "title"),
    [
        (1, "2024 has more releases than any other year: 2, 67 % of all with a year"),
        (2, "No year has more releases than 2024: 2, 50 % of all with a year"),
    ],
)
def test_a_year_that_is_not_alone_is_not_above_all_others(of_2023, title):
    """Where several years have as many releases the finding is true of each of them."""
    (chart,) = charts_named(["releases-by-year"])
    rows = [{"year": 2023, "releases": of_2023}, {"year": 2024, "releases": 2}]
    assert chart.find(rows).title == title


def test_a_title_begins_with_a_capital():
    """A share that is told in words begins its sentence as sentences begin."""
    (chart,) = charts_named(["held-by-popularity"])
    row = {"score": 1, "recordings": 10_000, "held": 1, "listens": 9, "listens_held": 9}
    assert chart.find([row]).title.startswith("Under 0.1 % of all known recordings are held; ")


def test_every_chart_of_which_there_is_data_is_drawn(answers):
    """What the village knows is found; nothing was played at its own door, and of so few recordings
    there is no most played hundredth."""
    absent = {name for name, one in answers.items() if one.finding is None}
    assert absent == {
        "concentration", *(chart.name for chart in CHARTS if "played" in chart.reads)
    }  # fmt: skip


def test_small_counts_are_not_told(answers):
    """Four listeners are left out and five are not; uncounted, 499 listens are, and 500 not."""
    rows = [(row["title"], row["listeners"]) for row in answers["top-recordings"].rows]
    assert rows == [("One", 100), ("Four", None), ("Two", 5)]


def test_what_was_weighed_is_not_called_listens(answers):
    """Every title and axis with the listens of cards says that they are weighed: 18 spins on the
    radio are no 900 listens."""
    for name in ("top-recordings", "top-releases", "top-artists", "listens-by-popularity"):
        chart, finding = answers[name].chart, answers[name].finding
        assert chart.axes.up_title == "weighed listens", name
        assert "weighed listens" in finding.title, name
    (curve,) = charts_named(["concentration"])
    assert curve.axes.up_title == "of weighed listens"


def test_plays_of_few_are_not_told(snapshot, tmp_path):
    """Of what was played here lately only that is told which five people heard; a release and an
    artist count for as many as their most heard recording."""
    played = [(7, 4, 9, 5), (7, 8, 900, 4), (30, 4, 9, 5), (30, 8, 1000, 6)]
    found = asked(snapshot, tmp_path, played=played)

    def told(name):
        return [(row["title"], row["plays"], row["listeners"]) for row in found[name].rows]

    assert told("top-recordings-7-days") == [("Four", 9, 5)]
    assert told("top-recordings-30-days") == [("Five", 1000, 6), ("Four", 9, 5)]
    assert told("top-artists-30-days") == [("The Tide", 1009, 6)]
    assert told("top-releases-7-days") == [("B", 9, 5)]
    assert found["top-recordings-365-days"].finding is None


def test_what_was_played_most_lately(snapshot, tmp_path):
    """By plays another is first than by listeners; each list is drawn by what it is ordered by, and
    what fewer than five people heard is on neither."""
    played = [(7, 4, 9, 6), (7, 3, 40, 5), (7, 8, 900, 4)]
    found = asked(snapshot, tmp_path, played=played)

    def told(name):
        return [(row["title"], row["plays"], row["listeners"]) for row in found[name].rows]

    by_listeners, by_plays = "top-recordings-7-days", "top-recordings-7-days-by-plays"
    assert told(by_plays) == told(by_listeners)[::-1]
    assert [plays for _, plays, _ in told(by_plays)] == [40, 9]
    assert (found[by_listeners].chart.axes.up, found[by_plays].chart.axes.up) == (
        *("listeners",),
        "plays",
    )
    assert found[by_plays].finding.title.endswith("40 plays in the last 7 days, by 5 listeners")
    shown = found[by_plays].finding.shown
    assert [row["beside"] for row in shown] == ["40 plays, 5 listeners", "9 plays, 6 listeners"]
    shown = found[by_listeners].finding.shown
    assert [row["beside"] for row in shown] == ["6 listeners, 9 plays", "5 listeners, 40 plays"]
    assert [row["plays"] for row in found["top-artists-7-days-by-plays"].rows] == [909, 40]


def test_a_published_query_gives_the_published_rows(snapshot, answers):
    """Whoever runs the SQL beside a chart in the snapshot's folder gets the CSV beside it."""
    for name, answer in answers.items():
        if answer.finding is None:
            continue
        text = published_query(answer.chart, snapshot.folder, ["a comment"])
        with chdir(snapshot.folder), duckdb.connect() as db:
            rows = db.execute(text).fetchall()
        named = [dict(zip(answer.chart.columns, row, strict=True)) for row in rows]
        assert csv_of(list(answer.chart.columns), named) == csv_of(
            list(answer.chart.columns), answer.rows
        ), name


def test_columns_are_those_of_the_query(snapshot, answers):
    """Each column that is explained is one of the query, in its order, and no other is there."""
    with duckdb.connect() as db:
        for name, answer in answers.items():
            if "played" in answer.chart.reads:
                continue
            text = published_query(answer.chart, snapshot.folder, [])
            with chdir(snapshot.folder):
                found = [column[0] for column in db.execute(text).description]
            assert found == list(answer.chart.columns), name


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x0b", "\x85", "\u2028", "\0"])
def test_text_of_a_catalogue_stays_a_comment(snapshot, end):
    """Whatever ends a line in a title, the file has no line that was not written here: DuckDB's own
    program would take one that begins with a dot for a command."""
    (chart,) = charts_named(["licences"])
    plain = published_query(chart, snapshot.folder, ["a title .shell echo 1 --"])
    hostile = published_query(chart, snapshot.folder, [f"a title{end}.shell echo 1{end}--"])
    assert hostile == plain


def test_an_empty_catalogue_draws_nothing_and_says_why(built_of_nothing, tmp_path):
    """Every chart of nothing has a reason in words."""
    found = asked(built_of_nothing, tmp_path / "work")
    assert all(one.finding is None and one.chart.lacking.endswith(".") for one in found.values())


def test_a_query_of_a_table_without_rows_can_be_run(built_of_nothing):
    """A snapshot that lacks a table has the query all the same, and it gives no rows."""
    snapshot = built_of_nothing
    (chart,) = charts_named(["recordings-per-isrc"])
    text = published_query(chart, snapshot.folder, [])
    with chdir(snapshot.folder), duckdb.connect() as db:
        assert db.execute(text).fetchall() == []


def test_a_damaged_part_is_named(snapshot, tmp_path):
    """What is no Parquet is told as damage, with what to do."""
    shutil.copytree(snapshot.folder, tmp_path / "damaged")
    snapshot = replace(snapshot, folder=tmp_path / "damaged")
    next(snapshot.cards("recording").glob("*.parquet")).write_bytes(b"PAR1 no more")
    with pytest.raises(MalformedError, match="phono catalogue build"):
        asked(snapshot, tmp_path / "work", charts_named(["lengths"]))


def test_a_chart_that_does_not_exist_is_refused():
    """A name that is none is told with those there are; no name means all."""
    assert charts_named([]) == CHARTS
    assert [one.name for one in charts_named(["genres", "lengths"])] == ["lengths", "genres"]
    with pytest.raises(BadRequestError, match="concentration"):
        charts_named(["pie"])


def test_peaks_are_found_where_they_stand(snapshot, tmp_path):
    """A whole minute with more recordings than the seconds around it is a peak, others are not."""
    (chart,) = charts_named(["lengths"])
    rows = [
        {"seconds": one, "recordings": 300 if one in (120, 240) else 100} for one in range(30, 400)
    ]
    found = chart.find(rows)
    assert found.marked == (120, 240)
    assert found.title.endswith("with peaks at 2:00 and 4:00")
    assert chart.find(rows[:20]).marked == (39,)


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_only_all_is_a_hundred_per_cent(part, whole):
    """A part that is not the whole is not called 100 %, and one that is something is not 0 %."""
    part = min(part, whole)
    said = words.percent(part, whole)
    assert (said == "100 %") == (part == whole)
    assert (said == "0 %") == (part == 0)


@given(st.dictionaries(st.integers(1, 10**6), st.integers(1, 10**6)))
def test_ranges_that_double_lose_nothing(counts):
    """Added up in ranges, each number is in exactly one of them."""
    rows = [{"n": n, "count": count} for n, count in counts.items()]
    assert sum(row["count"] for row in doubling(rows, "n", "count")) == sum(counts.values())


def test_csv_is_read_back(answers):
    """Commas, quotes and markup in a title come out as they were; no formula runs anywhere."""
    rows = [
        {"title": 'a,"b"\n<i>', "n": None},
        {"title": "c", "n": True},
        {"title": "=1+1", "n": -1},
    ]
    text = csv_of(["title", "n"], rows).decode()
    assert list(csv.reader(io.StringIO(text))) == [
        ["title", "n"],
        ['a,"b"\n<i>', ""],
        ["c", "true"],
        ["'=1+1", "-1"],
    ]
    assert json.dumps(rows)
