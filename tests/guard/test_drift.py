"""Surprise with drift: it grows of who never hears what others hear, and of nobody else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.engine.compiled import observe_apart
from phonotheque.guard.engine.drift import Drifts, drift, drift_all, new_drifts
from phonotheque.guard.engine.memory import Events, new_accounts, new_music, rated

TRACKS = 2_000
NEVER = np.array([1e9, 1e9, 1e9])


def events_of(rows: list[tuple[int, int, int]]) -> Events:
    """Copies: account, track, second."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 3
    account, track, second = (
        np.array(column, kind)
        for column, kind in zip(columns, (np.int32, np.int32, np.int64), strict=True)
    )
    count = len(account)
    return Events(account, track, second, np.full(count, 90_000, np.int32), np.ones(count, bool))


def known_music():
    """Two genres in which one track in ten has nearly all plays."""
    music = new_music(TRACKS, (np.arange(TRACKS) // 12 % 2 + 1).astype(np.int32))
    music.plays[:] = np.where(np.arange(TRACKS) % 10 == 0, 400, 3)
    return rated(music)


def drifted(rows: list[tuple[int, int, int]], accounts: int = 1) -> Drifts:
    """What a guard that knows the music makes of them."""
    music, events = known_music(), events_of(rows)
    weights = np.zeros(len(rows), np.float32)
    votes = np.zeros(TRACKS, np.uint32)
    observe_apart(new_accounts(accounts), music, NEVER, events, votes, weights)
    drifts = new_drifts(accounts)
    drift_all(drifts, music.rating, events, weights)
    return drifts


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, TRACKS - 1), st.integers(0, 40 * 86_400)),
        max_size=80,
    ),
    st.integers(0, 80),
)
@settings(max_examples=60, deadline=None)
def test_compiled_does_what_plain_says(rows: list[tuple[int, int, int]], cut: int) -> None:
    """With clocks that jump, in one batch or two; no sum is below 0 or above its peak."""
    music, events = known_music(), events_of(rows)
    weights = (np.arange(len(rows)) % 3).astype(np.float32)
    quick, slow = new_drifts(3), new_drifts(3)
    for part in (slice(0, cut), slice(cut, None)):
        some = Events._make(column[part] for column in events)
        drift_all(quick, music.rating, some, weights[part])
    drift(slow, music.rating, events, weights)
    for left, right in zip(quick, slow, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4)
    assert (quick.sums >= 0).all()
    assert (quick.sums <= quick.peaks).all()


@given(st.lists(st.integers(0, 6 * 86_400), min_size=40, max_size=40))
@settings(max_examples=30, deadline=None)
def test_a_late_line_fades_nothing(late_s: list[int]) -> None:
    """Rarities one after another, every other one told late, however late: compiled and plain keep
    what they keep when all are punctual at the latest second before."""
    rare = [track for track in range(TRACKS) if track % 10][:80]
    now = 10**7
    late = [
        (0, track, now + place if place % 2 == 0 else now - late_s[place // 2])
        for place, track in enumerate(rare)
    ]
    punctual = [(0, track, now + place - place % 2) for place, track in enumerate(rare)]
    music, weights = known_music(), np.ones(len(rare), np.float32)
    found = {}
    for name, rows in (("late", late), ("punctual", punctual)):
        for work in (drift, drift_all):
            drifts = found[name, work] = new_drifts(1)
            work(drifts, music.rating, events_of(rows), weights)
    for work in (drift, drift_all):
        for left, right in zip(found["late", work], found["punctual", work], strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-5)


def test_a_taste_that_wanders_comes_back() -> None:
    """An evening of rarities among weeks of what others hear: it climbs, and is nothing again."""
    hits, rare = list(range(0, TRACKS, 10)), list(range(1, 60, 2))
    evening = [(0, track, 86_400 + 200 * place) for place, track in enumerate(rare)]
    weeks = [(0, track, 2 * 86_400 + 20_000 * place) for place, track in enumerate(hits[:80])]
    during, after = drifted(evening), drifted(evening + weeks)
    assert during.sums[0, 1] > 20
    assert after.sums[0, 1] == 0


def test_somebody_who_never_comes_back_grows_without_end() -> None:
    """Twice as long, twice as far, though it is slow; replays change nothing."""
    rare = [track for track in range(TRACKS) if track % 10]
    slow = [(0, track, 4_000 * place) for place, track in enumerate(rare)]
    half, whole = drifted(slow[:300]), drifted(slow[:600])
    assert whole.sums[0, 1] > 1.7 * half.sums[0, 1] > 100
    replays = [(0, rare[0], 4_000 * place + 1) for place in range(600)]
    both = sorted(slow[:600] + replays, key=lambda row: row[2])
    assert drifted(both).sums[0, 1] == pytest.approx(whole.sums[0, 1], rel=1e-3)


def test_a_hit_hides_one_rare_track_at_most() -> None:
    """However great a hit it is; the first one, before anything, hides none."""
    rare = [(0, track, 100 * track) for track in range(1, 60, 2)]
    hits = [(0, track, 100 * track + 50) for track in range(0, 100, 10)]
    alone, hidden = drifted(rare), drifted(sorted(rare + hits, key=lambda row: row[2]))
    assert 8 < alone.sums[0, 1] - hidden.sums[0, 1] < 10.5
