"""A torrent of an ingested volume: put together from records, beside tools that read the audio.

CPU seconds are those of the work itself, without the start of Python, for all that run in Python;
mktorrent is counted whole. Every tool gets the same 1,200 files and pieces of 1 MiB.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.measure import (
    AbsentError,
    best_in_turn,
    cpu_seconds,
    own_cpu_s,
    program,
    python_child,
    report_of,
)
from bench.rows import Row, Sense
from bench.tracks import make_tracks, paths_of

FILES = 1_200
TOTAL_BYTES = 4_300_000_000
MOST_CPU_S = 0.1
_ROUNDS = 2  # each reads all of it once for every peer
LEAST_OVER_HYBRID = 50
LEAST_OVER_V1 = 25


def rows(scale: str) -> Iterator[Row]:
    """Measure at the size of the floor at every scale: it says nothing about a smaller volume."""
    del scale
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        base = Path(name)
        size = make_tracks(base / "v", files=FILES, total_bytes=TOTAL_BYTES)
        report_of(python_child("bench.torrent", "record", base))
        found: dict[str, Any] = {}
        peers = _peers(base, found)
        best = best_in_turn(peers, rounds=_ROUNDS)
        whole = cpu_seconds(python_child("bench.torrent", "ours", base))
        yield from _rows(best, found, size, whole)


def _peers(base: Path, found: dict[str, Any]) -> dict[str, Callable[[], float]]:
    def child(kind: str) -> Callable[[], float]:
        def measure() -> float:
            report = report_of(python_child("bench.torrent", kind, base))
            if "absent" in report:
                raise AbsentError(kind)
            found[kind] = report
            return float(report["cpu_s"])

        return measure

    def mktorrent() -> float:
        out = base / "mktorrent.torrent"
        out.unlink(missing_ok=True)
        options = ("-l", "20", "-a", "http://localhost/", "-o")
        return cpu_seconds([program("mktorrent"), *options, out, base / "v"])

    return {
        "ours": child("ours"),
        "libtorrent": child("libtorrent"),
        "torf": child("torf"),
        "mktorrent": mktorrent,
    }


def _rows(
    best: dict[str, float | None], found: dict[str, Any], size: int, whole: float
) -> Iterator[Row]:
    ours = best["ours"]
    assert ours is not None
    work = f"{FILES:,} files of {size / 1e9:.1f} GB"
    if "libtorrent" in found and found["libtorrent"]["v2"] != found["ours"]["v2"]:
        raise RuntimeError("our torrent has another v2 info-hash than libtorrent's")
    name = f"torrent from records, {work}"
    yield Row(name, ours, "CPU-s", MOST_CPU_S, sense=Sense.AT_MOST)
    for peer, told, floor in (
        ("libtorrent", "libtorrent 2.1, hybrid", LEAST_OVER_HYBRID),
        ("mktorrent", "mktorrent -l 20, v1", LEAST_OVER_V1),
        ("torf", "torf, v1", LEAST_OVER_V1),
    ):
        cost = best[peer]
        shown = "absent" if cost is None else f"{cost:.2f} CPU-s"
        ratio = None if cost is None else cost / ours
        yield Row(
            "  less CPU than a tool that reads", ours, "CPU-s", floor, f"{told}: {shown}", ratio
        )
    read = found["ours"]["read_bytes"]
    yield Row("  bytes read while it is put together", read, "B", 0, sense=Sense.AT_MOST)
    yield Row("  its .torrent", found["ours"]["size"], "B")
    yield Row("  whole process: Python, records, writing", whole, "CPU-s")


def _bytes_read() -> int | None:
    """All bytes this process ever asked the kernel for; None where the kernel does not count."""
    try:
        text = Path("/proc/self/io").read_text()
    except OSError:
        return None
    return int(text.split()[1])


def _child_record(base: Path) -> dict[str, Any]:
    """What ingest leaves behind: the digests of every file."""
    from phonotheque.store.digests import digest_file

    lines = []
    for path in paths_of(base / "v"):
        with open(path, "rb", buffering=0) as file:
            d = digest_file(file)
        parts = [d.sha256.hex, d.pieces_root.hex(), d.layer.hex(), d.sha1s.hex()]
        lines.append([path.relative_to(base / "v").parts, d.size_bytes, *parts])
    (base / "records.json").write_text(json.dumps(lines))
    return {}


def _child_ours(base: Path) -> dict[str, Any]:
    from phonotheque.music.digest import Digests, Sha256
    from phonotheque.publish.torrent import TorrentFile, assemble

    files = [
        TorrentFile(
            tuple(path), Digests(size, Sha256.parse(sha256), *map(bytes.fromhex, (root, layer, v1)))
        )
        for path, size, sha256, root, layer, v1 in json.loads((base / "records.json").read_text())
    ]
    own, before = _bytes_read(), _bytes_read()  # asking is itself counted: `before - own`
    start = own_cpu_s()
    torrent = assemble("v", files)
    cost = own_cpu_s() - start
    after = _bytes_read()
    read = None
    if own is not None and before is not None and after is not None:
        read = after - before - (before - own)
    (base / "ours.torrent").write_bytes(torrent.data)
    return {
        "cpu_s": cost,
        "read_bytes": read,
        "size": len(torrent.data),
        "v2": torrent.info_hash_v2.hex(),
    }


def _child_libtorrent(base: Path) -> dict[str, Any]:
    import libtorrent as lt

    start = own_cpu_s()
    creator = lt.create_torrent(lt.list_files(str(base / "v")), 1 << 20, 0)
    lt.set_piece_hashes(creator, str(base))
    data = lt.bencode(creator.generate())
    cost = own_cpu_s() - start
    return {"cpu_s": cost, "v2": str(lt.torrent_info(data).info_hashes().v2)}


def _child_torf(base: Path) -> dict[str, Any]:
    try:
        import torf
    except ImportError:
        return {"absent": True}
    start = own_cpu_s()
    torrent = torf.Torrent(path=base / "v", piece_size=1 << 20)
    torrent.generate(threads=1)
    torrent.dump()
    return {"cpu_s": own_cpu_s() - start}


_CHILDREN = {
    "record": _child_record,
    "ours": _child_ours,
    "libtorrent": _child_libtorrent,
    "torf": _child_torf,
}

if __name__ == "__main__":
    print(json.dumps(_CHILDREN[sys.argv[1]](Path(sys.argv[2]))))
