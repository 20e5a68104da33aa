"""What it costs to read each file in a process of its own: processor time, parent and child.

The first figure is that of a child with nothing to do, and its parts: the fork and its end, the
walls, and the rest (the answer, the wait). A child that reads pays for memory besides: every page
that it touches is copied or made anew, where a process that reads file after file has it already.
The files are small ones, on which that weighs most: real ones where they were fetched, else made.
"""

from __future__ import annotations

import gc
import io
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.measure import own_cpu_s
from bench.rows import Row, Sense
from phonotheque.audio import facts_in_child, read_facts, sandbox, warm_up
from phonotheque.audio.isolate import run_limited
from phonotheque.audio.sandbox import Limits
from phonotheque.audio.warmth import tiny_wav

MOST_MS = 8.0
_BATCHES = 5  # the best of them: what others do on the machine is not our cost
_ROUNDS = 30
_PEER_ROUNDS = 2
_IMPORTS = "import av, mutagen, numpy, soundfile"
_REAL = Path.home() / ".cache/phonotheque/debian/tree"
_SIZES_BYTES = range(10_000, 200_000)
_FILES = {"default": 12, "full": 48}


def rows(scale: str) -> Iterator[Row]:
    """Measure the isolation of small files; `full` takes more of them."""
    warm_up()
    gc.collect()
    empty_ms = _cpu_ms(lambda: run_limited(_nothing))
    bare_ms = _cpu_ms(_fork_and_reap)
    walls_ms = min(_walls_ms() for _ in range(_BATCHES * _ROUNDS))
    fresh_ms = _cpu_ms(_fresh_interpreter, _PEER_ROUNDS)
    name = "isolation: fork, walls, answer, reap"
    yield Row(name, empty_ms, "ms", MOST_MS, sense=Sense.AT_MOST)
    yield Row("  of it: a fork that ends at once", bare_ms, "ms")
    yield Row("  of it: the walls", walls_ms, "ms")
    yield Row("  of it: the answer and the rest", max(0.0, empty_ms - bare_ms - walls_ms), "ms")
    peer = f"a fresh interpreter: {fresh_ms:.0f} ms"
    yield Row("  beside starting a reader anew", empty_ms, "ms", None, peer, fresh_ms / empty_ms)
    files = _small_files(_FILES.get(scale, _FILES["default"]))
    yield from _reading(files)


def _reading(files: list[bytes]) -> Iterator[Row]:
    """Read the same files here and in children, in turn."""
    here: list[float] = []
    children: list[float] = []
    for _ in range(_BATCHES):
        here.append(_batch_ms(partial(_read_here, files)))
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, str(number)) for number in range(len(files))]
            for path, data in zip(paths, files, strict=True):
                path.write_bytes(data)
            children.append(_batch_ms(partial(_read_in_children, paths)))
    here_ms, child_ms = min(here) / len(files), min(children) / len(files)
    kib = sum(map(len, files)) // len(files) // 1024
    peer = f"in this process: {here_ms:.1f} ms"
    name = f"reading {len(files)} files of {kib} KiB, each in a child"
    yield Row(name, child_ms, "ms", None, peer, here_ms / child_ms)
    yield Row("  beyond reading them here, pages included", child_ms - here_ms, "ms")


def _read_here(files: list[bytes]) -> None:
    for data in files:
        read_facts(io.BytesIO(data))


def _read_in_children(paths: list[Path]) -> None:
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            facts_in_child(file)


def _small_files(count: int) -> list[bytes]:
    """Small files of the Debian packages, evenly chosen; else noise of several lengths."""
    found = [path for path in sorted(_REAL.rglob("*")) if path.is_file()]
    sound = [path for path in found if path.suffix in (".ogg", ".flac", ".wav", ".wv", ".opus")]
    small = [path for path in sound if path.stat().st_size in _SIZES_BYTES]
    if len(small) >= count:
        return [path.read_bytes() for path in small[:: len(small) // count][:count]]
    return [_noise_wav(4000 * (number + 1)) for number in range(count)]


def _noise_wav(samples: int) -> bytes:
    head, data = tiny_wav()[:-128], os.urandom(2 * samples)
    head = head[:4] + struct.pack("<I", len(head) - 8 + len(data)) + head[8:-4]
    return head + struct.pack("<I", len(data)) + data


def _cpu_ms(work: Callable[[], object], rounds: int = _ROUNDS) -> float:
    def batch() -> None:
        for _ in range(rounds):
            work()

    return min(_batch_ms(batch) for _ in range(_BATCHES)) / rounds


def _batch_ms(work: Callable[[], object]) -> float:
    before = own_cpu_s()
    work()
    return (own_cpu_s() - before) * 1000


def _nothing() -> None:
    return None


def _fork_and_reap() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _walls_ms() -> float:
    """Processor time that a child spends on its walls, as it tells itself."""
    read_end, write_end = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        began = time.process_time()
        sandbox.confine(Limits(), (write_end,), parent)
        os.write(write_end, struct.pack("d", time.process_time() - began))
        os._exit(0)
    os.close(write_end)
    with open(read_end, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return float(struct.unpack("d", said)[0]) * 1000


def _fresh_interpreter() -> None:
    subprocess.run([sys.executable, "-c", _IMPORTS], check=True)
