"""The curve along which a map is laid: what is near in an order is near on the map.

Laws: pure; each place has one pixel and each pixel at most one place; the next place is the next
pixel, to the right, the left, above or below.

Source: D. Hilbert, Über die stetige Abbildung einer Linie auf ein Flächenstück, 1891. Squares of it
stand side by side, so that the map is nearly full whatever the number of its places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

_LEAST_ORDER = 3
_MOST_SQUARES = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """Squares that a curve runs through, one after another from left to right.

    Attributes:
        order: A square is 2**order pixels wide and high.
        squares: How many there are.
    """

    order: int
    squares: int

    @property
    def side(self) -> int:
        """Pixels of a square each way; the height of the map."""
        return 1 << self.order

    @property
    def width(self) -> int:
        """Pixels of the map from left to right."""
        return self.side * self.squares

    def pixels(self, places: Integers) -> tuple[Integers, Integers]:
        """Return column and row, from the upper left, of places counted from 0."""
        square, within = np.divmod(places, self.side * self.side)
        x, y = _hilbert(within, self.order)
        return x + square * self.side, y


def layout_of(count: int) -> Layout:
    """Return the smallest layout with room for so many places: at most three squares."""
    order = _LEAST_ORDER
    while count > _MOST_SQUARES << 2 * order:
        order += 1
    return Layout(order, max(-(-count // (1 << 2 * order)), 1))


def _hilbert(places: Integers, order: int) -> tuple[Integers, Integers]:
    """Return x and y of places on one curve; it begins at (0, 0) and ends at (2**order - 1, 0)."""
    x, y, rest = np.zeros_like(places), np.zeros_like(places), places.copy()
    for level in range(order):
        side = 1 << level
        right = (rest >> 1) & 1
        up = (rest ^ right) & 1
        is_turned = up == 0
        is_mirrored = is_turned & (right == 1)
        x[is_mirrored] = side - 1 - x[is_mirrored]
        y[is_mirrored] = side - 1 - y[is_mirrored]
        x[is_turned], y[is_turned] = y[is_turned], x[is_turned]
        x += side * right
        y += side * up
        rest >>= 2
    return x, y
