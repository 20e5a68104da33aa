"""Power is lost, or the process killed, at every point of a removal; what was told stays true."""

import os
from contextlib import suppress

import pytest

from faults.faulty import CrashAfter, Crashed, FailKth, disk_failed
from faults.memory import MemoryDisk
from faults.powerloss import explore, explore_trace, record
from faults.sites import needless_syncs
from faults.way_in import found, make_music
from phonotheque.errors import UnavailableError
from publish.removal.scene import (
    announced,
    assert_nothing_leads_to,
    assert_pointers_lead_somewhere,
    assert_removed,
    assert_the_rest_is_whole,
    decide,
    healed,
    publish_all,
    recordings,
    take_down,
)

LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "3"))
KILL_STEP = int(os.environ.get("PHONOTHEQUE_KILL_STEP", "7"))


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return make_music(tmp_path_factory.mktemp("way") / "music")


def published_on(music, **what):
    """A disk with an archive of three recordings in one volume, and a pack."""
    disk = MemoryDisk()
    found(disk)
    with healed(disk) as archive:
        list(archive.add(music))
        publish_all(archive, **what)
    return disk


@pytest.fixture
def published(music):
    return published_on(music)


def first(disk):
    with healed(disk) as archive:
        return recordings(archive)[0]


def removing(disk, acknowledge):
    with healed(disk) as archive:
        name = recordings(archive)[0]
        decide(archive, name)
        acknowledge("decided")
        take_down(archive, name)
        acknowledge("done")


def check(disk, promised):
    """Pointers lead somewhere; what was told is so; whoever opens the archive can go on."""
    assert_pointers_lead_somewhere(disk)
    if "done" in promised:  # what readers see, before anybody opens the archive to write
        assert_nothing_leads_to(disk, {"test-open-all-00001"})
        for name in announced(disk)[1]:
            assert disk.stat(f"volumes/{name}") is not None
    with healed(disk) as archive:
        name = recordings(archive)[0]
        assert_the_rest_is_whole(archive, name)
        if "decided" in promised:
            assert archive.index.held(name).condition == "removed"
        if "done" in promised:
            assert_removed(archive, name)
        take_down(archive, name)
        assert_removed(archive, name)
        assert_the_rest_is_whole(archive, name)


def test_a_removal_survives_power_loss(published):
    """Once it is told, nothing of the object is ever found again; until then all is whole."""
    assert explore(removing, check, start=published, limit=LIMIT).states > 40


@pytest.mark.torture
def test_every_sync_of_a_removal_matters(music):
    """Take any one sync out, and something removed is found again, or something else is lost.

    A later sync of the same folder or file can stand in for an earlier one: so each has to matter
    when a volume and a pack, a volume alone, or a pack alone is behind it. But for those by which
    `finish` points to the volume that takes the old one's place: pointers follow from the record,
    and the next opening sets them. Those of opening are proven by the register's own scenario.
    """
    tried, proven = set(), set()
    for has_volume, has_pack in ((True, True), (True, False), (False, True)):
        start = published_on(music, has_volume=has_volume, has_pack=has_pack)
        trace, seen = record(removing, start=start), set()
        explore_trace(trace, check, seen=seen, limit=max(3, LIMIT // 2))
        own = [site for site in trace.sites() if "heal" not in str(site) and site not in proven]
        needless = needless_syncs(trace, check, own, seen=seen, limit=max(3, LIMIT // 2))
        tried.update(own)
        proven.update(set(own) - set(needless))
    assert len(tried) > 8
    assert not [site for site in map(str, tried - proven) if not _is_a_pointer(site)]


def _is_a_pointer(site):
    return site.startswith("publish/sealed.py") and "mint" in site


def test_a_removal_goes_on_after_a_kill_and_a_power_loss(published):
    """Killed at any call, run again, then without power: what the second run told stays true."""

    def killed_at(calls):
        def scenario(disk, acknowledge):
            name = first(disk)
            with suppress(Crashed), healed(CrashAfter(disk, calls)) as archive:
                take_down(archive, name)
            with healed(disk) as archive:
                take_down(archive, name)
                acknowledge("done")

        return scenario

    for calls in range(60, 240, KILL_STEP * 9):
        explore(killed_at(calls), check, start=published, limit=max(1, LIMIT // 4))


def test_a_kill_at_any_call_leaves_what_the_next_run_finishes(published):
    """After any number of calls the process may end; the next run removes everything."""
    name = first(published)
    calls = 0
    is_through = False
    while not is_through:
        calls += 1
        disk = published.copy()
        with suppress(Crashed), healed(CrashAfter(disk, calls)) as archive:
            take_down(archive, name)
            is_through = True
        assert_pointers_lead_somewhere(disk)
        check(disk, ["done"] if is_through else [])
    assert calls > 60


@pytest.mark.parametrize("step", [11])
def test_a_disk_that_refuses_stops_it_and_the_next_run_goes_on(published, step):
    """Any call may be refused: that is told, nothing else is lost, and running again finishes."""
    name = first(published)
    for k in range(1, 400, step):
        disk = published.copy()
        failing = FailKth(disk, k, disk_failed)
        with suppress(UnavailableError), healed(failing) as archive:
            take_down(archive, name)
        check(disk, [])
        if not failing.fired:
            break
    assert not failing.fired
