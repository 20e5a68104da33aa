"""Parts and their whole as snapshots, and back; how far each had read stands in the same file.

Law: what was kept and resumed goes on as if it had never stopped.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from phonotheque.guard.calibration import Limits
from phonotheque.guard.engine.memory import Music, surprise_table, with_room
from phonotheque.guard.groups.membership import Demand
from phonotheque.guard.groups.rounds import Rounds
from phonotheque.guard.state import Kept
from phonotheque.guard.streams.packing import Arrays
from phonotheque.guard.streams.part import Part, with_marks
from phonotheque.guard.streams.shape import Shape, Tracks
from phonotheque.guard.streams.whole import Moments, Whole

_ROWS = ("account", "track", "second")
_HITS = ("account", "canary")


def kept_part(part: Part, window: int, facts: dict[str, Any]) -> Kept:
    """Return all that a part remembers between two windows.

    Args:
        window: The one that comes next.
        facts: How far its streams were read.
    """
    count = len(part.hashes)
    facts = {**facts, "rare": part.music.rare, "thresholds": part.thresholds.tolist()}
    rows, hits = part.first_copies.rows._asdict(), list(part.hits.all())
    arrays: Arrays = {
        "hashes": part.hashes,
        **{f"accounts.{name}": one[:count] for name, one in part.accounts._asdict().items()},
        **{f"marks.{name}": one[:count] for name, one in part.marks._asdict().items()},
        **{f"first_copies.{name}": rows[name] for name in _ROWS},
        "hits.account": np.array([account for account, _ in hits], np.uint64),
        "hits.canary": np.array([int(canary, 16) for _, canary in hits], np.uint64),
        **_music_arrays(part.music),
    }
    return Kept(window, facts, arrays)


def part_of_kept(snapshot: Kept, tracks: Tracks) -> Part:
    """Return the part that a snapshot was made of."""
    part, arrays = Part(tracks), snapshot.arrays
    hashes = arrays["hashes"].astype(np.uint64)
    room = len(with_room(part.accounts, len(hashes)).last_track)
    part.accounts = with_room(part.accounts, room)
    part.marks = with_marks(part.marks, room)
    for prefix, columns in (("accounts", part.accounts), ("marks", part.marks)):
        for name, column in columns._asdict().items():
            column[: len(hashes)] = arrays[f"{prefix}.{name}"]
    part.know(hashes)
    for account, canary in zip(*(arrays[f"hits.{one}"].tolist() for one in _HITS), strict=True):
        part.hits.note(account, f"{canary:016x}")
    part.music = _music(part.music, snapshot)
    part.first_copies.note(*(arrays[f"first_copies.{name}"] for name in _ROWS))
    part.thresholds = np.array(snapshot.facts["thresholds"])
    return part


def kept_whole(whole: Whole, window: int, facts: dict[str, Any]) -> Kept:
    """Return all that is remembered of the parts together, between two windows."""
    facts = {
        **facts,
        "rare": whole.music.rare,
        "limits": [list(whole.limits.bits), list(whole.limits.middle)],
        "moments": asdict(whole.moments),
        "demand": asdict(whole.demand),
        "rounds": whole.rounds.kept(),
        "limit": whole.limit,
    }
    return Kept(window, facts, _music_arrays(whole.music))


def whole_of_kept(snapshot: Kept, shape: Shape, tracks: Tracks) -> Whole:
    """Return the whole that a snapshot was made of."""
    whole, facts = Whole(shape, tracks), snapshot.facts
    whole.limits = Limits(*(tuple(numbers) for numbers in facts["limits"]))
    whole.moments, whole.demand = Moments(**facts["moments"]), Demand(**facts["demand"])
    whole.limit, whole.rounds = facts["limit"], Rounds.resumed(facts["rounds"])
    whole.music = _music(whole.music, snapshot)
    return whole


def _music_arrays(music: Music) -> Arrays:
    return {"music.plays": music.plays, "music.rating": music.rating}


def _music(music: Music, snapshot: Kept) -> Music:
    rare = float(snapshot.facts["rare"])
    return music._replace(
        plays=snapshot.arrays["music.plays"],
        rating=snapshot.arrays["music.rating"],
        rare=rare,
        bits=surprise_table(8 * rare, len(music.bits)),
    )
