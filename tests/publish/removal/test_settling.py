"""What stops one part of a removal stops no other; what others need is kept."""

import pytest

from faults.memory import MemoryDisk
from faults.way_in import found, make_music, opened
from phonotheque.errors import KeyAwayError, TrustError
from phonotheque.publish.removal.settling import WHY, Replaced, settle
from phonotheque.publish.removal.undone import undone_notice
from phonotheque.publish.sealed import live, members
from phonotheque.register.published import packs, retirements
from publish.removal.scene import (
    PACK,
    assert_removed,
    decide,
    healed,
    means_of,
    publish_all,
    recordings,
    take_down,
)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return make_music(tmp_path_factory.mktemp("way") / "music")


@pytest.fixture
def disk(music):
    """An archive of three recordings in one volume, and a pack."""
    disk = MemoryDisk()
    found(disk)
    with healed(disk) as archive:
        list(archive.add(music))
        publish_all(archive)
    return disk


def test_everything_follows_from_one_line(disk):
    """A successor takes the volume's place, the pack is retired, bytes go; all of it is told."""
    with healed(disk) as archive:
        one, *others = recordings(archive)
        done = take_down(archive, one)
        assert_removed(archive, one)
        (volume,) = live(archive.index)
        assert done.volumes == (Replaced("test-open-all-00001", volume.name),)
        assert done.packs == (Replaced(PACK),)
        assert (done.objects, done.unannounced) == (1, None)
        assert [name.sha256 for name in members(disk, volume)] == others
        assert volume.supersedes == "test-open-all-00001"
        assert {one.reason for one in retirements(archive.index).values()} == {WHY}


def test_no_audio_is_read(disk):
    """No object is opened: the successor is made of layers that are known."""
    with healed(disk) as archive:
        opened_paths = []
        real = disk.open
        disk.open = lambda path: opened_paths.append(path) or real(path)
        take_down(archive, recordings(archive)[0])
        del disk.open
    paths = [path for path in opened_paths if path.startswith("objects/")]
    assert all(path.startswith("objects/lists/") for path in paths)


@pytest.mark.parametrize(
    "error",
    [KeyAwayError("the key", "is away", "Bring it."), TrustError("an index", "is bad", "Look.")],
)
def test_a_key_that_is_away_keeps_nothing_here(disk, error):
    """Bytes and torrents go although no index can be signed; it is told, and can be done later."""

    def refuse(_archive):
        raise error

    with healed(disk) as archive:
        name = recordings(archive)[0]
        done = take_down(archive, name, refuse)
        assert done.unannounced is error
        assert disk.stat(f"published/{PACK}.torrent") is None
        assert archive.index.held(name).condition == "removed"
        assert done.objects == 1


def test_without_its_lists_or_layers_a_volume_is_retired_all_the_same(disk):
    """What is removed does not stay on offer because something else was lost; the rest waits."""
    with opened(disk) as archive:  # as after a lost state/: no layers and no tags are known
        one, *others = recordings(archive)
        done = take_down(archive, one)
        assert done.volumes == (Replaced("test-open-all-00001"),)
        assert live(archive.index) == []
        assert all(archive.index.held(name).volume is None for name in others)
    with healed(disk) as archive:
        list(archive.publish())
        (volume,) = live(archive.index)
        assert [name.sha256 for name in members(disk, volume)] == others


def test_a_volume_of_nothing_else_has_no_successor(disk):
    """When all that it held is removed, it ends."""
    with healed(disk) as archive:
        for name in recordings(archive):
            decide(archive, name)
        done = settle(means_of(archive))
        assert done.volumes == (Replaced("test-open-all-00001"),)
        assert done.objects == 3
        assert live(archive.index) == []


def test_an_index_made_again_retires_nothing_twice(disk):
    """After a rebuild all removals count as pending: carrying them out again changes nothing."""
    with healed(disk) as archive:
        name = recordings(archive)[0]
        take_down(archive, name)
    with healed(disk) as archive:
        before = (len(retirements(archive.index)), len(packs(archive.index)))
        assert undone_notice(disk, archive.index) == ()
        done = settle(means_of(archive))
        assert (done.volumes, done.packs, done.objects) == ((), (), 0)
        assert (len(retirements(archive.index)), len(packs(archive.index))) == before
        assert settle(means_of(archive)) == settle(means_of(archive))


def test_an_opening_tells_of_what_is_left_undone(disk):
    """Whoever opens the archive next learns it, until it is carried out."""
    with healed(disk) as archive:
        name = recordings(archive)[0]
        assert undone_notice(disk, archive.index) == ()
        decide(archive, name)
        (told,) = undone_notice(disk, archive.index)
        assert "phono takedown" in told
        settle(means_of(archive))
        assert undone_notice(disk, archive.index) == ()


def test_copies_of_it_are_forgotten(disk):
    """Each removed object's copies and pictures are removed after its bytes."""
    with healed(disk) as archive:
        name = recordings(archive)[0]
        forgotten = []

        def forget(sha256):
            held = archive.index.held(sha256)
            assert archive.store.size(_named(held)) is None
            forgotten.append(sha256)
            return 2

        decide(archive, name)
        assert settle(means_of(archive, forget=forget)).copies == 2
        assert forgotten == [name]


def _named(held):
    from phonotheque.store.objects import ObjectName

    return ObjectName(held.sha256, held.extension)
