"""Packs of a large archive: what they cost, how long they are, and what an addition makes again.

No audio is read for any of it. Wall time is not told: packs are made by two threads.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.measure import own_cpu_s, own_peak_bytes, python_child, report_of
from bench.packs_material import take_in
from bench.rows import Row, Sense
from phonotheque.archive import founding

ADDED = 1_000
RECORDINGS = {"default": 40_000, "full": 1_000_000}
MOST_PEAK_BYTES = 1_000_000_000
MOST_SHARE_MADE_AGAIN = 3.0
"""Bytes of packs written for an addition, in times of what the addition itself takes."""


def rows(scale: str) -> Iterator[Row]:
    """Fill an archive, pack it, pack it again, add to it and pack once more; look things up."""
    count = RECORDINGS.get(scale, RECORDINGS["default"])
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        root = Path(name) / "archive"
        founding.found(root, "Bench")
        report_of(python_child("bench.packs", "fill", root, str(count)))
        first = report_of(python_child("bench.packs", "pack", root))
        again = report_of(python_child("bench.packs", "pack", root))
        report_of(python_child("bench.packs", "fill", root, str(ADDED)))
        third = report_of(python_child("bench.packs", "pack", root))
        looked = report_of(python_child("bench.packs", "look", root))
        yield from _rows(count, first, again, third, looked)


def _rows(
    count: int,
    first: dict[str, Any],
    again: dict[str, Any],
    third: dict[str, Any],
    looked: dict[str, Any],
) -> Iterator[Row]:
    per_million = 1e6 / count
    yield Row(
        f"packs of {count:,} recordings, for a million", first["cpu_s"] * per_million, "CPU-s"
    )
    for kind, size_bytes in sorted(first["bytes"].items()):
        yield Row(f"  {kind}, for each recording", size_bytes / count, "B")
    yield Row("  the torrents of them", first["torrent_bytes"], "B")
    yield Row(
        "  memory at its most", first["peak_bytes"], "B", MOST_PEAK_BYTES, sense=Sense.AT_MOST
    )
    yield Row("a run that finds nothing new, for a million", again["cpu_s"] * per_million, "CPU-s")
    yield Row("  packs made", again["made"], "", 0, sense=Sense.AT_MOST)
    whole = sum(first["bytes"].values())
    share = whole * ADDED / count
    yield Row(f"{ADDED:,} recordings more: packs made", third["made"], "")
    yield Row(
        "  bytes written, to those that the addition takes",
        sum(third["bytes"].values()),
        "B",
        MOST_SHARE_MADE_AGAIN,
        f"their part of {whole / 1e6:,.0f} MB: {share / 1e6:.2f} MB",
        sum(third["bytes"].values()) / share,
        sense=Sense.AT_MOST,
    )
    yield from _look_rows(looked)


def _look_rows(looked: dict[str, Any]) -> Iterator[Row]:
    yield Row("one overlay looked up, packs just opened", looked["first_ms"], "CPU-ms")
    yield Row("  and each one after", looked["each_ms"], "CPU-ms")
    yield Row(
        "  to unpacking its pack and reading to the end",
        looked["each_ms"],
        "CPU-ms",
        10,
        f"zstd and a scan: {looked['scan_ms']:,.0f} ms",
        looked["scan_ms"] / looked["each_ms"],
    )


def _child_fill(root: Path, count: str) -> dict[str, Any]:
    from phonotheque.archive.opening import open_to_write

    with open_to_write(root, "bench") as archive:
        seed = int(hashlib.sha256(str(archive.index.place.head).encode()).hexdigest()[:8], 16)
        take_in(archive, int(count), seed)
    return {}


def _child_pack(root: Path) -> dict[str, Any]:
    from phonotheque.archive.bulk.packing import make_packs
    from phonotheque.archive.opening import open_to_write

    with open_to_write(root, "bench") as archive:
        before = own_cpu_s()
        done = make_packs(archive)
        cpu_s = own_cpu_s() - before
    sizes: dict[str, int] = {}
    for pack in done.made:
        sizes[pack.kind] = sizes.get(pack.kind, 0) + pack.size_bytes
    torrents = (root / "published" / f"{pack.name}.torrent" for pack in done.made)
    return {
        "cpu_s": cpu_s,
        "bytes": sizes,
        "made": len(done.made),
        "torrent_bytes": sum(path.stat().st_size for path in torrents),
        "peak_bytes": own_peak_bytes(),
    }


def _child_look(root: Path) -> dict[str, Any]:
    from phonotheque.archive.opening import open_to_read
    from phonotheque.disk import LocalDisk
    from phonotheque.music.digest import Sha256
    from phonotheque.publish.packs.shelf import Shelf

    with open_to_read(root) as archive:
        names = [name for (name,) in archive.index.db.execute("SELECT sha256 FROM object")]
    chosen = [Sha256(name) for name in random.Random(1).sample(names, 200)]
    packs = root / "published" / "packs"

    def look() -> float:
        before = own_cpu_s()
        with Shelf(LocalDisk(packs), "packs") as shelf:
            shelf.overlay(chosen[0])
        return own_cpu_s() - before

    with Shelf(LocalDisk(packs), "packs") as shelf:
        shelf.overlay(chosen[0])
        before = own_cpu_s()
        for name in chosen:
            shelf.overlay(name)
        each_s = (own_cpu_s() - before) / len(chosen)
    return {"first_ms": 1e3 * min(look() for _ in range(5)), "each_ms": 1e3 * each_s} | _scan(packs)


def _scan(packs: Path) -> dict[str, float]:
    """What it takes without an index: unpack the largest pack of overlays, read all lines."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    largest = max(packs.glob("*-overlays-*/overlays.jsonl.zst"), key=os.path.getsize)
    before = own_cpu_s()
    with zstd.open(largest, "rb") as file:
        found = sum(b'"sha256":"0000' in line for line in file)
    return {"scan_ms": 1e3 * (own_cpu_s() - before), "scanned": found}


if __name__ == "__main__":
    children: dict[str, Callable[..., dict[str, Any]]] = {
        "fill": _child_fill,
        "pack": _child_pack,
        "look": _child_look,
    }
    print(json.dumps(children[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])))
