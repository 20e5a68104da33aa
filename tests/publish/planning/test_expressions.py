"""What becomes of every recording: the queries against the same rules in loops."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.publish.planning.shelves import (
    REASONS,
    Shelves,
    copy,
    obvious_plan,
    plan,
    shelves,
    songs,
    wishes,
)

from phonotheque.publish.planning.expressions import MOST_LISTENS
from phonotheque.publish.planning.tables import UNCATALOGUED
from phonotheque.publish.planning.words import Order, Status, Tier, Wish

SHOWN = ("recording", "object", "is_first", "size_bytes", "listens", "share", "release")


@settings(max_examples=max(settings.default.max_examples // 2, 1))  # a plan takes 0.1 s
@given(shelves(), wishes)
def test_a_plan_is_what_loops_over_rows_give(given_shelves, wish):
    """Every copy, and every recording without one, has the status, tier and place that the rules
    give it, whatever the order of the tables."""
    with tempfile.TemporaryDirectory() as folder:
        rows = plan(given_shelves, Path(folder), wish)
    expected = obvious_plan(given_shelves, wish)
    assert [[row[name] for name in SHOWN] for row in rows] == [
        [row[name] for name in SHOWN] for row in expected
    ]
    assert [(row["status"], row["tier"], row["form"]) for row in rows] == [
        (str(row["status"]), row["tier"].word, str(row["form"])) for row in expected
    ]
    assert [row["place"] for row in rows] == list(range(1, len(rows) + 1))


def statuses(rows):
    return {row["object"] or row["recording"]: row["status"] for row in rows}


def test_tiers_are_the_fewest_that_reach_their_share(tmp_path):
    """The most heard that reach 50 % together are in the first tier; equals stay together."""
    rows = plan(Shelves(songs(30, 25, 20, 20, 4, 1, 0, None)), tmp_path)
    assert [row["tier"] for row in rows] == [
        "t50", "t50", "t90", "t90", "t99", "t996", "rest", "rest",
    ]  # fmt: skip
    assert [row["share"] for row in rows] == [0.3, 0.55, 0.95, 0.95, 0.99, 1.0, 1.0, None]


def test_without_listens_there_is_one_tier(tmp_path):
    """Where nobody heard anything, or nobody counted, everything is in the tier "all"."""
    for name, listens in (("uncounted", (None, None)), ("unheard", (0, None))):
        rows = plan(Shelves(songs(*listens)), tmp_path / name, Wish(tiers=frozenset()))
        assert [(row["tier"], row["status"]) for row in rows] == [("all", "wanted")] * 2


def test_no_count_drowns_all_others(tmp_path):
    """A count beyond belief counts as the most that is believed; one below nothing as none."""
    rows = plan(Shelves(songs(10**15, MOST_LISTENS, 5, -3)), tmp_path)
    assert [row["listens"] for row in rows] == [MOST_LISTENS, MOST_LISTENS, 5, 0]


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        ([("to-share", 5), ("to-share", 7)], ["better-copy-held", "to-share"]),
        ([("to-share", 5), ("to-share", 5)], ["to-share", "better-copy-held"]),
        ([("shared", 5), ("to-share", 5)], ["shared", "better-copy-held"]),
        ([("shared", 5), ("to-share", 7)], ["shared", "to-share"]),
        ([("to-share", 7), ("to-share", 8), ("shared", 9)], ["better-copy-held"] * 2 + ["shared"]),
        ([("held-not-shared", 9), ("to-share", 1)], ["held-not-shared", "to-share"]),
        ([("damaged", 9), ("to-share", 1)], ["damaged", "to-share"]),
    ],
)  # fmt: skip
def test_of_copies_that_may_be_shared_the_best_goes(tmp_path, copies, expected):
    """A lesser copy gives way to one that is shared or goes; to one that cannot go it does not."""
    held = [
        copy(object_, 1, Status(status), quality=quality)
        for object_, (status, quality) in enumerate(copies, 1)
    ]
    found = statuses(plan(Shelves(songs(3), held), tmp_path))
    assert [found[object_] for object_ in range(1, len(copies) + 1)] == expected


def test_what_nobody_counted_comes_as_it_came_in(tmp_path):
    """After all that was counted: what is held in order of accession, whether the catalogue knows
    it or not, then what is not held."""
    held = [copy(4, UNCATALOGUED + 4, Status.TO_SHARE), copy(9, 2, Status.TO_SHARE)]
    held.append(copy(3, 4, Status.TO_SHARE))
    rows = plan(Shelves(songs(5, None, None, None), held), tmp_path)
    assert [row["recording"] for row in rows] == [1, 4, UNCATALOGUED + 4, 2, 3]


def test_only_tiers_asked_for_are_shared_or_wanted(tmp_path):
    """What is in another tier waits, held or not; what is shared stays shared."""
    held = [copy(1, 1, Status.TO_SHARE), copy(3, 3, Status.TO_SHARE), copy(4, 4, Status.SHARED)]
    wish = Wish(tiers=frozenset({Tier.T50}))
    rows = plan(Shelves(songs(60, 30, 9, 1), held), tmp_path, wish)
    assert [row["status"] for row in rows] == [
        "to-share", "below-threshold", "below-threshold", "shared",
    ]  # fmt: skip


def test_space_is_filled_in_order(tmp_path):
    """What is shared counts first; then all goes that fits before the first that does not."""
    sizes = [(1, Status.TO_SHARE, 40), (2, Status.TO_SHARE, 50), (3, Status.TO_SHARE, 1)]
    held = [copy(n, n, status, size_bytes=size) for n, status, size in sizes]
    held.append(copy(4, 4, Status.SHARED, size_bytes=30))
    rows = plan(Shelves(songs(4, 3, 2, 1), held), tmp_path, Wish(space_bytes=100))
    assert [row["status"] for row in rows] == [
        "to-share", "beyond-space", "beyond-space", "shared",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.POPULARITY, [1, 2, 3, 4, 5]),
        (Order.NEWEST, [4, 3, 1, 2, 5]),
        (Order.AT_RISK, [4, 3, 1, 2, 5]),
    ],
)
def test_orders_put_first_what_they_are_for(tmp_path, order, expected):
    """Popularity: the most heard. Newest: what came in last. At risk: fewest copies in
    other hands, whoever has them, then what decays, before what is not held."""
    known = songs(50, 40, 30, 20, 10)
    known[1]["year"] = 2001
    held = [
        copy(7, 1, Status.SHARED, seeders=4),
        copy(8, 3, Status.SHARED, seeders=1),
        copy(9, 4, Status.TO_SHARE, is_decaying=True),
    ]
    rows = plan(Shelves(known, held), tmp_path, Wish(order))
    assert [row["recording"] for row in rows] == expected


def test_a_reason_is_the_copys_own_where_rights_decide(tmp_path):
    """A copy says why it stands alone; where others or the wish decide the status says it."""
    held = [
        copy(1, 1, Status.TO_SHARE, reason=1),
        copy(2, 1, Status.TO_SHARE, quality=0, reason=1),
        copy(3, 2, Status.HELD_NOT_SHARED),
    ]
    rows = plan(Shelves(songs(3, 2, 1), held), tmp_path)
    assert [row["reason"] for row in rows] == [
        REASONS[1],
        Status.BETTER_COPY_HELD.meaning,
        REASONS[0],
        Status.WANTED.meaning,
    ]
