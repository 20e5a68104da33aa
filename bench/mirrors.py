"""Mirrors: how long a choice takes, and whether a thousand of them together keep everything.

The simulation plays the rule of `phonotheque.mirror.choosing` in arrays, because a thousand mirrors
choose among 10,500 volumes on thirty days; a test holds it against the rule itself. Beside it
plays the rule of the archive of 2025: take the least seeded with a little noise, once, and keep it.

`python -m bench.mirrors_picture docs/images/mirrors.svg` draws the days.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.measure import own_cpu_s
from bench.rows import Row, Sense

VOLUMES = 10_500
MOST_CHOICE_S = 1.0


def rows(scale: str) -> Iterator[Row]:
    """Measure at the size of the floor at every scale; `full` plays one more rule."""
    yield from _choosing()
    yield from _simulated(is_full=scale == "full")


def _choosing() -> Iterator[Row]:
    from bench.mirrors_world import choice_of

    choose = choice_of(VOLUMES)
    cpu_s = min(_timed(choose) for _ in range(3))
    name = f"choice among {VOLUMES:,} volumes, with reasons"
    yield Row(name, cpu_s, "CPU-s", MOST_CHOICE_S, sense=Sense.AT_MOST)


def _timed(act: object) -> float:
    cpu_s = own_cpu_s()
    act()  # type: ignore[operator]
    return own_cpu_s() - cpu_s


def _simulated(*, is_full: bool) -> Iterator[Row]:
    from bench.mirrors_simulated import DAYS, TARGET, World, play

    world = World.made(VOLUMES, 1000, seed=1)
    cpu_s = own_cpu_s()
    ours = play(world, "need")
    cost_s = own_cpu_s() - cpu_s
    theirs = play(world, "noise")
    work = f"{world.mirrors:,} mirrors, {VOLUMES:,} volumes, {DAYS} days"
    yield Row(f"{work}: ever reached {TARGET} copies", 100 * ours.ever, "%", 100.0)
    said = f"least seeded with noise, chosen once: {100 * theirs.at_target[-1]:.1f} %"
    ratio = ours.at_target[-1] / theirs.at_target[-1]
    yield Row(f"  at the target on day {DAYS}", 100 * ours.at_target[-1], "%", 1.0, said, ratio)
    said = f"least seeded with noise: {theirs.fewest[-1]}"
    yield Row(f"  fewest copies of any on day {DAYS}", float(ours.fewest[-1]), "copies", None, said)
    if is_full:
        rarest = play(world, "rarest")
        yield Row("  strictly the rarest first, day 30", 100 * rarest.at_target[-1], "%")
    yield Row("  fetched for it", ours.fetched_bytes / world.all_bytes, "x all")
    yield Row("  playing it", cost_s, "CPU-s")
