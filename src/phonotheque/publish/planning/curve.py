"""The coverage curve: which share of all listens so many bytes hold. Pure.

Laws: a curve begins at nothing and never falls; drawn as text it has no control characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_PLAIN = "   ...###"
"""The same for those who have no such letters."""


@dataclass(frozen=True, slots=True)
class Point:
    """So many bytes hold this share of all listens, 0 to 1."""

    size_bytes: int
    share: float


def curve_of(steps: Iterable[Mapping[str, int]], listens: int) -> tuple[Point, ...]:
    """Return the curve, beginning at nothing.

    Args:
        steps: Rows of `figures.steps`, in order.
        listens: All that are known.
    """
    added = [(0, 0), *((row["size_bytes"], row["listens"]) for row in steps)]
    sums = accumulate(added, lambda one, other: (one[0] + other[0], one[1] + other[1]))
    return tuple(Point(size, heard / listens if listens else 0.0) for size, heard in sums)


def bytes_for(curve: Sequence[Point], share: float) -> int | None:
    """Return how many bytes it takes to hold a share of all listens; None when it is never."""
    return next((point.size_bytes for point in curve if point.share >= share), None)


def share_at(curve: Sequence[Point], size_bytes: int) -> float:
    """Return the share that so many bytes hold."""
    return max((point.share for point in curve if point.size_bytes <= size_bytes), default=0.0)


def drawn(curve: Sequence[Point], *, width: int, height: int, is_plain: bool) -> list[str]:
    """Draw a curve as lines of text, an area of columns, the highest line first.

    Args:
        width: Columns of the area, without the scale of 6 letters before it.
        is_plain: Whether only ASCII may be used.
    """
    letters = _PLAIN if is_plain else _EIGHTHS
    most = max((point.size_bytes for point in curve), default=0)
    columns = [
        round(share_at(curve, most * (column + 1) // width) * height * 8) for column in range(width)
    ]
    lines = []
    for row in reversed(range(height)):
        scale = f"{(row + 1) * 100 // height:>3} % " if row in (height - 1, height // 2 - 1) else ""
        cells = "".join(letters[min(max(eighths - row * 8, 0), 8)] for eighths in columns)
        lines.append(f"{scale:>6}{cells}".rstrip())
    return lines
