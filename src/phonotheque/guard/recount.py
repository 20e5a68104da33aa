"""Accounts counted exactly, from what the guard wrote down of them, before anything is decided.

The guard keeps each first copy of a track that is no hit, of 60 days. Hits say nothing about
anybody and are left out: a sum without them is never too high.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from phonotheque.guard.decisions import DAY_S, MOST_WEIGHTS, Group, Recount
from phonotheque.guard.detector import Guard
from phonotheque.guard.engine.memory import CLOCKS_S
from phonotheque.guard.rungs import FROM_SCORE

CLOCK_NAMES = ("hour", "day", "month")
_RARE_BELOW = 2
_DAYS = 30

Numbers = npt.NDArray[np.int64]


def recounted(guard: Guard, accounts: Numbers, second: int) -> dict[int, Recount]:
    """Count the tracks of some accounts, each once, as surprising as it is now, on the clock on
    which the account is nearest to its limit.

    Returns:
        By account, also of those who had none for a month; nobody while no limits are known.

    Cost: one look through all first copies, however many accounts.
    """
    limits = np.asarray(guard.settings(), np.float64)
    if not np.isfinite(limits).all() or not (limits > 0).all():
        return {}
    rows = guard.groups.first_copies.of(accounts, len(guard.marks.asked))
    recent = np.flatnonzero(rows.second > second - _DAYS * DAY_S)
    order = recent[np.argsort(rows.account[recent], kind="stable")]
    owners, begins = np.unique(rows.account[order], return_index=True)
    parts = np.split(order, begins[1:]) if len(owners) else []
    rows_of = dict(zip(owners.tolist(), parts, strict=True))
    found = {}
    for account in accounts.tolist():
        part = rows_of.get(account, order[:0])
        found[account] = _recount(guard, rows.track[part], rows.second[part], second, limits)
    return found


def least_tracks(
    weights: npt.NDArray[np.float64], limits: npt.NDArray[np.float64]
) -> tuple[int, ...]:
    """Return of each rung, from the lowest on, the number of tracks below which none of the clocks
    can reach it, whichever tracks are left out: the heaviest of each clock are taken first.

    Args:
        weights: Of each track now; a row for each clock.
        limits: Of each clock.
    """
    sums = np.cumsum(-np.sort(-weights, axis=1), axis=1)
    return tuple(
        1 + min(int(np.searchsorted(row, limit)) for row, limit in zip(sums, enough, strict=True))
        for enough in (share * limits for share in FROM_SCORE.values())
    )


def _recount(
    guard: Guard,
    tracks: npt.NDArray[np.int32],
    seconds: Numbers,
    second: int,
    limits: npt.NDArray[np.float64],
) -> Recount:
    music = guard.music
    bits = music.bits[np.minimum(music.plays[tracks], len(music.bits) - 1)].astype(np.float64)
    ages = np.maximum(0, second - seconds).astype(np.float64)
    weights = bits * np.exp(-ages[None, :] / np.array(CLOCKS_S)[:, None])
    nearest = int(np.argmax(weights.sum(axis=1) / limits))
    heaviest = np.sort(weights[nearest])[::-1]
    watched_s = second - max(0, guard.moments.first)
    return Recount(
        new_tracks=len(tracks),
        rare_tracks=int((guard.groups.listeners[tracks] <= _RARE_BELOW).sum()),
        rare_below=_RARE_BELOW,
        days=max(1, min(_DAYS, -(-watched_s // DAY_S))),
        weights=tuple(np.round(heaviest[:MOST_WEIGHTS], 3).tolist()),
        threshold=float(limits[nearest]),
        rest=round(float(heaviest[MOST_WEIGHTS:].sum()), 3),
        least=least_tracks(weights, limits),
    )


def group_of(guard: Guard, second: int) -> Group:
    """The group of the last alarm; it is the same one for as long as a month."""
    name, found = f"grown {second // (_DAYS * DAY_S)}", guard.groups.last.alarm
    if found is None:
        return Group(name=name, accounts=0, shared=0, expected=0.0)
    return Group(
        name=name,
        accounts=int(np.count_nonzero(found.group)),
        shared=int(found.met),
        expected=float(found.expected),
    )
