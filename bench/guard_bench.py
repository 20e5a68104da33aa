"""GuardBench: how much of a catalogue farms take before the guard stops them, and who else pays.

At the default scale a world of 5,000 people, 100,000 tracks and four days, in which only the order
of the detectors is held to a floor; at full scale the world of the floors: 200,000 people, a
million tracks, 30 days, a farm of a thousand, which takes hours. `GUARD_SCALE=middle` takes 30,000
people and 14 days; `GUARD_SEED` another seed than 21; what is found is kept in the file
`GUARD_RESULTS`, where one is named, and gone on with from there. At the end the guard meets L3 in
worlds that nobody tuned on: seed and parameters of every kind are drawn anew each time; the seed is
printed, and `GUARD_FRESH_SEED` takes it again.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from bench.rows import Row, Sense
from phonotheque.disk import LocalDisk
from phonotheque.guard.bench.entrants import OWN, absent, everybody
from phonotheque.guard.bench.habits import HONEST
from phonotheque.guard.bench.metrics import Loss
from phonotheque.guard.bench.records import keep_record, read_records
from phonotheque.guard.bench.run import Record, run
from phonotheque.guard.bench.scenarios import (
    PEOPLE,
    QUICK,
    SCALES,
    SCENARIOS,
    SHAPES,
    Scale,
    Setting,
)

MOST_LOST = {
    "steep": {"L2": 9, "L3": 8, "L4": 15, "L4p": 12, "L4pg": 14, "L4pr": 14},
    "flat": {"L2": 9, "L3": 8, "L4": 18, "L4p": 18, "L4pg": 19, "L4pr": 19},
}
"""Percent of a million tracks that a farm of a thousand accounts may take before it is stopped."""

LEAST_STOPPED = {"L0": 0.99, "L1": 0.99, "L2": 0.99, "L3": 0.99, "L4": 0.9}
MOST_SUSPENDED, MOST_SUSPENDED_DEVOTED = 1e-4, 5e-3
MOST_CHALLENGED, MOST_CHALLENGED_DEVOTED = 0.01, 0.1
"""Shares of people, beside a farm; of each kind of devoted ones for itself."""

BEARABLE = 0.01
"""A peer that suspends more of the ordinary people is not the one to be ahead of: a ban on an
address that a tenth of them share also stops whoever of a farm is there."""


def rows(scale: str) -> Iterator[Row]:
    """Live the worlds of a scale and hold them against what must be reached."""
    name = os.environ.get("GUARD_SCALE", "full" if scale == "full" else "small")
    size = SCALES[name]
    found = [record for record in _records(size) if not record.key.setting.is_other]
    bind = size == SCALES["full"]
    for shape in SHAPES:
        mine = [record for record in found if record.key.setting.shape == shape.name]
        yield from _lost(mine, shape.name, bind=bind)
        yield from _paid(mine, shape.name, bind=bind)
    yield from _fresh(size)
    events = sum(record.events for record in found if record.key.detector == OWN)
    cpu_s = sum(record.cpu_s for record in found if record.key.detector == OWN)
    yield Row("guard, looks included", events / cpu_s, "events/CPU-s")
    for peer in absent():
        yield Row(f"GuardBench, {peer}", None, "")


def _records(size: Scale) -> list[Record]:
    seed, kept = int(os.environ.get("GUARD_SEED", "21")), os.environ.get("GUARD_RESULTS")
    worlds = QUICK if size.name == "small" else [scenario.name for scenario in SCENARIOS]
    settings = [Setting(shape.name, world, size, seed) for shape in SHAPES for world in worlds]
    if kept is None:
        return list(run(settings, everybody(), {}))
    disk, name = LocalDisk(Path(kept).resolve().parent), Path(kept).name
    known = read_records(disk, name)
    found = []
    for record in run(settings, everybody(), known):
        if record.key not in known:
            keep_record(disk, name, record)
        found.append(record)
    return found


def _fresh(size: Scale) -> Iterator[Row]:
    seed = int(os.environ.get("GUARD_FRESH_SEED") or secrets.randbelow(1_000_000))
    guard = [entrant for entrant in everybody() if entrant.name == OWN]
    settings = [Setting(shape.name, "L3", size, seed, is_fresh=True) for shape in SHAPES]
    for record in run(settings, guard, {}):
        if record.key.setting.is_other:
            continue
        shape = record.key.setting.shape
        for kind, loss in record.losses:
            name = f"{shape}, {kind}, drawn anew by seed {seed}: catalogue lost"
            said = f"no guard: {100 * loss.unguarded:.1f} %"
            yield Row(name, 100 * loss.share, "%", None, said, loss.unguarded / loss.share)
            yield Row("  stopped", 100 * loss.stopped.value, "%")
        yield from _worst("  beside it", [record], bind=False)


def _lost(records: list[Record], shape: str, *, bind: bool) -> Iterator[Row]:
    """What each farm took, beside the best of the peers that people can live with."""
    plain = [record for record in records if not record.key.is_shifted]
    own = [(kind, loss) for r in plain if r.key.detector == OWN for kind, loss in r.losses]
    for kind, loss in own:
        peers = {
            record.key.detector: dict(record.losses)[kind].share
            for record in plain
            if record.key.detector != OWN and kind in dict(record.losses) and is_bearable(record)
        }
        best = min(peers, key=lambda name: peers[name])
        said = f"{best}: {100 * peers[best]:.1f} %, no guard: {100 * loss.unguarded:.1f} %"
        ratio = peers[best] / loss.share
        yield Row(f"{shape}, {kind}: catalogue lost", 100 * loss.share, "%", 1.0, said, ratio)
        if bind:
            yield from _bound(loss, shape, kind)
        low, high = loss.stopped.interval
        name = f"  stopped ({100 * low:.1f} to {100 * high:.1f}), by group {loss.by_group}"
        floor = 100 * LEAST_STOPPED[kind] if bind and kind in LEAST_STOPPED else None
        yield Row(name, 100 * loss.stopped.value, "%", floor)
        yield Row("  tracks of half of the accounts, K50", loss.each_50, "tracks")


def is_bearable(record: Record) -> bool:
    """Whether so few ordinary people were suspended that a service could use it at all."""
    return record.costs[0].suspended.value <= BEARABLE


def _bound(own: Loss, shape: str, kind: str) -> Iterator[Row]:
    most = MOST_LOST[shape].get(kind)
    if most is not None:
        yield Row("  the same, beside its floor", 100 * own.share, "%", most, sense=Sense.AT_MOST)


def _paid(records: list[Record], shape: str, *, bind: bool) -> Iterator[Row]:
    """What people paid: the ordinary ones, and the kind of devoted ones that paid most."""
    own = [record for record in records if record.key.detector == OWN]
    alone = [r for r in own if r.key.setting.scenario == PEOPLE and not r.key.is_shifted]
    shifted = [record for record in own if record.key.is_shifted]
    farms = [record for record in own if record.key.setting.scenario != PEOPLE]
    for words, some in (("without a farm", alone), ("limits of others", shifted)):
        yield from _worst(f"{shape}, {words}", some, bind=bind)
    yield from _worst(f"{shape}, beside a farm", farms, bind=bind)


def _worst(words: str, records: list[Record], *, bind: bool) -> Iterator[Row]:
    if not records:
        return
    for is_devoted, people in ((False, HONEST[0].name), (True, "devoted")):
        costs = [c for r in records for c in r.costs if (c.kind != HONEST[0].name) is is_devoted]
        suspended = max(costs, key=lambda cost: cost.suspended.value)
        challenged = max(costs, key=lambda cost: cost.challenged.value)
        most_s = MOST_SUSPENDED_DEVOTED if is_devoted else MOST_SUSPENDED
        most_c = MOST_CHALLENGED_DEVOTED if is_devoted else MOST_CHALLENGED
        for verb, share, most, kind in (
            ("suspended", suspended.suspended, most_s, suspended.kind),
            ("challenged", challenged.challenged, most_c, challenged.kind),
        ):
            low, high = share.interval
            who = f"{people}, worst: {kind}" if is_devoted and share.hits else people
            name = f"{words}: {who} {verb} ({100 * low:.2g} to {100 * high:.2g})"
            floor = 100 * most if bind else None
            yield Row(name, 100 * share.value, "%", floor, sense=Sense.AT_MOST)
