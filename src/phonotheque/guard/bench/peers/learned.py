"""Learned models, behind the same interface: an isolation forest, and boosted trees.

The forest learns without labels on the days before the first one. The trees learn from a labelled
world of other people and every level of farm, as a service would that had caught all of them
before; which is more than any service has. As with the rules, the limit of both is set so that one
in ten thousand of other people would be blocked. Each looks at whole days.

Sources: F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation forest", ICDM 2008 (scikit-learn); G. Ke and
others, "LightGBM", NIPS 2017. Neither library is needed otherwise; without them these peers are
absent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.catalogue import make_catalogue
from phonotheque.guard.bench.detector import Batch, Settings, Stopped, nobody
from phonotheque.guard.bench.feed import DAY_S, FIRST_SECOND, Feed, service_of
from phonotheque.guard.bench.keys import make_keys
from phonotheque.guard.bench.peers.features import Days, Features
from phonotheque.guard.bench.people import make_population
from phonotheque.guard.bench.scenarios import SHAPES, SMALL, Scale
from phonotheque.guard.bench.world import WARM_UP_DAYS, World
from phonotheque.guard.rungs import Rung
from phonotheque.guard.service import Numbers, Service

Scorer = Callable[[Features], npt.NDArray[np.float64]]

_TREES = 100
_SEED = 977
"""Of what the boosted trees learn from; no world of the table has it."""

_LEARNT_LEVELS = ("L1", "L2", "L3", "L4", "L4p", "enumerator", "burst")
_EACH = 40
_SAMPLE = 256


class Learned:
    """A model that scores whole days; whoever has a day above the limit is blocked."""

    def __init__(self, name: str, service: Service, settings: Settings) -> None:
        """Begin before the warm-up."""
        self.name = name
        self._limit = settings[0] if settings else np.inf
        self._days = Days(service)
        self._learnt: list[Features] = []
        self._score: Scorer | None = None
        self._until = FIRST_SECOND - (WARM_UP_DAYS - 1) * DAY_S
        self._peaks = np.full(service.accounts, -np.inf)
        self._blocked = np.zeros(service.accounts, bool)

    def fitted(self, days: Features) -> Scorer:
        """Return what scores days, once the days before the first one are known."""
        raise NotImplementedError

    def learn(self, batch: Batch) -> None:
        """Gather a part of a day before the first one."""
        if len(batch.events.second) and batch.events.second[0] >= self._until:
            self._learnt.append(self._days.end()[1])
            self._until += DAY_S
        self._days.see(batch)

    def see(self, batch: Batch) -> None:
        """Gather a part of a day."""
        if self._score is None:
            self._learnt.append(self._days.end()[1])
            self._score = self.fitted(np.concatenate(self._learnt[1:]))  # the first knows no plays
        self._days.see(batch)

    def look(self, second: int) -> Stopped:
        """Judge at midnight."""
        if second % DAY_S or self._score is None:
            return nobody()
        who, days = self._days.end()
        self._peaks[who] = np.maximum(self._peaks[who], self._score(days))
        now = np.flatnonzero((self._peaks > self._limit) & ~self._blocked).astype(np.int32)
        self._blocked[now] = True
        count = len(now)
        rungs = np.full(count, Rung.SUSPEND, np.int8)
        return Stopped(now, rungs, np.zeros(count, np.bool_), np.full(count, second))

    def answered(self, passed: Numbers, failed: Numbers) -> None:
        """It never challenges."""

    def peaks(self) -> npt.NDArray[np.float64]:
        """Return the highest score of each account."""
        return self._peaks

    def settings(self) -> Settings:
        """Return the limit."""
        return (float(self._limit),)


class IsolationForest(Learned):
    """Finds what is easily told apart from the rest."""

    def __init__(self, service: Service, settings: Settings) -> None:
        """Begin before the warm-up."""
        super().__init__("isolation forest", service, settings)

    def fitted(self, days: Features) -> Scorer:
        """Grow trees on samples of the days before the first one."""
        from sklearn.ensemble import IsolationForest as Forest

        forest: Any = Forest(n_estimators=_TREES, max_samples=_SAMPLE, random_state=_SEED)
        forest.fit(days)
        return lambda rows: -forest.score_samples(rows)


class BoostedTrees(Learned):
    """Learns farms from labels."""

    def __init__(self, service: Service, settings: Settings) -> None:
        """Begin before the warm-up."""
        super().__init__("boosted trees (LightGBM)", service, settings)

    def fitted(self, days: Features) -> Scorer:
        """Return what was learnt elsewhere."""
        del days
        model = _boosted()
        return lambda rows: np.asarray(model.predict(rows, raw_score=True))


@cache
def _boosted() -> Any:
    from lightgbm import LGBMClassifier

    days, labels = labelled_days(SMALL)
    model = LGBMClassifier(n_estimators=_TREES, random_state=_SEED, n_jobs=1, verbose=-1)
    model.fit(days, labels)
    return model


def labelled_days(scale: Scale) -> tuple[Features, npt.NDArray[np.bool_]]:
    """Make days of people and of farms, on both shapes of catalogue, and say whose are farms."""
    days_of: list[Features] = []
    labels: list[npt.NDArray[np.bool_]] = []
    for shape in SHAPES:
        farms = dict.fromkeys(_LEARNT_LEVELS, _EACH)
        population = make_population(_SEED, scale.ordinary, scale.genres, farms)
        catalogue = make_catalogue(shape, _SEED, scale.albums, scale.genres)
        world = World(catalogue, population, _SEED)
        days = Days(service_of(world, make_keys(population, _SEED, cap=0.5)))
        feed = Feed(world, DAY_S)
        for batch in feed.warm_up():
            days.see(batch)
            days.end()
        for batch in feed.days(scale.days):
            days.see(batch)
            who, rows = days.end()
            days_of.append(rows)
            labels.append(~population.honest[who])
    return np.concatenate(days_of), np.concatenate(labels)
