"""Groups of entities that are one, from links that join."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.identity.groups import Links, Nodes, group

SIZE = 12
PAIRS = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).filter(lambda p: p[0] != p[1])


def run(links, sources, splits=()):
    """Group links (one, other, is_within); ids are places."""
    ids = np.unique(np.array([n for link in links for n in link[:2]], np.int64))
    arrays = [np.array([link[i] for link in links], np.int64) for i in (0, 1)]
    is_within = np.array([link[2] for link in links], bool)
    mine = np.array([sources[i] for i in ids], np.int64)
    return group(Links(*arrays, is_within), Nodes(ids, mine, mine), splits)


def as_sets(groups):
    sets = {}
    for one, canonical in zip(groups.ids.tolist(), groups.canonical.tolist(), strict=True):
        sets.setdefault(canonical, {canonical}).add(one)
    return sorted(map(sorted, sets.values()))


def plainly(links, sources, splits):
    """The same by the law, link by link."""
    sets = {i: {i} for i in range(SIZE)}
    for one, other, is_within in links:
        a, b = sets[one], sets[other]
        if a is b:
            continue
        clash = {sources[i] for i in a} & {sources[i] for i in b}
        apart = any((x, y) in splits or (y, x) in splits for x in a for y in b)
        if (is_within or not clash) and not apart:
            a |= b
            for member in b:
                sets[member] = a
    return sorted({tuple(sorted(s)) for s in sets.values() if len(s) > 1})


@given(
    st.lists(st.tuples(PAIRS, st.booleans()), min_size=1, max_size=25),
    st.lists(st.integers(1, 4), min_size=SIZE, max_size=SIZE),
    st.sets(PAIRS, max_size=3),
)
def test_groups_are_what_the_law_says(links, sources, splits):
    """Fast for all and careful where needed, it comes to the same as link by link."""
    flat = [(*pair, within) for pair, within in links]
    found = run(flat, sources, splits)
    assert as_sets(found) == [list(one) for one in plainly(flat, sources, splits)]
    for members in as_sets(found):
        speaker = min(members, key=lambda i: (sources[i], i))
        assert set(found.canonical[np.isin(found.ids, members)].tolist()) <= {speaker}
    together = {frozenset(s) for s in map(frozenset, as_sets(found))}
    for link, joined in zip(flat, found.is_joined, strict=True):
        assert joined == any(set(link[:2]) <= s for s in together)


def test_long_chains_are_one_group():
    """A chain of many links is one group, without a step for each."""
    links = [(i, i + 1, True) for i in range(5000)]
    assert len(run(links, [1] * 5001).ids) == 5000


def test_no_links_no_groups():
    """Nothing linked, nothing grouped."""
    empty = np.empty(0, np.int64)
    found = group(Links(empty, empty, empty.astype(bool)), Nodes(empty, empty, empty))
    assert len(found.ids) == 0
    assert len(found.is_joined) == 0
