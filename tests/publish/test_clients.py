"""Other people's clients, live on loopback: what reads a hybrid volume, and what is known not to.

A client that is not installed, or of another version than the one whose failure is on record, is
skipped with that reason. The record for people is `docs/reference/clients.md`.

What cannot read a hybrid fetches its v1-only twin. Transmission connects to no loopback address, so
it runs in a network namespace of its own (`publish.own_network`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import libtorrent as lt
import pytest
from tests.ports import free_ports

from phonotheque.disk import LocalDisk
from phonotheque.publish.engine import EngineSettings, Seeder, Seeding
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.publish.twin import twin_of
from publish.minitracker import MiniTracker
from publish.stage import NAME, PATIENCE_S, Archive, build_archive, every_trace, same_tree, until

QBITTORRENT_SETTINGS = """\
[LegalNotice]
Accepted=true

[BitTorrent]
Session\\BTProtocol=TCP
Session\\DHTEnabled=false
Session\\Interface=lo
Session\\InterfaceAddress=127.0.0.1
Session\\InterfaceName=lo
Session\\LSDEnabled=false
Session\\MultiConnectionsPerIp=true
Session\\PeXEnabled=false
Session\\Port={port}

[Network]
PortForwardingEnabled=false

[Preferences]
Connection\\ResolvePeerCountries=false
WebUI\\Address=127.0.0.1
WebUI\\Port={web_port}
WebUI\\UseUPnP=false
"""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return build_archive(tmp_path / "archive")


def version_of(program: str, flag: str) -> str:
    """What the program says of its version, or a skip with the reason."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    said = subprocess.run([program, flag], capture_output=True, text=True, timeout=PATIENCE_S)
    found = re.search(r"\d+\.\d+(\.\d+)?", said.stdout + said.stderr)
    return found.group() if found else "unknown"


def only_version(program: str, flag: str, wanted: str) -> None:
    version = version_of(program, flag)
    if version != wanted:
        pytest.skip(f"{program} is {version}; the failure is on record for {wanted}")


def with_tracker(torrent: bytes, url: str) -> bytes:
    """The torrent with one tracker, which changes no info-hash."""
    whole = lt.bdecode(torrent)
    return bytes(lt.bencode({**whole, b"announce": url.encode()}))


@contextmanager
def running(command: list[str], home: Path, log: Path) -> Iterator[None]:
    """A program with its own home, ended at the end: asked first, then made to."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    # qBittorrent's socket for its second self lies among temporary files: each run has its own.
    with log.open("wb") as output, TemporaryDirectory() as temporary:
        environment["TMPDIR"] = temporary
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def offered(archive: Archive) -> Iterator[tuple[Seeding, MiniTracker]]:
    """The archive's volume, seeded by us and known to a tracker."""
    with MiniTracker([]) as tracker, Seeder(EngineSettings.loopback()) as seeder:
        tracker.peers.append(("127.0.0.1", seeder.port))
        yield seeder.add(archive.torrent, archive.volumes), tracker


def test_qbittorrent_fetches_a_volume(archive: Archive, tmp_path: Path) -> None:
    """qBittorrent joins both swarms of a volume, and `sha256sum -c` in its download is clean."""
    version_of("qbittorrent-nox", "--version")
    out, profile, file = tmp_path / "out", tmp_path / "profile", tmp_path / "volume.torrent"
    out.mkdir()
    port, web_port = free_ports(2)
    config = profile / "qBittorrent" / "config" / "qBittorrent.conf"
    config.parent.mkdir(parents=True)
    config.write_text(QBITTORRENT_SETTINGS.format(port=port, web_port=web_port))
    before = every_trace(archive.root)
    with offered(archive) as (volume, tracker):
        file.write_bytes(with_tracker(archive.torrent, tracker.url))
        command = ["qbittorrent-nox", f"--profile={profile}", f"--save-path={out}"]
        command += ["--skip-dialog=true", "--add-paused=false", str(file)]
        log = tmp_path / "log"
        with running(command, tmp_path, log):
            completed = tracker.wait_for("completed", PATIENCE_S)
        assert completed is not None, log.read_text()
        swarms = {said["info_hash"].encode("latin-1").hex() for said in tracker.announces}
    assert swarms == {volume.info_hash_v1, volume.info_hash_v2[:40]}
    check = ["sha256sum", "--strict", "--check", f"lists/{NAME}/SHA256SUMS"]
    checked = subprocess.run(check, cwd=out / NAME, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.count(": OK\n") == 6
    assert same_tree(out / NAME, archive.root / "objects")
    assert every_trace(archive.root) == before


def test_aria2_of_debian_12_reads_another_info_hash(archive: Archive, tmp_path: Path) -> None:
    """aria2 1.36.0 reads the paths but takes a wrong v1 info-hash, so it meets nobody."""
    only_version("aria2c", "--version", "1.36.0")
    file = tmp_path / "volume.torrent"
    file.write_bytes(archive.torrent)
    info = lt.torrent_info(lt.bdecode(archive.torrent))
    command = ["aria2c", "--no-conf", "--show-files", str(file)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert shown.returncode == 0
    said = re.search(r"Info Hash: ([0-9a-f]{40})", shown.stdout)
    assert said is not None
    assert said.group(1) != str(info.info_hashes().v1)
    assert f"./{NAME}/lists/{NAME}/SHA256SUMS" in shown.stdout


def test_transmission_of_debian_12_cannot_read_a_hybrid(archive: Archive, tmp_path: Path) -> None:
    """Transmission 3.00 refuses the torrent file."""
    only_version("transmission-show", "--version", "3.00")
    file = tmp_path / "volume.torrent"
    file.write_bytes(archive.torrent)
    command = ["transmission-show", str(file)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert shown.returncode == 1
    assert "Error parsing .torrent file" in shown.stdout + shown.stderr


@pytest.fixture
def twin(archive: Archive) -> bytes:
    """The v1-only twin of the volume."""
    return twin_of(LocalDisk(archive.root), read_torrent(archive.torrent))


def is_clean(folder: Path) -> bool:
    """Whether what a client fetched is the volume and nothing else, by its own list."""
    check = ["sha256sum", "--strict", "--check", "--quiet", f"lists/{NAME}/SHA256SUMS"]
    checked = folder.is_dir() and subprocess.run(check, cwd=folder, capture_output=True)
    return bool(checked) and checked.returncode == 0


def with_aria2(torrent: Path, folder: Path) -> list[str]:
    """aria2 as people start it, but for discovery."""
    quiet = ["--enable-dht=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false"]
    return ["aria2c", "--no-conf", *quiet, "--seed-time=0", f"--dir={folder}", str(torrent)]


def with_rtorrent(torrent: Path, folder: Path) -> list[str]:
    """rtorrent without a terminal."""
    (port,) = free_ports(1)
    settings = {
        "system.daemon.set": "true",
        "directory.default.set": folder,
        "session.path.set": torrent.parent,
        "network.bind_address.set": "127.0.0.1",
        "network.port_range.set": f"{port}-{port}",
        "dht.mode.set": "disable",
        "protocol.pex.set": "no",
    }
    return [
        "rtorrent",
        "-n",
        *(f"-o{name}={value}" for name, value in settings.items()),
        str(torrent),
    ]


@pytest.mark.parametrize("command", [with_aria2, with_rtorrent], ids=["aria2c", "rtorrent"])
def test_old_clients_fetch_a_twin(
    archive: Archive, twin: bytes, tmp_path: Path, command: Callable[[Path, Path], list[str]]
) -> None:
    """aria2 and rtorrent of Debian 12 fetch the twin whole, without a byte of padding."""
    version_of(command(tmp_path, tmp_path)[0], "-v" if command is with_aria2 else "-h")
    out, file = tmp_path / "out", tmp_path / "twin.torrent"
    out.mkdir()
    with MiniTracker([]) as tracker, Seeder(EngineSettings.loopback()) as seeder:
        tracker.peers.append(("127.0.0.1", seeder.port))
        seeder.add_twin(twin, archive.volumes)
        file.write_bytes(with_tracker(twin, tracker.url))
        log = tmp_path / "log"
        with running(command(file, out), tmp_path, log):
            until(lambda: is_clean(out / NAME), seeder.wait_for_news, log.read_text())
    assert same_tree(out / NAME, archive.root / "objects")


@pytest.mark.torture  # it takes its time to ask for a peer: 15 s
def test_transmission_of_debian_12_fetches_a_twin(
    archive: Archive, twin: bytes, tmp_path: Path
) -> None:
    """Transmission 3.00, which cannot read the hybrid, fetches the twin whole."""
    version_of("transmission-cli", "-V")
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"]).returncode:
        pytest.skip("no network of its own can be had here")
    (tmp_path / "twin").write_bytes(twin)
    script = [sys.executable, "-m", "publish.own_network"]
    done = subprocess.run(
        [*alone, *script, str(archive.volumes), str(tmp_path)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert same_tree(tmp_path / "out" / NAME, archive.root / "objects")
