"""Power is lost at every write of folding and correcting volumes, and nothing promised is lost."""

import os

import pytest

from phonotheque.publish.sealed import live, members, torrent_path
from phonotheque.register.events import Removal
from phonotheque.register.index import Index
from phonotheque.register.published import removed_from_volumes

from .memory import MemoryDisk
from .powerloss import explore_trace, record
from .sites import needless_syncs
from .way_in import AT, assert_sealed, found, make_music, opened

LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "6"))
"""States tried at each crash point; `make torture` tries more."""


@pytest.fixture
def sealed(tmp_path):
    """An archive of two small volumes: its disk, its state, and the names of the volumes."""
    disk = MemoryDisk()
    found(disk)
    names = []
    with opened(disk) as archive:
        for count in (2, 4):  # what the first one holds is not taken in again
            list(archive.add(make_music(tmp_path / "music", count)))
            names += archive.publish()
        state = Index(":memory:")
        archive.index.db.backup(state.db)
    return disk, state, names


def assert_each_once(archive):
    """Every recording is in no volume, or in a live one."""
    names = {volume.name for volume in live(archive.index)}
    for held in archive.index.oldest_checked():
        assert held.volume is None or held.volume in names


def assert_seen(disk, archive):
    """What is live has its torrent and its link."""
    for volume in live(archive.index):
        assert disk.stat(torrent_path(volume.name)) is not None
        assert disk.stat(f"volumes/{volume.name}") is not None


def assert_survives(scenario, check, start):
    """Nothing is lost; take any one sync out, and something is.

    But for those of opening, which the register's own scenario proves.
    """
    trace, seen = record(scenario, start=start), set()
    assert explore_trace(trace, check, seen=seen, limit=LIMIT).states > 30
    sites = [site for site in trace.sites() if "heal" not in str(site)]
    assert not needless_syncs(trace, check, sites, seen=seen, limit=LIMIT)


def test_folding_survives_power_loss(sealed):
    """Small volumes are offered until the bigger one is recorded; what is told of it stays."""
    start, state, small = sealed

    def folding(disk, acknowledge):
        with opened(disk, state) as archive:
            for name in archive.fold():
                acknowledge(("folded", name))
            archive.sweep()
            acknowledge(("swept", *small))

    def check(disk, promised):
        for kind, *names in promised:  # before anybody heals anything
            for name in names:
                is_there = kind == "folded"
                assert (disk.stat(torrent_path(name)) is not None) is is_there
                assert (disk.stat(f"volumes/{name}") is not None) is is_there
        with opened(disk) as archive:
            volumes = [volume.name for volume in live(archive.index)]
            assert promised == [] or volumes == [promised[0][1]]
            assert_sealed(archive, volumes)
            assert_seen(disk, archive)
            assert_each_once(archive)
            list(archive.publish())
            assert_sealed(archive, volumes)
            assert_each_once(archive)
            assert sum(volume.objects for volume in live(archive.index)) == 4

    assert_survives(folding, check, start)


def test_correcting_survives_power_loss(sealed):
    """Once a correction is told, no live volume has what was removed; the others are shared."""
    start, state, small = sealed
    with opened(start, state) as archive:
        gone = archive.index.in_volume(small[1])[0].sha256.hex
        archive.journal.append(AT, [Removal(gone, "Asked for.")])

    def correcting(disk, acknowledge):
        with opened(disk, state) as archive:
            for name in archive.correct():
                acknowledge(name)

    def check(disk, promised):
        for name in promised:  # before anybody heals anything
            assert disk.stat(torrent_path(name)) is not None
            assert disk.stat(f"volumes/{name}") is not None
        with opened(disk) as archive:
            assert_sealed(archive, promised)
            assert_seen(disk, archive)
            if promised:
                assert not removed_from_volumes(archive.index)
                for volume in live(archive.index):
                    assert gone not in {name.sha256.hex for name in members(disk, volume)}
            list(archive.publish())
            assert_each_once(archive)
            shared = sum(volume.objects for volume in live(archive.index))
            assert shared == (3 if removed_from_volumes(archive.index) == [] else 4)

    assert_survives(correcting, check, start)
