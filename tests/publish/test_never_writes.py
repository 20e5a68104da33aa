"""Nothing is written into the store, whatever is damaged and whoever is connected."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import libtorrent as lt
import pytest

from phonotheque.publish import engine
from phonotheque.publish.engine import EngineSettings, Seeder, SeedState, TroubleKind, Wall
from phonotheque.publish.fetch import Sources, fetch
from phonotheque.publish.shield import behind_wall, forbid_writing, wall_version
from publish.stage import (
    NAME,
    PATIENCE_S,
    Archive,
    Peer,
    build_archive,
    copy_volume,
    every_trace,
    same_tree,
    seeder_until,
    state_of,
    until,
)

LOOPBACK = EngineSettings.loopback()
needs_wall = pytest.mark.skipif(wall_version() == 0, reason="this kernel has no Landlock")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return build_archive(tmp_path / "archive")


def no_wall(make: Callable[[], lt.session]) -> tuple[lt.session, Wall]:
    """As on a kernel without Landlock: nothing but the engine's own flags."""
    return make(), Wall.NONE


def flip(path: Path) -> None:
    path.chmod(0o644)  # whoever runs this may not be root; and the danger is greater so
    with path.open("r+b") as file:
        file.seek(1_500_000)
        byte = file.read(1)[0]
        file.seek(1_500_000)
        file.write(bytes([byte ^ 0xFF]))


def delete(path: Path) -> None:
    path.unlink()


def shorten(path: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, 1_000_000)


def lengthen(path: Path) -> None:
    path.chmod(0o644)
    with path.open("ab") as file:
        file.write(b"tail" * 10_000)


def become_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = [flip, delete, shorten]


@pytest.fixture(params=["wall", "flags alone"])
def wall(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seeder with the kernel's wall, and with nothing but its own flags."""
    if request.param == "flags alone":
        monkeypatch.setattr(engine, "behind_wall", no_wall)
    elif wall_version() == 0:
        pytest.skip("this kernel has no Landlock")


@pytest.fixture
def peers() -> Iterator[list[Peer]]:
    opened: list[Peer] = []
    yield opened
    for peer in opened:
        peer.close()


@pytest.mark.usefixtures("wall")
def test_a_damaged_store_is_left_as_it_is(tmp_path: Path) -> None:
    """Damage under a running seeder is told and never mended, though a peer offers good bytes."""
    # Side by side: each waits for the engine's own pace, which looks around once a second.
    with ThreadPoolExecutor(len(DAMAGES)) as threads:
        left = [threads.submit(_is_left, tmp_path / one.__name__, one) for one in DAMAGES]
    for one in left:
        one.result()


def _is_left(folder: Path, damage: Callable[[Path], None]) -> None:
    """Fail unless an archive with this damage is told of and left."""
    archive, giver_at, taker_at = build_archive(folder / "archive"), folder / "giver", folder / "it"
    copy_volume(archive, giver_at)
    victim = archive.longest
    with ExitStack() as stack, Seeder(LOOPBACK) as seeder:
        seeder.add(archive.torrent, archive.volumes)
        seeder_until(seeder, lambda: state_of(seeder) == SeedState.SEEDING, "seeding")
        damage(victim)
        before = every_trace(archive.root)
        taker = stack.enter_context(closing(Peer(archive.torrent, taker_at)))
        taker.connect(seeder.port)
        seeder_until(seeder, lambda: state_of(seeder) == SeedState.PARTIAL, "damage")
        named = {trouble.path for trouble in seeder.troubles()}
        assert named == {str(victim.relative_to(archive.root / "objects"))}
        # Now those who hold what it lacks come to it, and one of them stays with it to the end.
        seed = Peer(archive.torrent, giver_at, lt.torrent_flags.seed_mode)
        giver = stack.enter_context(closing(seed))
        giver.connect(seeder.port)
        seeder_until(seeder, lambda: seeder.progress()[0].peers > 0, "the giver")
        taker.connect(giver.port)
        taker.connect(seeder.port)
        until(lambda: bool(taker.status().is_seeding), taker.wait, "the taker")
        late = stack.enter_context(closing(Peer(archive.torrent, folder / "late")))
        for port in (seeder.port, giver.port, taker.port):
            late.connect(port)
        until(lambda: bool(late.status().is_seeding), late.wait, "the late taker")
        assert state_of(seeder) == SeedState.PARTIAL
    assert every_trace(archive.root) == before
    assert same_tree(taker_at / NAME, giver_at / NAME)


@pytest.mark.parametrize("damage", [flip, shorten])
def test_the_danger_is_real(
    archive: Archive, tmp_path: Path, peers: list[Peer], damage: Callable[[Path], None]
) -> None:
    """A plain client in seed mode, without our flags, does write into the damaged store."""
    giver_at = tmp_path / "giver"
    copy_volume(archive, giver_at)
    victim = archive.longest
    plain = Peer(archive.torrent, archive.volumes, lt.torrent_flags.seed_mode)
    giver = Peer(archive.torrent, giver_at, lt.torrent_flags.seed_mode)
    taker = Peer(archive.torrent, tmp_path / "taker")
    peers.extend([plain, giver, taker])
    until(lambda: bool(plain.status().is_seeding), plain.wait, "seeding")
    damage(victim)
    before = every_trace(archive.root)
    taker.connect(plain.port)
    until(lambda: not plain.status().is_seeding, plain.wait, "damage")

    def mended() -> bool:
        plain.handle.clear_error()
        plain.handle.resume()
        giver.connect(plain.port)
        return every_trace(archive.root) != before

    until(mended, plain.wait, "a write")


@pytest.mark.usefixtures("wall")
def test_a_longer_object_is_not_cut(archive: Archive, tmp_path: Path) -> None:
    """Bytes after an object's end are neither served nor cut off."""
    with Seeder(LOOPBACK) as seeder:
        lengthen(archive.longest)
        before = every_trace(archive.root)
        seeder.add(archive.torrent, archive.volumes)
        result = fetch(
            archive.torrent,
            tmp_path,
            settings=LOOPBACK,
            deadline_s=PATIENCE_S,
            sources=Sources(peers=(("127.0.0.1", seeder.port),)),
        )
    assert every_trace(archive.root) == before
    assert result.total_bytes < sum(trace[2] for trace in before if isinstance(trace[2], int))


@pytest.mark.usefixtures("wall")
def test_what_lacks_at_the_start_is_told(archive: Archive) -> None:
    """An object that is gone before the seeder starts is named, and not made."""
    victim = archive.longest
    delete(victim)
    before = every_trace(archive.root)
    with Seeder(LOOPBACK) as seeder:
        seeder.add(archive.torrent, archive.volumes)
        seeder_until(seeder, lambda: bool(seeder.troubles()), "the trouble")
        (trouble,) = seeder.troubles()
    assert (trouble.kind, trouble.volume) == (TroubleKind.DAMAGED, NAME)
    assert trouble.path.endswith(victim.name)
    assert "phono verify" in str(trouble)
    assert every_trace(archive.root) == before


@pytest.mark.usefixtures("wall")
def test_what_can_never_be_read_stops_the_volume(archive: Archive, peers: list[Peer]) -> None:
    """A file that refuses every read is told once; after a few starts its volume stands still."""
    victim = archive.longest
    with Seeder(LOOPBACK) as seeder:
        seeder.add(archive.torrent, archive.volumes)
        seeder_until(seeder, lambda: state_of(seeder) == SeedState.SEEDING, "seeding")
        become_folder(victim)
        before = every_trace(archive.root)
        taker = Peer(archive.torrent, archive.root.parent / "taker")
        peers.append(taker)
        taker.connect(seeder.port)
        seeder_until(seeder, lambda: state_of(seeder) == SeedState.STOPPED, "the stop")
        (trouble,) = seeder.troubles()
        assert seeder.progress()[0].error == "is a directory"
    assert trouble.kind == TroubleKind.UNREADABLE
    assert trouble.path.endswith(victim.name)
    assert every_trace(archive.root) == before


# -- the wall


@needs_wall
def test_the_wall_refuses_every_way_to_write(tmp_path: Path) -> None:
    """Every call that writes is refused, in threads started behind the wall too; reading is not."""
    (tmp_path / "file").write_bytes(b"bytes")
    (tmp_path / "folder").mkdir()
    file, folder, new = tmp_path / "file", tmp_path / "folder", tmp_path / "new"
    ways: dict[str, Callable[[], object]] = {
        "write": lambda: file.open("r+b"),
        "append": lambda: file.open("ab"),
        "truncate": lambda: os.truncate(file, 0),
        "create": lambda: new.open("xb"),
        "mkdir": lambda: new.mkdir(),
        "symlink": lambda: new.symlink_to(file),
        "link": lambda: os.link(file, folder / "new"),
        "rename": lambda: file.rename(new),
        "unlink": lambda: file.unlink(),
        "rmdir": lambda: folder.rmdir(),
        "fifo": lambda: os.mkfifo(new),
    }
    done: list[str] = []

    def try_all() -> None:
        for name, way in ways.items():
            try:
                way()
            except PermissionError:
                continue
            except OSError:  # EXDEV is how a rename or link across folders is refused
                if name in {"rename", "link"}:
                    continue
                raise
            done.append(name)

    def make() -> bytes:
        child = threading.Thread(target=try_all)
        child.start()
        child.join()
        return file.read_bytes()

    before = every_trace(tmp_path)
    read, wall = behind_wall(make)
    allowed = ["truncate"] if wall == Wall.NO_TRUNCATE else []
    assert (read, done) == (b"bytes", allowed)
    assert allowed or every_trace(tmp_path) == before
    # The thread that asked has kept its rights.
    (tmp_path / "afterwards").write_bytes(b"still may")


@needs_wall
def test_behind_the_wall_even_a_downloader_writes_nothing(
    archive: Archive, tmp_path: Path, peers: list[Peer]
) -> None:
    """A session that does want to write, with a seed at hand, leaves an empty folder empty."""
    target = tmp_path / "target"
    target.mkdir()
    with Seeder(LOOPBACK) as seeder:
        seeder.add(archive.torrent, archive.volumes)
        peer, wall = behind_wall(lambda: Peer(archive.torrent, target))
        peers.append(peer)
        assert wall != Wall.NONE
        peer.connect(seeder.port)
        until(lambda: bool(peer.file_errors), peer.wait, "a refused write")
    assert set(peer.file_errors) == {"Permission denied"}
    assert list(target.iterdir()) == []


def test_where_there_is_no_wall_it_is_said(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a kernel without Landlock nothing is promised: the seeder runs and says so."""
    monkeypatch.setattr("phonotheque.publish.shield.wall_version", lambda: 0)
    assert forbid_writing() == Wall.NONE
    with Seeder(LOOPBACK) as seeder:
        assert seeder.wall == Wall.NONE
        assert "only the engine's own flags" in seeder.wall


def test_what_fails_behind_the_wall_fails_before_it() -> None:
    """An error of what is made there reaches the caller."""
    with pytest.raises(ZeroDivisionError):
        behind_wall(lambda: 1 // 0)
