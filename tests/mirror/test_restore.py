"""A lost archive comes back from its mirrors: every byte that was shared, and what was signed."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.phono import LICENSED, Done, Phono, call, damage, found, tree
from tests.cli.small_music import make_file

from once import made_once
from phonotheque.archive.keeping import restoring
from phonotheque.archive.keeping.surveying import Survey, survey
from phonotheque.archive.opening import open_to_write
from phonotheque.disk import LocalDisk
from phonotheque.errors import (
    BadSignatureError,
    BrokenRegisterError,
    ConflictError,
    NotHeldError,
)
from phonotheque.mirror.jobs import Ways
from phonotheque.publish.engine import EngineSettings, Seeder
from phonotheque.register.chain import encode_withheld
from publish.trust.forge import forge, put, sign_also
from publish.trust.publisher import Publisher

COPY = Path("archives/small-records")
SHARED = ("packs", "files")
"""Folders of `published/` that come back byte for byte; pages are made anew."""


def make_music(folder: Path, first: int, last: int) -> Path:
    """Recordings without companions: whatever is here is shared."""
    folder.mkdir(parents=True)
    for number in range(first, last):
        make_file(folder / f"{number:02d}.{('wav', 'flac', 'mp3')[number % 3]}", number)
    return folder


def make_world(folder: Path) -> None:
    """An archive of two volumes, and a mirror that holds all of it."""
    phono = found(folder / "archive")
    for number, (first, last) in enumerate(((0, 4), (4, 6))):
        phono.add(make_music(folder / f"music {number}", first, last), *LICENSED)
        phono.publish()
    follow(folder / "mirror", folder / "archive")


def follow(mirror: Path, archive: Path) -> None:
    call("mirror", "init", archive, "--space", "1GB", "--mirror", mirror).expect(0)
    call("mirror", "sync", "--mirror", mirror, "--loopback").expect(0)


@dataclass(frozen=True)
class World:
    """A lost archive, a mirror of it, and the folder where it is to be again."""

    lost: Path
    mirror: Path
    root: Path

    @property
    def copy(self) -> Path:
        return self.mirror / COPY

    def another(self, name: str) -> Path:
        """A second disk with all that the mirror has."""
        return Path(shutil.copytree(self.mirror, self.mirror.with_name(name), symlinks=True))

    def restore(self, *disks: Path, more: tuple[str, ...] = ()) -> Done:
        """Restore from these disks; without one, from the mirror."""
        named = [word for disk in disks or (self.mirror,) for word in ("--from", str(disk))]
        return call("mirror", "restore", self.root, *named, "--jobs", "1", "--json", *more)

    @property
    def root_of_trust(self) -> str:
        """SHA-256 of the first root of what was restored."""
        return hashlib.sha256((self.root / "keys/roots/1.root.json").read_bytes()).hexdigest()

    def survey(self, *disks: Path, fingerprint: str = "") -> Survey:
        """What these disks have; without one, the mirror."""
        return survey(disks or (self.mirror,), fingerprint)

    def bring_back(self, *disks: Path, fingerprint: str = "", is_successor: bool = False) -> Survey:
        """Restore without reading all music again and building a catalogue, which takes long."""
        known = self.survey(*disks, fingerprint=fingerprint)
        restoring.restore(self.root, known, Ways(), is_successor=is_successor)
        with open_to_write(self.root, "a test") as archive:
            assert restoring.finished(archive, known, restoring.bring_loose(archive, known)) == []
        return known

    def publish_again(self) -> None:
        """Read the music again, which was left to do, and publish what was brought back."""
        phono = Phono(self.root)
        phono("rebuild").expect(0)
        phono.publish()

    def objects(self, disk: Path) -> list[Path]:
        return sorted(disk.glob("objects/??/??/*"))

    def publish_more(self, *steps: str) -> None:
        """Let the archive, not lost yet, share one more recording, and the mirror follow."""
        phono = Phono(self.lost)
        for step in steps:
            phono(step).expect(0)
        phono.add(make_music(self.lost.with_name("more"), 7, 8), *LICENSED)
        phono.publish()
        call("mirror", "sync", "--mirror", self.mirror, "--loopback").expect(0)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    return made_once(tmp_path_factory, "archive-to-lose", make_world)


@pytest.fixture
def world(made, tmp_path, monkeypatch):
    """Copies to work on. The address that the mirror followed leads to the copy."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    monkeypatch.delenv("PHONO_MIRROR", raising=False)
    lost, mirror = tmp_path / "lost", tmp_path / "mirror"
    shutil.copytree(made / "archive", lost, symlinks=True)
    shutil.copytree(made / "mirror", mirror, symlinks=True)
    text = f'addresses = ["{lost}"]\n'
    source = mirror / COPY / "source.toml"
    rest = [
        line for line in source.read_text().splitlines(keepends=True) if "addresses" not in line
    ]
    source.write_text("".join([*rest, text]))
    return World(lost, mirror, tmp_path / "back")


def assert_equal(lost: Path, back: Path) -> None:
    """All that was shared, and the register, are the same to the byte, links included."""
    for folder in ("objects", "register", "volumes", *(f"published/{one}" for one in SHARED)):
        assert tree(back / folder) == tree(lost / folder), folder
    signed, before = tree(back / "published/metadata"), tree(lost / "published/metadata")
    assert signed.items() <= before.items()  # an archive keeps the publication before, too
    assert signed["timestamp.json"] == before["timestamp.json"]
    for path in (back / "published").glob("*.*"):
        assert path.read_bytes() == (lost / "published" / path.name).read_bytes()


def test_an_archive_comes_back_from_two_partial_disks(world):
    """Each disk has half, one of them with a damaged file; together they give back every byte, the
    archive verifies, and with its keys laid back it goes on where it stood."""
    one, two = world.mirror, world.another("two")
    objects = world.objects(world.copy)
    for path in objects[::2]:
        path.unlink()
    for path in world.objects(two / COPY)[1::2]:
        path.unlink()
    extra = world.objects(two / COPY)[0]
    shutil.copy(extra, one / extra.relative_to(two))
    damage(one / extra.relative_to(two), lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    told = world.restore(one, two).expect(0).one()
    assert (told["missing"], told["unknown"], told["withheld"]) == ([], [], 0)
    assert_equal(world.lost, world.root)
    back = Phono(world.root)
    back("verify").expect(0)
    assert back("search", "piece", "--json").expect(0).lines()
    assert not (world.root / restoring.MARKER).exists()
    shutil.copytree(world.lost / "keys", world.root / "keys", dirs_exist_ok=True)
    back.add(make_music(world.root.with_name("new"), 8, 9), *LICENSED)
    back.publish()
    call("mirror", "follow", "--source", world.root, "--mirror", world.mirror).expect(0)


def test_what_is_missing_is_named_and_comes_with_one_more_disk(world):
    """Exit status 1 tells which objects no disk has; the same command with the other disk brings
    them, and then the restore is over."""
    two = world.another("two")
    gone = world.objects(world.copy)[:2]
    for path in gone:
        path.unlink()
    told = world.restore().expect(1).one()
    assert sorted(told["missing"]) == sorted(path.name.partition(".")[0] for path in gone)
    assert told["ask"]
    world.bring_back(world.mirror, two)
    assert_equal(world.lost, world.root)
    with pytest.raises(ConflictError, match="not empty"):
        world.bring_back(two)


def test_what_no_disk_has_comes_from_the_swarm(world):
    """Objects of volumes that the one disk lost are fetched from a peer, proven like all else."""
    two, gone = world.another("two"), world.objects(world.copy)[1::2]
    for path in gone:
        path.unlink()
    with Seeder(EngineSettings.loopback()) as seeder:
        for torrent in sorted((two / COPY / "published").glob("*-open-*.torrent")):
            seeder.add(torrent.read_bytes(), two / COPY / "volumes")
        peer = ("--peer", f"127.0.0.1:{seeder.port}", "--loopback")
        told = world.restore(more=peer).expect(0).one()
    assert gone
    assert told["missing"] == []
    assert_equal(world.lost, world.root)


def test_a_disk_that_proves_nothing_may_have_bytes(world, tmp_path):
    """A folder of a torrent client has what the mirrors lack: it is proven like everything else."""
    volume, disk = "small-records-open-all-00002", tmp_path / "downloads"
    shutil.copytree(world.lost / "volumes" / volume, disk / volume)
    lists = (world.lost / f"objects/lists/{volume}/SHA256SUMS").read_text().splitlines()
    gone = [world.copy / "objects" / line[66:] for line in lists if " lists/" not in line]
    for path in gone:
        path.unlink()
    notices = world.bring_back(world.mirror, disk).notices
    assert str(disk) in notices[0]
    assert gone
    assert_equal(world.lost, world.root)


def test_a_folder_that_holds_something_is_left_alone(world):
    """Nothing is written into a folder that a restore did not begin."""
    world.root.mkdir()
    (world.root / "diary.txt").write_text("mine")
    with pytest.raises(ConflictError):
        world.bring_back()
    assert [path.name for path in world.root.iterdir()] == ["diary.txt"]


def test_a_restore_that_stops_is_gone_on_with(world, monkeypatch):
    """Stopped before the register is there, it is no archive yet; run again, it is whole."""

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(restoring, "bring_register", stop)
        with pytest.raises(KeyboardInterrupt):
            world.bring_back()
    assert not (world.root / "phonotheque.toml").exists()
    world.bring_back()
    assert_equal(world.lost, world.root)


@pytest.mark.parametrize(
    "path",
    ["published/metadata/timestamp.json", "published/metadata/1.root.json", "targets/*head.json"],
)
def test_a_disk_whose_signatures_do_not_hold_is_not_believed(world, path):
    """Alone it is refused, and nothing is made; beside a sound one it is told, and that one
    speaks."""
    two = world.another("two")
    (victim,) = (two / COPY).rglob(path)
    damage(victim, lambda data: data.replace(b'"', b"'", 1))
    with pytest.raises(NotHeldError):
        world.bring_back(two)
    assert not world.root.exists()
    (notice,) = world.bring_back(two, world.mirror).notices
    assert str(two) in notice
    assert_equal(world.lost, world.root)


def test_bytes_that_are_not_signed_do_not_come_back(world):
    """A torrent, a pack and an object that were changed are taken from nobody."""
    torrent = next((world.copy / "published").glob("*open*.torrent"))
    changed = next(world.copy.rglob("register.jsonl.zst"))
    for path in (torrent, changed):
        damage(path, lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    with pytest.raises(BrokenRegisterError):
        world.bring_back()
    assert not (world.root / "phonotheque.toml").exists()
    assert not (world.root / "published" / torrent.name).exists()
    two = world.another("two")
    shutil.rmtree(two)
    follow(two, world.lost)
    world.bring_back(world.mirror, two)
    assert_equal(world.lost, world.root)


@pytest.fixture
def signing(tmp_path):
    """A publisher on a disk of its own, with all that a restore asks for but what a test takes."""
    publisher = Publisher()
    publisher.disk = LocalDisk(tmp_path / "stick")
    (tmp_path / "stick").mkdir()
    publisher.next(1)
    return publisher


def test_a_disk_with_a_name_that_leads_out_proves_nothing(signing, tmp_path):
    """Whoever signs a file whose name leads out of every folder has it written nowhere."""
    path = sign_also(signing, "../../../.bashrc", b"mine\n")
    (tmp_path / "stick" / "published" / path).parent.mkdir(exist_ok=True)
    (tmp_path / "stick" / "published" / path).write_bytes(b"mine\n")
    with pytest.raises(NotHeldError, match="cannot be called"):
        survey([tmp_path / "stick"])


def test_a_disk_without_a_list_of_removals_is_told(signing, tmp_path):
    """What is signed without that list is no publication that can be restored."""
    head = b'{"archive":"archive","seq":1,"digest":"0"}\n'
    put(signing, sign_also(signing, "register-head.json", head), head)
    forge(signing, "targets", lambda signed: signed.targets.pop("tombstones.jsonl"))
    with pytest.raises(NotHeldError, match="no list of removals"):
        survey([tmp_path / "stick"])


def test_two_archives_are_not_mixed(world, tmp_path):
    """Disks that trust different roots are refused until one of them is named."""
    stranger = found(tmp_path / "stranger", "Small Records")
    stranger.add(make_music(tmp_path / "music", 10, 11), *LICENSED)
    stranger.publish()
    with pytest.raises(ConflictError, match="2 roots"):
        world.bring_back(world.mirror, stranger.root)
    with pytest.raises(BadSignatureError):
        world.bring_back(world.mirror, stranger.root, fingerprint="0" * 64)
    root = (world.copy / "published/metadata/1.root.json").read_bytes()
    fingerprint = hashlib.sha256(root).hexdigest()
    world.bring_back(world.mirror, stranger.root, fingerprint=fingerprint)
    assert_equal(world.lost, world.root)


def test_what_was_removed_does_not_come_back(world):
    """An old disk still has what was removed since; a newer one says so, and it stays away."""
    old = world.another("old")
    victim = world.objects(world.lost)[0].name.partition(".")[0]
    Phono(world.lost)("takedown", victim, "--reason", "asked for").expect(0)
    Phono(world.lost).publish()
    call("mirror", "sync", "--mirror", world.mirror, "--loopback").expect(0)
    world.bring_back(world.mirror, old)
    assert not list(world.root.rglob(f"{victim}*"))
    Phono(world.root)("verify").expect(0)


def test_lines_that_were_not_shared_come_back_as_digests(world):
    """What the register said of other things is known by its SHA-256: the chain holds, it is
    counted, and what somebody hides later is refused."""
    world.publish_more("verify")
    world.bring_back()
    back = Phono(world.root)
    (said,) = [line for line in lines(world.root) if line.get("event") == "restoration"]
    lost = (world.lost / "register/000001.jsonl").read_bytes().splitlines(keepends=True)
    mine = (world.root / "register/000001.jsonl").read_bytes().splitlines(keepends=True)
    assert (said["last"], said["withheld"]) == (len(lost), 1)
    assert [a == b for a, b in zip(lost, mine, strict=False)].count(False) == 1
    back("verify").expect(0)
    hide_a_line(world.root / "register/000001.jsonl", 3)
    (world.root / "state/index.sqlite").unlink()
    with (
        pytest.raises(BrokenRegisterError, match="2 of its lines are withheld"),
        open_to_write(world.root, "a test"),
    ):
        pass


def lines(root: Path) -> list[dict]:
    text = (root / "register/000001.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def hide_a_line(path: Path, number: int) -> None:
    """Put a line's digest in its place, as if it had been withheld."""
    told = path.read_bytes().splitlines(keepends=True)
    following = json.loads(told[number])
    told[number - 1] = encode_withheld(number, following["prev"])
    path.write_bytes(b"".join(told))


def test_a_backup_of_the_register_gives_every_line(world, tmp_path):
    """A disk that has the register itself gives back what was never shared, to the byte."""
    world.publish_more("verify")
    backup = tmp_path / "backup"
    shutil.copytree(world.lost / "register", backup / "register")
    shutil.copytree(world.lost / "published", backup / "published")
    world.bring_back(world.mirror, backup)
    assert tree(world.root / "register") == tree(world.lost / "register")
    assert not [line for line in lines(world.root) if line["event"] == "restoration"]


def test_a_backup_with_another_past_is_not_taken(world, tmp_path):
    """A register that does not hold the line which was signed is passed over for the packs."""
    backup = tmp_path / "backup"
    stranger = found(backup)
    shutil.copytree(world.copy / "published", backup / "published", dirs_exist_ok=True)
    assert stranger.root == backup
    world.bring_back(world.mirror, backup)
    assert_equal(world.lost, world.root)


# -- succession ------------------------------------------------------------------------------------


@pytest.fixture
def succeeded(world):
    """The origin and its keys are gone; somebody goes on, and published once."""
    world.bring_back(is_successor=True)
    shutil.rmtree(world.lost)
    phono = Phono(world.root)
    phono.add(make_music(world.root.with_name("new"), 20, 21), *LICENSED)
    world.publish_again()
    return world.root_of_trust


def follow_successor(world: World, fingerprint: str, source: Path) -> Done:
    there = ("--source", str(source), "--mirror", str(world.mirror))
    return call("mirror", "follow", "--successor", fingerprint, *there)


def test_a_successor_names_the_old_head_and_its_own_root(world, succeeded):
    """The first line under the new keys follows from the last one that was signed, and says so."""
    head = json.loads((world.copy / "published/register-head.json").read_bytes())
    (said,) = [line for line in lines(world.root) if line.get("event") == "restoration"]
    assert (said["last"], said["digest"], said["root"]) == (head["seq"], head["digest"], succeeded)
    assert (said["seq"], said["prev"]) == (head["seq"] + 1, head["digest"])
    root = (world.root / "published/metadata/1.root.json").read_bytes()
    assert hashlib.sha256(root).hexdigest() == succeeded
    old = next((world.root / "published/succeeded").rglob("timestamp.json"))
    assert old.read_bytes() == (world.copy / "published/metadata/timestamp.json").read_bytes()
    Phono(world.root)("verify").expect(0)


def test_nobody_follows_a_successor_unless_a_person_says_so(world, succeeded):
    """A mirror refuses the new root, also as one more source; with the fingerprint it goes on from
    what it holds, and what is new comes."""
    there = ("--source", str(world.root), "--mirror", str(world.mirror))
    assert call("mirror", "follow", *there).status == 5
    assert follow_successor(world, "0" * 64, world.root).status == 5
    assert follow_successor(world, "yes", world.root).status == 2
    before = tree(world.copy / "trust")
    done = follow_successor(world, succeeded, world.root).expect(0)
    assert "trust-1" in done.err
    assert tree(world.copy / "trust-1") == before
    call("mirror", "sync", "--mirror", world.mirror, "--loopback").expect(0)
    assert {p.name for p in world.objects(world.copy)} == {
        p.name for p in world.objects(world.root)
    }


def test_a_stranger_is_no_successor(world, tmp_path):
    """Another archive is refused though a person said yes; what was trusted stays."""
    stranger = found(tmp_path / "stranger", "Small Records")
    stranger.add(make_music(tmp_path / "music", 10, 11), *LICENSED)
    stranger.publish()
    root = hashlib.sha256((stranger.root / "published/metadata/1.root.json").read_bytes())
    before = tree(world.copy / "trust")
    done = follow_successor(world, root.hexdigest(), stranger.root)
    assert done.status == 5
    assert "not from the one that is followed" in done.err
    assert tree(world.copy / "trust") == before


def test_a_successor_with_another_past_is_refused(world):
    """Whoever goes on from an older publication than was seen here hides what came between."""
    old = world.another("old")
    world.publish_more()
    world.bring_back(old, is_successor=True)
    phono = Phono(world.root)
    for number in (20, 21):
        phono.add(make_music(world.root.with_name(f"new {number}"), number, number + 1), *LICENSED)
        world.publish_again()
    done = follow_successor(world, world.root_of_trust, world.root)
    assert done.status == 5
    assert "its past is another" in done.err
