"""A small service with a farm in it, as a log of plays; and the guard of one process beside it."""

from __future__ import annotations

import json
from functools import cache

import numpy as np

from phonotheque.guard.calibration import UNKNOWN, limits_of
from phonotheque.guard.engine.compiled import NO_WEIGHTS, observe_apart
from phonotheque.guard.engine.memory import Events, heaviest, new_accounts, new_music, rated
from phonotheque.guard.engine.plain import NON_HIT
from phonotheque.guard.grouping import Grouping
from phonotheque.guard.groups.rounds import GROUPS_EVERY_S, look_of
from phonotheque.guard.intake import take
from phonotheque.guard.numbering import Names
from phonotheque.guard.rungs import Rung
from phonotheque.guard.streams.shape import Shape, Tracks

TRACKS, GENRES, PEOPLE, FARM, DAYS = 6_000, 6, 700, 120, 3
KEY = b"0123456789abcdef"
NOW = 1_767_225_600 + DAYS * 86_400
BEGINS = 1_767_225_600
WINDOW_S = 3_600
SCRAPER = "somebody in a hurry"
ANSWERED_H = 55
"""All of the farm answer in this hour: between the first look that finds a part of it, and the next
one, which finds more."""


def shape(parts: int) -> Shape:
    return Shape(parts, WINDOW_S, TRACKS)


def tracks() -> Tracks:
    genres = (np.arange(TRACKS) // 12 % GENRES).astype(np.int32)
    return Tracks(genres, (np.arange(TRACKS) // 12).astype(np.int32))


@cache
def log(begins: int = BEGINS, answers: str = "") -> bytes:
    """Plays of people who dig in two genres each, of a farm, and of one who takes all at once.

    Args:
        begins: Second since 1970 at which a day begins.
        answers: "passed" or "failed": how all of the farm answer; "": nobody does.
    """
    random = np.random.default_rng(21)
    genres = tracks().genres
    weight = 1 / (1 + random.permutation(TRACKS)) ** 0.8
    plays = []
    for person in range(PEOPLE):
        mine = weight * np.isin(genres, random.choice(GENRES, 2, replace=False))
        for track in random.choice(TRACKS, 90, p=mine / mine.sum()).tolist():
            plays.append((int(random.integers(DAYS * 86_400)), f"person {person}", track))
    share = random.permutation(TRACKS)
    for one in range(FARM):
        for track in share[one::FARM].tolist():
            plays.append((int(random.integers(86_400, DAYS * 86_400)), f"farm {one}", track))
    for number, track in enumerate(random.permutation(TRACKS)[:900].tolist()):
        plays.append((2 * 86_400 + 60 * number, SCRAPER, track))
    lines = [
        (second, {"account": name, "track": track, "second": begins + second, "played_ms": 90_000})
        for second, name, track in sorted(plays)
    ]
    if answers:
        second = ANSWERED_H * 3_600
        lines += [
            (second, {"account": f"farm {one}", "second": begins + second, "answered": answers})
            for one in range(FARM)
        ]
        lines.sort(key=lambda line: line[0])
    return b"".join(json.dumps(line).encode() + b"\n" for _, line in lines)


def farm_of(hashes: np.ndarray) -> np.ndarray:
    """The numbers of the farm's accounts among those with some hashes."""
    names = Names(KEY, FARM)
    for one in range(FARM):
        names.number(f"farm {one}")
    mine = [int.from_bytes(one[:8], "big") for one in names.digests()]
    return np.flatnonzero(np.isin(hashes, np.array(mine, np.uint64)))


@cache
def alone(answers: str = "") -> frozenset[tuple[str, int, int, bool]]:
    """Verdicts of one process that has all accounts in one place: the same steps, said plainly."""
    names = Names(KEY, 1 << 20)
    events = take(log(), names, TRACKS, NOW).events
    hashes = np.array([int.from_bytes(one[:8], "big") for one in names.digests()], np.uint64)
    order = np.argsort(hashes)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order))
    events, hashes = events._replace(account=place[events.account]), hashes[order]
    accounts, groups = new_accounts(len(hashes)), Grouping(len(hashes), TRACKS)
    music = new_music(TRACKS, tracks().genres, tracks().albums)
    asked, failed = np.zeros(len(hashes), bool), np.zeros(len(hashes), bool)
    limits, limited, at, told = UNKNOWN, -1, UNKNOWN.at(1), set()
    at_look = np.zeros(len(hashes), np.int64)
    windows = events.second // WINDOW_S
    first = int(windows[0]) * WINDOW_S
    for window, following in zip(np.unique(windows), np.unique(windows)[1:], strict=False):
        part = Events._make(column[windows == window] for column in events)
        votes = np.zeros(TRACKS, np.uint32)
        observe_apart(accounts, music, at, part, votes, NO_WEIGHTS)
        groups.note(part, music.rating[part.track] > NON_HIT)
        own = np.flatnonzero((accounts.crossed_at > 0) & ~asked)
        music.plays[:] += votes
        second = int(following) * WINDOW_S
        if answers and window * WINDOW_S == BEGINS + ANSWERED_H * 3_600:
            farm = farm_of(hashes)
            failed[farm] = answers == "failed"
            heard = [one for one in at_look[farm].tolist() if one]
            groups.rounds.hear_all(*((heard, ()) if answers == "passed" else ((), heard)))
        grouped = np.zeros(0, np.int64)
        if following * WINDOW_S // GROUPS_EVERY_S != window * WINDOW_S // GROUPS_EVERY_S:
            groups.settle(look_of(second))
            grouped = groups.grow(accounts, music, asked, failed)
            grouped = grouped[~np.isin(grouped, own)]
            groups.rounds.ask(look_of(second), len(grouped))
            at_look[grouped] = look_of(second)
        asked[own] = asked[grouped] = True
        told |= {(hashes[one], Rung.CHALLENGE, accounts.crossed_at[one], False) for one in own}
        told |= {(hashes[one], Rung.CHALLENGE, second, True) for one in grouped}
        if second // 86_400 != window * WINDOW_S // 86_400:
            days = (second - first) / 86_400
            wanted = limits_of(accounts.numbers, ~failed, days, heaviest(music))
            if wanted is not None and limits.bits == UNKNOWN.bits:
                limits = wanted
            elif wanted is not None:
                limits = limits.towards(wanted, (second - limited) / 86_400)
            limited, music = second, rated(music)
        at = limits.at((second - first) / 86_400)
    return frozenset((int(a), int(b), int(c), bool(d)) for a, b, c, d in told)
