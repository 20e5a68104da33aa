"""Who looks most like one of many that go through a catalogue, by what the engine remembers alone.

Three ways to hide need three rankings. Who takes whatever there is has more non-hits than others.
Who plays hits in between to look ordinary still takes non-hits of all genres alike, where people
who dig, dig in a few; and who goes through one genre alone to look like them keeps to it more than
they do. A ranking accuses nobody: it only says whom to look at together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import COPIES, GENRE_PLACES, NON_HITS, RATED, Accounts

LEAST_NEW_TRACKS = 30
"""New tracks below which nobody is held against others."""

_GENRE_WEIGHT = 5.0
_FEW_WEIGHT = 1.0

Floats = npt.NDArray[np.float64]


def by_non_hits(accounts: Accounts) -> Floats:
    """Return the share of non-hits among the last new tracks of each account."""
    return accounts.numbers[:, NON_HITS].astype(np.float64)


def by_spread(accounts: Accounts) -> Floats:
    """Return the share of non-hits, less how much they keep to few genres.

    Who has few albums is not taken for one of many genres.
    """
    same, few = _narrowness(accounts)
    return by_non_hits(accounts) - _GENRE_WEIGHT * same - _FEW_WEIGHT * few


def by_depth(accounts: Accounts) -> Floats:
    """Return the share of non-hits, by how much they keep to few genres.

    Who has few albums is not taken for one of few genres.
    """
    same, few = _narrowness(accounts)
    return by_non_hits(accounts) * (same - _FEW_WEIGHT * few)


def _narrowness(accounts: Accounts) -> tuple[Floats, Floats]:
    """Return how much each keeps to few genres, and how little one may say of it.

    The first is the root of the chance that two albums are of one genre (E. H. Simpson,
    "Measurement of diversity", Nature 163, 1949, without bias), less what the places of the counts
    share by themselves; the second falls with the root of the number of albums.
    """
    counts = accounts.genres.astype(np.float64)
    albums = counts.sum(axis=1)
    pairs = np.maximum(albums * (albums - 1), 1)
    same = (counts * (counts - 1)).sum(axis=1) / pairs
    same = np.maximum(0, (same * GENRE_PLACES - 1) / (GENRE_PLACES - 1))
    return np.sqrt(same), 1 / np.sqrt(np.maximum(albums, 1))


RANKINGS = (by_non_hits, by_spread, by_depth)


def ranked(
    scores: Floats,
    accounts: Accounts,
    left_out: npt.NDArray[np.bool_],
    names: npt.NDArray[np.uint64] | None = None,
) -> npt.NDArray[np.int64]:
    """Return accounts, the highest score first.

    Args:
        scores: Of each account.
        accounts: Those with few new tracks are not ranked.
        left_out: Who is not ranked either.
        names: Of those who are alike, the lower name stands first; without names, the lower number.
    """
    enough = (accounts.numbers[:, RATED] >= LEAST_NEW_TRACKS) & (accounts.numbers[:, COPIES] > 0)
    order = np.lexsort((-scores,) if names is None else (names, -scores))
    return order[(enough & ~left_out)[order]]
