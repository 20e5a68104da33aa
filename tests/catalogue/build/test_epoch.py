"""Dense ids that last."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from phonotheque.catalogue import epoch as epochs
from phonotheque.disk import LocalDisk
from phonotheque.errors import ConflictError, MalformedError

KEYS = st.lists(st.integers(-5, 40) | st.integers(-(2**63), 2**63 - 1), unique=True, max_size=30)


def extend(root, source, keys, table="artist", places=None):
    known = epochs.open_epoch(root, LocalDisk(root)).ids(table, source)
    keys = np.array(sorted(keys), np.int64)
    new = keys[known.of(keys) < 0]
    places = np.arange(len(new)) if places is None else places
    return epochs.extend(root, LocalDisk(root), source, {table: (new, places)})


@given(
    st.lists(st.tuples(st.integers(1, 2), KEYS), min_size=1, max_size=5), st.sampled_from([2, 64])
)
@settings(max_examples=60)
def test_an_id_is_given_once_and_stays(tmp_path_factory, rounds, chunk):
    """Whatever comes in whichever order: ids differ, are dense, and no key's id changes."""
    root = tmp_path_factory.mktemp("e")
    given_ids = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(epochs, "_CHUNK", chunk)
        for source, keys in rounds:
            epoch = extend(root, source, keys)
            for one in (1, 2):
                asked = np.array(sorted({k for s, ks in rounds for k in ks}), np.int64)
                for key, dense in zip(asked, epoch.ids("artist", one).of(asked), strict=True):
                    if dense >= 0:
                        assert given_ids.setdefault((one, int(key)), int(dense)) == dense
            assert {(source, key) for key in keys} <= set(given_ids)
    assert sorted(given_ids.values()) == list(range(len(given_ids)))
    assert epoch.record.next_ids.get("artist", 0) == len(given_ids)


def test_neighbours_are_one_run(tmp_path):
    """Keys that are numbers in order cost three integers, however many they are."""
    extend(tmp_path, 1, range(100))
    epoch = extend(tmp_path, 1, range(50, 5000))
    assert epoch.ids("artist", 1).runs.tolist() == [[0], [0], [5000]]


def test_places_decide_the_order(tmp_path):
    """New keys get ids by their places, not by their size."""
    epoch = extend(tmp_path, 1, [3, 5, 8], places=np.array([2, 0, 1]))
    assert epoch.ids("artist", 1).of(np.array([8, 3, 5, 4])).tolist() == [1, 2, 0, -1]


def test_sources_keep_their_numbers(tmp_path):
    """A source that was numbered once keeps its number; others go on after the highest."""
    disk = LocalDisk(tmp_path)
    first = epochs.number_sources(tmp_path, disk, ["b", "a"]).record
    second = epochs.number_sources(tmp_path, disk, ["c", "a"]).record
    assert first.sources == {"b": 1, "a": 2}
    assert second.sources == {"b": 1, "a": 2, "c": 3}
    assert second.epoch == first.epoch


def test_a_lost_folder_begins_a_new_epoch(tmp_path):
    """Without its folder the catalogue begins an epoch under another name."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    names = {
        epochs.open_epoch(tmp_path / one, LocalDisk(tmp_path / one)).record.epoch for one in "ab"
    }
    assert len(names) == 2


@pytest.mark.parametrize("path", ["current", "1/epoch.json", "1/artist/001.npy"])
def test_damage_is_named(tmp_path, path):
    """A damaged file of ids is never taken for an empty one."""
    extend(tmp_path, 1, [1, 2])
    target = tmp_path / "epoch" / path.replace("1/", "2/", 1)
    target.write_bytes(b"{nonsense")
    with pytest.raises(MalformedError):
        epochs.open_epoch(tmp_path, LocalDisk(tmp_path)).ids("artist", 1)


def test_a_stopped_extension_leaves_the_old_ids(tmp_path, monkeypatch):
    """Until the pointer is written the old generation counts, and the next run goes on."""
    before = extend(tmp_path, 1, [1, 2])

    def stop(*_):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(epochs, "_write_generation", stop)
        with pytest.raises(RuntimeError):
            extend(tmp_path, 1, [1, 2, 3])
    again = epochs.open_epoch(tmp_path, LocalDisk(tmp_path))
    assert again.record == before.record
    assert extend(tmp_path, 1, [1, 2, 3]).ids("artist", 1).of(np.array([1, 2, 3])).tolist() == [
        0,
        1,
        2,
    ]


def all_ids(epoch, keys):
    """Table, source, keys and ids of what an epoch knows, as a dump has them."""
    for source in (1, 2):
        ids = epoch.ids("artist", source).of(keys)
        yield "artist", source, keys[ids >= 0], ids[ids >= 0]


@given(st.lists(KEYS, min_size=2, max_size=2), st.sampled_from([2, 64]))
@settings(max_examples=30)
@example([[100], [0, -(2**63)]], 2)
def test_an_epoch_is_taken_up_elsewhere(tmp_path_factory, rounds, chunk):
    """What was given there stands here, new keys follow, and nothing is taken up twice."""
    here, there = (tmp_path_factory.mktemp(name) for name in ("here", "there"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(epochs, "_CHUNK", chunk)
        for source, keys in enumerate(rounds, 1):
            before = extend(there, source, keys)
        asked = np.array(sorted({100, *rounds[0], *rounds[1]}), np.int64)
        disk = LocalDisk(here)
        after = epochs.take_up(here, disk, before.record, all_ids(before, asked))
        assert after.record == before.record
        for source in (1, 2):
            found, known = (one.ids("artist", source).of(asked) for one in (after, before))
            assert np.array_equal(found, known)
        if 100 not in rounds[0]:
            fresh = extend(here, 1, [*rounds[0], 100]).ids("artist", 1).of(np.array([100]))
            assert fresh[0] == before.record.next_ids.get("artist", 0)
        with pytest.raises(ConflictError):
            epochs.take_up(here, disk, before.record, [])


@pytest.mark.parametrize(("keys", "ids"), [([2, 1], [0, 1]), ([1, 2], [0, 9]), ([1, 2], [-1, 0])])
def test_ids_that_an_epoch_did_not_give_are_refused(tmp_path, keys, ids):
    """A dump whose ids cannot be is not taken up."""
    record = epochs.EpochRecord("x", {"one": 1}, {"artist": 2})
    given_ids = [("artist", 1, np.array(keys), np.array(ids))]
    with pytest.raises(MalformedError):
        epochs.take_up(tmp_path, LocalDisk(tmp_path), record, given_ids)
