"""Groups: a farm that shares a catalogue out is seen, people who listen alike are not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.engine.memory import COPIES, NON_HITS, RATED, new_accounts
from phonotheque.guard.groups.first_copies import FirstCopies
from phonotheque.guard.groups.grown import Suspected, grown, judge
from phonotheque.guard.groups.meetings import Copies, copies_of, meetings
from phonotheque.guard.groups.membership import LEAST_OF_ITS_OWN, Demand, belonging
from phonotheque.guard.groups.poisson import log10_at_most
from phonotheque.guard.groups.ranking import by_non_hits, ranked, scores_of
from phonotheque.guard.groups.strata import Strata, halves, stratify

TRACKS, GENRES, PEOPLE, FARM, EACH = 40_000, 8, 1_500, 150, 120


@given(st.integers(0, 400), st.floats(0.01, 400))
@settings(max_examples=100, deadline=None)
def test_the_chance_is_the_sum_of_its_terms(count: int, mean: float) -> None:
    """As it is defined, where that does not underflow."""
    terms = [k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count + 1)]
    highest = max(terms)
    total = highest + math.log(math.fsum(math.exp(term - highest) for term in terms))
    assert log10_at_most(count, mean) == pytest.approx(total / math.log(10), abs=1e-6)


def test_chances_too_small_for_a_float_have_a_logarithm() -> None:
    """None of ten thousand expected: e to the minus ten thousand."""
    assert log10_at_most(0, 10_000) == pytest.approx(-10_000 / math.log(10))
    assert log10_at_most(5, 0) == 0


def music() -> tuple[np.ndarray, Strata]:
    random = np.random.default_rng(21)
    plays = (20_000 / (np.arange(TRACKS) + 30) ** 0.9).astype(np.uint32)
    return plays, stratify(plays, random.integers(0, GENRES, TRACKS).astype(np.int32))


def people(plays: np.ndarray, seed: int, count: int = PEOPLE) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    chances = (plays + 0.5) / (plays + 0.5).sum()
    return [np.unique(random.choice(TRACKS, EACH, p=chances)) for _ in range(count)]


def with_farm(plays: np.ndarray, seed: int = 21) -> list[np.ndarray]:
    order = np.random.default_rng(seed + 1).permutation(TRACKS)
    stretches = [order[EACH * one : EACH * (one + 1)] for one in range(FARM)]
    return people(plays, seed) + stretches


def copies(had: list[np.ndarray], strata: Strata) -> Copies:
    member = np.repeat(np.arange(len(had)), [len(one) for one in had]).astype(np.int32)
    return copies_of(member, np.concatenate(had).astype(np.int32), strata, len(had))


def by_rarity(had: list[np.ndarray], plays: np.ndarray) -> np.ndarray:
    return np.argsort([-(plays[one] < 40).mean() for one in had], kind="stable")


def alarm(had: list[np.ndarray], plays: np.ndarray, strata: Strata) -> Suspected | None:
    nobody = np.zeros(len(had), bool)
    groups = grown({-2.0: copies(had, strata)}, [by_rarity(had, plays)], nobody)
    return judge(groups).alarm


def test_a_farm_among_people_is_found() -> None:
    """150 accounts that share 18,000 tracks out, among 1,500 people: found, and nearly alone."""
    plays, strata = music()
    had = with_farm(plays)
    found = alarm(had, plays, strata)
    assert found is not None
    nobody = np.zeros(len(had), bool)
    mine = belonging(copies(had, strata), strata, found, nobody, Demand())
    assert mine[PEOPLE:].sum() > 0.8 * FARM
    assert mine[:PEOPLE].sum() < 0.02 * PEOPLE


def test_those_who_failed_lead_to_the_others() -> None:
    """With no alarm, and a third of a farm known, the others are found by whom they never meet."""
    plays, strata = music()
    had = with_farm(plays)
    core = np.arange(len(had)) >= PEOPLE + 2 * FARM // 3
    mine = belonging(copies(had, strata), strata, None, core, Demand())
    assert mine[PEOPLE : PEOPLE + 2 * FARM // 3].mean() > 0.5
    assert mine[:PEOPLE].mean() < 0.02


@pytest.mark.parametrize("seed", range(5))
def test_people_alone_never_alarm(seed: int) -> None:
    """However their rarest tastes are picked out and trimmed."""
    plays, strata = music()
    had = people(plays, seed)
    assert alarm(had, plays, strata) is None


def test_met_and_expected_are_what_they_say() -> None:
    """Counted member by member with sets, on each half, for members and for those beside them."""
    plays, strata = music()
    had = people(plays, 21, 12)
    group = np.arange(12) < 8
    found = meetings(copies(had, strata), group, np.ones(12, bool))
    for who, mine in enumerate(had):
        others = [had[one] for one in range(8) if one != who]
        for half in (0, 1):
            tracks = mine[strata.half[mine] == bool(half)]
            assert found.met[half, who] == np.isin(tracks, np.concatenate(others)).sum()
            rows = np.concatenate([one[strata.half[one] == bool(half)] for one in others])
            in_cell = np.bincount(strata.cell[rows], minlength=strata.cells)
            expected = (1 - np.exp(-in_cell[strata.cell[tracks]] * strata.share[tracks])).sum()
            assert found.expected[half, who] == pytest.approx(expected)


def test_a_group_alone_meets_as_it_does_among_others() -> None:
    """Rows of those who are no members change nothing for members."""
    plays, strata = music()
    had = people(plays, 22, 20)
    group = np.arange(20) % 2 == 0
    mine, all_of_them = [had[one] for one in np.flatnonzero(group)], np.ones(10, bool)
    alone = meetings(copies(mine, strata), all_of_them, all_of_them)
    among = meetings(copies(had, strata), group, group)
    assert np.array_equal(among.met[:, group], alone.met)
    assert np.allclose(among.expected[:, group], alone.expected)
    assert not among.met[:, ~group].any()


def test_halves_are_halves() -> None:
    """By number alone: the same for ever."""
    assert halves(100_000).mean() == pytest.approx(0.5, abs=0.01)
    assert np.array_equal(halves(1_000), halves(100_000)[:1_000])


def test_few_new_tracks_are_not_ranked() -> None:
    """Nobody is held against others by a handful of tracks, nor asked twice."""
    accounts = new_accounts(4)
    accounts.numbers[:, NON_HITS] = [0.9, 0.8, 0.1, 0.95]
    accounts.numbers[:, RATED] = [29, 30, 500, 500]
    accounts.numbers[:, COPIES] = 500
    left_out = np.array([False, False, False, True])
    assert ranked(by_non_hits(accounts), accounts, left_out, 3).tolist() == [1, 2]


def test_who_digs_in_few_genres_ranks_below_who_takes_all_alike() -> None:
    """With the same share of non-hits; without knowledge of genres nobody is above."""
    accounts = new_accounts(3)
    accounts.numbers[:, NON_HITS] = 0.5
    accounts.genres[0, :3] = 20
    accounts.genres[1, :60] = 1
    accounts.genres[2, 0] = 60
    spread = scores_of(accounts).spread
    assert spread[1] > spread[0] > spread[2]


def test_who_keeps_to_one_genre_ranks_above_who_digs_in_several() -> None:
    """With the same share of non-hits; of one album, or among hits, it says little."""
    accounts = new_accounts(4)
    accounts.numbers[:, NON_HITS] = [0.5, 0.5, 0.5, 0.05]
    accounts.genres[0, 0] = 60
    accounts.genres[1, :3] = 20
    accounts.genres[2, 0] = 1
    accounts.genres[3, 0] = 60
    depth = scores_of(accounts).depth
    assert depth[0] > depth[1] > max(depth[2], depth[3])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), max_size=300))
@settings(max_examples=50, deadline=None)
def test_first_copies_are_a_set(pairs: list[tuple[int, int]]) -> None:
    """Each pair once, at its first time, in whatever batches it comes, and after forgetting."""
    firsts = FirstCopies(31, room=4)
    kept: dict[tuple[int, int], int] = {}
    for second, pair in enumerate(pairs):
        account, track = (np.array([number], np.int32) for number in pair)
        is_new = firsts.note(account, track, np.array([second]))
        assert is_new[0] == (pair not in kept)
        kept.setdefault(pair, second)
        if second == 150:
            firsts.forget(100)
            kept = {pair: at for pair, at in kept.items() if at >= 100}
    rows = firsts.rows
    found = zip(rows.account.tolist(), rows.track.tolist(), rows.second.tolist(), strict=True)
    assert {(account, track): at for account, track, at in found} == kept
    assert len(firsts) == len(kept)


def test_more_is_demanded_when_people_are_asked() -> None:
    """And less when hardly any are; few answers say nothing."""
    demand = Demand()
    assert demand.after(2, 2) == demand
    assert demand.after(50, 50).within > demand.within > demand.after(1, 99).within
    assert demand.after(50, 50).beside > demand.beside > demand.after(1, 99).beside


def test_there_is_a_least_that_is_demanded_however_many_fail() -> None:
    """Who stands beside an alarmed group must be likelier of it than not, and have his own."""
    demand = Demand()
    for _ in range(100):
        demand = demand.after(0, 100)
    assert (demand.within, demand.beside) == (-2.0, 0.0)
    assert math.exp(LEAST_OF_ITS_OWN) == pytest.approx(20)
