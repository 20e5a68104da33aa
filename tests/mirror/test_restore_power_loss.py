"""Power is lost at every point of bringing an archive back, and of adopting: the same command, run
again, ends it, and what was told stays true."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cli.phono import LICENSED, found

from faults.memory import MemoryDisk
from faults.powerloss import Acknowledge, PowerLossDisk, explore
from mirror.scene import VOLUME, Stage
from mirror.test_adopt import downloads as downloads
from mirror.test_restore import follow, make_music
from once import made_once
from phonotheque.archive.keeping.restoring import Begun, Ground, bring_back, claim
from phonotheque.archive.keeping.surveying import Survey, survey
from phonotheque.disk import Disk, make_folders, write_whole
from phonotheque.mirror import adopting
from phonotheque.mirror.adopting import Giver, adopt
from phonotheque.mirror.home import now
from phonotheque.mirror.jobs import Ways
from phonotheque.mirror.journal import Journal, remember
from phonotheque.mirror.values import State
from phonotheque.store.objects import DiskStore

LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "1"))
ONE_IN = 1 if LIMIT > 1 else 8
"""Of so many states the recovery is tried in one; what was told is looked at in each."""

NOWHERE = Path("/nowhere")
EACH_TIME_ANEW = ("state/", "keys/", "register/")
"""What is not compared as it is: notes on what was begun, keys, which are drawn by chance, and the
register, which names these and the time."""


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk in memory has room: the one that is asked is not that of the machine."""
    monkeypatch.setattr("phonotheque.mirror.incoming._require_room", lambda *_: None)


def make_world(folder: Path) -> None:
    """An archive of one small recording, and a mirror of it."""
    phono = found(folder / "archive")
    phono.add(make_music(folder / "music", 1, 2), *LICENSED)
    phono.publish()
    follow(folder / "mirror", folder / "archive")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """What the mirror's disk has of the archive."""
    return survey([made_once(tmp_path_factory, "archive-of-one", make_world) / "mirror"], "")


@dataclass
class Case:
    """One way of bringing an archive back."""

    known: Survey
    is_successor: bool = False
    seen: int = 0

    def run(self, disk: Disk) -> None:
        """From the beginning, or from wherever it was left."""
        ground = Ground(NOWHERE, disk, disk)
        mine = Begun(self.known.header.archive, self.known.proven.version, self.is_successor)
        claim(ground, mine)
        done = bring_back(ground, self.known, Ways(readers=1), is_successor=self.is_successor)
        assert all(one.is_whole for one in done.outcomes)
        assert not done.unknown

    def told(self, disk: PowerLossDisk, acknowledge: Acknowledge) -> None:
        self.run(disk)
        acknowledge("restored")

    @cached_property
    def expected(self) -> dict[str, object]:
        """What an archive has that came back undisturbed."""
        disk = MemoryDisk()
        self.run(disk)
        return kept(disk)

    def check(self, disk: MemoryDisk, promised: list[Any]) -> None:
        """What was told is there; the same command brings all of it back, and is content."""
        self.seen += 1
        if promised:
            self.compare(disk)
        if self.seen % ONE_IN == 0:
            self.run(disk)
            self.compare(disk)

    def compare(self, disk: MemoryDisk) -> None:
        """All is there, byte for byte, and the register goes on from the line that was signed."""
        assert kept(disk) == self.expected
        lines = disk.open("register/000001.jsonl").read().splitlines(keepends=True)
        assert hashlib.sha256(lines[self.known.head.seq - 1]).hexdigest() == self.known.head.digest
        more = [msgspec.json.decode(line) for line in lines[self.known.head.seq :]]
        roots = [line["root"] for line in more if line["event"] == "restoration"]
        if self.is_successor:
            root = disk.open("keys/roots/1.root.json").read()
            assert roots == [hashlib.sha256(root).hexdigest()]


def kept(disk: MemoryDisk) -> dict[str, object]:
    """All that lies on a disk, folders apart, and what is made anew each time."""
    return {
        path: held
        for path, held in disk.tree().items()
        if held is not None and not path.startswith(EACH_TIME_ANEW)
    }


@pytest.mark.parametrize("way", ["restore", "successor"])
def test_an_archive_comes_back_through_power_loss(known: Survey, way: str) -> None:
    """Wherever the power went, the same command is not refused and ends with all of it; once it was
    told, all of it is there; and whoever succeeds does so once."""
    case = Case(known, is_successor=way == "successor")
    assert explore(case.told, case.check, limit=LIMIT).states > 200


# -- adopting


def in_memory(root: Path) -> MemoryDisk:
    """A disk that holds what a folder does."""
    disk = MemoryDisk()
    for path in sorted(root.rglob("*")):
        at = str(path.relative_to(root))
        if path.is_symlink():
            disk.symlink(at, os.readlink(path))
        elif path.is_dir():
            make_folders(disk, at)
        else:
            write_whole(disk, at, path.read_bytes())
    return disk


@dataclass
class Adoption:
    """A download taken in by a mirror."""

    stage: Stage
    downloads: Path
    seen: int = 0

    def run(self, disk: Disk) -> None:
        with self.stage.opened() as (mirror, copy):
            there = replace(
                copy, root=NOWHERE, disk=disk, store=DiskStore(disk), journal=Journal(disk, now)
            )
            given = Giver(self.downloads)
            for _, outcome in adopt(replace(mirror, copies=(there,)), given):
                assert outcome.is_whole

    def told(self, disk: PowerLossDisk, acknowledge: Acknowledge) -> None:
        self.run(disk)
        acknowledge("adopted")

    def check(self, disk: MemoryDisk, promised: list[Any]) -> None:
        """What lies under an object's name is exact; what is told as held is there; the rest is
        taken in by the same command."""
        self.seen += 1
        self.compare(disk, is_over=bool(promised or remember(disk).holdings))
        if self.seen % ONE_IN == 0:
            self.run(disk)
            self.compare(disk, is_over=True)

    def compare(self, disk: MemoryDisk, *, is_over: bool) -> None:
        there = disk.tree()
        for path in self.downloads.glob(f"{VOLUME}/??/??/*"):
            name = f"objects/{path.relative_to(self.downloads / VOLUME)}"
            assert there.get(name) == path.read_bytes() or (there.get(name) is None and not is_over)
        if is_over:
            assert remember(disk).holdings[VOLUME].state is State.COMPLETE
            assert there[f"volumes/{VOLUME}"] == "../objects"


def test_an_adoption_survives_power_loss(
    stage: Stage, downloads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is told, all of it is there; until then the same command goes on with it."""
    monkeypatch.setattr(adopting, "_bring", lambda *_, **__: None)  # blocks are of a real disk
    case = Adoption(stage, downloads)
    assert explore(case.told, case.check, start=in_memory(stage.copy_root), limit=LIMIT).states > 40
