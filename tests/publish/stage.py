"""A small archive whose one volume is seeded, copies of it, and peers that want or give it."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import libtorrent as lt

from phonotheque.music.digest import PIECE_BYTES
from phonotheque.publish.engine import Seeder, SeedState
from phonotheque.publish.session import EngineSettings, await_port, open_session, torrent_params
from phonotheque.publish.torrent import TorrentFile, assemble
from phonotheque.store.digests import digest_file

NAME = "stage-master-open-0001"
SIZES = (1, 16_384, 70_000, PIECE_BYTES, 2_500_000, 3_000_001)
PATIENCE_S = 180.0
"""Longest wait for anything in a test; only a fault takes so long."""


@dataclass(frozen=True)
class Archive:
    """`root/objects` with a volume of it, and the volume's torrent."""

    root: Path
    torrent: bytes

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def longest(self) -> Path:
        """The longest object: three pieces, the victim of every test."""
        return max((self.root / "objects").rglob("*.bin"), key=lambda path: path.stat().st_size)


def build_archive(root: Path) -> Archive:
    """Write objects, lists and the volume's link as an archive has them, with modes 0444."""
    rng = random.Random(20)
    bodies = {}
    for size in SIZES:
        body = rng.randbytes(size)
        name = hashlib.sha256(body).hexdigest()
        bodies[(name[:2], name[2:4], f"{name}.bin")] = body
    sums = "".join(f"{path[-1][:64]}  {'/'.join(path)}\n" for path in sorted(bodies))
    bodies[("lists", NAME, "SHA256SUMS")] = sums.encode()
    for path, body in bodies.items():
        file = root.joinpath("objects", *path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        file.chmod(0o444)
    (root / "volumes").mkdir()
    os.symlink("../objects", root / "volumes" / NAME)
    files = [TorrentFile(path, digest_file(io.BytesIO(body))) for path, body in bodies.items()]
    return Archive(root, assemble(NAME, files).data)


def copy_volume(archive: Archive, save_path: Path) -> Path:
    """A good copy, as a mirror has it: a folder with the volume's name."""
    return Path(shutil.copytree(archive.root / "objects", save_path / NAME))


def every_trace(root: Path) -> list[tuple[object, ...]]:
    """All that a writer could change below `root`: names, kinds, modes, sizes, times, bytes."""
    traces: list[tuple[object, ...]] = []
    for path in sorted([root, *root.rglob("*")]):
        stat = path.lstat()
        content = b""
        if path.is_symlink():
            content = os.readlink(path).encode()
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).digest()
        traces.append(
            (str(path), stat.st_mode, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, content)
        )
    return traces


def until(true: Callable[[], bool], wait: Callable[[float], object], what: str) -> None:
    """Wait until something is true, or fail naming it. `wait(seconds)` returns when news came."""
    deadline = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < deadline, f"{what}: not within {PATIENCE_S} s"
        wait(0.2)


class Peer:
    """A plain libtorrent client with one torrent, in seed mode or not. No flags of ours."""

    def __init__(self, torrent: bytes, save_path: Path, flags: int = 0) -> None:
        self.file_errors: list[str] = []
        self._session = open_session(EngineSettings.loopback())
        # A seed that meets a seed hangs up; here it shall stay, in case the other turns needy.
        self._session.apply_settings({"close_redundant_connections": False})
        self.port = await_port(self._session)
        params = torrent_params(torrent, save_path)
        params.flags |= flags
        self.handle = self._session.add_torrent(params)

    def connect(self, port: int) -> None:
        self.handle.connect_peer(("127.0.0.1", port))

    def status(self) -> lt.torrent_status:
        return self.handle.status()

    def wait(self, timeout_s: float) -> None:
        """Return when something happened to the torrent."""
        self._session.wait_for_alert(int(timeout_s * 1000))
        self.file_errors.extend(
            alert.error.message()
            for alert in self._session.pop_alerts()
            if isinstance(alert, lt.file_error_alert)
        )

    def close(self) -> None:
        del self._session


def seeder_until(seeder: Seeder, true: Callable[[], bool], what: str) -> None:
    """Wait for the seeder to report something."""
    until(true, seeder.wait_for_news, what)


def state_of(seeder: Seeder) -> SeedState:
    """How its one volume stands."""
    return seeder.progress()[0].state


def same_tree(one: Path, other: Path) -> bool:
    """Whether two folders hold the same paths and bytes."""

    def bodies(root: Path) -> dict[str, bytes]:
        files = (path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): path.read_bytes() for path in files}

    return bodies(one) == bodies(other)
