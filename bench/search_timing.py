"""How long questions take: of each the least of some tries, because noise only adds.

A try in which the process waited for a core says nothing about the search: its wall time is more
than its CPU time and the time that the disk took. Such tries are repeated a few times.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_TRIES = 3
_MOST_TRIES = 12
_HARDLY_MORE = 1.3


@dataclass(frozen=True, slots=True)
class Times:
    """How long the questions of a class took, in ms, each in rising order.

    Attributes:
        walls: From question to answer.
        cpus: What the process did meanwhile.
    """

    walls: list[float]
    cpus: list[float]

    @property
    def mean_cpu(self) -> float:
        """CPU time of one question on average."""
        return statistics.fmean(self.cpus)


def at(values: list[float], share: float) -> float:
    """Return the value that a share of rising values do not pass."""
    return values[min(int(share * len(values)), len(values) - 1)] if values else 0.0


def time_each(asks: Iterable[Callable[[], object]]) -> Times:
    """Call each once to warm it, then some times more."""
    walls, cpus = [], []
    for ask in asks:
        ask()
        wall, cpu = _least(ask)
        walls.append(wall)
        cpus.append(cpu)
    return Times(sorted(walls), sorted(cpus))


def _least(ask: Callable[[], object]) -> tuple[float, float]:
    wall = cpu = float("inf")
    for number in range(_MOST_TRIES):
        if number >= _TRIES and wall <= cpu * _HARDLY_MORE:
            break
        start, before = time.perf_counter(), time.thread_time()
        ask()
        cpu = min(cpu, (time.thread_time() - before) * 1e3)
        wall = min(wall, (time.perf_counter() - start) * 1e3)
    return wall, cpu
