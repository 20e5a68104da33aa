"""A chain of increments is the full dump: of random tables in memory, and of files."""

import shutil
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.dump.whole_catalogue import MACHINE
from catalogue.increment.changing import MAKERS, PARQUET, Changing
from phonotheque.catalogue.dump.dumping import dump
from phonotheque.catalogue.dump.ordered import Key, in_order
from phonotheque.catalogue.dump.restoring import restore
from phonotheque.catalogue.dump.state import RowsDigest
from phonotheque.catalogue.increment.applying import apply
from phonotheque.catalogue.increment.comparing import changes, merged
from phonotheque.catalogue.increment.writing import write_increment
from phonotheque.disk import LocalDisk
from phonotheque.errors import MalformedError

SCHEMA = pa.schema(
    [("entity_type", pa.string()), ("n", pa.int64()), ("g", pa.binary(16)), ("t", pa.string()),
     ("b", pa.bool_()), ("f", pa.float64())]
)  # fmt: skip
ROW = st.fixed_dictionaries(
    {
        "entity_type": st.sampled_from(["artist", "recording", None]),
        "n": st.none() | st.integers(0, 9),
        "g": st.binary(min_size=1, max_size=1).map(lambda one: one * 16),
        "t": st.none() | st.text(max_size=2),
        "b": st.none() | st.booleans(),
        "f": st.none() | st.floats(allow_nan=False),
    }
)
KEYS = st.sampled_from([Key(number="n"), Key(number="n", has_word=True), Key(gid="g"),
                        Key(gid="g", has_word=True)])  # fmt: skip


@st.composite
def states(draw):
    """A key, and some tables in its order, each the one before with rows taken away and put."""
    key, rows, made = draw(KEYS), [], []
    for _ in range(draw(st.integers(2, 5))):
        rows = [row for row in rows if draw(st.integers(0, 3))]
        rows += draw(st.lists(ROW, max_size=8))
        made.append(in_order(pa.Table.from_pylist(rows, SCHEMA), key))
    return key, made


def cut(table, size):
    """The rows, some at a time."""
    return (table.slice(low, size) for low in range(0, table.num_rows, size))


@settings(max_examples=80, deadline=None)
@given(states(), st.integers(1, 5), st.integers(1, 5))
def test_changes_applied_one_after_the_other_are_the_last_state(made, size, other_size):
    """Whatever rows change, however they are cut: changes put in again make what they are from."""
    key, tables = made
    rows = cut(tables[0], size)
    for before, after in pairwise(tables):
        found = list(changes(cut(before, size), cut(after, other_size), SCHEMA, key))
        put = (one.put for one in found)
        rows = merged(rows, put, (one.deleted for one in found), SCHEMA, key)
    assert pa.concat_tables([SCHEMA.empty_table(), *rows]).equals(tables[-1])


@settings(max_examples=25, deadline=None)
@given(states(), st.integers(1, 5))
def test_nothing_changed_is_nothing(made, size):
    """Between a table and itself there is no row put and no key deleted."""
    key, tables = made
    assert not list(changes(cut(tables[-1], size), cut(tables[-1], 3), SCHEMA, key))


@pytest.mark.parametrize("key", [Key(number="n"), Key(number="n", has_word=True)])
@pytest.mark.parametrize("id_", [2**63 - 1, 1 << 55, -1])
def test_an_id_that_fits_into_no_key_is_told(key, id_):
    """Comparing comes to an end, whatever ids a table has."""
    row = {"entity_type": "artist", "n": id_, "g": bytes(16)}
    table = pa.Table.from_pylist([row], SCHEMA)
    with pytest.raises(MalformedError, match="no catalogue"):
        list(changes(iter([table.slice(0, 0)]), iter([table]), SCHEMA, key))


def digest(rows):
    taken = RowsDigest()
    for some in rows:
        taken.add(some)
    return taken.hexdigest()


@settings(max_examples=25, deadline=None)
@given(states(), st.integers(1, 5))
def test_a_digest_is_of_rows_alone(made, size):
    """However rows are cut they have one digest, and other rows have another."""
    _, tables = made
    assert digest(cut(tables[0], size)) == digest([tables[0]])
    for one in tables[1:]:
        assert (digest([one]) == digest([tables[0]])) == one.equals(tables[0])


def tables_of(folder):
    """The rows of every table of a dump that says who said what."""
    names = [*folder.rglob("parquet/tables/**/*.parquet")]
    names += [folder / "parquet" / f"{name}.parquet" for name in ("links", "canonical")]
    names += [*folder.glob("parquet/corrections.parquet")]
    return {
        path.relative_to(folder).as_posix(): sorted(map(str, pq.read_table(path).to_pylist()))
        for path in names
    }


@pytest.mark.parametrize(
    ("seed", "edits", "count"),
    [
        (3, 8, 8),
        pytest.param(1, 4, 25, marks=pytest.mark.torture),
        pytest.param(1, 1, 100, marks=pytest.mark.torture),
        *(pytest.param(seed, 8, 100, marks=pytest.mark.torture) for seed in range(2, 6)),
    ],
)
def test_many_increments_are_the_full_dump(tmp_path, seed, edits, count):
    """One archive changes many times; another, restored from the first dump, applies the first
    and then all others at once, and has the same rows and the same state."""
    world = Changing(tmp_path / "one", seed)
    world.change(40)
    world.snapshot()
    dump(world.root, world.disk, tmp_path / "dump", PARQUET)
    other = tmp_path / "other"
    restore(tmp_path / "dump", other, MAKERS, MACHINE)
    folders = []
    for since in range(1, count + 1):
        world.change(edits)
        world.snapshot()
        folders.append(tmp_path / f"{since:03d}")
        write_increment(world.root, world.disk, folders[-1], PARQUET, since)
    apply(other, LocalDisk(other), folders[:1], MAKERS, MACHINE)
    apply(other, LocalDisk(other), folders[1:], MAKERS, MACHINE)
    shutil.rmtree(tmp_path / "dump")
    whole = dump(world.root, world.disk, tmp_path / "dump", PARQUET)
    theirs = dump(other, LocalDisk(other), tmp_path / "theirs", PARQUET)
    assert (theirs.sequence, theirs.state) == (count + 1, whole.state)
    assert tables_of(tmp_path / "theirs") == tables_of(tmp_path / "dump")
    rows = tables_of(tmp_path / "dump")
    assert sum(map(len, rows.values())) > 50
    assert rows["parquet/corrections.parquet"]
    assert "ask Jo" not in str(rows)  # why somebody corrected is in no dump
