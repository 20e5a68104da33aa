"""When something was played: instants as exports write them become days, and nothing else does."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.match.entry import Plays
from phonotheque.catalogue.match.reading.columns import columns_of, said_in_row
from phonotheque.catalogue.match.reading.times import (
    day_if_instant,
    day_of_instant,
    day_of_second,
    day_of_text,
)

DAY = date(2021, 3, 4)


@pytest.mark.parametrize(
    "text",
    [
        *("1614853230", "1614853230.5", "1614853230000", " 1614853230 "),
        *(
            "2021-03-04T10:20:30Z",
            "2021-03-04T10:20:30.123Z",
            "2021-03-04 10:20",
            "2021-03-04T10:20",
        ),
        *("2021-03-04 10:20:30 UTC", "2021-03-05T01:00:00+02:00", "4 Mar 2021, 10:20"),
        *("04 Mar 2021 10:20", "4 March 2021 10:20"),
        *("2021-03-04 00:00", "2021-03-04T00:00:01Z", "2021-03-04T00:00:00.010Z"),
        *("2021-03-04T00:00:00Z", "2021-03-04T00:00:00.000Z", "2021-03-04 00:00:00 UTC"),
        *("2021-03-04T00:00:00+00:00", "2021-03-05T00:00:00+02:00"),
    ],
)
def test_instants_become_days_in_utc(text):
    """Seconds, milliseconds, ISO 8601 and Last.fm's words are the day that it was in UTC."""
    assert day_of_instant(text) == day_if_instant(text) == day_of_text(text) == DAY


@pytest.mark.parametrize(
    "text",
    ["", "2021", "0", "12345", "2021-03-04", "2021-13-04T10:20Z", "2021-02-30 10:20",
     "4 Mrz 2021 1:20", "1/2/2021 10:20", "1e9", "-1614853230",
     "9999-12-31T23:59:59-23:00", "99999999999999999",
     "0000-01-01T00:00Z", "20190301", "225000", "99999999"],
)  # fmt: skip
def test_what_is_no_instant_is_none(text):
    """A date of a release, a year, an order of day and month that is not told: none is a play."""
    assert day_of_instant(text) is None
    assert day_if_instant(text) is None


@pytest.mark.parametrize(
    "text", ["2021-03-04 00:00:00", "2021-03-04T00:00:00", "2021-03-04 00:00:00.000"]
)
def test_midnight_without_a_zone_is_an_instant_where_none_but_instants_stand(text):
    """So spreadsheets write a day: where a day may stand, it is one, and elsewhere a play."""
    assert day_of_instant(text) == day_of_text(text) == DAY
    assert day_if_instant(text) is None


def test_a_day_is_read_where_one_is_meant():
    """Where a column is that of a first or last play, a day is enough."""
    assert day_of_text("2021-03-04") == day_of_text("2021-03-04 00:00:00") == DAY
    assert day_of_text("1970-01-01") is None


@given(st.text(max_size=30) | st.floats().map(str) | st.integers().map(str))
def test_no_text_breaks_it(text):
    """Whatever stands in a column, it is a day or none."""
    assert day_of_text(text) is None or isinstance(day_of_text(text), date)


@given(st.floats() | st.integers() | st.integers(1, 4_000).map(lambda size: 10**size))
def test_no_number_breaks_it(seconds):
    """Any number is a day or none."""
    assert day_of_second(seconds) is None or day_of_second(seconds) > date(1970, 1, 1)


@pytest.mark.parametrize(
    ("header", "row", "plays"),
    [
        (["title", "uts"], ["A", "1614853230"], Plays(1, DAY, DAY)),
        (["title", "uts"], ["A", ""], None),
        (["title", "utc_time", "uts"], ["A", "?", "1614853230"], Plays(1, DAY, DAY)),
        (["title", "Play Count", "Last Played"], ["A", "7", "2021-03-04"], Plays(7, None, DAY)),
        (["title", "plays"], ["A", "1234567"], None),
        (["title", "plays"], ["A", "many"], None),
        (["title", "plays", "ts"], ["A", "", "1614853230"], Plays(1, DAY, DAY)),
        (["title", "ms_played"], ["A", "29999"], Plays(0)),
        (["title", "ms_played", "ts"], ["A", "30000", "1614853230"], Plays(1, DAY, DAY)),
        (["title", "date"], ["A", "2021-03-04"], None),
        (["title", "date"], ["A", "2019-03-01 00:00:00"], None),
        (["title", "date"], ["A", "2021-03-04T00:00:00Z"], Plays(1, DAY, DAY)),
        (["title", "ts"], ["A", "2021-03-04T00:00:00Z"], Plays(1, DAY, DAY)),
        (["title", "played_at"], ["A", "2021-03-04 00:00:00"], Plays(1, DAY, DAY)),
        (["title", "played_at"], ["A", "2021-03-04"], None),
        (["title", "date"], ["A", "20190301"], None),
        (["title", "time"], ["A", "225000"], None),
        (["title", "plays", "last played"], ["A", "7", "2021-03-04 00:00:00"], Plays(7, None, DAY)),
    ],
)
def test_what_a_row_says_of_plays(header, row, plays):
    """A row is a play, a count of plays, or no part of a history."""
    assert said_in_row(columns_of(header), header, row).plays == plays
