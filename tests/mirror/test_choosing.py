"""What a mirror holds: the laws of choosing."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from bench import mirrors_simulated as simulated
from hypothesis import given
from hypothesis import strategies as st

from mirror.worlds import LATER, NOW, followed, holding, line, settings, standing
from phonotheque.mirror.choosing import choose, fill_bytes
from phonotheque.mirror.journal import Memory
from phonotheque.mirror.needing import lowest_ticket, tickets
from phonotheque.mirror.values import PLENTY, TARGET_COPIES, Filter, Holding, Medium, State
from phonotheque.publish.choice import Freedom, Priority, rank
from phonotheque.publish.packs.standing import LOST

ENOUGH = TARGET_COPIES + PLENTY + 1
"""Seeders of which this mirror is one, so that others have plenty."""


def wanted(choices):
    return {one.line.id for one in choices if one.wanted}


def reasons(choices):
    return {one.line.id: one.reason for one in choices}


@st.composite
def worlds(draw):
    """A mirror, and up to two archives of which it may hold something."""
    lines = st.lists(
        st.tuples(st.integers(1, 60), st.sampled_from(["open", "nc", "register"]), st.booleans()),
        max_size=12,
    )
    standings = []
    for name in ("weir", "mill")[: draw(st.integers(1, 2))]:
        made = [
            line(f"{name}-{number}", size, kind=kind, obsolete="retired" if is_gone else "")
            for number, (size, kind, is_gone) in enumerate(draw(lines))
        ]
        counts = {one.id: draw(st.integers(0, 12)) for one in made if draw(st.booleans())}
        held = [one for one in made if draw(st.booleans())]
        memory = holding(*held)
        memory.plenty_since = {one.id: "2026-11-01T00:00:00+00:00" for one in held}
        order = draw(st.sampled_from(list(Priority)))
        known = followed(*made, seeders=counts, name=name)
        standings.append(standing(known, memory, Filter(order=order)))
    return settings(draw(st.integers(0, 800))), standings


@given(worlds(), st.randoms())
def test_a_choice_follows_from_its_values_alone(world, random):
    """The same mirror, archives and counts give the same choice, in whatever order they come."""
    given_settings, standings = world
    mixed = list(standings)
    random.shuffle(mixed)
    assert choose(given_settings, standings) == choose(given_settings, mixed)


@given(worlds())
def test_what_is_new_never_fills_more_than_the_room(world):
    """What is chosen anew fits into 95 % of the room together with what stays."""
    given_settings, standings = world
    choices = choose(given_settings, standings)
    new = [one.line.size_bytes for one in choices if one.wanted and not one.is_held]
    kept = [one.line.size_bytes for one in choices if one.wanted and one.is_held]
    assert not new or sum(new) + sum(kept) <= fill_bytes(given_settings.space_bytes)


@given(worlds())
def test_a_last_copy_never_goes_by_itself(world):
    """Nothing that is offered is let go of while fewer others than the target have it."""
    given_settings, standings = world
    counts = {name: n for one in standings for name, n in one.followed.seeders.items()}
    for one in choose(given_settings, standings):
        if one.is_held and not one.wanted and not one.line.obsolete:
            assert counts[one.line.id] - 1 >= TARGET_COPIES


@given(worlds())
def test_every_torrent_has_a_reason(world):
    """What becomes of each torrent that is offered or held is decided, and it is said why, in a
    sentence; what is neither is not spoken of."""
    given_settings, standings = world
    choices = choose(given_settings, standings)
    about = [
        (standing.followed.archive, one.id)
        for standing in sorted(standings, key=lambda one: one.followed.archive)
        for one in standing.followed.lines
        if not one.obsolete or one.id in standing.memory.holdings
    ]
    assert [(one.archive, one.line.id) for one in choices] == about
    for one in choices:
        assert one.reason.endswith((".", "retired"))
        assert one.reason[0].isupper()


def test_the_rarest_come_first_on_most_mirrors():
    """A torrent that nobody has is first more often than one that lacks a copy: sixteen times."""
    lines = [line("rare"), line("common")]
    known = followed(*lines, seeders={"rare": 0, "common": TARGET_COPIES - 1})
    first = Counter(
        one.line.id
        for number in range(1000)
        for one in choose(settings(200, id=f"{number:032x}"), [standing(known)])
        if one.wanted
    )
    assert first["rare"] > 10 * first["common"] > 0


def test_what_has_enough_comes_after_all_that_has_not():
    """The target is filled before anything beyond it, whatever the order was drawn."""
    for number in range(50):
        known = followed(line("a"), line("b"), seeders={"a": TARGET_COPIES, "b": 3})
        choices = choose(settings(200, id=f"{number:032x}"), [standing(known)])
        assert wanted(choices) == {"b"}


def test_mirrors_spread():
    """A hundred mirrors with room for one of a hundred equal torrents take most of them."""
    known = followed(*(line(f"v{number}") for number in range(100)))
    taken = Counter(
        name
        for number in range(100)
        for name in wanted(choose(settings(200, id=f"{number:032x}"), [standing(known)]))
    )
    assert len(taken) > 50
    assert max(taken.values()) < 8


def test_heard_and_newest_come_first_when_asked_for():
    """The keeper's order is asked before need."""
    lines = [line("a", tier="rest"), line("b", tier="50"), line("c", added="2026-12-01T00:00:00Z")]
    known = followed(*lines[:2], seeders={"a": 0, "b": 9})
    assert wanted(
        choose(settings(200), [standing(known, wanted=Filter(order=Priority.HEARD))])
    ) == {"b"}
    known = followed(*lines, seeders={"a": 0, "b": 0, "c": 9})
    assert wanted(
        choose(settings(200), [standing(known, wanted=Filter(order=Priority.NEWEST))])
    ) == {"c"}


def test_filters_take_what_was_asked_for_and_what_explains_it():
    """Licence, collection and tier hold for recordings; what the archive itself says comes too."""
    lines = [
        line("nc", kind="nc"),
        line("other", tier="90"),
        line("mine", tier="50"),
        line("far", tier="50"),
        line("register", kind="register"),
    ]
    known = followed(*lines, collections={"mine": ("Weir",), "nc": ("Weir",)})
    asked = Filter(licence=Freedom.OPEN, tiers=("50",), collections=("Weir",))
    choices = choose(settings(10_000), [standing(known, wanted=asked)])
    assert wanted(choices) == {"mine", "register"}
    assert "commercially" in reasons(choices)["nc"]
    assert "tier 90" in reasons(choices)["other"]
    assert "collections" in reasons(choices)["far"]


def test_each_archive_keeps_to_its_own_limit():
    """An archive takes no more than its share, and leaves the rest of the room to others."""
    one = followed(*(line(f"a{number}") for number in range(5)), name="weir")
    two = followed(*(line(f"b{number}") for number in range(5)), name="mill")
    limited = standing(one, wanted=Filter(space_bytes=300))
    taken = wanted(choose(settings(2000), [limited, standing(two)]))
    assert sorted(name[0] for name in taken) == ["a"] * 2 + ["b"] * 5


# -- letting go ------------------------------------------------------------------------------


def plenty(since=NOW, now=LATER, **changes):
    """A full mirror of one torrent that many have, and another that nobody has."""
    common, rare = line("common"), line("rare")
    memory = holding(common)
    memory.plenty_since = {"common": since}
    counts = {"common": 4 * ENOUGH, "rare": 0}
    said = {"seeders": counts, "counted_at": now, "signed_at": now, **changes}
    return standing(followed(common, rare, **said), memory)


def over_many(world, space_bytes=200, **changes):
    """What some of fifty mirrors in the same place do."""
    return [
        choose(settings(space_bytes, id=f"{number:032x}", **changes), [world])
        for number in range(50)
    ]


def test_plenty_makes_room_for_what_is_needed():
    """After seven days of plenty a copy goes where something needier takes its room."""
    results = over_many(plenty())
    swapped = [one for one in results if wanted(one) == {"rare"}]
    assert swapped
    assert "plenty" in reasons(swapped[0])["common"]
    assert "rare" in reasons(swapped[0])["common"]


@pytest.mark.parametrize(
    "world",
    [
        plenty(now="2026-11-27T23:00:00+00:00"),
        plenty(since=""),
        plenty(counted_at="2026-10-01T00:00:00+00:00"),
        plenty(counted_at=""),
        plenty(seeders={"common": ENOUGH - 1, "rare": 0}),
        plenty(seeders={"common": 40, "rare": TARGET_COPIES}),
        plenty(seeders={"rare": 0}),
        plenty(since=LATER, now=NOW),
    ],
    ids=["6 days", "never noted", "old count", "no count", "too few", "not needed", "unknown",
         "clock gone back"],
)  # fmt: skip
def test_without_plenty_for_days_nothing_goes(world):
    """A copy stays while any of it is in doubt: the time, the count, the need of another."""
    assert all(wanted(one) == {"common"} for one in over_many(world))


@pytest.mark.parametrize(("limit_bytes", "is_swapped"), [(0, True), (100, False)])
def test_room_is_made_across_archives_within_their_limits(limit_bytes, is_swapped):
    """A copy of one archive makes room for another's torrent, unless that would pass its limit."""
    other = standing(
        followed(line("needed"), name="mill", seeders={"needed": 0}),
        wanted=Filter(space_bytes=limit_bytes),
    )
    given = plenty(seeders={"common": 40, "rare": 9})
    results = [
        wanted(choose(settings(200, id=f"{number:032x}"), [given, other])) for number in range(20)
    ]
    assert ({"needed"} in results) is is_swapped
    assert {"common"} in results


def test_not_all_let_go_on_one_day():
    """Of those who see the same plenty about as many let go as there are copies too many."""
    held = TARGET_COPIES + PLENTY + 25
    world = plenty(seeders={"common": held, "rare": 0})
    gone = [one for one in over_many(world) if wanted(one) == {"rare"}]
    assert 0.5 * 25 / held < len(gone) / 50 < 1.5 * 25 / held


def test_nothing_goes_while_there_is_room():
    """Plenty alone is no reason: a copy more harms nobody."""
    assert all(wanted(one) == {"common", "rare"} for one in over_many(plenty(), 1000))


def test_less_room_lets_go_of_what_others_have():
    """With less room than is held, what others have enough of goes, and the rest is told."""
    lines = [line(f"v{number}") for number in range(4)]
    counts = {"v0": 9, "v1": TARGET_COPIES + 1, "v2": TARGET_COPIES, "v3": 1}
    choices = choose(settings(100), [standing(followed(*lines, seeders=counts), holding(*lines))])
    assert wanted(choices) == {"v2", "v3"}
    assert "less room" in reasons(choices)["v0"]
    assert "nobody else has it" in reasons(choices)["v3"]


def test_an_offline_copy_is_not_among_the_seeders():
    """Of a mirror on a disk in a drawer nobody was counted: all seeders are others."""
    held = line("v")
    known = followed(held, seeders={"v": TARGET_COPIES})
    for medium, is_kept in ((Medium.ONLINE, True), (Medium.OFFLINE_DISK, False)):
        choices = choose(settings(50, medium=medium), [standing(known, holding(held))])
        assert (wanted(choices) == {"v"}) is is_kept


def test_what_is_being_fetched_is_not_dropped_for_something_else():
    """A download that began goes on, however needy something new is."""
    begun, new = line("begun"), line("new")
    known = followed(begun, new, seeders={"begun": 9, "new": 0})
    memory = Memory({"begun": Holding("begun", State.PARTIAL, 10)}, {"begun": "There is room."})
    choices = choose(settings(200), [standing(known, memory)])
    assert wanted(choices) == {"begun"}
    assert "being fetched" in reasons(choices)["begun"]


# -- what is not offered any more ------------------------------------------------------------


def test_a_retired_torrent_goes_when_its_successor_is_here():
    """Until the successor is whole both stay, and count once; then the old one goes."""
    old = line("old", obsolete="corrected", superseded_by="new")
    new = line("new", supersedes="old")
    known = followed(old, new)
    choices = choose(settings(200), [standing(known, holding(old))])
    assert wanted(choices) == {"old", "new"}
    choices = choose(settings(300), [standing(known, holding(old, new))])
    assert wanted(choices) == {"new"}


def test_a_chain_of_successors_has_an_end():
    """Whatever an index says of successors, a choice is made."""
    ring = [line("a", obsolete="x", superseded_by="b"), line("b", obsolete="x", superseded_by="a")]
    choices = choose(settings(1000), [standing(followed(*ring), holding(*ring))])
    assert wanted(choices) == set()


def test_what_the_archive_lost_stays():
    """A torrent that is retired because its files were lost is the one to keep."""
    lost = line("lost", obsolete=LOST)
    assert wanted(choose(settings(500), [standing(followed(lost), holding(lost))])) == {"lost"}


def test_what_is_excluded_goes_and_is_never_chosen():
    """An exclusion counts more than need, here and in what is new."""
    lines = [line("held"), line("new")]
    choices = choose(
        settings(1000),
        [standing(followed(*lines), holding(lines[0]), held="a court", new="a court")],
    )
    assert wanted(choices) == set()
    assert "a court" in reasons(choices)["held"]


# -- the simulation plays the same rule ------------------------------------------------------


def test_tickets_in_arrays_are_those_of_the_rule():
    """Ranks and lowest tickets of the simulation are the rule's, bit for bit."""
    names = tuple(f"weir-open-rest-{number:05d}" for number in range(40))
    keeper = "0123456789abcdef" * 2
    drawn = simulated.ranks(keeper, simulated.rows_of(names))
    assert drawn.tolist() == [rank(keeper, name) for name in names]
    counts = np.array([tickets(number % 5) or 1 for number in range(40)])
    lowest = simulated.lowest_tickets(drawn, counts)
    expected = [lowest_ticket(keeper, name, int(n)) for name, n in zip(names, counts, strict=True)]
    assert lowest.tolist() == expected


@pytest.mark.parametrize("seed", range(6))
def test_the_simulation_chooses_as_mirrors_do(seed):
    """From the same holdings and counts, the arrays and the rule take and drop the same."""
    world = simulated.World.made(60, 5, seed=seed)
    game = simulated._Play(world, "need")
    random = Random(seed)
    full = set(random.sample(range(60), 40)) if seed % 2 else set()
    for volume in full:
        game.holds[0, volume] = True
    held_bytes = int(world.size_bytes[sorted(full)].sum())
    space = int(world.space_bytes[0]) + held_bytes * 100 // 95
    world.line_bytes[0] = 1 << 60
    game.since[0, :] = 0
    seeders = np.array([random.randrange(15) for _ in range(60)])
    seeders[sorted(full)] += 1
    names = simulated.rows_of(world.names, f" {LATER[:10]}")
    game.free[0] = fill_bytes(space) - held_bytes
    game._let_go(0, seeders, names, 8)
    game._fetch(0, seeders)
    lines = [
        line(name, int(size), tier="rest")
        for name, size in zip(world.names, world.size_bytes, strict=True)
    ]
    memory = holding(*(lines[volume] for volume in sorted(full)))
    memory.plenty_since = {line.id: "2026-11-01T00:00:00+00:00" for line in lines}
    counts = {one.id: int(n) for one, n in zip(lines, seeders, strict=True)}
    known = followed(*lines, seeders=counts, counted_at=LATER, signed_at=LATER)
    chosen = wanted(choose(settings(space, id=world.keepers[0]), [standing(known, memory)]))
    ours = {world.names[volume] for volume in np.flatnonzero(game.holds[0])}
    assert len(ours) > 3
    assert ours == chosen
