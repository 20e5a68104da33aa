"""Where the lines of a chart's scale stand: numbers that are read at a glance."""

from __future__ import annotations


def round_steps(highest: int) -> list[int]:
    """Return two to five round numbers up to the highest of a chart, rising; only the highest where
    there are not two.

    Args:
        highest: From 1 on.
    """
    step = 10 ** (len(str(highest)) - 1)
    for smaller in (step // 5, step // 2, step, 2 * step):
        if smaller and highest // smaller <= 5:
            return list(range(smaller, highest + 1, smaller))
    return [highest]
