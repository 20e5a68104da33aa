"""A lost archive comes back from its mirrors: every byte that was shared, and what was signed."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.phono import LICENSED, Done, Phono, call, damage, found, tree
from tests.cli.small_music import make_file

from once import made_once
from phonotheque.archive.keeping import restoring

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

    def objects(self, disk: Path) -> list[Path]:
        return sorted(disk.glob("objects/??/??/*"))

    def publish_more(self, *steps: str) -> None:
        """Let the archive, which is not lost yet, share one more recording, and the mirror follow."""
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
    rest = [line for line in source.read_text().splitlines(keepends=True) if "addresses" not in line]
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
    assert world.restore(world.mirror, two).expect(0).one()["missing"] == []
    assert_equal(world.lost, world.root)
    said = world.restore(two).expect(2).err
    assert "not empty" in said


def test_a_folder_that_holds_something_is_left_alone(world):
    """Nothing is written into a folder that a restore did not begin."""
    world.root.mkdir()
    (world.root / "diary.txt").write_text("mine")
    world.restore().expect(2)
    assert [path.name for path in world.root.iterdir()] == ["diary.txt"]


def test_a_restore_that_stops_is_gone_on_with(world, monkeypatch):
    """Stopped before the register is there, it is no archive yet; run again, it is whole."""

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(restoring, "bring_register", stop)
        world.restore().expect(130)
    assert not (world.root / "phonotheque.toml").exists()
    world.restore().expect(0)
    assert_equal(world.lost, world.root)


@pytest.mark.parametrize(
    "path",
    ["published/metadata/timestamp.json", "published/metadata/1.root.json", "*register-head.json"],
)
def test_a_disk_whose_signatures_do_not_hold_is_not_believed(world, path):
    """Alone it is refused, and nothing is made; beside a sound one it is told, and that one
    speaks."""
    two = world.another("two")
    (victim, *_) = (two / COPY).rglob(path) if "*" in path else [two / COPY / path]
    damage(victim, lambda data: data.replace(b'"', b"'", 1))
    world.restore(two).expect(2)
    assert not world.root.exists()
    done = world.restore(two, world.mirror).expect(0)
    assert str(two) in done.err
    assert_equal(world.lost, world.root)


def test_bytes_that_are_not_signed_do_not_come_back(world):
    """A torrent, a pack and an object that were changed are taken from nobody."""
    torrent = next((world.copy / "published").glob("*open*.torrent"))
    changed = next(world.copy.rglob("register.jsonl.zst"))
    for path in (torrent, changed):
        damage(path, lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    done = world.restore()
    assert done.status == 4, done
    assert not (world.root / "phonotheque.toml").exists()
    assert not (world.root / "published" / torrent.name).exists()
    two = world.another("two")
    shutil.rmtree(two)
    follow(two, world.lost)
    world.restore(world.mirror, two).expect(0)
    assert_equal(world.lost, world.root)


def test_two_archives_are_not_mixed(world, tmp_path):
    """Disks that trust different roots are refused until one of them is named."""
    stranger = found(tmp_path / "stranger", "Small Records")
    stranger.add(make_music(tmp_path / "music", 10, 11), *LICENSED)
    stranger.publish()
    world.restore(world.mirror, stranger.root).expect(2)
    root = json.loads(Phono(world.lost)("keys", "show", "--json").expect(0).out.splitlines()[0])
    world.restore(world.mirror, stranger.root, more=("--fingerprint", root["fingerprint"])).expect(0)
    assert_equal(world.lost, world.root)


def test_what_was_removed_does_not_come_back(world):
    """An old disk still has what was removed since; a newer one says so, and it stays away."""
    old = world.another("old")
    victim = world.objects(world.lost)[0].name.partition(".")[0]
    Phono(world.lost)("takedown", victim, "--reason", "asked for", "--yes").expect(0)
    call("mirror", "follow", "--mirror", world.mirror).expect(0)
    call("mirror", "sync", "--mirror", world.mirror, "--loopback").expect(0)
    world.restore(world.mirror, old).expect(0)
    assert not list(world.root.rglob(f"{victim}*"))
    Phono(world.root)("verify").expect(0)


def test_lines_that_were_not_shared_come_back_as_digests(world):
    """What the register said of other things is known by its SHA-256: the chain holds, it is
    counted, and what somebody hides later is refused."""
    world.publish_more("verify")
    told = world.restore().expect(0).one()
    assert told["withheld"] == 1
    back = Phono(world.root)
    (said,) = [line for line in lines(world.root) if line.get("event") == "restoration"]
    lost = (world.lost / "register/000001.jsonl").read_bytes().splitlines(keepends=True)
    mine = (world.root / "register/000001.jsonl").read_bytes().splitlines(keepends=True)
    assert (said["last"], said["withheld"]) == (len(lost), 1)
    assert [a == b for a, b in zip(lost, mine, strict=False)].count(False) == 1
    back("verify").expect(0)
    back("rebuild", "--jobs", "1").expect(0)
    hide_a_line(world.root / "register/000001.jsonl", 3)
    assert "withheld" in back("rebuild", "--jobs", "1").expect(4).err


def lines(root: Path) -> list[dict]:
    text = (root / "register/000001.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def hide_a_line(path: Path, number: int) -> None:
    """Put a line's digest in its place, as if it had been withheld."""
    from phonotheque.register.chain import encode_withheld

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
    told = world.restore(world.mirror, backup).expect(0).one()
    assert told["withheld"] == 0
    assert tree(world.root / "register") == tree(world.lost / "register")
    assert not [line for line in lines(world.root) if line["event"] == "restoration"]


def test_a_backup_with_another_past_is_not_taken(world, tmp_path):
    """A register that does not hold the line which was signed is passed over for the packs."""
    backup = tmp_path / "backup"
    stranger = found(backup)
    shutil.copytree(world.copy / "published", backup / "published", dirs_exist_ok=True)
    assert stranger.root == backup
    world.restore(world.mirror, backup).expect(0)
    assert_equal(world.lost, world.root)
