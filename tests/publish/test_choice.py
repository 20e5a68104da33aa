"""Which torrents to keep: a pure decision, the same for the page, for mirrors and for everybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.publish.choice import (
    KINDS_OF,
    TARGET_COPIES,
    Freedom,
    KeeperWish,
    OfferedTorrent,
    Priority,
    choose,
    rank,
)
from phonotheque.publish.health.report import LEAST_SAFE
from phonotheque.publish.index.lines import KINDS, TIERS

candidates = st.builds(
    OfferedTorrent,
    id=st.integers(0, 10**6).map(lambda n: f"a-open-all-{n:05d}"),
    kind=st.sampled_from(KINDS),
    tier=st.sampled_from(TIERS),
    size_bytes=st.integers(1, 40 * 10**9),
    added=st.dates().map(lambda day: f"{day.isoformat()}T00:00:00Z"),
    seeders=st.none() | st.integers(0, 40),
    collections=st.lists(st.sampled_from(("a", "b")), max_size=2, unique=True).map(tuple),
)
many = st.lists(candidates, max_size=40, unique_by=lambda one: one.id)
wishes = st.builds(
    KeeperWish,
    space_bytes=st.integers(0, 10**12),
    keeper=st.text(max_size=8),
    licence=st.sampled_from(Freedom),
    collection=st.sampled_from(("", "a", "b", "c")),
    order=st.sampled_from(Priority),
)


def torrent(name, *, seeders=0, tier="all", size_bytes=10, kind="open", added="2026-01-01"):
    return OfferedTorrent(name, kind, tier, size_bytes, added, seeders)


@given(many, wishes, st.randoms(use_true_random=False))
def test_the_order_in_which_torrents_come_decides_nothing(torrents, wish, rng):
    """The same torrents in any order give the same list, in the same order."""
    shuffled = list(torrents)
    rng.shuffle(shuffled)
    assert choose(shuffled, wish) == choose(torrents, wish)


@given(many, wishes)
def test_a_list_fits_and_leaves_a_twentieth_of_the_room(torrents, wish):
    """No list fills more than 95 % of the room, and what it left out did not fit any more."""
    chosen = choose(torrents, wish)
    used = sum(one.size_bytes for one in chosen)
    assert used * 100 <= wish.space_bytes * 95
    wanted = [
        one
        for one in torrents
        if one.kind in KINDS_OF[wish.licence]
        and (not wish.collection or wish.collection in one.collections)
    ]
    assert set(chosen) <= set(wanted)
    left = wish.space_bytes // 100 * 95 - used
    assert all(one.size_bytes > left for one in wanted if one not in chosen)


def test_who_has_the_fewest_copies_comes_first():
    """Need goes before tier, tier before chance; a torrent that nobody counted counts as alone."""
    torrents = [
        torrent("safe", seeders=20, tier="50"),
        torrent("few-rest", seeders=2, tier="rest"),
        torrent("few-50", seeders=2, tier="50"),
        torrent("unknown", seeders=None, tier="rest"),
    ]
    names = [one.id for one in choose(torrents, KeeperWish(10**6))]
    assert names == ["unknown", "few-50", "few-rest", "safe"]


def test_other_orders_ask_their_question_first():
    """Most heard goes by tier, newest by day; need decides among equals."""
    torrents = [
        torrent("old-50", tier="50", seeders=3, added="2025-01-01T10:00:00Z"),
        torrent("new-rest", tier="rest", seeders=30, added="2026-01-01T10:00:00Z"),
        torrent("old-rest", tier="rest", seeders=0, added="2025-01-01T23:00:00Z"),
    ]
    heard = [one.id for one in choose(torrents, KeeperWish(10**6, order=Priority.HEARD))]
    newest = [one.id for one in choose(torrents, KeeperWish(10**6, order=Priority.NEWEST))]
    assert heard == ["old-50", "old-rest", "new-rest"]
    assert newest == ["new-rest", "old-rest", "old-50"]


def test_a_large_torrent_holds_nothing_up():
    """What does not fit is passed over, and smaller ones after it are taken."""
    torrents = [torrent("large", size_bytes=99, seeders=0), torrent("small", seeders=9)]
    assert [one.id for one in choose(torrents, KeeperWish(100))] == ["small"]


def test_keepers_spread():
    """Among torrents of equal need, a hundred keepers begin with many different ones."""
    torrents = [torrent(f"t{number}") for number in range(50)]
    first = {choose(torrents, KeeperWish(1000, keeper=f"keeper-{n}"))[0].id for n in range(100)}
    assert len(first) > 30


def test_when_one_torrent_goes_others_keep_their_order():
    """Rendezvous: a list without one torrent is the list, without it."""
    torrents = [torrent(f"t{number}") for number in range(30)]
    wish = KeeperWish(10**6, keeper="somebody")
    whole = choose(torrents, wish)
    assert choose(torrents[1:], wish) == [one for one in whole if one != torrents[0]]


@pytest.mark.parametrize(
    ("licence", "kinds"),
    [
        (Freedom.ANY, {"open", "nc", "nd", "nc-nd", "art", "overlays"}),
        (Freedom.COMMERCIAL, {"open", "nd"}),
        (Freedom.CHANGE, {"open", "nc"}),
        (Freedom.OPEN, {"open"}),
    ],
)
def test_a_licence_filter_takes_what_it_says(licence, kinds):
    """Every filter takes its classes, and what the archive itself says; every kind is decided."""
    own = {"metadata", "facts", "patches", "register", "index"}
    assert KINDS_OF[licence] == kinds | own
    assert KINDS_OF[Freedom.ANY] == set(KINDS)


def test_the_goal_is_what_the_page_calls_safe():
    """A torrent is asked for until it has as many seeders as are called safe."""
    assert TARGET_COPIES == LEAST_SAFE


@pytest.mark.parametrize(
    ("keeper", "name", "number"),
    [
        ("", "", 91_794_203),
        ("m", "kettle-comet-open-t50-00001", 1_921_176_485),
        ("\u00fc", "a-nc-all-00001", 1_856_392_799),
    ],
)
def test_the_rank_is_frozen(keeper, name, number):
    """Other programs may rely on these numbers: they are the same for ever."""
    assert rank(keeper, name) == number
