"""How unlikely it is to count so few, where so many were expected."""

from __future__ import annotations

import math


def log10_at_most(count: int, mean: float) -> float:
    """Return log10 of the chance that a Poisson count of a mean is `count` or less.

    Summed from its greatest term downwards, so that it does not underflow (1e-4000 is fine); the
    terms fall by `count / mean`. NIST Digital Library of Mathematical Functions, section 8.4 and
    8.11: the cumulative distribution is the regularised incomplete gamma function.

    Args:
        count: 0 or more.
        mean: 0 or more.
    """
    if mean <= 0:
        return 0.0
    if count >= mean:
        return math.log10(max(1e-300, 1 - 10 ** _log10_above(count, mean)))
    term = total = 1.0
    for below in range(count, 0, -1):
        term *= below / mean
        total += term
        if term < 1e-17 * total:
            break
    return _log10_exactly(count, mean) + math.log10(total)


def log10_at_least(count: int, mean: float) -> float:
    """Return log10 of the chance that a Poisson count of a mean is `count` or more.

    Args:
        count: 0 or more.
        mean: 0 or more.
    """
    if count <= 0:
        return 0.0
    if mean <= 0:
        return -math.inf
    if count <= mean:
        return math.log10(max(1e-300, 1 - 10 ** log10_at_most(count - 1, mean)))
    return _log10_above(count - 1, mean)


def _log10_above(count: int, mean: float) -> float:
    """Of more than `count`, where that is at least the mean."""
    term = total = 1.0
    above = count + 2
    while term > 1e-17 * total:
        term *= mean / above
        total += term
        above += 1
    return _log10_exactly(count + 1, mean) + math.log10(total)


def _log10_exactly(count: int, mean: float) -> float:
    return (count * math.log(mean) - mean - math.lgamma(count + 1)) / math.log(10)
