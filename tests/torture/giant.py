"""A recording of 6 GB: an RF64 file that is one long hole, read and added in bounded memory."""

from __future__ import annotations

import shutil
import struct
import sys
from pathlib import Path

from tests.torture.command import Phono, Running, found
from tests.torture.invariants import check_archive

SIZE_BYTES = 6 << 30
MEMORY_BYTES = 200 << 20
"""Most that one process may have resident: measured 101 MB in the child that measures 10 hours of
sound, most of which are libraries and buffers. The command is a process of its own: a child of this
one would be charged with all that earlier torments left in it."""


class NoRoomError(Exception):
    """The disk has no room for the test."""


def write_rf64(path: Path, data_bytes: int = SIZE_BYTES) -> None:
    """Write an RF64 file of silence whose data take no room. Source: EBU Tech 3306."""
    frames = data_bytes // 4
    form = struct.pack("<HHIIHH", 1, 2, 44100, 176400, 4, 16)
    sizes = struct.pack("<QQQI", data_bytes + 72, data_bytes, frames, 0)
    head = b"RF64\xff\xff\xff\xffWAVE" + b"ds64" + struct.pack("<I", len(sizes)) + sizes
    head += b"fmt " + struct.pack("<I", len(form)) + form + b"data\xff\xff\xff\xff"
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(len(head) + data_bytes)


_MEASURED = """
import resource, sys
from phonotheque.cli.app import run
status = run(sys.argv[1:])
unit = 1 if sys.platform == "darwin" else 1024
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
if sys.platform == "linux":  # there it counts what the parent had before exec: proc(5), VmHWM
    lines = open("/proc/self/status").read().splitlines()
    own = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
print(own, file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit, file=sys.stderr)
sys.exit(status)
"""


def giant(folder: Path) -> str:
    """Add it, and hold memory and length against what they must be.

    Raises:
        NoRoomError: The copy in the archive would not fit.
    """
    if shutil.disk_usage(folder).free < SIZE_BYTES + (4 << 30):
        raise NoRoomError("a copy of 6 GB needs 10 GB of free disk")
    source = folder / "long.wav"
    write_rf64(source)
    phono = found(folder / "archive")
    _, added_peak = _measured(phono, "add", str(source), "--json", "--jobs", "1")
    (shown,) = phono.run("show", _only(phono), "--json").expect(0).records
    assert shown["size_bytes"] == source.stat().st_size
    assert shown["technical"]["duration_ms"] == round(SIZE_BYTES / 176.4), shown["technical"]
    _, checked_peak = _measured(phono, "verify", "--json")
    peak = max(added_peak, checked_peak)
    assert peak < MEMORY_BYTES, f"{peak >> 20} MB resident"
    source.unlink()
    shutil.rmtree(phono.archive)
    return f"{SIZE_BYTES >> 30} GiB, {peak >> 20} MB resident"


def _only(phono: Phono) -> str:
    (sha256,) = check_archive(phono.archive, at_rest=True).accessions
    return sha256


def _measured(phono: Phono, *arguments: str) -> tuple[list[dict[str, object]], int]:
    """Run a command. Returns what it printed, and the most memory a process of it had, in bytes."""
    command = (sys.executable, "-c", _MEASURED)
    ended = Running(("--archive", str(phono.archive), *arguments), command).end(1200.0).expect(0)
    return ended.records, max(map(int, ended.err.split()[-2:]))
