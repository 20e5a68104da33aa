"""What it costs to read each file in a process of its own.

`rows` gives (name, value, unit, floor, peer, ratio): processor time, parent and child together,
because time on the clock of a shared machine is no figure.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable

from phonotheque.audio import facts_in_child, read_facts, warm_up
from phonotheque.audio.isolate import run_limited
from phonotheque.audio.warmth import tiny_wav

Row = tuple[str, float, str, float | None, str, float | None]

_BATCHES = 5  # the best of them: what others do on the machine is not our cost
_ROUNDS = 50
_PEER_ROUNDS = 2
_FLOOR_MS = 8.0
_IMPORTS = "import av, mutagen, numpy, soundfile"


def rows() -> list[Row]:
    """Measure the isolation of a small file. The ratio is how many times dearer the peer is."""
    warm_up()
    empty_ms = _cpu_ms(lambda: run_limited(_nothing), _ROUNDS)
    with tempfile.TemporaryFile() as file:
        file.write(tiny_wav())
        file.flush()
        whole_ms = _cpu_ms(lambda: facts_in_child(file), _ROUNDS)
        bare_ms = _cpu_ms(lambda: read_facts(io.BytesIO(tiny_wav())), _ROUNDS)
    fresh_ms = _cpu_ms(_fresh_interpreter, _PEER_ROUNDS)
    peer = "a fresh interpreter"
    return [
        ("isolation: fork, limits, walls", empty_ms, "ms", _FLOOR_MS, peer, fresh_ms / empty_ms),
        (
            "isolation: reading a small file",
            whole_ms,
            "ms",
            None,
            "in this process",
            bare_ms / whole_ms,
        ),
    ]


def _cpu_ms(work: Callable[[], object], rounds: int) -> float:
    batches = []
    for _ in range(_BATCHES):
        before = _cpu_s()
        for _ in range(rounds):
            work()
        batches.append((_cpu_s() - before) / rounds * 1000)
    return min(batches)


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _nothing() -> None:
    return None


def _fresh_interpreter() -> None:
    subprocess.run([sys.executable, "-c", _IMPORTS], check=True)


def main() -> None:
    """Print the rows, one a line."""
    for name, value, unit, floor, peer, ratio in rows():
        print(name, f"{value:.2f}", unit, floor, peer, None if ratio is None else f"{ratio:.2f}")


if __name__ == "__main__":
    main()
