"""How loud each hundredth of a second is, for as long as it lasts, in memory that does not grow.

Laws: peaks are exact, means are of absolute values; past a limit neighbours are merged two by two,
so that hours take no more memory than minutes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]

MOST_SLICES = 1 << 15
"""More are merged: between that and half of it remain, 40 or more for each of 400 points."""


class Slices:
    """Peak and mean of two channels for each slice.

    Rows of four numbers: left peak, left mean, right peak, right mean.
    """

    def __init__(self) -> None:
        # One table from the start: small arrays that stay, between large ones that come and go,
        # would tear the heap to pieces, and hours would cost a gigabyte.
        self._table = np.empty((2 * MOST_SLICES, 4), np.float32)
        self._count = 0
        self._span = 1
        self._rest = np.zeros((0, 4), np.float32)

    def add(self, rows: Numbers) -> None:
        """Take rows of slices of the basic length."""
        for start in range(0, len(rows), MOST_SLICES):
            self._add(rows[start : start + MOST_SLICES])

    def result(self) -> Numbers:
        """Return all slices in order; the last may cover less than the others."""
        last = _merge(self._rest, len(self._rest)) if len(self._rest) else self._rest
        return np.concatenate([self._table[: self._count], last])

    def _add(self, rows: Numbers) -> None:
        if len(self._rest):
            rows = np.concatenate([self._rest, rows])
        whole = len(rows) // self._span * self._span
        self._rest = rows[whole:].copy()
        merged = _merge(rows[:whole], self._span)
        self._table[self._count : self._count + len(merged)] = merged
        self._count += len(merged)
        while self._count > MOST_SLICES:
            self._halve()

    def _halve(self) -> None:
        half = self._count // 2
        if self._count % 2:  # the odd one waits, as so many slices of the basic length
            waiting = np.repeat(self._table[self._count - 1 : self._count], self._span, axis=0)
            self._rest = np.concatenate([waiting, self._rest])
        self._table[:half] = _merge(self._table[: 2 * half], 2)
        self._count, self._span = half, 2 * self._span


def _merge(rows: Numbers, span: int) -> Numbers:
    """Merge each `span` neighbours into one; their number is a multiple of it."""
    if span == 1 or not len(rows):
        return rows
    grouped = rows.reshape(-1, span, 4)
    merged = np.empty((len(grouped), 4), np.float32)
    merged[:, 0::2] = grouped[:, :, 0::2].max(axis=1)
    merged[:, 1::2] = grouped[:, :, 1::2].mean(axis=1)
    return merged
