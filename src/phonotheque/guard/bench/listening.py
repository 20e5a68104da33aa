"""One day of many accounts, as events: who asked for which track when, and heard how much of it.

Compiled, because a table of 200,000 accounts and 30 days has 300 million of them. Each account
lives on from day to day in `Lives`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.catalogue import TRACKS_PER_ALBUM, Draws
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.jit import compiled

(
    PLAYS, REPEATS, SKIPS, MAINSTREAM, ALBUMS, FIRST_HOUR, GENRE, _, _,
    DAYS, HOURS, DEPTH, DILUTED, OWN_REPLAYS, BEGINS, LASTS, FETCHES, IMPORTS, CANARIES,
) = range(19)  # fmt: skip

CANARY = -1
"""Stands for a track where an account asked for an identifier that names none."""

REMEMBERED = 256
"""Discoveries that an account may come back to."""

_FAVOURITES = 60
_DAY_S = 86_400
_GREEDY_PLAYS = 1_000
_SKIPPED_MS = 60_000
_STRONGEST_DAY = 50_000
_FETCH_S = 4.0

inlined = compiled(inline="always")


class Lives(NamedTuple):
    """What accounts carry from day to day; changed in place.

    Attributes:
        heard: Their last discoveries, a ring of `REMEMBERED` each.
        found: How many they ever made.
        album: The next track of the album that is on, and how many are left of it.
        taken: How many tracks of its stretch a farm's account has asked for.
        stretch: Where in the farm's order its stretch begins.
    """

    heard: npt.NDArray[np.int32]
    found: npt.NDArray[np.int64]
    album: npt.NDArray[np.int32]
    taken: npt.NDArray[np.int64]
    stretch: npt.NDArray[np.int64]


class Crowd(NamedTuple):
    """Accounts whose days are made together: some people, or a farm.

    Attributes:
        traits: A row for each.
        lives: Theirs.
        order: Tracks as the farm takes them, each account from its stretch; none for people.
    """

    traits: npt.NDArray[np.float32]
    lives: Lives
    order: npt.NDArray[np.int32]


def new_lives(accounts: int, stretch: npt.NDArray[np.int64]) -> Lives:
    """Return accounts that have heard nothing."""
    return Lives(
        np.zeros((accounts, REMEMBERED), np.int32),
        np.zeros(accounts, np.int64),
        np.zeros((accounts, 2), np.int32),
        np.zeros(accounts, np.int64),
        stretch,
    )


@inlined
def _drawn(keep: Any, alias: Any, count: int) -> int:
    place = int(np.random.random() * count)
    return place if np.random.random() < keep[place] else alias[place]


@inlined
def _by_popularity(draws: Draws) -> int:
    album = _drawn(draws.keep[0], draws.alias[0], draws.keep.shape[1])
    return album * TRACKS_PER_ALBUM + _drawn(draws.track_keep, draws.track_alias, TRACKS_PER_ALBUM)


@inlined
def _remember(lives: Lives, who: int, track: int) -> None:
    lives.heard[who, lives.found[who] % REMEMBERED] = track
    lives.found[who] += 1


@inlined
def _some_album(trait: Any, draws: Draws) -> int:
    depth = int(trait[DEPTH])
    if np.random.random() < trait[MAINSTREAM]:
        return _drawn(draws.keep[0], draws.alias[0], draws.keep.shape[1])
    if depth == draws.keep.shape[0] - 1:
        return int(np.random.random() * draws.keep.shape[1])
    genre = int(trait[GENRE + int(np.random.random() * 3)])
    start, end = draws.starts[genre], draws.starts[genre + 1]
    within = _drawn(
        draws.genre_keep[depth, start:end], draws.genre_alias[depth, start:end], end - start
    )
    return draws.by_genre[start + within]


@inlined
def _listener_asks(who: int, trait: Any, lives: Lives, draws: Draws) -> int:
    """What a person asks for: the album that is on, something heard before, or something new."""
    if lives.album[who, 1] > 0 and np.random.random() < 0.92:
        track = lives.album[who, 0]
        lives.album[who, 0] += 1
        lives.album[who, 1] -= 1
    elif lives.found[who] > 8 and np.random.random() < trait[REPEATS]:
        chance, known = np.random.random(), min(lives.found[who], REMEMBERED)
        back = 1 + int(known * chance * chance)
        lives.album[who, 1] = 0
        return lives.heard[who, (lives.found[who] - back) % REMEMBERED]
    else:
        first = _some_album(trait, draws) * TRACKS_PER_ALBUM
        if np.random.random() < trait[ALBUMS]:
            track = first
            lives.album[who, 0] = first + 1
            lives.album[who, 1] = 1 + int(np.random.random() * (TRACKS_PER_ALBUM - 1))
        elif int(trait[DEPTH]) == draws.keep.shape[0] - 1:
            track = first + int(np.random.random() * TRACKS_PER_ALBUM)
        else:
            track = first + _drawn(draws.track_keep, draws.track_alias, TRACKS_PER_ALBUM)
    _remember(lives, who, track)
    return track


@inlined
def _farm_replays(who: int, trait: Any, lives: Lives, order: Any, draws: Draws) -> int:
    """What a farm plays to look ordinary: its own catch, or one of some sixty popular tracks."""
    taken = lives.taken[who]
    if taken > 0 and np.random.random() < trait[OWN_REPLAYS]:
        back = max(0, taken - 1 - int(np.random.random() * 200))
        return order[(lives.stretch[who] + back) % len(order)]
    if lives.found[who] >= _FAVOURITES:
        return lives.heard[who, int(np.random.random() * _FAVOURITES)]
    track = _by_popularity(draws)
    _remember(lives, who, track)
    return track


@inlined
def _farm_asks(who: int, trait: Any, lives: Lives, order: Any, draws: Draws) -> int:
    """What a farm takes next of its stretch, or draws by popularity to look ordinary."""
    if np.random.random() < trait[DILUTED]:
        return _by_popularity(draws)
    track = order[(lives.stretch[who] + lives.taken[who]) % len(order)]
    lives.taken[who] += 1
    return track


@inlined
def _asks(who: int, crowd: Crowd, draws: Draws, played_ms: float) -> int:
    trait, lives, order = crowd.traits[who], crowd.lives, crowd.order
    if len(order) == 0:
        return _listener_asks(who, trait, lives, draws)
    if np.random.random() < trait[REPEATS]:
        return _farm_replays(who, trait, lives, order, draws)
    if played_ms < _SKIPPED_MS:  # what a farm skips was not copied: it comes back to it
        return order[(lives.stretch[who] + lives.taken[who]) % len(order)]
    return _farm_asks(who, trait, lives, order, draws)


@inlined
def _played_ms(trait: Any) -> float:
    """A track of two and a half to four and a half minutes, or its beginning."""
    if np.random.random() < trait[SKIPS]:
        return 1_000.0 + np.random.random() * 29_000.0
    return 150_000.0 + np.random.random() * 120_000.0


@inlined
def _beginning(trait: Any, sitting: int, sittings: int) -> float:
    """Second of the day at which a sitting begins; evenly through the day for those of 24 hours."""
    if trait[HOURS] >= 24:
        return _DAY_S / sittings * sitting + np.random.random() * 60
    width = trait[HOURS] * 3_600
    return trait[FIRST_HOUR] * 3_600 + width * (sitting + np.random.random()) / sittings


@inlined
def _plays(trait: Any, day: int, order: Any) -> int:
    """How many plays a day has; none on days without any."""
    if day < trait[BEGINS] or day >= trait[BEGINS] + trait[LASTS]:
        return 0
    if _is_import(trait, day):
        return int(trait[IMPORTS])
    if np.random.random() > trait[DAYS]:
        return 0
    mean = min(trait[PLAYS], _STRONGEST_DAY)
    return np.random.poisson(mean if len(order) else mean * np.random.gamma(2.0, 0.5))


@inlined
def _is_import(trait: Any, day: int) -> Any:
    return trait[IMPORTS] > 0 and day == int(trait[BEGINS])


@inlined
def _fetches(trait: Any, day: int) -> Any:
    """Whether the tracks of a sitting are fetched whole, a few seconds each."""
    return _is_import(trait, day) or (trait[FETCHES] > 0 and np.random.random() < trait[FETCHES])


@inlined
def _write(
    out: Events, row: int, who: int, crowd: Crowd, draws: Draws, played_ms: float
) -> None:  # fmt: skip
    """Write what an account asks for, but for when and how long."""
    out.account[row] = who
    canaries = crowd.traits[who, CANARIES]
    if canaries > 0 and np.random.random() < canaries:
        out.track[row], out.copied[row] = CANARY, False
    else:
        out.track[row] = _asks(who, crowd, draws, played_ms)
        out.copied[row] = played_ms >= _SKIPPED_MS


@compiled
def day_of(day: int, seed: int, crowd: Crowd, draws: Draws, out: Events) -> int:
    """Write one day of accounts to `out`, each account's events in order; returns how many.

    Args:
        day: From 0; days before are of the warm-up.
        seed: Of this day of these accounts.
        crowd: They; `account` of an event is the place among them.
        draws: Of the catalogue.
        out: Room. When it is full the day ends.
    """
    np.random.seed(seed)
    row, room = 0, len(out.account)
    plays_a_sitting = 25.0 if len(crowd.order) else 14.0
    for who in range(len(crowd.traits)):
        trait = crowd.traits[who]
        plays = _plays(trait, day, crowd.order)
        is_greedy, is_fetch = trait[PLAYS] > _GREEDY_PLAYS, False
        sittings = max(1, int(plays / plays_a_sitting))
        at = 0.0
        for play in range(min(plays, room - row)):
            if play * sittings // plays != (play - 1) * sittings // plays:
                at = max(at, _beginning(trait, play * sittings // plays, sittings))
                is_fetch = _fetches(trait, day)
            played_ms = 150_000.0 if is_fetch else _played_ms(trait)
            _write(out, row, who, crowd, draws, played_ms)
            out.second[row] = day * _DAY_S + int(at)
            out.played_ms[row] = 0 if is_fetch else 2_000 if is_greedy else int(played_ms)
            at += _FETCH_S if is_fetch or is_greedy else played_ms / 1000 + 1
            row += 1
    return row
