"""`phono add`: its memory on many small files, its own work for each, and its speed on long ones.

Its own work is what is left of the whole command's CPU time, children included, after taking away
what is measured beside it on every 20th of the same files, before and after the command: all
digests of the bytes, and the tags read in a limited child with the fork. What is left is walking,
copying, making bytes and names durable, the register, the index, and the start of Python.

Memory: of the command's first process as `/proc` tells (where there is one), and of the largest of
all its processes as the kernel tells at the end.
"""

from __future__ import annotations

import io
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bench.archives import found, phono, wav_header
from bench.measure import (
    MAXRSS_BYTES,
    ROOT,
    cpu_seconds,
    own_cpu_s,
    peak_bytes_of,
    python_child,
    report_of,
)
from bench.rows import Row, Sense
from bench.tracks import paths_of

FILES = {"default": 1_000, "full": 20_000}
"""Small files: at full scale as many as the floor of memory is stated for. Each is decoded."""

SAMPLED = 20
MOST_BYTES = 300_000_000
MOST_OWN_MS = 10
LONG_FILES = {"default": 8, "full": 40}
LONG_S = 180


def rows(scale: str) -> Iterator[Row]:
    """Measure the small files, then the long ones."""
    files, long_files = (some.get(scale, some["default"]) for some in (FILES, LONG_FILES))
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        base = Path(name)
        found(base / "archive")
        make_small_files(base / "small", files)
        yield from _small_rows(base, files)
        make_long_files(base / "long", long_files)
        add = phono("--archive", base / "archive", "add", base / "long")
        speed = long_files * LONG_S / cpu_seconds(add)
        yield Row(f"phono add, {long_files} MP3s of {LONG_S // 60} min", speed, "x real time/core")


def _small_rows(base: Path, files: int) -> Iterator[Row]:
    costs = [report_of(python_child("bench.add", "costs", base / "small"))]
    used = _watch(phono("--archive", base / "archive", "add", base / "small"))
    costs.append(report_of(python_child("bench.add", "costs", base / "small")))
    whole_ms = used.cpu_s * 1000 / files
    digests_ms, facts_ms = (
        sum(cost[part] for cost in costs) / len(costs) for part in ("digests_ms", "facts_ms")
    )
    work = f"phono add, {files:,} small files"
    most = {"floor": MOST_BYTES / 1e6, "sense": Sense.AT_MOST}
    first = None if used.first_bytes is None else used.first_bytes / 1e6
    yield Row(f"{work}: memory of its first process", first, "MB", **most)  # type: ignore[arg-type]
    largest = used.largest_bytes / 1e6
    yield Row("  memory of its largest process", largest, "MB", **most)  # type: ignore[arg-type]
    own_ms = whole_ms - digests_ms - facts_ms
    yield Row("  its own work for each file", own_ms, "CPU-ms", MOST_OWN_MS, sense=Sense.AT_MOST)
    yield Row("    digests of each file", digests_ms, "CPU-ms")
    yield Row("    tags of each file, with the fork", facts_ms, "CPU-ms")
    yield Row("    all of it", whole_ms, "CPU-ms")


@dataclass(frozen=True, slots=True)
class Used:
    """What a command used. `first_bytes` is None where there is no `/proc`."""

    cpu_s: float
    first_bytes: int | None
    largest_bytes: int


def _watch(command: list[str | Path]) -> Used:
    """Run a command to its end while looking at the memory of its first process.

    Raises:
        RuntimeError: It failed.
    """
    peaks: list[int] = []
    ended = threading.Event()

    def look(pid: int) -> None:
        while not ended.wait(0.1):
            if (peak := peak_bytes_of(pid)) is not None:
                peaks.append(peak)

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        watcher = threading.Thread(target=look, args=(child.pid,))
        watcher.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            ended.set()
            watcher.join()
    if child.returncode:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}")
    largest_bytes = usage.ru_maxrss * MAXRSS_BYTES
    return Used(usage.ru_utime + usage.ru_stime, max(peaks, default=None), largest_bytes)


def make_small_files(folder: Path, files: int) -> None:
    """Fill a folder with small sound files, WAV and tagged MP3 by turns, no two alike."""
    rng = random.Random(files)
    sound = _mp3(0.5)
    for index in range(files):
        path = folder / f"{index // 100:04d}" / f"{index:06d}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if index % 2:
            path.with_suffix(".mp3").write_bytes(_tag(index) + sound)
        else:
            noise = rng.randbytes(2 * rng.randint(1_000, 4_000))
            header = wav_header(len(noise), rate_hz=8_000, channels=1)
            path.with_suffix(".wav").write_bytes(header + noise)


def make_long_files(folder: Path, files: int) -> None:
    """Fill a folder with long MP3 files of one sound and different tags."""
    folder.mkdir()
    sound = _mp3(LONG_S)
    for index in range(files):
        (folder / f"{index:04d}.mp3").write_bytes(_tag(index) + sound)


def _mp3(seconds: float) -> bytes:
    """A chord with some hiss, in stereo."""
    import numpy as np
    import soundfile

    rate_hz = 44_100
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    chord = np.sum([np.sin(2 * np.pi * hz * at) for hz in (220.0, 277.2, 329.6)], axis=0) / 8
    hiss = np.random.default_rng(1).standard_normal((len(at), 2)) / 100
    file = io.BytesIO()
    soundfile.write(file, chord[:, None] + hiss, rate_hz, format="MP3")
    return file.getvalue()


def _tag(index: int) -> bytes:
    """An ID3v2.3 tag. Source: id3.org, "ID3 tag version 2.3.0", sections 3.1, 3.3 and 4.2.1."""
    texts = {"TIT2": f"Piece {index}", "TPE1": "Nobody", "TALB": f"Release {index // 12}"}
    frames = b"".join(
        name.encode() + struct.pack(">IH", len(text) + 1, 0) + b"\0" + text.encode()
        for name, text in texts.items()
    )
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frames


def _child_costs(folder: Path) -> dict[str, float]:
    """CPU milliseconds per file of digests, and of facts read in a child."""
    from phonotheque.audio import facts_in_child, warm_up
    from phonotheque.store.digests import digest_file

    warm_up()
    paths = paths_of(folder)[::SAMPLED]
    return {
        "digests_ms": _cpu_ms(paths, digest_file),
        "facts_ms": _cpu_ms(paths, facts_in_child),
    }


def _cpu_ms(paths: list[Path], work: Callable[[BinaryIO], object]) -> float:
    before = own_cpu_s()
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            work(file)
    return (own_cpu_s() - before) * 1000 / len(paths)


if __name__ == "__main__":
    assert sys.argv[1] == "costs"
    print(json.dumps(_child_costs(Path(sys.argv[2]))))
