"""Power is lost at every write of founding, adding and sealing, and nothing promised is lost."""

import os
from contextlib import suppress

import pytest

from phonotheque.config import FILE_NAME
from phonotheque.disk import read_whole
from phonotheque.errors import BrokenRegisterError
from phonotheque.publish.sealed import torrent_path
from phonotheque.register.events import Deposit
from phonotheque.register.journal import Torn, read

from .faulty import CrashAfter, Crashed
from .memory import MemoryDisk
from .powerloss import explore, explore_trace, record
from .sites import assert_every_sync_matters, needless_syncs
from .way_in import assert_sealed, assert_whole, found, make_music, opened

LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "10"))
"""States tried at each crash point; `make torture` tries more."""

KILL_STEP = int(os.environ.get("PHONOTHEQUE_KILL_STEP", "11"))
"""Every so many calls a kill is tried; `make torture` tries each."""


@pytest.fixture
def empty():
    """A disk with an empty archive on it."""
    disk = MemoryDisk()
    found(disk)
    return disk


def founding(disk, acknowledge):
    found(disk)
    acknowledge("founded")


def check_founding(disk, promised):
    """There is an archive or there is none; one that is there opens."""
    if disk.stat(FILE_NAME) is None:
        assert not promised
        return
    with opened(disk) as archive:
        assert archive.index.place.head.seq == 1
    assert disk.stat("README.txt") is not None


def test_founding_survives_power_loss():
    """An archive is founded whole or not at all."""
    assert explore(founding, check_founding, limit=LIMIT).states > 20


def appending(disk, acknowledge):
    """Write lines; be killed in the middle of writing; rely on what is found after that."""
    for number, calls_to_live in enumerate([2, 3, 4, 5, 6, 7, 99]):
        with suppress(Crashed), opened(CrashAfter(disk, calls_to_live)) as archive:
            for letter in "abc":
                archive.journal.append("now", [Deposit(f"{letter}{number}"), Deposit("more")])
                acknowledge(_lines(archive))
        torn = _torn(disk)
        with opened(disk) as archive:  # whatever the killed writer left counts from here on
            acknowledge(_lines(archive))
            acknowledge(torn)


def _lines(archive):
    """The end of the register as it is now: whoever relies on it relies on all lines before."""
    head = archive.journal.end.head
    return head.seq, head.digest


def _torn(disk):
    """What a killed writer left incomplete, or nothing."""
    return next((item.data for item in read(disk) if isinstance(item, Torn)), b"")


def _set_aside(disk):
    return [b"", *(read_whole(disk, f"register/torn/{e.name}") for e in disk.list("register/torn"))]


def check_appending(disk, promised):
    """Every acknowledged line is there, in order; the register can be written to again."""
    with opened(disk) as archive:
        heads = {place.head.seq: place.head.digest for _, place in read(disk)}
        for promise in promised:
            if isinstance(promise, bytes):
                assert promise in _set_aside(disk), "a torn end is kept before it is cut off"
            else:
                assert heads.get(promise[0]) == promise[1], f"line {promise[0]} was acknowledged"
        archive.journal.append("later", [Deposit("again")])
    with opened(disk) as archive:
        assert archive.index.place.head.seq == max(heads) + 1


def test_the_register_survives_power_loss(empty):
    """No acknowledged line is lost, whatever part of the unacknowledged ones is."""
    assert explore(appending, check_appending, start=empty, limit=LIMIT).states > 50


def test_every_sync_of_the_register_matters(empty, monkeypatch):
    """Across the ends of segments and after kills: take any one sync out, and a loss is seen."""
    monkeypatch.setattr("phonotheque.register.journal.SEGMENT_BYTES", 300)
    assert_every_sync_matters(appending, check_appending, start=empty, limit=LIMIT)


@pytest.fixture
def music(tmp_path):
    return make_music(tmp_path / "music")


def assert_survives(scenario, check, start):
    """Nothing is lost; take any one sync out, and something is.

    But for those of opening, which the register's own scenario proves.
    """
    trace, seen = record(scenario, start=start), set()
    assert explore_trace(trace, check, seen=seen, limit=LIMIT).states > 50
    sites = [site for site in trace.sites() if "heal" not in str(site)]
    assert not needless_syncs(trace, check, sites, seen=seen, limit=LIMIT)


def test_adding_survives_power_loss(empty, music):
    """Every file that was told is there and exact; nothing half-written can be seen."""

    def adding(disk, acknowledge):
        with opened(disk) as archive:
            for told in archive.add(music):
                acknowledge(told)

    def check(disk, promised):
        with opened(disk) as archive:
            assert_whole(archive, promised)
            again = list(archive.add(music))
            assert_whole(archive, [*promised, *again])
        assert {told.outcome for told in again} <= {"added", "held", "companion"}

    assert_survives(adding, check, empty)


def test_adding_after_a_kill_survives_power_loss(empty, music):
    """Be killed at any call, add again, lose power: what the second run told is there."""
    was_killed = []

    def scenario_killed_at(calls):
        def adding(disk, acknowledge):
            dying = CrashAfter(disk, calls)
            with suppress(Crashed), opened(dying) as archive:
                list(archive.add(music))
            was_killed.append(dying.is_dead)
            with opened(disk) as archive:
                for told in archive.add(music):
                    acknowledge(told)

        return adding

    def check(disk, promised):
        with opened(disk) as archive:
            assert_whole(archive, promised)

    for calls in range(1, 400, KILL_STEP):
        explore(scenario_killed_at(calls), check, start=empty, limit=LIMIT // 4)
        if not was_killed[-1]:
            break
    assert not was_killed[-1], "it never came to its end"
    assert was_killed[:5] == [True] * 5


def test_sealing_survives_power_loss(empty, music):
    """A volume is sealed whole or not at all; what can be seen of it is complete."""
    with opened(empty) as archive:
        list(archive.add(music))

    def sealing(disk, acknowledge):
        with opened(disk) as archive:
            for name in archive.publish():
                acknowledge(name)

    def check(disk, promised):
        for name in promised:  # what readers see, before anybody opens the archive to write
            assert disk.stat(torrent_path(name)) is not None
            assert disk.stat(f"volumes/{name}") is not None
        with opened(disk) as archive:
            assert_sealed(archive, promised)
            again = list(archive.publish())
            assert_sealed(archive, [*promised, *again])

    assert_survives(sealing, check, empty)


def test_power_lost_again_while_healing(empty, music):
    """Losing power while the damage of the last loss is being healed loses nothing either."""
    with opened(empty) as archive:
        told = list(archive.add(music))
    writer = empty.append("register/000001.jsonl")
    writer.write(b'{"seq":99,"prev"')
    writer.close()

    def healing(disk, acknowledge):
        with opened(disk):
            acknowledge("healed")

    def check(disk, _promised):
        with opened(disk) as archive:
            assert_whole(archive, told)

    explore(healing, check, start=empty, limit=LIMIT)


def test_damage_is_not_healed_away(empty):
    """A register whose lines were acknowledged and then damaged is refused, never shortened."""
    with opened(empty) as archive:
        for number in range(3):
            archive.journal.append("now", [Deposit(f"p{number}")])
    with empty.open("register/000001.jsonl") as file:
        data = bytearray(file.read())
    data[len(data) // 2] ^= 1
    empty.remove("register/000001.jsonl")
    writer = empty.create("register/000001.jsonl")
    writer.write(bytes(data))
    writer.close()
    with pytest.raises(BrokenRegisterError), opened(empty):
        pass
    with empty.open("register/000001.jsonl") as file:
        assert file.read() == bytes(data)
