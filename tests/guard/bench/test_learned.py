"""Learned peers: what they are shown of a day, and when they judge."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.guard.bench.small import TINY, setting

from phonotheque.guard.bench.detector import Maker, Settings
from phonotheque.guard.bench.entrants import absent
from phonotheque.guard.bench.feed import DAY_S, FIRST_SECOND, Feed, look_seconds, service_of
from phonotheque.guard.bench.losses import NEVER
from phonotheque.guard.bench.peers import learned
from phonotheque.guard.bench.peers.features import FEATURES, Days, Features
from phonotheque.guard.bench.peers.learned import (
    BoostedTrees,
    IsolationForest,
    Learned,
    Scorer,
    labelled_days,
)
from phonotheque.guard.bench.trial import Ended, Trial
from phonotheque.guard.bench.world import World
from phonotheque.guard.service import Service

SEED = 21


class Loudest(Learned):
    """Scores a day by the logarithm of its plays: the simplest model there is."""

    def __init__(self, service: Service, settings: Settings) -> None:
        super().__init__("loudest", service, settings)

    def fitted(self, days: Features) -> Scorer:
        assert len(days) > 0
        return lambda rows: rows[:, 0].astype(float)


def world() -> tuple[World, Service]:
    one = setting("loners")
    population = one.population()
    made = World(one.catalogue(), population, SEED)
    return made, service_of(made, one.keys(population))


def lived(make: Maker, limit: float) -> tuple[World, Ended]:
    made, service = world()
    trial = Trial(make(service, (limit,)), made.population)
    feed = Feed(made)
    for batch in feed.warm_up():
        trial.learn(batch)
    for batch, second in zip(feed.days(TINY.days), look_seconds(TINY.days), strict=True):
        trial.step(batch, second)
    return made, trial.end()


def test_a_day_is_eight_numbers_of_each_account() -> None:
    """Plays, different tracks and hours are what a plain count of the day gives."""
    made, service = world()
    days = Days(service)
    plays: dict[int, int] = {}
    tracks: dict[int, set[int]] = {}
    for batch in Feed(made).days(1):
        days.see(batch)
        for who, track in zip(
            batch.events.account.tolist(), batch.events.track.tolist(), strict=True
        ):
            plays[who] = plays.get(who, 0) + 1
            tracks.setdefault(who, set()).add(track)
    accounts, rows = days.end()
    assert rows.shape == (len(plays), FEATURES)
    assert np.isfinite(rows).all()
    assert np.allclose(np.expm1(rows[:, 0]), [plays[who] for who in accounts.tolist()], rtol=1e-4)
    assert np.allclose(
        np.expm1(rows[:, 1]), [len(tracks[who]) for who in accounts.tolist()], rtol=1e-4
    )
    assert (rows[:, 3] <= 24).all()


def test_a_model_judges_whole_days() -> None:
    """Whoever is above the limit is blocked at midnight; nobody else, and nobody before."""
    made, ended = lived(Loudest, np.log1p(3_000))
    blocked = np.flatnonzero(ended.suspended_at < NEVER)
    assert set(blocked.tolist()) == set(made.population.of("L0").tolist())
    assert (ended.suspended_at[blocked] == FIRST_SECOND + DAY_S).all()
    assert (ended.challenged_at == NEVER).all()


def needs(peer: str) -> None:
    if peer in absent():
        pytest.skip(f"the library of {peer} is not installed")


def test_labelled_days_are_of_both() -> None:
    """People and farms, a label for each day."""
    days, labels = labelled_days(TINY)
    assert len(days) == len(labels)
    assert 0 < labels.mean() < 0.5


def test_an_isolation_forest_finds_who_is_like_nobody() -> None:
    """The greedy are more easily told apart than any ordinary person."""
    needs("isolation forest")
    made, ended = lived(IsolationForest, np.inf)
    greedy = ended.peaks[made.population.of("L0")]
    assert greedy.min() > np.quantile(ended.peaks[made.population.of("ordinary")], 0.99)


def test_boosted_trees_find_what_they_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A level whose labels they saw stands above ordinary people."""
    needs("boosted trees (LightGBM)")
    monkeypatch.setattr(learned, "SMALL", TINY)
    made, ended = lived(BoostedTrees, np.inf)
    steady = ended.peaks[made.population.of("L1")]
    assert steady.min() > np.quantile(ended.peaks[made.population.of("ordinary")], 0.99)
