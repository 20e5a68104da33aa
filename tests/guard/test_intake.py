"""Lines of JSON: all that can be read is, the rest is counted with its reason."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.intake import COPIED_MS, FUTURE_S, LONGEST_LINE, PAST_S, take
from phonotheque.guard.numbering import Names

NOW, TRACKS = 1_767_225_600, 100
KEY = b"k" * 32


def line(**changes: object) -> bytes:
    play = {"account": "ann", "track": 3, "second": NOW, "played_ms": 90_000} | changes
    return json.dumps(play).encode() + b"\n"


def names(most: int = 10) -> Names:
    return Names(KEY, most)


def test_a_play_becomes_a_row() -> None:
    """A minute heard is a whole copy, unless the service says otherwise."""
    text = line() + line(account="bob", played_ms=COPIED_MS - 1) + line(copied=False, chosen=True)
    taken = take(text, names(), TRACKS, NOW)
    assert taken.events.account.tolist() == [0, 1, 0]
    assert taken.events.copied.tolist() == [True, False, False]
    assert taken.chosen.tolist() == [False, False, True]
    assert taken.refused == {}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (line(track=TRACKS), "no such track"),
        (line(track=-1), "no such track"),
        (line(second=NOW + FUTURE_S + 1), "of the future"),
        (line(second=NOW - PAST_S - 1), "long ago"),
        (line(played_ms=2**31), "no such length"),
        (line(played_ms=-1), "no such length"),
        (line(track="x"), "not as it should be"),
        (line(track=10**400), "not as it should be"),
        (b"\xff\xfe\x00\n", "not as it should be"),
        (b"{\n", "not as it should be"),
        (line(account="\ud800").replace(b"\\ud800", b"\xed\xa0\x80"), "not as it should be"),
        (b"[" * 1_000 + b"\n", "not as it should be"),
        (b"x" * (LONGEST_LINE + 1) + b"\n", "too long"),
        (line(account="x" * LONGEST_LINE), "too long"),
        (line().rstrip() + line(), "not as it should be"),
    ],
)
def test_a_wrong_line_costs_only_itself(wrong: bytes, reason: str) -> None:
    """Before and after it everything is read."""
    taken = take(line() + wrong + line(track=4), names(), TRACKS, NOW)
    assert taken.events.track.tolist() == [3, 4]
    assert taken.refused == {reason: 1}


def test_accounts_beyond_the_room_have_no_number() -> None:
    """Those that have one keep it."""
    text = b"".join(line(account=name) for name in ("a", "b", "c", "a"))
    taken = take(text, names(2), TRACKS, NOW)
    assert taken.events.account.tolist() == [0, 1, 0]
    assert taken.refused == {"no room for the account": 1}


def test_another_key_makes_others_of_all() -> None:
    """A name is nowhere but in the hash."""
    first, second = names(), Names(b"z" * 32, 10)
    for one in (first, second):
        one.number("ann")
    assert set(first.digests()).isdisjoint(second.digests())
    assert b"ann" not in b"".join(first.digests())


@given(st.lists(st.lists(st.integers(0, 3_000), max_size=900), max_size=4), st.integers(0, 2_000))
@settings(max_examples=20, deadline=None)
def test_a_name_keeps_its_number(rounds: list[list[int]], most: int) -> None:
    """However many come, and however often; in the order in which they came first."""
    some, known = names(most), dict[str, int]()
    for called in ([f"{one}" for one in numbers] for numbers in [*rounds, list(range(2_500))]):
        for one in called:
            if len(known) < most:
                known.setdefault(one, len(known))
        assert some.numbers(called).tolist() == [known.get(one, -1) for one in called]
    hashes = [hashlib.blake2b(one.encode(), digest_size=16, key=KEY).digest() for one in known]
    assert some.digests() == hashes
    assert len(some) == len(known)


@given(st.binary(max_size=300))
def test_nothing_that_is_sent_stops_it(junk: bytes) -> None:
    """Whatever bytes come: the lines around them are read."""
    taken = take(line() + junk + b"\n" + line(track=4), names(), TRACKS, NOW)
    assert {3, 4} <= set(taken.events.track.tolist())


PIECES = st.sampled_from(
    [
        line(), line(account="bob"), line(account="x" * LONGEST_LINE), line(track=TRACKS), b"",
        line()[:20], line()[20:], line().rstrip(), b"\n", b" \r\n", b"broken\n", b"\x00\n",
        line().replace(b" ", b"\r", 1), line().replace(b"\n", b"\r\n"), b"[" * 2_000 + b"\n",
        line().replace(b"{", b'{"more": {},\n'),
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8))
def test_whether_a_line_is_refused_follows_from_the_line(pieces: list[bytes]) -> None:
    """All lines together give what each gives by itself, in the same places."""
    text = b"".join(pieces)
    together, refused, places = take(text, names(), TRACKS, NOW), Counter[str](), []
    for place, one in enumerate(text.split(b"\n")):
        alone = take(one, names(), TRACKS, NOW)
        refused.update(alone.refused)
        places += [place] * len(alone.events.track)
        assert len(alone.events.track) + sum(alone.refused.values()) == bool(one.strip())
    assert together.lines.tolist() == places
    assert together.refused == refused
