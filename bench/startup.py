"""How long `phono --help` works before it answers: what every command costs before it begins."""

from __future__ import annotations

from collections.abc import Iterator

from bench.archives import as_installed, phono, run
from bench.measure import best_in_turn, cpu_seconds
from bench.rows import Row, Sense

ROUNDS = 10
MOST_CPU_MS = 150


def rows(scale: str) -> Iterator[Row]:
    """Measure at one size: there is no other."""
    del scale
    as_installed()
    run(phono("--help"))  # once uncounted, so that every module is compiled
    best = best_in_turn({"help": lambda: cpu_seconds(phono("--help"))}, rounds=ROUNDS)["help"]
    assert best is not None
    yield Row("phono --help", best * 1000, "CPU-ms", MOST_CPU_MS, sense=Sense.AT_MOST)
