"""What the listening door is measured on: recordings to stream, and a wide catalogue to search.

With `PHONOTHEQUE_BENCH_LISTEN=FOLDER` the archive in FOLDER is the wide one, whatever it holds: one
of ten million tracks is made once.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import soundfile

from bench.archives import phono
from bench.catalogue_material import Material
from bench.measure import ROOT, AbsentError

VARIABLE = "PHONOTHEQUE_BENCH_LISTEN"
RECORDINGS = 8
SECONDS = 120
_RATE_HZ = 44_100
_PATIENCE_S = 60


def make_sounding(root: Path) -> Path:
    """Make an archive of some recordings of 20 MB, free and with tags, and its catalogue."""
    import random

    music = root / "music"
    music.mkdir(parents=True)
    for number in range(RECORDINGS):
        noise = random.Random(number)
        path = music / f"{number}.flac"
        with soundfile.SoundFile(path, "w", _RATE_HZ, 2, format="FLAC", subtype="PCM_16") as file:
            file.title, file.artist, file.album = f"Noise {number}", "Bench", "Noises"
            for _ in range(SECONDS):
                file.buffer_write(noise.randbytes(_RATE_HZ * 4), "int16")
    archive = root / "archive"
    for arguments in (
        ("init", archive, "--name", "Bench"),
        ("--archive", archive, "add", music, "--licence", "CC0-1.0", "--evidence", "made here"),
        ("--archive", archive, "catalogue", "build"),
    ):
        done = subprocess.run(phono(*arguments), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    return archive


def wide_archive(root: Path, rows: int) -> tuple[Path, int]:
    """Return an archive whose catalogue is a synthetic one, and how many songs that has."""
    from phonotheque.archive.listening.library import ArchiveLibrary

    ready = os.environ.get(VARIABLE)
    archive = Path(ready) if ready else _wide(root, rows)
    library = ArchiveLibrary(archive)
    songs = library.counts().songs
    library.close()
    return archive, songs


def _wide(root: Path, rows: int) -> Path:
    from phonotheque.archive.founding import found
    from phonotheque.catalogue.bulk import parts_in, rows_of
    from phonotheque.catalogue.kinds import Kind
    from phonotheque.catalogue.snapshot import Descriptor, switch_to, write_descriptor
    from phonotheque.disk import LocalDisk

    material = Material(rows)
    archive = root / "wide"
    found(archive, "Synthetic")
    snapshot = archive / "catalogue/snapshot-000001"
    serving = snapshot / "serving"
    serving.mkdir(parents=True)
    for part in ("tables", "cards"):
        (snapshot / part).symlink_to(material.cards() / part)
    (serving / "ids.db").symlink_to(material.lookup())
    (serving / "browse.db").symlink_to(material.browse() / "browse.db")
    counts = {}
    for kind in Kind:
        searched = material.search() if kind is Kind.RECORDING else material.browse() / kind
        (serving / kind).symlink_to(searched)
        counts[kind.value] = sum(map(rows_of, parts_in(material.cards() / "cards" / kind)))
    disk = LocalDisk(archive / "catalogue")
    made = Descriptor(
        "snapshot-000001", "2026-01-01T00:00:00Z", "e", {}, "i", (), {}, counts, {}, {}
    )
    write_descriptor(disk, made.name, made)
    switch_to(disk, made.name)
    return archive


@dataclass(frozen=True, slots=True)
class Running:
    """`phono serve` at work."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """User and system seconds so far, of it and its processes."""
        return sum(map(_cpu_of, family_of(self.pid)))

    def peak_bytes(self) -> int:
        """The most memory that was resident in any of its processes, added up."""
        from bench.measure import peak_bytes_of

        return sum(peak_bytes_of(pid) or 0 for pid in family_of(self.pid))

    def get(self, path: str) -> bytes:
        """What is answered to a path."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=_PATIENCE_S) as reply:
            data: bytes = reply.read()
        return data

    def json(self, path: str) -> Any:
        """The same, read."""
        return json.loads(self.get(path))


@contextmanager
def serving(archive: Path, *settings: str, workers: int = 1) -> Iterator[Running]:
    """Run `phono serve` on an archive.

    Args:
        archive: The archive; its settings are put back at the end.
        settings: Lines of its settings file, "proxy_files = '/archive/'".
        workers: Processes that answer.

    Raises:
        AbsentError: The system does not tell what a process costs.
    """
    if not Path("/proc/self/stat").exists():
        raise AbsentError("/proc")
    file = archive / "phonotheque.toml"
    before = file.read_text("utf-8")
    for line in (*settings, "requests_per_s = 0"):
        _change(file, line)
    command = phono("--archive", archive, "serve", "--port", "0", "--json")
    command += ["--workers", str(workers)]
    try:
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            try:
                said = json.loads(child.stdout.readline())
                running = Running(_port_of(said["address"]), child.pid)
                running.get("/healthz")
                yield running
            finally:
                _end(child)
    finally:
        file.write_text(before, "utf-8")


def _end(child: subprocess.Popen[str]) -> None:
    """Ask it to stop, and see that it does.

    Raises:
        TimeoutExpired: It did not, and was made to.
    """
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        raise


def _port_of(address: str) -> int:
    return int(address.rstrip("/").rpartition(":")[2])


def _change(file: Path, line: str) -> None:
    key = line.partition(" = ")[0]
    text = file.read_text("utf-8").splitlines()
    lines = [line if one.lstrip("# ").startswith(f"{key} = ") else one for one in text]
    if line not in lines:
        raise ValueError(f"{file} has no setting {key}")
    file.write_text("\n".join(lines) + "\n", "utf-8")


def family_of(pid: int) -> list[int]:
    """A process and all that it started."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def _cpu_of(pid: int) -> float:
    """User and system seconds of a process, to the nanosecond; 0 of one that is gone.

    `/proc` tells them in steps of 10 ms.
    Source: clock_getcpuclockid(3).
    """
    clock = ctypes.c_int()
    if ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        return 0.0
    try:
        return time.clock_gettime(clock.value)
    except OSError:
        return 0.0
