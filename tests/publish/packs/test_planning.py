"""What stays and what is made anew hold every wanted thing, and nothing else."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from phonotheque.publish.packs.form import FULL_BYTES, MOST_BYTES
from phonotheque.publish.packs.planning import State, Version, compare, decide, meet
from phonotheque.publish.packs.source import Wanted

VERSIONS = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("12"), max_size=8)


def wanted_of(versions):
    return [Wanted(key, version, 0) for key, version in sorted(versions.items())]


def lists_of(packs):
    return [[Version(*pair) for pair in sorted(pack.items())] for pack in packs]


def states_of(packs):
    return [State(f"p{n}", 100 * len(pack), len(pack)) for n, pack in enumerate(packs)]


@given(VERSIONS, st.lists(VERSIONS.filter(bool), max_size=4), st.booleans())
def test_nothing_is_lost_and_nothing_stays_that_must_not(versions, packs, may_be_stale):
    """After a run each wanted thing has its newest word in a pack that stays or in a new one; no
    pack that stays has a thing that is not wanted."""
    states = states_of(packs)
    news = compare(meet(wanted_of(versions), lists_of(packs)), states)
    decided = decide(states, news.steady, may_be_stale=may_be_stale)
    names = {*decided.withdrawn, *decided.outdated, *decided.folded, *decided.kept}
    assert names == {one.name for one in states}
    kept = [pack for n, pack in enumerate(packs) if f"p{n}" in decided.kept]
    fresh = [
        one.key
        for one in meet(wanted_of(versions), lists_of(kept))
        if one.wanted is not None and not one.is_spoken_for
    ]
    for pack in kept:
        assert pack.keys() <= versions.keys()
    for key, version in versions.items():
        spoken = [pack[key] for pack in kept if key in pack]
        assert key in fresh or spoken[-1] == version
    if not may_be_stale:
        assert all(pack[key] == versions[key] for pack in kept for key in pack)


@given(VERSIONS.filter(bool), st.booleans())
def test_an_unchanged_pack_stays(versions, may_be_stale):
    """Where nothing changed nothing is done."""
    states = states_of([versions])
    news = compare(meet(wanted_of(versions), lists_of([versions])), states)
    decided = decide(states, news.steady, may_be_stale=may_be_stale)
    assert (news, decided.leave, decided.kept) == ((0, 0), (), ("p0",))


def run(sizes, added):
    """Sizes of packs after as many bytes were added, each byte one thing."""
    states = [State(f"p{n:04d}", size, size) for n, size in enumerate(sizes)]
    decided = decide(states, added, may_be_stale=True)
    kept = [one.size_bytes for one in states if one.name in decided.kept]
    return [*kept, sum(sizes) - sum(kept) + added]


def test_small_packs_are_few_and_little_is_written_twice():
    """A thousand additions leave some ten packs, and each byte is packed ten times or so."""
    sizes, written = [], 0
    for _ in range(1000):
        before = sum(sizes)
        sizes = run(sizes, 1000)
        written += sizes[-1]
        assert sum(sizes) == before + 1000
    assert len(sizes) <= 2 * math.log2(1000)
    assert written <= 10 * sum(sizes)


def test_a_small_addition_rewrites_little():
    """A thousand things added to a million are packed by themselves."""
    assert run([1_000_000], 1000) == [1_000_000, 1000]


def test_full_packs_are_left_alone():
    """A pack that is full is never made again because something was added."""
    assert run([FULL_BYTES, 10], 10) == [FULL_BYTES, 20]
    assert run([FULL_BYTES - 1], MOST_BYTES) == [FULL_BYTES - 1, MOST_BYTES]


def test_a_passing_thing_is_not_folded():
    """A pack of what will soon be another one stays out of the others."""
    states = [State("p1", 10, 10), State("p2", 10, 10, is_passing=True)]
    decided = decide(states, 10, may_be_stale=False)
    assert (decided.folded, decided.kept) == (("p1",), ("p2",))


def test_mostly_stale_packs_go():
    """A pack of which a quarter is spoken for by newer ones is made again."""
    states = [State("p1", 9999, 100, shadowed=24), State("p2", 100, 100, shadowed=25)]
    assert decide(states, 0, may_be_stale=True).folded == ("p2",)
