"""What one event does to what a guard remembers, said plainly: the reference for `compiled`.

Laws: the order of events of one account decides, that of different accounts does not (but for
counts of plays); an account that is not trusted does not vote on popularity; replays add nothing,
and take nothing away; what is told late fades nothing, neither itself nor by what follows it.

Sources: P. Flajolet and others, "HyperLogLog", AofA 2007 (the sketch); E. Cohen, "All-distances
sketches, revisited", PODS 2014, and D. Ting, "Streamed approximate counting of distinct elements",
KDD 2014 (the historic inverse probability estimator: an item that changes a sketch counts for one
over the chance that an unknown one changes it).
"""

from __future__ import annotations

import math

import numpy as np

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
    Music,
)  # fmt: skip
from phonotheque.guard.rungs import FROM_SCORE, Rung

BREAK_S = 1_800
HEARD_MS = 30_000
TRACK_S = 200
"""Length of a track where nobody says it: a play that follows within half of it came too fast."""
NON_HIT = -2.0
"""Tracks rated above are no hits: fewer than four times the plays of their genre's mean."""
REMEMBERED_RATINGS = 64
TRUSTED_BELOW = FROM_SCORE[Rung.OBSERVE]
"""Score from which an account does not vote on popularity any more."""

CHALLENGED_FROM = FROM_SCORE[Rung.CHALLENGE]

_WORD = (1 << 64) - 1


def place_and_rank(track: int) -> tuple[int, int]:
    """Return a track's register in a sketch, and its rank: leading zeros of its hash and one."""
    mixed = (track + 0x9E3779B97F4A7C15) & _WORD
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
    mixed ^= mixed >> 31
    above = mixed >> 9  # the low 9 bits choose the register
    return mixed & (REGISTERS - 1), min(40, 55 - above.bit_length()) + 1


def score(numbers: np.ndarray, thresholds: tuple[float, float, float]) -> float:
    """Return how near an account's numbers are to the thresholds: 1 is at one of them."""
    return max(float(numbers[HOUR_BITS + clock]) / thresholds[clock] for clock in range(3))


def observe(
    accounts: Accounts, music: Music, thresholds: tuple[float, float, float],
    event: tuple[int, int, int, int, bool],
) -> None:  # fmt: skip
    """Take one event in.

    Args:
        accounts: Changed.
        music: Changed: its plays.
        thresholds: Bits on each clock at which an account would be stopped.
        event: Account, track, second (since 1970), milliseconds heard, and whether the whole
            track left: it was heard for a minute or more, or fetched whole.
    """
    who, track, second, _, copied = event
    numbers = accounts.numbers[who]
    gap = max(0.0, float(second - accounts.last_second[who])) if numbers[PLAYS] else 0.0
    _note_manner(accounts, event, gap)
    for clock, constant in enumerate(CLOCKS_S):
        numbers[HOUR_BITS + clock] *= math.exp(-gap / constant)
    if not copied:
        return
    numbers[COPIES] += 1
    plays = min(int(music.plays[track]), len(music.bits) - 1)
    place, rank = place_and_rank(track)
    old = int(accounts.registers[who, place])
    if rank > old:
        weight = 1 / float(numbers[CHANCE])
        numbers[CHANCE] -= (2.0**-old - 2.0**-rank) / REGISTERS
        accounts.registers[who, place] = rank
        _add_new(numbers, weight, float(music.bits[plays]), plays < music.rare)
        _rate(numbers, float(music.rating[track]))
        if music.rating[track] > NON_HIT:
            _note_album(accounts, music, who, track)
    reached = score(numbers, thresholds)
    if reached < TRUSTED_BELOW:
        music.plays[track] += 1
    if reached >= CHALLENGED_FROM and not accounts.crossed_at[who]:
        accounts.crossed_at[who] = second


def _note_manner(accounts: Accounts, event: tuple[int, int, int, int, bool], gap: float) -> None:
    """Count how somebody listens: side evidence, never enough by itself."""
    who, track, second, played_ms, _ = event
    numbers = accounts.numbers[who]
    if numbers[PLAYS] and gap < TRACK_S / 2:
        numbers[TOO_FAST] += 1
    numbers[PLAYS] += 1
    numbers[SKIPS] += played_ms < HEARD_MS
    numbers[PLAYED_S] += played_ms / 1000
    numbers[RUN_S] = numbers[RUN_S] + gap if gap < BREAK_S else 0
    numbers[LONGEST_RUN_S] = max(numbers[LONGEST_RUN_S], numbers[RUN_S])
    numbers[IN_SEQUENCE] += track == accounts.last_track[who] + 1
    hour = second // 3_600 % 24
    accounts.hours[who, hour] = min(65_535, int(accounts.hours[who, hour]) + 1)
    accounts.last_track[who] = track
    accounts.last_second[who] = max(int(accounts.last_second[who]), second)


def _add_new(numbers: np.ndarray, weight: float, bits: float, is_rare: bool) -> None:  # noqa: FBT001
    numbers[DISTINCT] += weight
    numbers[COLD] += weight * is_rare
    numbers[BITS] += weight * bits
    for clock in range(3):
        numbers[HOUR_BITS + clock] += weight * bits
        numbers[HOUR_PEAK + clock] = max(numbers[HOUR_PEAK + clock], numbers[HOUR_BITS + clock])


def _rate(numbers: np.ndarray, rating: float) -> None:
    numbers[RATED] += 1
    share = 1 / min(float(numbers[RATED]), REMEMBERED_RATINGS)
    numbers[NON_HITS] += share * ((rating > NON_HIT) - float(numbers[NON_HITS]))


def _note_album(accounts: Accounts, music: Music, who: int, track: int) -> None:
    """Count the genre of an album once, however many of its tracks follow one another."""
    if music.album[track] == accounts.last_album[who]:
        return
    accounts.last_album[who] = music.album[track]
    counts, place = accounts.genres[who], int(music.genre[track]) % GENRE_PLACES
    if counts[place] == 255:
        counts //= 2
    counts[place] += 1
