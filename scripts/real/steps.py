"""Running one command and measuring what it cost, its children included.

Source: wait4(2), getrusage(2): the times of a process that was waited for hold those of its own
children that it waited for.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path


class StepFailedError(Exception):
    """A command ended with a status that means failure; the message shows what it said."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command that was run.

    Attributes:
        name: What it is called in the report.
        status: Its exit status.
        cpu_s: User and system seconds of it and its children.
        wall_s: Seconds by the clock.
        peak_mib: Largest resident set of any one of its processes.
        output: What it wrote on standard output.
    """

    name: str
    status: int
    cpu_s: float
    wall_s: float
    peak_mib: float
    output: Path


def run_step(
    name: str, command: Sequence[str], folder: Path, allowed: Collection[int] = (0,)
) -> Step:
    """Run a command to its end.

    Args:
        name: What it is called; also the name of the files that keep what it writes.
        command: Program and arguments.
        folder: Where what it writes is kept, as `<name>.out` and `<name>.err`.
        allowed: Exit statuses that are no failure.

    Raises:
        StepFailedError: It ended with any other status, or with a traceback.
    """
    print(f"  {name} …", end="", file=sys.stderr, flush=True)
    slug = "".join(sign if sign.isalnum() else "-" for sign in name)
    output, errors = folder / f"{slug}.out", folder / f"{slug}.err"
    begun = time.monotonic()
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            _, waited, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:  # the terminal told the child too: let it stop cleanly
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(waited)
    wall_s = time.monotonic() - begun
    status = process.returncode
    print(f" {wall_s:.1f} s, exit status {status}", file=sys.stderr)
    # Python leaves with 1 after a traceback, which is also an honest "found something".
    if status not in allowed or b"Traceback (most recent call last)" in errors.read_bytes():
        raise StepFailedError(_failure(name, command, status, output, errors))
    cpu_s = usage.ru_utime + usage.ru_stime
    return Step(name, status, cpu_s, wall_s, usage.ru_maxrss / 1024, output)


def _failure(name: str, command: Sequence[str], status: int, output: Path, errors: Path) -> str:
    said = "\n".join(
        line
        for file in (errors, output)
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
    )
    return f"{name}: exit status {status}\n  $ {' '.join(command)}\n{said or '(it said nothing)'}"
