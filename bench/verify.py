"""`phono verify` of a whole archive, beside programs that hash the same files and know no register.

Every process is counted whole: for ours that is the start of Python, the index, the walk for files
that nobody registered, and the line that is written about the run: a quarter of a second, which an
archive of 2 GB would feel and none of a usual size does.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.archives import filled_archive, objects_of, phono
from bench.measure import best_in_turn, cpu_seconds, program
from bench.rows import Row

BYTES = {"default": 4_000_000_000, "full": 16_000_000_000}
FLOOR = 0.85
_UNIT = "MB/CPU-s"


def rows(scale: str) -> Iterator[Row]:
    """Measure ours and its peers, best of three, in turn, on objects that the kernel has cached."""
    with filled_archive(BYTES[scale]) as filled:
        shutil.rmtree(filled.music)
        best = best_in_turn(_peers(filled.archive))
        yield from _rows(best, filled.files, filled.size_bytes)


def _peers(archive: Path) -> dict[str, Callable[[], float]]:
    objects = objects_of(archive)
    return {
        "ours": lambda: cpu_seconds(phono("--archive", archive, "verify")),
        "openssl": lambda: cpu_seconds([program("openssl"), "dgst", "-sha256", *objects]),
        "coreutils": lambda: cpu_seconds([program("sha256sum"), *objects]),
    }


def _rows(best: dict[str, float | None], files: int, size_bytes: int) -> Iterator[Row]:
    def speed(seconds: float | None) -> float | None:
        return None if seconds is None else size_bytes / 1e6 / seconds

    ours, openssl = best["ours"], best["openssl"]
    assert ours is not None
    shown = "absent" if openssl is None else f"{speed(openssl):.0f}"
    yield Row(
        f"phono verify, {files:,} objects of {size_bytes / 1e9:.1f} GB",
        speed(ours),
        _UNIT,
        FLOOR,
        f"openssl dgst -sha256: {shown}",
        None if openssl is None else openssl / ours,
    )
    yield Row("  peer: coreutils sha256sum", speed(best["coreutils"]), _UNIT)
