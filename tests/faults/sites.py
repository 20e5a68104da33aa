"""Mutation of fsyncs: a sync that can be taken out without being missed protects nothing.

    for site in collect_sites(scenario):
        print(site)      # disk.py:129 write_whole ← register/journal.py:88 Journal.begin

    assert_every_sync_matters(scenario, check)

A site is told by all lines of the product that led to the sync. `depth` tells it by the innermost
few, so that callers are taken out together: 1 is the line of the sync itself, 2 adds its caller.

Not here: the events and sites themselves (`faults.trace`), the exploration (`faults.powerloss`).
"""

from __future__ import annotations

from .memory import MemoryDisk
from .powerloss import STATES_PER_POINT, Check, NotSurvived, Scenario, explore_trace, record
from .trace import Site


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
    needless: list[str] = []
    for site in sites:
        try:
            explore_trace(trace.without([site]), check, seen=set(seen), seed=seed, limit=limit)
        except NotSurvived:
            continue
        needless.append(f"  {site}")
    assert not needless, "these syncs protect nothing the check sees:\n" + "\n".join(needless)
    return sites
