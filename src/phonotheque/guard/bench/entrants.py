"""Which detectors stand in the table of GuardBench: ours, and peers whose library is there."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from phonotheque.guard.bench.own import Own
from phonotheque.guard.bench.peers.learned import BoostedTrees, IsolationForest
from phonotheque.guard.bench.peers.limits import RULES, limit_of
from phonotheque.guard.bench.run import Entrant

OWN = Own.name
"""Name of the guard's own detector."""

_LEARNED = {
    "sklearn": Entrant("isolation forest", IsolationForest, is_given_its_limit=True),
    "lightgbm": Entrant("boosted trees (LightGBM)", BoostedTrees, is_given_its_limit=True),
}
"""Peers by the library that they need."""


def everybody() -> list[Entrant]:
    """Return the guard's own detector and what services use today, as far as it is installed."""
    return [Entrant(OWN, Own, is_given_its_limit=False), *peers()]


def peers() -> list[Entrant]:
    """Return what services use today, as far as it is installed."""
    rules = [Entrant(rule.name, limit_of(rule), is_given_its_limit=True) for rule in RULES]
    return rules + [peer for library, peer in _LEARNED.items() if _is_there(library)]


def absent() -> list[str]:
    """Return the names of peers whose library is not installed."""
    return [peer.name for library, peer in _LEARNED.items() if not _is_there(library)]


@cache
def _is_there(library: str) -> bool:
    try:
        import_module(library)
    except (ImportError, OSError):  # LightGBM needs the system's OpenMP, libgomp
        return False
    return True
