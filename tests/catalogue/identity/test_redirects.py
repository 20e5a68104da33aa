"""Redirects: an identifier that was given up for another."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.identity.redirects import final_targets, refused_redirects

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=14)


def gids(numbers):
    return pa.array([bytes([n]) * 16 for n in numbers], pa.binary(16))


@given(PAIRS)
def test_circles_and_second_redirects_are_refused_and_nothing_else(pairs):
    """Refused is what gives up an identifier again, or stands on a circle; the rest ends."""
    old, new = gids([a for a, _ in pairs]), gids([b for _, b in pairs])
    first = {}
    expected = set()
    for row, (a, b) in enumerate(pairs):
        if a in first:
            expected.add(row)
        else:
            first[a] = (b, row)
    for a, (_, row) in first.items():
        at = first[a][0]
        for _ in range(len(pairs) + 1):
            if at == a:
                expected.add(row)
                break
            if at not in first:
                break
            at = first[at][0]
    refused = set(refused_redirects(old, new).tolist())
    assert refused == expected
    kept = [pair for row, pair in enumerate(pairs) if row not in refused]
    ends = final_targets(gids([a for a, _ in kept]), gids([b for _, b in kept])).to_pylist()
    ahead = dict(kept)
    for (_, at), end in zip(kept, ends, strict=True):
        while at in ahead:
            at = ahead[at]
        assert end == bytes([at]) * 16
