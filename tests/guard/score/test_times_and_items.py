"""Instants and items, however logs write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import BadRequestError
from phonotheque.guard.score.items import NO_ITEM, counter_of, item_rule, number_of
from phonotheque.guard.score.times import NO_INSTANT, second_of, seconds_of

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001


@given(MOMENTS)
def test_every_form_of_an_instant_is_the_same_second(moment):
    """In any zone, as text or as a number in any unit."""
    second = int(moment.replace(microsecond=0).timestamp())
    texts = [
        f"{moment:%d/%b/%Y:%H:%M:%S %z}",
        f"[{moment:%d/%b/%Y:%H:%M:%S %z}]",
        moment.isoformat(),
        f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        str(second),
        f"{second}.75",
    ]
    assert {second_of(text.encode()) for text in texts} == {second}


@given(st.lists(MOMENTS, max_size=20), st.booleans(), st.lists(st.binary(max_size=30), max_size=2))
def test_many_at_once_are_what_they_are_alone(moments, in_brackets, odd):
    """Whether they look alike or not, and whatever stands among them."""
    form = "[%d/%b/%Y:%H:%M:%S %z]" if in_brackets else "%d/%b/%Y:%H:%M:%S %z"
    texts = [f"{moment:{form}}".encode() for moment in moments]
    for given_texts in (texts, texts + odd, [*texts, b"99/Feb/2025:10:00:00 +0000"]):
        assert seconds_of(given_texts).tolist() == [second_of(text) for text in given_texts]


@given(st.integers(10**9, 4 * 10**9), st.sampled_from([10**3, 10**6, 10**9]))
def test_numbers_are_taken_in_the_unit_in_which_they_are_of_this_time(second, unit):
    """Milliseconds, microseconds and nanoseconds are told apart by their size."""
    assert second_of(str(second * unit).encode()) == second


@given(st.binary(max_size=40))
def test_anything_else_is_no_instant(text):
    """Whatever the bytes are, there is an answer, and it is within what can be kept."""
    assert NO_INSTANT <= second_of(text) < 1 << 32


@pytest.mark.parametrize(
    "text", [b"", b"-", b"31/Feb/2025:00:00:00 +0000", b"1/1/1", b"nan", b"inf", b"-5", b"1e99",
             b"99/Xyz/2025:00:00:00 +0000"],
)  # fmt: skip
def test_no_instant(text):
    """Days that no calendar has, and numbers of no time."""
    assert second_of(text) == NO_INSTANT


@pytest.mark.parametrize(
    ("asked", "item"),
    [
        (b"GET /song/12.ogg HTTP/1.1", b"/song/12.ogg"),
        (b"GET /song/12.ogg?t=30 HTTP/1.1", b"/song/12.ogg"),
        (b"/song/12.ogg", b"/song/12.ogg"),
        (b"HEAD /song/12.ogg HTTP/1.1", None),
        (b"POST /song/12.ogg HTTP/1.1", None),
        (b"GET /style.css HTTP/1.1", None),
        (b"GET /robots.txt HTTP/1.1", None),
        (b"GET /favicon.ico HTTP/1.1", None),
        (b"", b""),
    ],
)
def test_items_of_any_site(asked, item):
    """Paths are items; what pages are made of and what fetches nothing is not."""
    assert item_rule(None).of(asked) == item


def test_items_by_a_rule():
    """What a rule finds is the item, and everything else is none."""
    rule = item_rule(r"/(?:song|track)/(\d+)")
    assert rule.of(b"GET /song/12.ogg HTTP/1.1") == rule.of(b"GET /track/12 HTTP/1.1") == b"12"
    assert number_of(rule.of(b"GET /album/12 HTTP/1.1")) == NO_ITEM
    assert counter_of(rule.of(b"GET /song/12.ogg HTTP/1.1")) == 12
    for bad in ("(", "/song/", "(a)(b)"):
        with pytest.raises(BadRequestError, match=re.escape(bad)):
            item_rule(bad)
