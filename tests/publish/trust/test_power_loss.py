"""Power is lost, or the process killed, at every point of signing and of changing keys."""

from __future__ import annotations

import linecache
import os
from contextlib import suppress
from pathlib import Path

import pytest

import phonotheque
from faults.faulty import CrashAfter, Crashed, FailKth, disk_full
from faults.memory import MemoryDisk
from faults.powerloss import explore_trace, record
from faults.sites import needless_syncs
from faults.way_in import found, make_music
from phonotheque.archive.bulk.indexing import sign_all
from phonotheque.disk import Disk
from phonotheque.errors import UnavailableError
from phonotheque.publish.trust import roles
from phonotheque.publish.trust.repository import standing
from publish.trust.scene import (
    assert_keys_at_hand,
    assert_people_can_verify,
    assert_what_is_recorded_is_there,
    keys_on,
    rotate,
    seen_by_strangers,
    sign,
    signing_on,
)

PRODUCT = Path(phonotheque.__file__).parent
LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "4"))
KILL_STEP = int(os.environ.get("PHONOTHEQUE_KILL_STEP", "23"))


ELSEWHERE = ("heal", "write_tombstones", "_catch_up", "make_durable")
"""Proven by the tests of opening and of removals."""

COVERED = (
    "make_folders",  # the folder was there, or is made again
    "make_keys",  # `store_root` syncs the folder of the keys
    "store_key",  # the same
    "store_root",  # the published root takes its place
    "bring_index",  # two files in one folder: the sync for one covers the other
    "_finish",  # what `sign_all` writes next syncs the same folder
    "write_changed",  # the same once more; what it does by itself: faults/test_changed.py
    "publish_roots",  # `_write` syncs the same folder before the timestamp
    "_write ",  # of the targets: the snapshot goes into the same folder before the timestamp
)
"""Syncs of a folder's names that another one covers; those of bytes have to matter each."""

COPIES = ("write_changed ← archive/bulk/indexing", "store_root")
"""Bytes that lie in a second place as well: `metadata/targets`, and `metadata`."""


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return make_music(tmp_path_factory.mktemp("way") / "music")


@pytest.fixture(scope="module")
def sealed(music):
    """A disk with an archive of one volume, and nothing signed yet."""
    disk = MemoryDisk()
    found(disk)
    with signing_on(disk) as (_, parts):
        list(parts.add(music))
        list(parts.publish())
    return disk


@pytest.fixture(scope="module")
def signed(sealed, tmp_path_factory):
    """The same, signed, and then one more volume sealed."""
    disk = sealed.copy()
    with signing_on(disk) as (archive, parts):
        sign(archive)
        list(parts.add(make_music(tmp_path_factory.mktemp("more") / "music", 4)))
        list(parts.publish())
    return disk


def signing(disk, acknowledge):
    with signing_on(disk) as (archive, _):
        acknowledge(sign(archive).seq)


def rotating(disk, acknowledge):
    with signing_on(disk) as (archive, _):
        (old,) = roles.role_keys(keys_on(disk).root, "timestamp").keyids
        acknowledge(("rotated", old, rotate(archive)))


def check(disk, promised):
    """Strangers see all of a publication or the one before; whoever signs again goes on."""
    before = seen_by_strangers(disk)
    assert_keys_at_hand(disk)
    for told in promised:
        assert before is not None
        if told == "refreshed":
            continue
        if isinstance(told, int):
            assert before[0] >= told
            assert_people_can_verify(disk, told)
        else:
            _, old, version = told
            assert_people_can_verify(disk, before[0])
            assert keys_on(disk).root.version == version
            assert old not in keys_on(disk).ring, "a key that was told to be gone"
            assert standing(disk, keys_on(disk).roots[-1:]).timestamp
    with signing_on(disk) as (archive, _):
        assert_what_is_recorded_is_there(archive)
        seq = sign(archive).seq
    after = seen_by_strangers(disk)
    assert after is not None
    assert after[0] == seq
    if before is not None and before[0] == seq:
        assert after == before, "one number, two indexes"
    assert standing(disk, keys_on(disk).roots[-1:]).timestamp, "signed by who may sign"
    assert_people_can_verify(disk, seq)


def refreshing(disk, acknowledge):
    with signing_on(disk) as (archive, _):
        acknowledge(sign(archive).seq)
        sign_all(archive, keys_on(disk), is_renewed=True)
        acknowledge("refreshed")


SCENARIOS = {
    "first": signing,
    "again": signing,
    "refreshing": refreshing,
    "rotating": rotating,
}


@pytest.fixture(params=SCENARIOS)
def scenario(request, sealed, signed):
    """What is done, and what it begins with."""
    return SCENARIOS[request.param], (sealed if request.param == "first" else signed)


@pytest.mark.parametrize("name", ["first", "rotating"])
def test_power_loss_while_signing(name, sealed, signed):
    """Nothing told is lost, nobody is led to half a publication, no key is lost; take any kind of
    sync out, and one of these is broken."""
    act, start = SCENARIOS[name], sealed if name == "first" else signed
    trace, seen = record(act, start=start), set()
    assert explore_trace(trace, check, seen=seen, limit=LIMIT).states > 20
    assert not _needless(trace, seen, depth=1)


def _needless(trace, seen, *, depth):
    """Syncs that can be taken out unnoticed, but for those that are proven or covered elsewhere."""
    own = []
    for site in trace.sites(depth):
        spared = COVERED if _is_of_names(site) else COPIES
        if not any(word in str(site) for word in spared + ELSEWHERE):
            own.append(site)
    return needless_syncs(trace, check, own, seen=seen, limit=LIMIT)


def _is_of_names(site):
    """Whether the sync makes names durable, not bytes."""
    place = str(site).partition(" ")[0]
    file, _, number = place.rpartition(":")
    return "sync_folder" in linecache.getline(str(PRODUCT / file), int(number))


@pytest.mark.torture
@pytest.mark.parametrize("name", SCENARIOS)
def test_each_sync_of_signing_matters(name, sealed, signed):
    """Take a single sync out, and a loss is seen; but where the next one covers it."""
    act, start = SCENARIOS[name], sealed if name == "first" else signed
    trace, seen = record(act, start=start), set()
    explore_trace(trace, check, seen=seen, limit=LIMIT)
    assert not _needless(trace, seen, depth=None)


def test_signing_survives_kills(scenario):
    """Be killed at any call, and sign again: as if nothing had happened."""
    act, start = scenario
    for calls in range(1, 400, KILL_STEP):
        disk = start.copy()
        dying = CrashAfter(disk, calls)
        with suppress(Crashed):
            act(dying, lambda _: None)
        check(disk, [])
        if not dying.is_dead:
            return
    pytest.fail("it never came to its end")


def test_signing_survives_refusals(scenario):
    """Fail any call of the disk: nothing is promised, nothing half is seen, trying again works."""
    act, start = scenario
    for k in range(1, 400, KILL_STEP):
        disk = start.copy()
        faulty: Disk = FailKth(disk, k, disk_full)
        with suppress(UnavailableError):
            act(faulty, lambda _: None)
        check(disk, [])
        if not faulty.fired:
            return
    pytest.fail("it never came to its end")
