"""Power is lost at every point of taking a volume in, and of a repair: what was told stays true."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from faults.memory import MemoryDisk
from faults.powerloss import Acknowledge, PowerLossDisk, explore
from faults.sites import assert_every_sync_matters
from mirror.swarm_stage import NAME, fetch, filled, make_origin, place_on
from mirror.test_swarm_repair import tended
from phonotheque.disk import Disk
from phonotheque.mirror.home import now
from phonotheque.mirror.jobs import Ways, record
from phonotheque.mirror.journal import Journal, remember
from phonotheque.mirror.taking import Place
from phonotheque.mirror.values import State
from phonotheque.store.objects import DiskStore

LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "6"))
ORIGIN = make_origin(sizes=(1, 20_000))
SOURCE = filled(MemoryDisk(), ORIGIN)
NOWHERE = Path("/nowhere")


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk in memory has room: the one that is asked is not that of the machine."""
    monkeypatch.setattr("phonotheque.mirror.incoming._require_room", lambda *_: None)


def empty() -> MemoryDisk:
    """A copy of which nothing is there yet but its folders."""
    disk = MemoryDisk()
    place_on(disk, NOWHERE)
    return disk


def take(disk: Disk) -> None:
    """Fetch the volume from a folder, and note it."""
    place = Place(NOWHERE, disk, DiskStore(disk))
    outcome = fetch(place, ORIGIN, Ways(folders=(SOURCE,), readers=1))
    assert outcome.is_whole
    record(Journal(disk, now), outcome)


def taking(disk: PowerLossDisk, acknowledge: Acknowledge) -> None:
    take(disk)
    acknowledge("held")


def check(disk: MemoryDisk, promised: list[Any]) -> None:
    """What lies under an object's name is exact; what was told is there; a second run mends all."""
    tree = disk.tree()
    for path, body in ORIGIN.bodies.items():
        found = tree.get(f"objects/{path}")
        assert found == body or found is None
        assert found is not None or not promised
    if remember(disk).holdings:
        assert all(tree.get(f"objects/{path}") is not None for path in ORIGIN.bodies)
    if promised:
        assert remember(disk).holdings[NAME].state is State.COMPLETE
        assert tree.get(f"volumes/{NAME}") == "../objects"
    take(disk)
    tree = disk.tree()
    assert all(tree[f"objects/{path}"] == body for path, body in ORIGIN.bodies.items())


def test_taking_in_survives_power_loss() -> None:
    """Once it is told, all of it is there; until then what is there under its name is exact."""
    assert explore(taking, check, start=empty(), limit=LIMIT).states > 40


@pytest.mark.torture
def test_every_sync_of_taking_in_matters() -> None:
    """Take any one sync out, and something is lost that was told."""
    assert_every_sync_matters(taking, check, start=empty())


def damaged_disk() -> MemoryDisk:
    disk = empty()
    take(disk)
    victim = f"objects/{ORIGIN.objects[0].path}"
    disk.remove(victim)
    writer = disk.create(victim)
    writer.write(bytes(ORIGIN.objects[0].size_bytes))
    writer.sync()
    return disk


def mending(disk: PowerLossDisk, acknowledge: Acknowledge) -> None:
    tended(disk, (SOURCE,), ORIGIN)
    acknowledge("mended")


def check_mended(disk: MemoryDisk, promised: list[Any]) -> None:
    """What was good is still there; what was told as mended is; a second run mends the rest."""
    tree = disk.tree()
    victim = ORIGIN.objects[0].path
    for path, body in ORIGIN.bodies.items():
        if path != victim or promised:
            assert tree.get(f"objects/{path}") == body
    tended(disk, (SOURCE,), ORIGIN)
    assert disk.tree()[f"objects/{victim}"] == ORIGIN.bodies[victim]


def test_a_repair_survives_power_loss() -> None:
    """No good file is lost by it; the mended one is there once that was told."""
    assert explore(mending, check_mended, start=damaged_disk(), limit=LIMIT).states > 20
