"""`phono publish run` as people run it: every recording read and proven, then sealed into volumes.

Each round publishes the same archive anew, from a copy whose objects are hard links. The peer reads
every file once too and gives one torrent, but nothing else: libtorrent's hybrid creation.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.archives import filled_archive, phono
from bench.measure import best_in_turn, cpu_seconds, python_child
from bench.rows import Row

BYTES = {"full": 4_300_000_000}
DEFAULT_BYTES = 1_200_000_000
_UNIT = "MB/CPU-s"


def rows(scale: str) -> Iterator[Row]:
    """Measure ours and the peer, best of three, in turn, on objects that the kernel has cached."""
    total = BYTES.get(scale, DEFAULT_BYTES)
    licence = ("--licence", "CC-BY-4.0", "--evidence", "made for this")
    with filled_archive(total, *licence) as filled:
        creation = python_child("bench.digests", "libtorrent", filled.music)
        best = best_in_turn(
            {
                "ours": lambda: _publish(filled.archive, filled.base / "copy"),
                "libtorrent": lambda: cpu_seconds(creation),
            }
        )
        ours, peer, size_bytes = best["ours"], best["libtorrent"], filled.size_bytes
        assert ours is not None
        assert peer is not None
        yield Row(
            f"phono publish run, {filled.files:,} recordings of {size_bytes / 1e9:.1f} GB",
            size_bytes / 1e6 / ours,
            _UNIT,
            peer=f"libtorrent 2.1 hybrid creation alone: {size_bytes / 1e6 / peer:.0f}",
            ratio=peer / ours,
        )
        yield Row("  whole command", ours, "CPU-s")


def _publish(archive: Path, copy: Path) -> float:
    """Publish a copy of an archive that has no volume yet, and return the CPU seconds."""
    shutil.copytree(archive, copy, symlinks=True, ignore=shutil.ignore_patterns("objects"))
    shutil.copytree(archive / "objects", copy / "objects", copy_function=os.link)
    try:
        cost = cpu_seconds(phono("--archive", copy, "publish", "run"))
        if not list((copy / "published").glob("*.torrent")):
            raise RuntimeError("phono publish run made no torrent")
        return cost
    finally:
        shutil.rmtree(copy)
