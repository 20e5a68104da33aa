"""The feed of a world: everything once, in order of time, nobody's label in it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.guard.bench.small import TINY, setting

from phonotheque.guard.bench.detector import KEYS, Batch
from phonotheque.guard.bench.feed import DAY_S, FIRST_SECOND, Feed, look_seconds, service_of
from phonotheque.guard.bench.habits import KINDS
from phonotheque.guard.bench.keys import CAPS, LEAST_BLOCKS, SHARED_ADDRESS, make_keys
from phonotheque.guard.bench.people import Population, make_population
from phonotheque.guard.bench.world import World
from phonotheque.guard.groups.rounds import GROUPS_EVERY_S

SEED = 21


def world(scenario: str = "loners") -> World:
    one = setting(scenario)
    return World(one.catalogue(), one.population(), SEED)


def fed(scenario: str = "loners", step_s: int = GROUPS_EVERY_S) -> list[Batch]:
    feed = Feed(world(scenario), step_s)
    return [*feed.warm_up(), *feed.days(TINY.days)]


@pytest.fixture(scope="module")
def batches() -> list[Batch]:
    return fed()


def test_events_come_in_order_of_time(batches: list[Batch]) -> None:
    """Within and across batches time never goes back."""
    seconds = np.concatenate([batch.events.second for batch in batches])
    assert (np.diff(seconds) >= 0).all()


def test_a_batch_ends_before_its_look(batches: list[Batch]) -> None:
    """What is seen at a look happened before it, and after the look before."""
    looks = list(look_seconds(TINY.days))
    for batch, look in zip(batches[-len(looks) :], looks, strict=True):
        assert batch.events.second.max() < look
        assert batch.events.second.min() >= look - GROUPS_EVERY_S


def test_no_event_is_lost_or_doubled(batches: list[Batch]) -> None:
    """What the world makes until the end of the last day is fed once."""
    made = world()
    parts = [*made.warm_up(), *(part for day in range(TINY.days) for part in made.day(day))]
    seconds = np.concatenate([part.second for part in parts])
    fed_in_all = sum(len(batch.events.second) + len(batch.canary_second) for batch in batches)
    assert fed_in_all == (seconds < TINY.days * DAY_S).sum()


def test_the_length_of_a_step_changes_nothing_else(batches: list[Batch]) -> None:
    """Looks at every quarter of a day meet the same events."""
    seldom = fed(step_s=21_600)
    for column in range(5):
        assert np.array_equal(
            np.concatenate([batch.events[column] for batch in seldom]),
            np.concatenate([batch.events[column] for batch in batches]),
        )


def test_a_step_must_divide_a_day() -> None:
    """A batch that crossed midnight would be of two days."""
    with pytest.raises(ValueError, match="whole number"):
        Feed(world(), 7_000)


def test_only_who_guesses_identifiers_meets_canaries(batches: list[Batch]) -> None:
    """No client is ever given one, so that people and other farms never ask for it."""
    who = np.concatenate([batch.canary_account for batch in batches])
    enumerators = setting("loners").population().of("enumerator")
    assert set(who.tolist()) == set(enumerators.tolist())
    tracks = np.concatenate([batch.events.track for batch in batches])
    assert tracks.min() >= 0


def test_what_the_service_chose_is_marked(batches: list[Batch]) -> None:
    """All that its radio plays, and nothing else."""
    population = setting("loners").population()
    chosen = {KINDS[kind].name for kind in population.kinds[population.chosen_for]}
    assert chosen == {"radio of the service"}
    for batch in batches:
        assert np.array_equal(batch.chosen, population.chosen_for[batch.events.account])


def test_an_account_that_was_taken_over_was_a_persons(batches: list[Batch]) -> None:
    """It listens before the farm has it, and copies from that day on."""
    population = setting("loners").population()
    who = int(population.taken_over[0])
    begins = population.traits[who, 14]
    seconds = np.concatenate(
        [batch.events.second[batch.events.account == who] for batch in batches]
    )
    assert seconds.min() < FIRST_SECOND < FIRST_SECOND + begins * DAY_S


def test_a_phone_that_synchronises_fetches_without_playing(batches: list[Batch]) -> None:
    """Whole copies of no playing time, a few seconds apart."""
    phones = setting("loners").population().of("synchronising phone")
    fetched = sum(
        int((batch.events.copied & (batch.events.played_ms == 0))[mine].sum())
        for batch in batches
        for mine in (np.isin(batch.events.account, phones),)
    )
    assert fetched > 0


@pytest.fixture(scope="module")
def crowd() -> Population:
    return make_population(SEED, 6_000, 12, {"L3": 60})


@pytest.mark.parametrize("cap", CAPS)
def test_no_key_gives_a_farm_away(crowd: Population, cap: float) -> None:
    """In no value of a key, but an address of one's own, is more than the cap a farm's."""
    keys = make_keys(crowd, SEED, cap)
    farm = crowd.of("L3")
    for column in range(1, len(KEYS)):
        count = np.bincount(keys[:, column])
        theirs = np.bincount(keys[farm, column], minlength=len(count))
        assert (theirs <= cap * count).all()


def test_a_farm_is_spread_over_many_addresses(crowd: Population) -> None:
    """Each account has one of its own, in fifty blocks or more; people share one."""
    keys = make_keys(crowd, SEED)
    assert len(np.unique(keys[crowd.of("L3"), 1])) >= LEAST_BLOCKS
    assert len(np.unique(keys[crowd.of("L3"), 0])) == len(crowd.of("L3"))
    assert (keys[:, 0] == SHARED_ADDRESS).sum() > 0.05 * crowd.honest.sum()


def test_a_level_hides_behind_the_address_that_people_share() -> None:
    """Few enough of them for the cap."""
    population = setting("one address").population()
    keys = make_keys(population, SEED)
    behind = keys[:, 0] == SHARED_ADDRESS
    farm = population.of("one address")
    assert 0 < behind[farm].sum() <= CAPS[0] * behind.sum()


def test_a_farm_that_cannot_hide_is_refused() -> None:
    """Nobody is given keys that would betray them."""
    crowded = make_population(SEED, 200, 12, {"L3": 100})
    with pytest.raises(ValueError, match="cannot hide"):
        make_keys(crowded, SEED, 0.01)


def test_a_service_knows_its_tracks() -> None:
    """Genre and album of each, and keys of each account; no label."""
    one = world()
    service = service_of(one, make_keys(one.population, SEED))
    assert service.tracks == one.catalogue.tracks == len(service.album_of)
    assert service.keys.shape == (service.accounts, len(KEYS))
