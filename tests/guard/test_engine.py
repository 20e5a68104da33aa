"""The engine: compiled and plain agree, memory is bounded, and its estimates hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.engine import plain
from phonotheque.guard.engine.compiled import observe_all
from phonotheque.guard.engine.memory import (
    BITS,
    DISTINCT,
    HOUR_BITS,
    PLAYS,
    Accounts,
    Events,
    Music,
    new_accounts,
    new_music,
    rated,
    surprise_table,
)

Event = tuple[int, int, int, int, bool]
ACCOUNTS, TRACKS = 4, 400
EVENTS = st.lists(
    st.tuples(
        st.integers(0, ACCOUNTS - 1),
        st.integers(0, TRACKS - 1),
        st.integers(0, 40 * 86_400),
        st.integers(0, 400_000),
        st.booleans(),
    ),
    max_size=200,
)
NEVER = (1e9, 1e9, 1e9)


def some_music(seed: int = 21) -> Music:
    random = np.random.default_rng(seed)
    genres = random.integers(0, 3, TRACKS).astype(np.int32)
    music = new_music(TRACKS, genres, np.arange(TRACKS, dtype=np.int32) // 4)
    music.plays[:] = random.integers(0, 50, TRACKS)
    return rated(music)


def take(
    accounts: Accounts, music: Music, events: list[Event], thresholds: tuple[float, ...] = NEVER
) -> None:
    columns = list(zip(*events, strict=True)) if events else [()] * 5
    kinds = (np.int32, np.int32, np.int64, np.int32, np.bool_)
    arrays = [np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    observe_all(accounts, music, np.array(thresholds), Events(*arrays))


@given(EVENTS, st.sampled_from([NEVER, (5.0, 9.0, 20.0)]))
@settings(max_examples=60, deadline=None)
def test_compiled_does_what_plain_says(
    events: list[Event], thresholds: tuple[float, float, float]
) -> None:
    """In any order, with clocks that jump, both remember the same."""
    quick, slow = new_accounts(ACCOUNTS), new_accounts(ACCOUNTS)
    music, other = some_music(), some_music()
    take(quick, music, events, thresholds)
    for event in events:
        plain.observe(slow, other, thresholds, event)
    for left, right in zip(quick, slow, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4)
    assert np.array_equal(music.plays, other.plays)


@given(EVENTS, st.integers(1, 199))
@settings(max_examples=20, deadline=None)
def test_batches_do_not_matter(events: list[Event], cut: int) -> None:
    """Events in two batches are the same as in one."""
    whole, parts = new_accounts(ACCOUNTS), new_accounts(ACCOUNTS)
    music, other = some_music(), some_music()
    take(whole, music, events)
    take(parts, other, events[:cut])
    take(parts, other, events[cut:])
    for left, right in zip(whole, parts, strict=True):
        assert np.array_equal(left, right)


def test_an_account_costs_less_than_a_kilobyte() -> None:
    """However much it did."""
    assert new_accounts(1_000).bytes_each <= 1_024


def test_an_account_with_ten_million_plays_is_an_account_like_any_other() -> None:
    """It takes no more room, what was new to it is counted, nothing overflows, and those beside it
    are as they were."""
    tracks, at_once, times = 500_000, 1_000_000, 10
    accounts, music = new_accounts(2), rated(new_music(tracks))
    take(accounts, music, [(1, track, track, 60_000, True) for track in range(50)])
    beside = [column[1].copy() for column in accounts]
    for first in range(0, times * at_once, at_once):
        plays = np.arange(first, first + at_once)
        copied = np.ones(at_once, np.bool_)
        played_ms = np.full(at_once, 2**31 - 1, np.int32)
        account, track = np.zeros(at_once, np.int32), (plays % tracks).astype(np.int32)
        observe_all(
            accounts, music, np.array(NEVER), Events(account, track, plays, played_ms, copied)
        )
    assert accounts.bytes_each == new_accounts(2).bytes_each
    assert accounts.numbers[0, PLAYS] == times * at_once
    assert accounts.numbers[0, DISTINCT] == pytest.approx(tracks, rel=0.1)
    assert np.isfinite(accounts.numbers).all()
    assert accounts.hours[0].max() == 65_535
    assert music.plays[:50].tolist() == [times * at_once // tracks + 1] * 50
    for column, before in zip(accounts, beside, strict=True):
        assert np.array_equal(column[1], before)


@pytest.mark.parametrize("distinct", [50, 500, 5_000, 20_000])
def test_new_tracks_are_counted_within_a_few_per_cent(distinct: int) -> None:
    """The estimate has no bias and an error of about 3 % (twenty accounts: 2 % left)."""
    accounts, music = new_accounts(20), new_music(20 * distinct)
    tracks = np.arange(20 * distinct)
    take(accounts, music, [(int(t) % 20, int(t), 0, 60_000, True) for t in tracks])
    assert accounts.numbers[:, DISTINCT].mean() == pytest.approx(distinct, rel=0.03)


def test_an_account_with_very_many_albums_keeps_its_genres() -> None:
    """Counts of genres are halved together before one would overflow; both engines do alike."""
    genres = (np.arange(2_000) % 3).astype(np.int32)
    quick, slow = new_accounts(1), new_accounts(1)
    music, other = (rated(new_music(2_000, genres)) for _ in range(2))
    events = [(0, track, track, 60_000, True) for track in range(2_000)]
    take(quick, music, events)
    for event in events:
        plain.observe(slow, other, NEVER, event)
    assert np.array_equal(quick.genres, slow.genres)
    assert 60 < quick.genres[0, :3].min() <= quick.genres[0, :3].max() <= 255


def test_replays_add_nothing() -> None:
    """Who hears the same track again is no nearer to anything."""
    accounts, music = new_accounts(1), some_music()
    take(accounts, music, [(0, 7, 0, 200_000, True)])
    before = accounts.numbers[0, [BITS, DISTINCT]].copy()
    take(accounts, music, [(0, 7, 200 * play, 200_000, True) for play in range(1, 500)])
    assert np.array_equal(accounts.numbers[0, [BITS, DISTINCT]], before)


def test_popular_tracks_hide_nothing() -> None:
    """Between rare tracks one may hear as many hits as one likes: the bits stay."""
    music = some_music()
    music.plays[:200], music.plays[200:] = 1_000_000, 0
    music = rated(music)
    open_, hidden = new_accounts(1), new_accounts(1)
    rare = [(0, track, 60 * track, 60_000, True) for track in range(200, 300)]
    hits = [(0, track % 200, 60 * (200 + track // 2), 60_000, True) for track in range(200)]
    take(open_, music, rare)
    take(hidden, music, sorted(rare + hits, key=lambda event: event[2]))
    assert hidden.numbers[0, BITS] > 0.75 * open_.numbers[0, BITS] > 0


def test_untrusted_accounts_do_not_vote() -> None:
    """Whoever is near a threshold cannot make rare tracks look popular."""
    music = some_music()
    music.plays[:] = 0
    music.plays[0] = 40_000
    music = rated(music)
    accounts = new_accounts(1)
    take(accounts, music, [(0, t, t, 60_000, True) for t in range(1, 300)], (99.0, 99.0, 99.0))
    assert 0 < music.plays[1:].sum() < 20


def test_surprise_fades_by_the_clock() -> None:
    """After an hour the shortest clock has lost two thirds."""
    accounts, music = new_accounts(1), some_music()
    music = rated(music)
    rare = int(np.argmin(music.plays))
    take(accounts, music, [(0, rare, 0, 60_000, True)])
    before = float(accounts.numbers[0, HOUR_BITS])
    take(accounts, music, [(0, rare, 3_600, 60_000, True)])
    assert before > 0
    assert accounts.numbers[0, HOUR_BITS] == pytest.approx(before * np.exp(-1), rel=1e-5)


@given(
    st.lists(st.integers(0, TRACKS - 1), min_size=2, max_size=60, unique=True),
    st.lists(st.integers(0, 10**6), min_size=60, max_size=60),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_a_late_line_fades_nothing(tracks: list[int], late_s: list[int], copied: bool) -> None:  # noqa: FBT001
    """Beside each play one that is told late, however late, as long ago or heard anew: what was in
    the sums stays in them, in both engines, and the latest second is what it was."""
    now = 10**7
    punctual = [(0, track, now + place, 60_000, True) for place, track in enumerate(tracks)]
    late = [(0, tracks[0], now - late_s[place], 1_000, copied) for place in range(len(tracks))]
    both = [event for pair in zip(punctual, late, strict=True) for event in pair]
    alone, quick, slow = new_accounts(1), new_accounts(1), new_accounts(1)
    other = some_music()
    take(alone, some_music(), punctual)
    take(quick, some_music(), both)
    for event in both:
        plain.observe(slow, other, NEVER, event)
    sums = slice(HOUR_BITS, HOUR_BITS + 6)
    np.testing.assert_allclose(quick.numbers[0, sums], slow.numbers[0, sums], rtol=1e-4, atol=1e-4)
    least = alone.numbers[0, sums] * (1 - 1e-4)
    assert (quick.numbers[0, sums] >= least - 1e-4).all()
    assert quick.last_second[0] == slow.last_second[0] == alone.last_second[0]
    assert quick.numbers[0, PLAYS] == slow.numbers[0, PLAYS] == len(both)
    assert np.isfinite(quick.numbers).all()


def test_a_track_that_everybody_plays_does_not_surprise() -> None:
    """At the mean and above it there are no bits; below, one for each halving."""
    table = surprise_table(255.0)
    assert table[255:].max() == 0
    assert table[127] == pytest.approx(1)
    assert table[0] == pytest.approx(8)
