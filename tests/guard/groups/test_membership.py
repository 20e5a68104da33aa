"""Who belongs to a farm: its own accounts, and hardly anybody who listens freely beside it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.groups.grown import grown, judge
from phonotheque.guard.groups.likeness import likeness, looks_of, showing
from phonotheque.guard.groups.meetings import Copies, copies_of, meetings, weighed
from phonotheque.guard.groups.membership import LEAST_OF_ITS_OWN, Demand, belonging, own_odds
from phonotheque.guard.groups.strata import Strata, stratify

TRACKS, OF_AN_ALBUM, GENRES = 48_000, 12, 40
PEOPLE, FARM, SHUFFLING, COMPLETISTS = 800, 150, 300, 100
LOOKS, A_LOOK = 8, 14


def catalogue() -> tuple[np.ndarray, Strata]:
    """Tracks that few have, in albums of twelve."""
    random = np.random.default_rng(7)
    plays = random.integers(1, 30, TRACKS).astype(np.uint32)
    album = (np.arange(TRACKS) // OF_AN_ALBUM).astype(np.int32)
    genre = random.integers(0, GENRES, TRACKS // OF_AN_ALBUM).astype(np.int32)[album]
    return plays, stratify(plays, genre, album)


def freely(plays: np.ndarray, tracks: np.ndarray, seed: int, count: int, each: int) -> list:
    """People who draw among some tracks as these are popular."""
    random, chances = np.random.default_rng(seed), plays[tracks] / plays[tracks].sum()
    return [tracks[random.choice(len(tracks), each, p=chances)] for _ in range(count)]


def completists(strata: Strata, each: int) -> list[np.ndarray]:
    """People who hear half of each album, of one genre."""
    random, found = np.random.default_rng(11), []
    genre = strata.genre(np.arange(0, TRACKS, OF_AN_ALBUM, dtype=np.int32))
    for who in range(COMPLETISTS):
        albums = random.permutation(np.flatnonzero(genre == who % GENRES))
        tracks = (albums[:, None] * OF_AN_ALBUM + np.arange(6)).ravel()
        found.append(tracks[:each])
    return found


def farm(*, in_albums: bool) -> list[np.ndarray]:
    """Accounts that share the catalogue out: whole albums, or track by track."""
    random = np.random.default_rng(5)
    albums = random.permutation(TRACKS // OF_AN_ALBUM)
    order = (albums[:, None] * OF_AN_ALBUM + np.arange(OF_AN_ALBUM)).ravel()
    return np.array_split(order if in_albums else random.permutation(TRACKS), FARM)


def copies(had: list[np.ndarray], strata: Strata) -> Copies:
    had = [np.unique(one) for one in had]
    member = np.repeat(np.arange(len(had)), [len(one) for one in had]).astype(np.int32)
    return copies_of(member, np.concatenate(had).astype(np.int32), strata, len(had))


def asked_beside(*, in_albums: bool) -> np.ndarray:
    """Who was ever asked, at eight looks, while a farm works; everybody who was asked answers."""
    plays, strata = catalogue()
    everything = np.arange(TRACKS)
    each = LOOKS * A_LOOK
    people = [
        *freely(plays, everything[: TRACKS // 4], 1, PEOPLE, each),
        *freely(np.ones(TRACKS), everything, 2, SHUFFLING, each),
        *completists(strata, 4 * each),
    ]
    both = people + farm(in_albums=in_albums)
    asked, demand = np.zeros(len(both), bool), Demand()
    is_farm = np.arange(len(both)) >= len(people)
    looking = np.random.default_rng(3).permutation(len(both))
    taken = [len(one) for one in both]
    for look in range(1, LOOKS + 1):
        for who in np.flatnonzero(~(asked & is_farm)):
            taken[who] = len(both[who]) * look // LOOKS if not is_farm[who] else look * A_LOOK
        now = copies([one[:count] for one, count in zip(both, taken, strict=True)], strata)
        core = asked & is_farm
        ranking = looking[~asked[looking]]
        first = np.concatenate([ranking[is_farm[ranking]], ranking[~is_farm[ranking]]])
        alarm = judge(grown({-2.0: now}, [first], core, (300,))).alarm
        if alarm is not None or core.sum() >= 30:
            found = belonging(now, strata, alarm, core, demand) & ~asked
            demand = demand.after(int((found & ~is_farm).sum()), int((found & is_farm).sum()))
            asked |= found
    return asked


@pytest.mark.parametrize("order", ["albums", "tracks"])
def test_who_listens_freely_beside_a_farm_is_hardly_asked(order: str) -> None:
    """One in ten at most of those who play everything, fewer of others; the farm is, nearly all."""
    asked = asked_beside(in_albums=order == "albums")
    ends = np.cumsum([PEOPLE, SHUFFLING, COMPLETISTS, FARM])
    ordinary, shuffling, whole_albums, taking = np.split(asked, ends[:-1])
    assert taking.mean() > 0.9
    assert shuffling.mean() <= 0.10
    assert whole_albums.mean() <= 0.05
    assert ordinary.mean() <= 0.01


def test_half_a_member_counts_by_its_chance() -> None:
    """With weights of nothing and all as a group of those; with half of each in between."""
    plays, strata = catalogue()
    now = copies(freely(plays, np.arange(2_000), 21, 12, 150), strata)
    group = np.arange(12) < 8
    found = meetings(now, group, np.ones(12, bool))
    of_a_half, whole = (met(now, np.where(group, by, 0.0)) for by in (0.5, 1 - 1e-12))
    assert np.allclose(whole[0], found.met.sum(axis=0))
    assert np.allclose(whole[1], found.expected.sum(axis=0))
    assert (of_a_half[0] < whole[0]).all()
    assert (of_a_half[1] < whole[1]).all()


def met(copies: Copies, likely: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often each meets likely members, and would."""
    found = weighed(copies, likely)
    member = np.repeat(np.arange(copies.members), np.diff(copies.begins))
    assert np.allclose(found.met, np.bincount(member, found.chance, copies.members))
    return found.met, found.expected


def in_a_genre(strata: Strata, members: int) -> tuple[list[np.ndarray], np.ndarray]:
    """A farm of which two members keep to one genre, and what they leave of that genre."""
    random, genre = np.random.default_rng(3), strata.genre(np.arange(TRACKS, dtype=np.int32))
    here, elsewhere = (random.permutation(np.flatnonzero(mask)) for mask in (genre == 0, genre > 0))
    known = [*np.split(elsewhere[: members * 100], members), *np.split(here[:200], 2)]
    return known, here[200:]


def odds_beside(plays: np.ndarray, known: list, crowd: list, one: np.ndarray) -> np.ndarray:
    """Own odds of a crowd and one more, where of the crowd each is a member by one chance in 50."""
    _, strata = catalogue()
    candidates = copies([*known, *crowd, one], strata)
    likely = np.where(np.arange(candidates.members) < len(known), 0.98, 0.02)
    return own_odds(candidates, likely)[len(known) :]


def test_meeting_people_does_not_clear_an_account_of_a_farm() -> None:
    """Who takes what two known members leave of a genre is told by that, though many of whom hardly
    anything is known have the same tracks; who listens freely there is not, nor are the others."""
    plays, strata = catalogue()
    known, left = in_a_genre(strata, 60)
    here = np.concatenate([*known[-2:], left])
    crowd, free = freely(plays, here, 4, 300, 20), freely(plays, here, 5, 1, 60)[0]
    odds = odds_beside(plays, known, crowd, left[:60])
    assert odds[-1] > LEAST_OF_ITS_OWN + 2
    assert odds_beside(plays, known, crowd, free)[-1] < 0
    assert (odds[:-1] > LEAST_OF_ITS_OWN).mean() < 0.02


@pytest.mark.parametrize("favourites", [0, 10])
def test_of_people_hardly_any_shows_much(favourites: int) -> None:
    """The ratio of likelihoods is one at most in the mean over people, also where people have more
    in common than their genres say: some albums that many of them love."""
    plays, strata = catalogue()
    known, left = in_a_genre(strata, 60)
    here = np.concatenate([*known[-2:], left])
    loved, random = np.random.default_rng(8).choice(here, 60), np.random.default_rng(9)
    crowd = [
        np.concatenate([one, random.choice(loved, favourites)])
        for one in freely(plays, here, 4, 2_000, 20)
    ]
    odds = odds_beside(plays, known, crowd, left[:60])[:-1]
    assert np.exp(odds).mean() <= 1
    assert (odds > LEAST_OF_ITS_OWN).mean() <= 1 / 20


def test_looks_are_what_they_say() -> None:
    """Counted by hand: two albums of one genre, whole, beside tracks of ten albums of ten."""
    _, strata = catalogue()
    genre = strata.genre(np.arange(0, TRACKS, OF_AN_ALBUM, dtype=np.int32))
    same = np.flatnonzero(genre == 3)[:2]
    whole = (same[:, None] * OF_AN_ALBUM + np.arange(OF_AN_ALBUM)).ravel()
    each = np.array([np.flatnonzero(genre == one)[0] for one in range(10)]) * OF_AN_ALBUM
    looks = looks_of(copies([whole, each], strata), strata)
    assert looks.of_an_album.tolist() == [12, 1]
    assert looks.place.tolist() == [6 * 5 + 5, 0]


def test_who_looks_like_the_farm_is_likelier_and_by_how_much_is_bounded() -> None:
    """Those who look like people are less likely; a hundred thousand of each say no more."""
    _, strata = catalogue()
    looks = looks_of(copies([np.arange(24), np.arange(0, 2_400, 12)], strata), strata)
    for many in (10.0, 1e9):
        odds = likeness(looks, np.array([many, 0]), np.array([0, many]))
        assert odds[0] > 0 > odds[1]
        assert np.abs(odds).max() <= 8


def test_members_show_what_a_farm_looks_like_until_enough_are_known() -> None:
    """Then those who failed do, and nobody who only may be one."""
    likely, members = np.full(6, 0.7), np.arange(6) >= 3
    few, many = (np.arange(6) < count for count in (1, 3))
    assert showing(few, likely, members, 2).tolist() == [1, 0, 0, 0.7, 0.7, 0.7]
    assert showing(many, likely, members, 2).tolist() == [1, 1, 1, 0, 0, 0]


def test_people_who_were_kept_for_meeting_few_are_not_asked_for_that() -> None:
    """Who meets fewest of three hundred that listen freely seems to belong to a farm, had he not
    been chosen for it: odds are fair again, 1 at most in the mean, without that head start."""
    plays, strata = catalogue()
    now = copies(freely(plays, np.arange(TRACKS), 30, 400, 200), strata)
    nobody, first = np.zeros(400, bool), np.arange(400)
    groups = list(grown({-2.0: now}, [first], nobody, (300,)))
    own = [own_odds(now, np.where(one.group, 0.6, 0.02))[one.group] for one in groups]
    assert groups[-1].group.sum() < 40
    assert np.exp(own[-1]).mean() > 2
    for odds, one in zip(own, groups, strict=True):
        assert np.exp(odds - one.head_start).mean() < 1
