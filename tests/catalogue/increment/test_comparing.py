"""What counts as a change: exactly what gives another digest."""

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from phonotheque.catalogue.dump.ordered import key_of, plain_schema
from phonotheque.catalogue.dump.state import RowsDigest
from phonotheque.catalogue.increment.comparing import changes, merged
from phonotheque.catalogue.tables import snapshot_schema

SCHEMA, KEY = plain_schema(snapshot_schema("popularity")), key_of("popularity")
RATINGS = st.lists(st.sampled_from([None, 0.0, -0.0, float("nan"), -float("nan"), 0.5]), max_size=4)


def rated(ratings):
    """A row for each rating, in order of key."""
    rows = [
        {"source": 1, "entity_type": "recording", "entity": number, "rating": rating}
        for number, rating in enumerate(ratings)
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def digest_of(tables):
    digest = RowsDigest()
    for table in tables:
        digest.add(table)
    return digest.hexdigest()


@given(before=RATINGS, after=RATINGS)
@example(before=[0.0], after=[-0.0])
@example(before=[float("nan")], after=[float("nan")])
def test_what_is_compared_as_equal_has_the_same_digest(before, after):
    """Zeros of two signs are two numbers, and no number is itself: nothing changes where digests
    are the same, and with the changes made the digest is that of the later state."""
    old, new = rated(before), rated(after)
    found = list(changes(iter([old]), iter([new]), SCHEMA, KEY))
    assert (found == []) is (digest_of([old]) == digest_of([new]))
    put, deleted = [one.put for one in found], [one.deleted for one in found]
    made = merged(iter([old]), iter(put), iter(deleted), SCHEMA, KEY)
    assert digest_of(made) == digest_of([new])
