"""What a process cost: CPU seconds of it and of all it waited for, by the kernel's account.

Laws: peers are measured in turn, never one after the other for all rounds, so that a noisy minute
meets all of them; the best of the rounds counts, because noise only adds.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024
"""Unit in which the system tells what was resident."""


class AbsentError(Exception):
    """A peer is not on this machine."""


def program(name: str) -> str:
    """Return the path of a program. Raises `AbsentError` when there is none."""
    found = shutil.which(name)
    if found is None:
        raise AbsentError(name)
    return found


def own_cpu_s() -> float:
    """Return the user and system seconds of this process and all that it has waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def own_peak_bytes() -> int:
    """Return the most memory that this process, or one that it waited for, ever had resident.

    Linux counts to a process, by `getrusage`, what its parent had before it was another program.
    """
    own = resource.getrusage(resource.RUSAGE_SELF)
    waited = resource.getrusage(resource.RUSAGE_CHILDREN)
    own_bytes = peak_bytes_of("self") or own.ru_maxrss * MAXRSS_BYTES
    return max(own_bytes, waited.ru_maxrss * MAXRSS_BYTES)


def peak_bytes_of(pid: int | Literal["self"]) -> int | None:
    """Return the most memory that a process had so far, or None when nothing tells.

    Source: proc(5), `VmHWM`.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), None)


def cpu_seconds(command: Sequence[str | Path], ends_with: int = 0) -> float:
    """Run a command to its end and return its user and system seconds.

    Args:
        command: With its arguments.
        ends_with: Its exit status.

    Raises:
        RuntimeError: It failed; the message has what it wrote.
    """
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != ends_with:
        raise RuntimeError(f"{command[0]} failed: {said.decode(errors='replace')[-2000:]}")
    return usage.ru_utime + usage.ru_stime


def python_child(module: str, *arguments: str | Path) -> list[str | Path]:
    """Return the command that runs a module of ours in a new interpreter."""
    return [sys.executable, "-W", "ignore", "-m", module, *arguments]


def report_of(command: Sequence[str | Path]) -> Any:
    """Run a command of ours and return the JSON that it prints."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def best_in_turn(
    peers: Mapping[str, Callable[[], float]], *, rounds: int = ROUNDS
) -> dict[str, float | None]:
    """Measure each peer once per round, in turn, and return the least; None for an absent one."""
    best: dict[str, float | None] = {}
    for _ in range(rounds):
        for name, measure in peers.items():
            if name in best and best[name] is None:
                continue
            try:
                cost = measure()
            except AbsentError:
                best[name] = None
                continue
            before = best.get(name)
            best[name] = cost if before is None else min(before, cost)
    return best
