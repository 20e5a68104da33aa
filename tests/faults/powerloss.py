"""Lose power at every point of a scenario, with every telling subset of what was pending.

How to use it:

    from faults.powerloss import explore
    from faults.sites import assert_every_sync_matters
    from phonotheque.disk import read_whole, write_whole

    def scenario(disk, acknowledge):
        for count in (b"1", b"2"):
            write_whole(disk, "count", count)
            acknowledge(count)               # from here on the user may rely on it

    def check(disk, acknowledged):           # a MemoryDisk as found when power came back:
        if acknowledged:                     # recover, read and write at will
            assert read_whole(disk, "count") >= acknowledged[-1]

    explored = explore(scenario, check)      # raises NotSurvived, which tells the crash in words
    assert explored.states > 10
    assert_every_sync_matters(scenario, check)   # no fsync may be taken out unnoticed

The scenario runs once, on a `PowerLossDisk`; everything else is computed from its trace, so it may
be slow, threaded or random. The check runs for every state that differs from those before it (in
what it holds or in how much was acknowledged), so it must depend on its arguments alone. To lose
power again during recovery, begin from a crashed disk: `explore(..., start=disk)`.

Not here: what may survive (`faults.platter`), processes that are killed (a kill loses no write).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import pytest

from .memory import MemoryDisk
from .platter import CrashState, Platter
from .recording import STATES_PER_POINT, PowerLossDisk
from .trace import Promised, Site, Trace

__all__ = [
    "STATES_PER_POINT",
    "Acknowledge",
    "Check",
    "Explored",
    "NotSurvived",
    "PowerLossDisk",
    "Scenario",
    "explore",
    "explore_trace",
    "record",
]

Acknowledge = Callable[[object], None]
Scenario = Callable[[PowerLossDisk, Acknowledge], None]
Check = Callable[[MemoryDisk, list[Any]], None]


class NotSurvived(AssertionError):  # noqa: N818 (a finding about the product, not an error of ours)
    """A check failed on a disk that may be found when power comes back."""


@dataclass(frozen=True, slots=True)
class Explored:
    """How much was looked at.

    Attributes:
        crash_points: Moments at which power was lost: before the first event and after each.
        states: Disks that were checked, no two alike.
    """

    crash_points: int
    states: int


def record(scenario: Scenario, *, start: MemoryDisk | None = None) -> Trace:
    """Run a scenario once and return what it did."""
    disk = PowerLossDisk(start)
    scenario(disk, disk.acknowledge)
    return disk.trace


def explore(
    scenario: Scenario,
    check: Check,
    *,
    start: MemoryDisk | None = None,
    skip_sync_sites: Collection[Site] = frozenset(),
    seed: int = 0,
    limit: int = STATES_PER_POINT,
) -> Explored:
    """Lose power at every point of a scenario and check what may be found.

    Args:
        scenario: Receives a disk and `acknowledge`, which records a promise to the user.
        check: Receives a crashed disk of its own and all that was acknowledged until then.
        start: What the disk holds at first.
        skip_sync_sites: Sites whose syncs do nothing.
        seed: Of the random subsets.
        limit: Most states per crash point.

    Raises:
        NotSurvived: The check failed, in any way; its own failure is the cause.
    """
    trace = record(scenario, start=start).without(skip_sync_sites)
    return explore_trace(trace, check, seen=set(), seed=seed, limit=limit)


def explore_trace(
    trace: Trace, check: Check, *, seen: set[object], seed: int = 0, limit: int = STATES_PER_POINT
) -> Explored:
    """Explore what was recorded before. `seen` tells the states that need no second look.

    What the check was content with is added to it, and nothing else.
    """
    platter = Platter(trace)
    acknowledged: list[object] = []
    keys: set[object] = set()
    states = 0
    for point in range(len(trace.events) + 1):
        if point:
            event = trace.events[point - 1]
            platter.feed(event)
            if isinstance(event, Promised):
                acknowledged.append(event.value)
        for key, build in platter.crash_states(limit, f"{seed}/{point}"):
            if (key, len(acknowledged)) in keys:
                continue
            keys.add((key, len(acknowledged)))
            state = build()
            finding = (state.disk.fingerprint(), len(acknowledged))
            if finding in seen:
                continue
            states += 1
            try:
                check(state.disk, list(acknowledged))
            except (Exception, pytest.fail.Exception) as error:
                where = f"point {point} of {len(trace.events)}, after: {trace.what(point)}"
                told = f"Power was lost at {where}\n{_told(build())}"
                raise NotSurvived(f"{str(error) or type(error).__name__}\n{told}") from error
            seen.add(finding)
    return Explored(len(trace.events) + 1, states)


def _told(state: CrashState) -> str:
    held = (
        f"  {path}{'/' if content is None else f' = {content!r:.100}'}"
        for path, content in state.disk.tree().items()
    )
    found = "\n".join(held) or "  nothing"
    return f"What was pending, and its fate:\n{state}\nWhat was found:\n{found}"
