"""`health.json` and its history: one observer's word, with name and time."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import MalformedError
from phonotheque.publish.health.history import (
    Observed,
    by_day,
    encode_line,
    format_csv,
    observed,
)
from phonotheque.publish.health.report import (
    Count,
    Health,
    Level,
    decode,
    encode,
    held_to,
    highest,
    level_of,
)
from publish.pages.sites import line, site

counts = st.builds(
    Count,
    seeders=st.integers(0, 10**6),
    leechers=st.integers(0, 10**6),
    at=st.just("2026-11-21T18:05:00Z"),
    by=st.sampled_from([("dht",), ("tracker",), ("dht", "tracker")]),
)


@pytest.mark.parametrize(
    ("seeders", "level"),
    [
        (None, Level.UNKNOWN),
        (0, Level.AT_RISK),
        (3, Level.AT_RISK),
        (4, Level.WATCH),
        (10, Level.WATCH),
        (11, Level.SAFE),
        (10**9, Level.SAFE),
    ],
)
def test_levels_begin_where_they_are_said_to(seeders, level):
    """Fewer than 4 is at risk, 4 to 10 watch, more than 10 safe; not counted is none of these."""
    assert level_of(seeders) is level


@given(st.dictionaries(st.text(max_size=20), counts, max_size=5), st.text(max_size=20))
def test_what_was_written_is_read_back(torrents, observer):
    """The file gives back the very count, whatever its names are, and is plain JSON."""
    health = Health(1, observer, "2026-11-21T18:05:00Z", torrents)
    data = encode(health)
    assert decode(data) == health
    assert set(json.loads(data)["torrents"]) == set(torrents)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"schema":1,"observer":"x","observed_at":"","torrents":{"a":{"seeders":"many"}}}',
        b'{"schema":9,"observer":"x","observed_at":"","torrents":{}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_count_is_refused(data):
    """Anything else is refused by name, also what is nested without end."""
    with pytest.raises(MalformedError, match="health"):
        decode(data)


@pytest.mark.parametrize("bit", [1, 4, 0x80])
def test_a_damaged_count_is_told_or_read(bit):
    """Whatever a flipped bit makes of it, no error of a library gets out; the journal gives the
    days that are left, each a day."""
    health = Health(1, "weir", "2026-11-21T18:05:00Z", {"a": Count(3, 1, "2026-11-21T18:05:00Z")})
    data = encode(health)
    line_of = encode_line(observed(health, [line(1)]))
    for place in range(len(data)):
        with suppress(MalformedError):
            decode(flipped(data, place, bit))
    for place in range(len(line_of)):
        assert all(date.fromisoformat(day.at[:10]) for day in by_day(flipped(line_of, place, bit)))


def flipped(data, place, bit):
    return data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


@given(st.lists(counts, min_size=1, max_size=5))
def test_sources_are_never_added_up(told):
    """Two sources see the same people: together they say the highest of each."""
    together = highest(told)
    assert together.seeders == max(one.seeders for one in told)
    assert together.leechers == max(one.leechers for one in told)
    assert set(together.by) == {source for one in told for source in one.by}
    assert highest([]) is None


def test_a_count_is_held_within_what_can_be():
    """Nobody's number is below none or above ten million."""
    assert (held_to(-1), held_to(7), held_to(2**62)) == (0, 7, 10_000_000)


def test_an_observation_sums_what_is_offered():
    """Levels add up to all that is offered, in number and bytes; the rest is not counted."""
    one = site()
    summed = observed(one.health, one.lines)
    assert sum(summed.torrents.values()) == len(one.offered)
    assert sum(summed.bytes.values()) == sum(x.size_bytes for x in one.offered)
    assert all(summed.torrents[level] for level in Level)


def test_the_journal_keeps_the_last_count_of_a_day():
    """Of several on one day the last counts; a line cut by a crash is passed over."""
    lines = [line(1)]
    days = ["2026-01-02T01:00:00Z", "2026-01-01T09:00:00Z", "2026-01-02T23:00:00Z"]
    all_of = [observed(Health(1, "x", day, {}), lines) for day in days]
    journal = b"".join(map(encode_line, all_of))
    torn = journal + encode_line(all_of[0])[:-9]
    assert by_day(torn) == by_day(journal) == [all_of[1], all_of[2]]


def test_the_history_is_a_table_for_everybody():
    """One row a day, each level by number and bytes."""
    day = Observed("2026-01-02T01:00:00Z", "x", {Level.SAFE: 2}, {Level.SAFE: 9, Level.WATCH: 1})
    head, row = format_csv([day]).decode().splitlines()
    said = dict(zip(head.split(","), row.split(","), strict=True))
    assert said["day"] == "2026-01-02"
    assert (said["torrents safe"], said["bytes safe"], said["bytes watch"]) == ("2", "9", "1")
    assert said["torrents at risk"] == "0"
