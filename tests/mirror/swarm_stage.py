"""One small volume, whoever gives it, and places that take it: on loopback, with libtorrent."""

from __future__ import annotations

import hashlib
import io
import random
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from faults.memory import MemoryDisk
from phonotheque.disk import Disk, LocalDisk, make_folders, write_whole
from phonotheque.mirror.contents import Contents, Part, read_contents
from phonotheque.mirror.copying import Folder
from phonotheque.mirror.fetching import Fetching
from phonotheque.mirror.home import FOLDERS
from phonotheque.mirror.jobs import Job, Outcome, Ways
from phonotheque.mirror.news import Came
from phonotheque.mirror.swarm import Swarm
from phonotheque.mirror.taking import Place
from phonotheque.music.digest import PIECE_BYTES, Sha256
from phonotheque.publish import lists
from phonotheque.publish.engine import Seeder
from phonotheque.publish.fetch import NO_SOURCES, Sources
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.session import EngineSettings
from phonotheque.publish.torrent import Torrent, TorrentFile, assemble
from phonotheque.store.digests import digest_file
from phonotheque.store.objects import INCOMING, DiskStore, ObjectName
from publish.stage import PATIENCE_S

NAME = "weir-open-all-00001"
SIZES = (1, 16_384, 70_000, PIECE_BYTES, 2_500_000, 3_000_001)
LOOPBACK = EngineSettings.loopback()
LICENCE = "https://creativecommons.org/licenses/by/4.0/"

Bodies = dict[str, bytes]
"""Bytes of files, by their paths in the torrent."""


@dataclass(frozen=True)
class Origin:
    """A volume: its files as they lie in `objects/`, its torrent, and its line in the index."""

    bodies: Bodies
    torrent: Torrent
    line: TorrentLine

    @property
    def contents(self) -> Contents:
        return read_contents(self.line, self.torrent.data)

    @property
    def objects(self) -> list[Part]:
        """Its objects, the longest first."""
        found = [part for part in self.contents.parts if part.name is not None]
        return sorted(found, key=lambda part: -part.size_bytes)

    def part(self, path: str) -> Part:
        return next(part for part in self.contents.parts if part.path == path)

    def lay_out(self, root: Path) -> Path:
        """Put it where an archive has it."""
        for path, body in self.bodies.items():
            file = root / "objects" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        (root / "volumes").mkdir(exist_ok=True)
        (root / "volumes" / NAME).symlink_to("../objects")
        return root


def path_of(body: bytes) -> str:
    """Where an object's file lies below `objects/`."""
    name = hashlib.sha256(body).hexdigest()
    return f"{name[:2]}/{name[2:4]}/{name}.bin"


def make_origin(
    sizes: Sequence[int] = SIZES, change: Callable[[Bodies], object] = lambda _: None
) -> Origin:
    """A volume of random objects with its lists; `change` may lie before the torrent is made."""
    rng = random.Random(20)
    found = [rng.randbytes(size) for size in sizes]
    bodies = {path_of(body): body for body in found}
    entries = [
        lists.Line(ObjectName(Sha256.parse(path[6:70]), "bin"), len(body), "t", "a", "r", LICENCE)
        for path, body in sorted(bodies.items())
    ]
    below = f"lists/{NAME}"
    bodies[f"{below}/README.txt"] = lists.readme(NAME, "weir", "open", entries).encode()
    bodies[f"{below}/ATTRIBUTION.txt"] = lists.attribution(NAME, entries).encode()
    bodies[f"{below}/manifest.tsv"] = lists.manifest(entries).encode()
    sums = [(hashlib.sha256(body).hexdigest(), path) for path, body in sorted(bodies.items())]
    bodies[f"{below}/SHA256SUMS"] = lists.checksums(sums).encode()
    change(bodies)
    return sealed(bodies)


def sealed(bodies: Bodies) -> Origin:
    """The torrent of these files, signed for whatever they are."""
    files = [
        TorrentFile(tuple(path.split("/")), digest_file(io.BytesIO(body)))
        for path, body in bodies.items()
    ]
    torrent = assemble(NAME, files)
    return Origin(bodies, torrent, line_of(torrent, len(files)))


def line_of(torrent: Torrent, files: int) -> TorrentLine:
    """The line that an index has of a volume."""
    return TorrentLine(
        id=torrent.name,
        kind="open",
        tier="all",
        v2=torrent.info_hash_v2.hex(),
        v1=torrent.info_hash_v1.hex(),
        size_bytes=torrent.size_bytes,
        files=files,
        items=files - 4,
        piece_bytes=PIECE_BYTES,
        torrent_bytes=len(torrent.data),
        torrent_sha256=hashlib.sha256(torrent.data).hexdigest(),
        added="2026-11-21T00:00:00Z",
        basis="licence",
    )


def make_place(root: Path) -> Place:
    """An empty copy of an archive in a folder."""
    root.mkdir(parents=True, exist_ok=True)
    return place_on(LocalDisk(root), root)


def place_on(disk: Disk, root: Path) -> Place:
    """An empty copy of an archive on a disk."""
    for folder in FOLDERS:
        make_folders(disk, folder)
    return Place(root, disk, DiskStore(disk))


def filled(disk: MemoryDisk, origin: Origin) -> Folder:
    """A disk that has all of a volume, to be copied from."""
    for path, body in origin.bodies.items():
        make_folders(disk, f"objects/{path}".rpartition("/")[0])
        write_whole(disk, f"objects/{path}", body)
    return Folder("elsewhere", disk)


def swarm_ways(place: Place, sources: Sources = NO_SOURCES, *, stall_s: float = 600) -> Ways:
    """From peers and web servers alone."""
    incoming = place.root / INCOMING
    return Ways(
        swarm=lambda: Swarm(LOOPBACK, incoming, stall_s=stall_s, retry_s=1.0), sources=sources
    )


def fetch(
    place: Place,
    origin: Origin,
    ways: Ways,
    on_progress: Callable[[Came], None] = lambda _: None,
    absent: Iterable[str] = (),
) -> Outcome:
    """Fetch the volume, and fail when that does not end."""
    alarm = threading.Event()
    timer = threading.Timer(PATIENCE_S, alarm.set)
    timer.start()
    try:
        asked = ways.is_stopping
        bounded = replace(ways, is_stopping=lambda: alarm.is_set() or asked())
        job = Job(NAME, lambda: origin.contents, frozenset(absent))
        outcomes = list(Fetching(place, bounded, on_progress).run([job]))
    finally:
        timer.cancel()
    assert not alarm.is_set(), f"not within {PATIENCE_S} s"
    (outcome,) = outcomes
    return outcome


def peer(seeder: Seeder) -> tuple[str, int]:
    """The address of an engine on this machine."""
    return "127.0.0.1", seeder.port


def held(root: Path) -> Bodies:
    """What lies in a place's `objects/`, by path."""
    below = root / "objects"
    files = [path for path in below.rglob("*") if path.is_file()]
    return {str(path.relative_to(below)): path.read_bytes() for path in files}
