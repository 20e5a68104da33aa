"""Mutation of fsyncs: a sync that can be taken out without being missed protects nothing.

    for site in collect_sites(scenario):
        print(site)      # disk/whole.py:57 write_whole ← register/journal.py:88 Journal.begin

    assert_every_sync_matters(scenario, check)

`needless_syncs` is the same for a trace and sites of your choice, where some are proven elsewhere.

A site is told by all lines of the product that led to the sync. `depth` tells it by the innermost
few, so that callers are taken out together: 1 is the line of the sync itself, 2 adds its caller.

Not here: the events and sites themselves (`faults.trace`), the exploration (`faults.powerloss`).
"""

from __future__ import annotations

from collections.abc import Iterable

from .memory import MemoryDisk
from .powerloss import STATES_PER_POINT, Check, NotSurvived, Scenario, explore_trace, record
from .trace import Site, Trace


def collect_sites(
    scenario: Scenario, *, start: MemoryDisk | None = None, depth: int | None = None
) -> list[Site]:
    """Every site that a scenario syncs from, once, in order of its first sync."""
    return record(scenario, start=start).sites(depth)


def assert_every_sync_matters(
    scenario: Scenario,
    check: Check,
    *,
    start: MemoryDisk | None = None,
    depth: int | None = None,
    seed: int = 0,
    limit: int = STATES_PER_POINT,
) -> list[Site]:
    """Fail unless the check finds a loss as soon as any one site no longer syncs.

    Returns:
        The sites, each proven to matter.

    Raises:
        NotSurvived: The scenario loses something with all its syncs in place.
        AssertionError: A site protects nothing that the check sees, or nothing is synced at all.
    """
    trace = record(scenario, start=start)
    seen: set[object] = set()
    explore_trace(trace, check, seen=seen, seed=seed, limit=limit)
    sites = trace.sites(depth)
    assert sites, "the scenario syncs nothing"
    needless = needless_syncs(trace, check, sites, seen=seen, seed=seed, limit=limit)
    told = "\n".join(f"  {site}" for site in needless)
    assert not needless, f"these syncs protect nothing the check sees:\n{told}"
    return sites


def needless_syncs(
    trace: Trace,
    check: Check,
    sites: Iterable[Site],
    *,
    seen: set[object],
    seed: int = 0,
    limit: int = STATES_PER_POINT,
) -> list[Site]:
    """Take each site out alone; return those whose loss the check does not see.

    Args:
        trace: What a scenario did, all its syncs in place.
        check: As for `explore`.
        sites: Of the trace.
        seen: States that the check was content with: those of the whole trace, most often. One that
            is found again without a sync is not looked at again, nor is one that an earlier site
            led to; it is added to.
        seed: Of the random subsets.
        limit: Most states per crash point.
    """
    needless = []
    for site in sites:
        try:
            explore_trace(trace.without([site]), check, seen=seen, seed=seed, limit=limit)
        except NotSurvived:
            continue
        needless.append(site)
    return needless
