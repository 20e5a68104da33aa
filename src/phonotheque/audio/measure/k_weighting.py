"""The K-weighting of ITU-R BS.1770: what an ear makes of a sound before its power is taken.

Two filters of second order, a high shelf (the head) and a high pass (deep tones count less). The
standard lists their coefficients for 48 kHz alone; here they come from the analogue filters behind
those numbers, for any rate.

A recursive filter gives one sample after the other, which numpy cannot do fast. Cut into runs of
`_RUN` samples it is three products of matrices: what a run's own samples make of one another, what
they leave in the filter's state, and what the state before the run adds. Only the states follow one
another; each of the two filters has one state, a complex number that turns and shrinks from sample
to sample, so they are added up in log2(runs) steps.

Laws: the result is that of the recursion, to 1e-6 of the loudest sample (single precision); where
a block ends does not matter; no memory but one block's; no thread, for a confined child can start
none, and OpenBLAS kills a process in which it cannot.

Sources: ITU-R BS.1770-4, annex 1; De Man, "Evaluation of Implementations of the EBU R128 Loudness
Measurement" (AES 145, 2018) for the analogue filters; Oppenheim and Schafer, "Discrete-Time Signal
Processing", 3.3 and 6.3 (partial fractions, parallel form).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float32]

_SHELF_HZ, _SHELF_Q, _SHELF_GAIN_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
_SHELF_BEND = 0.4996667741545416  # share of the gain, in dB, that is reached at that frequency
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773

_RUN = 32  # shorter runs mean more states, longer ones more products: 24 to 48 cost the same
_GROUP = 64  # runs in one product: from four times as many on, OpenBLAS wants threads
_FORGOTTEN = 1e-9  # what is left of a state when it is no longer added: below single precision


class KWeighting:
    """Weights the channels of one recording, block after block.

    Args:
        rate_hz: Samples per second, 4,000 or more.
        channels: How many there are.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        modes, within = _modes(rate_hz), np.arange(_RUN)
        powers = np.stack([mode**within for mode in modes.poles])
        later = 2 * (modes.shares[:, None] * powers)  # twice: each pole has a conjugate
        response = np.concatenate([[modes.straight], later.sum(axis=0).real[:-1]])
        own = np.zeros((_RUN, _RUN))
        for number in within:
            own[number, number:] = response[: _RUN - number]
        self._own = own.astype(np.float32)
        self._left = _parts(powers[:, ::-1].T, 1).astype(np.float32)
        self._added = np.ascontiguousarray(_parts(later.T, -1).T, np.float32)
        self._poles = modes.poles
        self._states = np.zeros((channels, 2), np.complex64)
        self._scratch = np.zeros((0, _RUN), np.float32), np.zeros((0, _RUN), np.float32)

    def weigh(self, channel: int, row: Row) -> Row:
        """Weight the next samples of a channel.

        Returns:
            As many samples, the caller's to change, valid until the next call.
        """
        runs, rest = divmod(len(row), _RUN)
        if len(self._scratch[0]) <= runs:
            shape = (runs + 1, _RUN)
            self._scratch = np.empty(shape, np.float32), np.empty(shape, np.float32)
        weighted, added = self._scratch[0], self._scratch[1][:runs]
        samples = row[: runs * _RUN].reshape(runs, _RUN)
        states = self._follow(self._states[channel], samples)
        _multiply(samples, self._own, weighted[:runs])
        _multiply(states[:-1].view(np.float32), self._added, added)
        weighted[:runs] += added
        state = states[-1]
        if rest:
            last = row[-rest:]
            before: Row = state.view(np.float32)
            weighted[runs, :rest] = last @ self._own[:rest, :rest] + before @ self._added[:, :rest]
            state = state * self._poles**rest + (last @ self._left[-rest:]).view(np.complex64)
        self._states[channel] = state
        return weighted.reshape(-1)[: len(row)]

    def _follow(self, state: NDArray[np.complex64], samples: Row) -> NDArray[np.complex64]:
        """Return the states before each run and behind the last, shape (runs + 1, 2)."""
        states = np.empty((len(samples) + 1, 2), np.complex64)
        states[0] = state
        _multiply(samples, self._left, states[1:].view(np.float32))
        for mode, pole in enumerate(self._poles):
            column, left, step = states[:, mode], complex(pole) ** _RUN, 1
            while abs(left) > _FORGOTTEN and step < len(column):
                column[step:] += np.complex64(left) * column[:-step]
                left, step = left * left, 2 * step
        return states


def _multiply(rows: Row, matrix: Row, products: Row) -> None:
    """Multiply each row by a matrix, a group of rows at a time."""
    whole = len(rows) // _GROUP * _GROUP
    groups = products[:whole].reshape(-1, _GROUP, matrix.shape[1])
    np.matmul(rows[:whole].reshape(-1, _GROUP, len(matrix)), matrix, out=groups)
    np.matmul(rows[whole:], matrix, out=products[whole:])


class _Modes:
    """A filter as the sum of what passes straight through and of decaying turns.

    Its response to a single 1 is `straight`, then twice the real part of the sum of
    `shares * poles**(n - 1)`.
    """

    def __init__(self, straight: float, poles: list[complex], shares: list[complex]) -> None:
        self.straight, self.poles, self.shares = straight, np.array(poles), np.array(shares)


def _modes(rate_hz: int) -> _Modes:
    """Bring the analogue filters to a rate by the bilinear transform, and split them."""
    shelf = math.tan(math.pi * _SHELF_HZ / rate_hz)
    high_pass = math.tan(math.pi * _HIGH_PASS_HZ / rate_hz)
    top = 10 ** (_SHELF_GAIN_DB / 20)
    bend = top**_SHELF_BEND * shelf / _SHELF_Q
    scale = 1 + shelf / _SHELF_Q + shelf * shelf
    b0, b1, b2 = top + bend + shelf**2, 2 * (shelf**2 - top), top - bend + shelf**2
    one, two = _pole(shelf, _SHELF_Q), _pole(high_pass, _HIGH_PASS_Q)
    every = (one, one.conjugate(), two, two.conjugate())
    shares = []
    for pole in (one, two):
        # The high pass has the numerator (z - 1)^2 at every rate, not scaled: so BS.1770 has it.
        above = (b0 * pole * pole + b1 * pole + b2) / scale * (pole - 1) ** 2
        shares.append(above / math.prod(pole - other for other in every if other != pole))
    return _Modes(b0 / scale, [one, two], shares)


def _pole(turn: float, quality: float) -> complex:
    """The pole of a filter of second order that lies in the upper half of the plane."""
    analogue = complex(-1 / (2 * quality), math.sqrt(1 - 1 / (2 * quality) ** 2))
    return (1 + turn * analogue) / (1 - turn * analogue)


def _parts(numbers: NDArray[Any], sign: int) -> NDArray[np.float64]:
    """Split columns of complex numbers into their real parts and, with a sign, imaginary ones."""
    return np.stack([numbers.real, sign * numbers.imag], axis=-1).reshape(len(numbers), -1)
