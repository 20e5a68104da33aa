"""What a stock client downloaded becomes a mirror's own, once every file of it is proven."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.phono import call, damage, tree
from tests.ports import free_ports

from mirror.scene import VOLUME, Stage
from phonotheque.publish.engine import EngineSettings, Seeder
from phonotheque.publish.packs.form import PACKS
from publish.minitracker import MiniTracker
from publish.stage import PATIENCE_S
from publish.test_clients import QBITTORRENT_SETTINGS, running, version_of, with_tracker


@pytest.fixture
def downloads(stage: Stage, tmp_path: Path) -> Path:
    """A folder as clients leave it: the volume whole, and something else."""
    folder = tmp_path / "downloads"
    volume = stage.archive / "volumes" / VOLUME
    for line in (volume / "lists" / VOLUME / "SHA256SUMS").read_text().splitlines():
        bring(volume, folder / VOLUME, line.partition("  ")[2])
    bring(volume, folder / VOLUME, f"lists/{VOLUME}/SHA256SUMS")
    (folder / "holiday").mkdir()
    (folder / "holiday" / "beach.jpg").write_bytes(b"sand")
    stage.join()
    return folder


def bring(source: Path, to: Path, path: str) -> None:
    (to / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / path, to / path)


def adopt(stage: Stage, folder: Path, *more: str) -> list[dict]:
    done = call("mirror", "adopt", folder, "--mirror", stage.root, "--json", *more)
    assert done.status in (0, 1), done
    return done.lines()


def held(stage: Stage) -> dict[str, str]:
    return tree(stage.copy_root / "objects")


def objects(folder: Path) -> list[Path]:
    return sorted((folder / VOLUME).glob("??/??/*"))


def test_a_download_is_adopted(stage, downloads):
    """Every file of it is held, the volume's link is set, nothing of it was fetched or changed."""
    before = tree(downloads)
    (told,) = adopt(stage, downloads)
    assert (told["torrent"], told["is_whole"], told["files"]) == (VOLUME, True, 10)
    for path in objects(downloads):
        at = stage.copy_root / "objects" / path.relative_to(downloads / VOLUME)
        assert at.read_bytes() == path.read_bytes()
        assert at.stat().st_nlink == 1
        assert at.stat().st_mode & 0o222 == 0
    assert os.readlink(stage.copy_root / "volumes" / VOLUME) == "../objects"
    assert tree(downloads) == before
    with stage.opened() as (_, copy):
        assert copy.memory().holdings[VOLUME].state == "complete"
    call("mirror", "verify", VOLUME, "--mirror", stage.root).expect(0)


def test_the_folder_of_one_torrent_will_do(stage, downloads):
    """Whoever names the torrent's own folder means the same."""
    (told,) = adopt(stage, downloads / VOLUME)
    assert told["is_whole"]


def test_of_a_partial_download_the_whole_files_are_kept(stage, downloads):
    """What is missing, cut, damaged or a link is not taken, and comes with the next sync."""
    missing, cut, wrong, planted, *good = objects(downloads)
    missing.rename(missing.with_name(missing.name + ".!qB"))
    damage(cut, lambda data: data[:-1])
    damage(wrong, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    body = planted.read_bytes()
    planted.unlink()
    planted.symlink_to(downloads / "elsewhere")
    (downloads / "elsewhere").write_bytes(body)
    (told,) = adopt(stage, downloads)
    assert not told["is_whole"]
    names = {path.name for path in stage.copy_root.glob("objects/??/??/*")}
    assert names == {path.name for path in good}
    call("mirror", "sync", "--mirror", stage.root, "--loopback").expect(0)
    assert len(list(stage.copy_root.glob("objects/??/??/*"))) == 6


def test_hard_links_only_when_asked_for(stage, downloads):
    """With --link a file is there once, under two names, and neither can be written to."""
    adopt(stage, downloads, "--link")
    for path in objects(downloads):
        at = stage.copy_root / "objects" / path.relative_to(downloads / VOLUME)
        assert at.stat().st_ino == path.stat().st_ino
        assert path.stat().st_mode & 0o222 == 0


def test_a_damaged_file_is_not_linked(stage, downloads):
    """A link is proven like a copy."""
    victim = objects(downloads)[0]
    damage(victim, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    (told,) = adopt(stage, downloads, "--link")
    assert not told["is_whole"]
    assert not (stage.copy_root / "objects" / victim.relative_to(downloads / VOLUME)).exists()


def test_no_more_room_is_taken_than_is_given(stage, downloads):
    """A torrent that does not fit is left where it is, and why is told."""
    settings = stage.root / "mirror.toml"
    text = settings.read_text().replace("space_bytes = 1000000000", "space_bytes = 1000")
    settings.write_text(text)
    (told,) = adopt(stage, downloads)
    assert not told["is_whole"]
    assert "room" in str(told)
    assert "files" not in held(stage)
    assert not list(stage.copy_root.glob("objects/??/??/*"))


def test_nothing_that_was_excluded_is_adopted(stage, downloads):
    """What this mirror may not hold stays out, and the rest of the volume is whole."""
    victim = objects(downloads)[0].name.partition(".")[0]
    call("mirror", "exclude", victim, "--reason", "a court", "--mirror", stage.root).expect(0)
    (told,) = adopt(stage, downloads)
    assert told["is_whole"]
    assert victim not in str(held(stage))


def test_a_folder_with_nothing_of_ours_is_refused(stage, downloads):
    """It is said that nothing lies there, instead of that nothing was done."""
    call("mirror", "adopt", downloads / "holiday", "--mirror", stage.root).expect(2)


def test_packs_are_adopted(stage, downloads):
    """A pack is a torrent like any other."""
    told = adopt(stage, stage.archive / PACKS)
    assert len(told) == 4
    assert all(one["is_whole"] for one in told)
    assert tree(stage.copy_root / PACKS) == tree(stage.archive / PACKS)


def test_what_qbittorrent_downloaded_is_adopted(stage, tmp_path):
    """The folder that qBittorrent downloads into is adopted as it is."""
    version_of("qbittorrent-nox", "--version")
    stage.join()
    torrent = (stage.archive / f"published/{VOLUME}.torrent").read_bytes()
    out, profile, file = tmp_path / "out", tmp_path / "profile", tmp_path / "volume.torrent"
    out.mkdir()
    port, web_port = free_ports(2)
    config = profile / "qBittorrent" / "config" / "qBittorrent.conf"
    config.parent.mkdir(parents=True)
    config.write_text(QBITTORRENT_SETTINGS.format(port=port, web_port=web_port))
    with MiniTracker([]) as tracker, Seeder(EngineSettings.loopback()) as seeder:
        tracker.peers.append(("127.0.0.1", seeder.port))
        seeder.add(torrent, stage.archive / "volumes")
        file.write_bytes(with_tracker(torrent, tracker.url))
        command = ["qbittorrent-nox", f"--profile={profile}", f"--save-path={out}"]
        command += ["--skip-dialog=true", "--add-paused=false", str(file)]
        log = tmp_path / "log"
        with running(command, tmp_path, log):
            completed = tracker.wait_for("completed", PATIENCE_S)
        assert completed is not None, log.read_text()
    (told,) = adopt(stage, out)
    assert (told["torrent"], told["is_whole"]) == (VOLUME, True)
    check = ["sha256sum", "--strict", "--quiet", "--check", f"lists/{VOLUME}/SHA256SUMS"]
    volume = stage.copy_root / "volumes" / VOLUME
    assert subprocess.run(check, cwd=volume, check=False).returncode == 0
