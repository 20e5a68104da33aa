"""A world so small that it lives in a second."""

from __future__ import annotations

from phonotheque.guard.bench.scenarios import Scale, Setting

TINY = Scale("tiny", 1_500, 2_000, 12, 2)


def setting(scenario: str, seed: int = 21, **more: bool) -> Setting:
    return Setting("steep", scenario, TINY, seed, **more)
