"""The real command, killed at the k-th of its calls that change the disk.

    python -m tests.torture.killed_at rename 3 group --archive A add MUSIC
    python -m tests.torture.killed_at count 0 group --archive A add MUSIC

The second counts the parent's calls, as JSON on the last line of standard error.

Calls of the parent and of each of its hands are counted apart. Even calls are killed before they
reach the system, odd ones after. Random moments hit the microseconds between a rename and the sync
of its folder by luck only; this hits every such gap, and hits it again.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

CALLS = ("rename", "fsync", "write", "open", "unlink", "mkdir", "fchmod", "symlink")


def arm(call: str, k: int, victim: int, *, is_group: bool) -> None:
    """Kill a process, or its group, at the k-th call of a kind that this process makes."""
    real: Callable[..., Any] = getattr(os, call)
    count = 0

    def kill() -> None:
        if is_group:
            os.killpg(victim, signal.SIGKILL)
        else:
            os.kill(victim, signal.SIGKILL)

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count == k and k % 2 == 0:
            kill()
        try:
            return real(*arguments, **named)
        finally:
            if count == k and k % 2:
                kill()

    setattr(os, call, counted)


def tally(counts: dict[str, int], call: str) -> None:
    """Count the calls of a kind from now on."""
    real: Callable[..., Any] = getattr(os, call)
    counts[call] = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        counts[call] += 1
        return real(*arguments, **named)

    setattr(os, call, counted)


def main() -> None:
    """Arm, then be `phono`."""
    call, k, whom, *arguments = sys.argv[1:]
    from phonotheque.cli.app import run

    if call != "count":
        arm(call, int(k), os.getpid(), is_group=whom == "group")
        sys.exit(run(arguments))
    counts: dict[str, int] = {}
    for name in CALLS:
        tally(counts, name)
    status = run(arguments)
    print(json.dumps(counts), file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
