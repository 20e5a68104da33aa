"""All digests in one read, beside the two programs that would read every file twice.

The peer is libtorrent's hybrid creation and `openssl dgst -sha256` together: bytes divided by the
CPU seconds of both. Every process is counted whole, with its start.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.archives import MEAN_BYTES
from bench.measure import best_in_turn, cpu_seconds, program, python_child
from bench.rows import Row
from bench.tracks import make_tracks, paths_of

BYTES = {"full": 2_000_000_000}
DEFAULT_BYTES = 1_200_000_000
FLOOR = 0.85
_UNIT = "MB/CPU-s"


def rows(scale: str) -> Iterator[Row]:
    """Measure ours and its peers, best of three, in turn, on files that the kernel has cached."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        folder = Path(name) / "tracks"
        total = BYTES.get(scale, DEFAULT_BYTES)
        size = make_tracks(folder, files=total // MEAN_BYTES, total_bytes=total)
        yield from _rows(best_in_turn(_peers(folder)), size)


def _peers(folder: Path) -> dict[str, Callable[[], float]]:
    files = paths_of(folder)
    return {
        "ours": lambda: cpu_seconds(python_child("bench.digests", "ours", folder)),
        "plain": lambda: cpu_seconds(python_child("bench.digests", "plain", folder)),
        "libtorrent": lambda: cpu_seconds(python_child("bench.digests", "libtorrent", folder)),
        "openssl": lambda: cpu_seconds([program("openssl"), "dgst", "-sha256", *files]),
        "coreutils": lambda: cpu_seconds([program("sha256sum"), *files]),
    }


def _rows(best: dict[str, float | None], size: int) -> Iterator[Row]:
    def speed(seconds: float | None) -> float | None:
        return None if seconds is None else size / 1e6 / seconds

    ours, torrent, openssl = best["ours"], best["libtorrent"], best["openssl"]
    assert ours is not None
    both = None if torrent is None or openssl is None else torrent + openssl
    shown = "absent" if both is None else f"{speed(both):.0f}"
    yield Row(
        f"all digests in one read, {size / 1e9:.1f} GB",
        speed(ours),
        _UNIT,
        FLOOR,
        f"libtorrent hybrid and openssl dgst together: {shown}",
        None if both is None else both / ours,
    )
    yield Row("  SHA-256 alone, as a check of fixity reads", speed(best["plain"]), _UNIT)
    yield Row("  peer: libtorrent 2.1 hybrid creation", speed(torrent), _UNIT)
    yield Row("  peer: openssl dgst -sha256", speed(openssl), _UNIT)
    yield Row("  peer: coreutils sha256sum", speed(best["coreutils"]), _UNIT)


def _child(kind: str, folder: Path) -> None:
    # Imported here: a process that is measured must not pay for its peers' libraries.
    if kind == "libtorrent":
        import libtorrent as lt

        creator = lt.create_torrent(lt.list_files(str(folder)), 1 << 20, 0)
        lt.set_piece_hashes(creator, str(folder.parent))
        lt.bencode(creator.generate())
        return
    from phonotheque.store.digests import digest_file, sha256_file

    for path in paths_of(folder):
        with open(path, "rb", buffering=0) as file:
            if kind == "ours":
                digest_file(file)
            else:
                sha256_file(file)


if __name__ == "__main__":
    _child(sys.argv[1], Path(sys.argv[2]))
