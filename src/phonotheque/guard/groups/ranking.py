"""Who looks most like one of many that go through a catalogue, by what the engine remembers alone.

Three ways to hide need three rankings. Who takes whatever there is has more non-hits than others.
Who plays hits in between to look ordinary still takes non-hits of all genres alike, where people
who dig, dig in a few; and who goes through one genre alone to look like them keeps to it more than
they do. A ranking accuses nobody: it only says whom to look at together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import COPIES, GENRE_PLACES, NON_HITS, RATED, Accounts
from phonotheque.guard.jit import compiled

LEAST_NEW_TRACKS = 30
"""New tracks below which nobody is held against others."""

_GENRE_WEIGHT = 5.0
_FEW_WEIGHT = 1.0

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


class Scores(NamedTuple):
    """How suspicious each account is, in three ways.

    Attributes:
        non_hits: Share of non-hits among its last new tracks.
        spread: That, less how much it keeps to few genres. Who has few albums is not taken for one
            of many genres.
        depth: That, by how much it keeps to few genres. Who has few albums is not taken for one of
            few genres.
    """

    non_hits: Floats
    spread: Floats
    depth: Floats


def scores_of(accounts: Accounts) -> Scores:
    """Return the scores of all accounts."""
    non_hits = by_non_hits(accounts)
    same, few = _narrowness(accounts)
    spread = non_hits - _GENRE_WEIGHT * same - _FEW_WEIGHT * few
    return Scores(non_hits, spread, non_hits * (same - _FEW_WEIGHT * few))


def by_non_hits(accounts: Accounts) -> Floats:
    """Return the share of non-hits among the last new tracks of each account."""
    return accounts.numbers[:, NON_HITS].astype(np.float64)


def _narrowness(accounts: Accounts) -> tuple[Floats, Floats]:
    """Return how much each keeps to few genres, and how little one may say of it.

    The first is the root of the chance that two albums are of one genre (E. H. Simpson,
    "Measurement of diversity", Nature 163, 1949, without bias), less what the places of the counts
    share by themselves; the second falls with the root of the number of albums.
    """
    albums, alike = _pairs(accounts.genres)
    same = alike / np.maximum(albums * (albums - 1), 1)
    same = np.maximum(0, (same * GENRE_PLACES - 1) / (GENRE_PLACES - 1))
    return np.sqrt(same), 1 / np.sqrt(np.maximum(albums, 1))


@compiled
def _pairs(
    genres: npt.NDArray[np.uint8],
) -> tuple[Numbers, Numbers]:  # pragma: no cover - compiled
    """Return how many albums each account has, and twice how many pairs of them are of a genre."""
    accounts, places = genres.shape
    albums, alike = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    for account in range(accounts):
        for place in range(places):
            count = np.int64(genres[account, place])
            albums[account] += count
            alike[account] += count * (count - 1)
    return albums, alike


def ranked(
    scores: Floats,
    accounts: Accounts,
    left_out: npt.NDArray[np.bool_],
    most: int,
    names: npt.NDArray[np.uint64] | None = None,
) -> npt.NDArray[np.int64]:
    """Return so many accounts, those with the highest score first.

    Args:
        scores: Of each account.
        accounts: Those with few new tracks are not ranked.
        left_out: Who is not ranked either.
        most: How many at most.
        names: Of those who are alike, the lower name stands first; without names, the lower number.
    """
    enough = (accounts.numbers[:, RATED] >= LEAST_NEW_TRACKS) & (accounts.numbers[:, COPIES] > 0)
    found = np.flatnonzero(enough & ~left_out)
    if len(found) > most:
        found = found[scores[found] >= np.partition(scores[found], -most)[-most]]
    by_score = -scores[found]
    order = np.lexsort((by_score,) if names is None else (names[found], by_score))
    return found[order[:most]]
