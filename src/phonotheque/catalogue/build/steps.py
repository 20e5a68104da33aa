"""Steps of a build: each is done once, and somebody is told how far the whole is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.bulk import finish_folder, translated


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """How far a build is.

    Attributes:
        step: What is being done, in words.
        share: Share of the whole that is done, 0 to 1.
        seconds_left: How long the rest will take at the pace so far; None while nobody can say.
    """

    step: str
    share: float
    seconds_left: float | None


OnProgress = Callable[[BuildProgress], None]


def quietly(_: BuildProgress) -> None:
    """Tell nobody."""


class Pace:
    """Turns progress within steps into progress of the whole.

    Args:
        weights: What each step takes, in any unit, in their order.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        weights: dict[str, float],
        on_progress: OnProgress,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._weights = weights
        self._on_progress = on_progress
        self._clock = clock
        self._total = sum(weights.values()) or 1.0
        self._done = 0.0
        self._passed_over = 0.0
        self._started = clock()

    @contextmanager
    def step(self, step: str, *, is_done: bool = False) -> Iterator[Callable[[float], None]]:
        """Do a step; what is given is told the share of it that is done.

        Args:
            is_done: Whether an earlier run did it: then it says nothing of this run's pace.
        """
        weight = self._weights[step]

        def tell(share: float) -> None:
            done = self._done + weight * min(max(share, 0.0), 1.0)
            spent, here = self._clock() - self._started, done - self._passed_over
            left = spent * (self._total - done) / here if here > 0 else None
            self._on_progress(BuildProgress(step, done / self._total, left))

        if is_done:
            self._passed_over += weight
            self._done += weight
            yield lambda _: None
            return
        tell(0.0)
        yield tell
        self._done += weight


def make_once(folder: Path, make: Callable[[Path], None]) -> bool:
    """Make a folder unless it is made; return whether it had to be.

    `make` is given the folder `<folder>.part`, which may have what an earlier run left in it.
    """
    if folder.is_dir():
        return False
    unfinished = folder.with_name(f"{folder.name}.part")
    with translated(str(folder)):
        unfinished.mkdir(parents=True, exist_ok=True)
        make(unfinished)
        finish_folder(unfinished, folder)
    return True
