"""Folders of made-up tracks: bytes without pattern, lengths as music has them, no two alike."""

from __future__ import annotations

import os
import random
from pathlib import Path

_BLOCK_BYTES = 1 << 20


def make_tracks(folder: Path, *, files: int, total_bytes: int) -> int:
    """Fill a folder with `files` files of about `total_bytes` together and return their exact sum.

    Every MiB is the same random block with a number of its own at its head: no two pieces are
    equal, and 4 GB are made as fast as the disk takes them.
    """
    rng = random.Random(files)
    block = bytearray(os.urandom(_BLOCK_BYTES))
    mean = total_bytes // files
    number = written = 0
    for index in range(files):
        size = rng.randint(mean * 6 // 10, mean * 14 // 10)
        path = folder / f"{index % 256:02x}" / f"{index:08x}.ogg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb", buffering=0) as file:
            for start in range(0, size, _BLOCK_BYTES):
                number += 1
                block[:8] = number.to_bytes(8, "big")
                file.write(memoryview(block)[: size - start])
        written += size
    return written


def paths_of(folder: Path) -> list[Path]:
    """All files below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
