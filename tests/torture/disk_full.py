"""A disk that runs full while `phono` writes: told, clean, and gone on with when there is room.

The archive lies on a small memory file system of its own (Linux, as root); on other systems the
torment is skipped, and says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.small_music import make_music
from tests.torture.command import DEADLINE_S, Ended, Phono, found
from tests.torture.invariants import check_archive, check_left_behind

_ADD = ("--licence", "CC-BY-4.0", "--evidence", "we made it", "--json", "--jobs", "2")


class CannotMountError(Exception):
    """There is no way here to have a small disk."""


@contextmanager
def small_disk(at: Path, size_bytes: int) -> Iterator[Path]:
    """A file system of so many bytes, gone afterwards.

    Raises:
        CannotMountError: It needs Linux, root and the right to mount.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise CannotMountError("mounting a small disk needs Linux and root")
    at.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(at)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMountError(f"mounting is not permitted: {done.stderr.strip()}")
    try:
        yield at
    finally:
        _unmount(at)


def _unmount(at: Path) -> None:
    """Take a file system away, once the last process has ended that said its status already."""
    ends = time.monotonic() + DEADLINE_S
    env = {**os.environ, "LC_ALL": "C"}  # "busy" is a word of English
    command = ["umount", str(at)]
    while True:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if not done.returncode:
            return
        assert "busy" in done.stderr, done.stderr
        assert time.monotonic() < ends, done.stderr
        select.select([], [], [], 0.05)


def _is_refusal(ended: Ended) -> bool:
    """Whether a command ended for want of room, said so, and did nothing worse."""
    ended.expect(0, 6)
    return _is_told(ended)


def _is_told(ended: Ended) -> bool:
    if ended.status == 6:
        error = json.loads(ended.err.strip().splitlines()[-1])
        assert error["error"] == "disk-full", ended.err
        assert error["todo"]
    return ended.status == 6


def _verify(phono: Phono, *, was_refused: bool) -> None:
    """Verify, which may be refused too: only what was refused before may have left something."""
    checked = phono.run("verify", "--json").expect(0, 6, *([1] if was_refused else []))
    _is_told(checked)
    check_left_behind(checked.records)


def fill(folder: Path, seed: int) -> str:
    """Fill a small disk in the middle of an add or a publication, then make room.

    A file of zeros stands in the way, so that the disk is full at a byte that the seed chooses;
    when it is taken away, the same command must complete.
    """
    rng = random.Random(seed)
    music = folder / "music"
    make_music(music, 24, seed=seed, frames=20_000)
    with small_disk(folder / "small", 16 << 20) as disk:
        phono = found(disk / "archive")
        is_publishing = rng.random() < 0.4
        if is_publishing:
            phono.run("add", music, *_ADD).expect(0)
        arguments = ["publish", "run", "--json"] if is_publishing else ["add", music, *_ADD]
        promised = []
        refusals = 0
        block = disk / "block"
        for _ in range(4):
            most_bytes = 80_000 if is_publishing else 1_500_000
            _leave(block, disk, int(most_bytes * rng.random() ** 2))
            ended = phono.run(*arguments)
            refusals += _is_refusal(ended)
            promised += ended.records
            check_archive(phono.archive, promised)
            _verify(phono, was_refused=refusals > 0)
            check_archive(phono.archive, promised)
        block.unlink()
        promised += phono.run(*arguments).expect(0).records
        assert phono.run("verify", "--json").expect(0).records[-1]["findings"] == 0
        check_archive(phono.archive, promised, at_rest=True)
    return f"{refusals} refusals, {len(promised)} promises"


def _leave(block: Path, disk: Path, free_bytes: int) -> None:
    """Make the block as long as it takes to leave so many bytes free."""
    with contextlib.suppress(FileNotFoundError):
        block.unlink()
    room = os.statvfs(disk)
    size_bytes = max(0, room.f_bavail * room.f_frsize - free_bytes)
    with open(block, "wb") as file:
        file.write(bytes(size_bytes))
