"""The same as `plain`, compiled, a batch of events at once. A test holds the two together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import (
    BITS,
    CHANCE,
    CLOCKS_S,
    COLD,
    COPIES,
    DISTINCT,
    GENRE_PLACES,
    HOUR_BITS,
    HOUR_PEAK,
    IN_SEQUENCE,
    LONGEST_RUN_S,
    NON_HITS,
    PLAYED_S,
    PLAYS,
    RATED,
    REGISTERS,
    RUN_S,
    SKIPS,
    TOO_FAST,
    Accounts,
    Events,
    Music,
)  # fmt: skip
from phonotheque.guard.engine.plain import (
    BREAK_S,
    CHALLENGED_FROM,
    HEARD_MS,
    NON_HIT,
    REMEMBERED_RATINGS,
    TRACK_S,
    TRUSTED_BELOW,
)  # fmt: skip
from phonotheque.guard.jit import compiled

_HOUR_S, _DAY_S, _MONTH_S = CLOCKS_S
inlined = compiled(inline="always")

NO_WEIGHTS = np.zeros(0, np.float32)
"""For `observe_apart`: nobody asks which events were of new tracks."""


@inlined
def _place_and_rank(track: Any) -> Any:
    mixed = np.uint64(track) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    rank, above = 1, mixed & ~np.uint64(REGISTERS - 1)
    while rank < 41 and above >> np.uint64(63) == 0:
        above <<= np.uint64(1)
        rank += 1
    return np.int64(mixed & np.uint64(REGISTERS - 1)), rank


@inlined
def _fade(numbers: Any, gap: float) -> None:
    numbers[HOUR_BITS] *= math.exp(-gap / _HOUR_S)
    numbers[HOUR_BITS + 1] *= math.exp(-gap / _DAY_S)
    numbers[HOUR_BITS + 2] *= math.exp(-gap / _MONTH_S)


@inlined
def _score(numbers: Any, thresholds: Any) -> float:
    nearest = 0.0
    for clock in range(3):
        nearest = max(nearest, numbers[HOUR_BITS + clock] / thresholds[clock])
    return nearest


@inlined
def _note_manner(accounts: Any, who: int, track: int, second: int, played_ms: int) -> float:
    numbers = accounts.numbers[who]
    gap = 0.0
    if numbers[PLAYS] > 0:
        gap = max(0.0, float(second - accounts.last_second[who]))
        if gap < TRACK_S / 2:
            numbers[TOO_FAST] += 1
    numbers[PLAYS] += 1
    if played_ms < HEARD_MS:
        numbers[SKIPS] += 1
    numbers[PLAYED_S] += played_ms / 1000
    numbers[RUN_S] = numbers[RUN_S] + gap if gap < BREAK_S else 0
    numbers[LONGEST_RUN_S] = max(numbers[LONGEST_RUN_S], numbers[RUN_S])
    if track == accounts.last_track[who] + 1:
        numbers[IN_SEQUENCE] += 1
    hour = second // 3_600 % 24
    if accounts.hours[who, hour] < 65_535:
        accounts.hours[who, hour] += np.uint16(1)
    accounts.last_track[who] = track
    accounts.last_second[who] = max(accounts.last_second[who], second)
    return gap


@inlined
def _add_new(numbers: Any, weight: float, bits: float, is_rare: Any, rating: float) -> None:
    numbers[DISTINCT] += weight
    if is_rare:
        numbers[COLD] += weight
    numbers[BITS] += weight * bits
    for clock in range(3):
        numbers[HOUR_BITS + clock] += weight * bits
        numbers[HOUR_PEAK + clock] = max(numbers[HOUR_PEAK + clock], numbers[HOUR_BITS + clock])
    numbers[RATED] += 1
    share = 1.0 / min(numbers[RATED], REMEMBERED_RATINGS)
    numbers[NON_HITS] += share * ((1.0 if rating > NON_HIT else 0.0) - numbers[NON_HITS])


@inlined
def _note_album(accounts: Any, music: Any, who: int, track: int) -> None:
    if music.album[track] == accounts.last_album[who]:
        return
    accounts.last_album[who] = music.album[track]
    place = music.genre[track] % GENRE_PLACES
    if accounts.genres[who, place] == 255:
        for one in range(GENRE_PLACES):
            accounts.genres[who, one] //= np.uint8(2)
    accounts.genres[who, place] += np.uint8(1)


@compiled(nogil=True)
def observe_apart(
    accounts: Accounts,
    music: Music,
    thresholds: npt.NDArray[np.float64],
    events: Events,
    votes: npt.NDArray[np.uint32],
    weights: npt.NDArray[np.float32],
) -> None:
    """Take events in, in their order, and write elsewhere what they say about popularity.

    So the events of one account tell those of another nothing, in whatever order both come, and
    several processes see what one would.

    Args:
        votes: Of each track; plays by trusted accounts are added to it.
        weights: Of each event, filled in: for how many new tracks it counts, 0 for none; or an
            array of none, if nobody asks.
    """
    for row in range(len(events.account)):
        who, what = events.account[row], events.track[row]
        gap = _note_manner(accounts, who, what, events.second[row], events.played_ms[row])
        numbers = accounts.numbers[who]
        _fade(numbers, gap)
        if not events.copied[row]:
            continue
        numbers[COPIES] += 1
        plays: Any = min(np.int64(music.plays[what]), len(music.bits) - 1)
        place, rank = _place_and_rank(what)
        old = np.int64(accounts.registers[who, place])
        if rank > old:
            weight = 1.0 / numbers[CHANCE]
            numbers[CHANCE] -= (2.0 ** -float(old) - 2.0 ** -float(rank)) / REGISTERS
            accounts.registers[who, place] = rank
            if len(weights):
                weights[row] = weight
            _add_new(numbers, weight, music.bits[plays], plays < music.rare, music.rating[what])
            if music.rating[what] > NON_HIT:
                _note_album(accounts, music, who, what)
        reached = _score(numbers, thresholds)
        if reached < TRUSTED_BELOW:
            votes[what] += np.uint32(1)
        if reached >= CHALLENGED_FROM and accounts.crossed_at[who] == 0:
            accounts.crossed_at[who] = events.second[row]


@compiled(nogil=True)
def observe_all(
    accounts: Accounts, music: Music, thresholds: npt.NDArray[np.float64], events: Events
) -> None:
    """Take events in, in their order, as `plain.observe` does with each: votes count at once."""
    observe_apart(accounts, music, thresholds, events, music.plays, np.zeros(0, np.float32))
