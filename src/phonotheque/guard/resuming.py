"""A detector as a snapshot, and a snapshot as a detector: after a stop it knows what it knew.

Law: a detector that was kept and resumed says to the end what one that never stopped says.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy.typing as npt

from phonotheque.guard.calibration import Limits
from phonotheque.guard.detector import Guard, Moments
from phonotheque.guard.engine.memory import Accounts, surprise_table
from phonotheque.guard.groups.membership import Demand
from phonotheque.guard.groups.rounds import Rounds
from phonotheque.guard.service import Service
from phonotheque.guard.state import Kept


def kept(guard: Guard, offset: int) -> Kept:
    """Return all that a detector remembers, with how far it had read the log."""
    facts = {
        "limits": [list(guard.limits.bits), list(guard.limits.middle)],
        "rare": guard.music.rare,
        "moments": asdict(guard.moments),
        "demand": asdict(guard.groups.demand),
        "rounds": guard.groups.rounds.kept(),
        "limit": guard.groups.limit,
    }
    rows = guard.groups.first_copies.rows._asdict()
    arrays: dict[str, npt.NDArray[Any]] = {
        **{f"accounts.{name}": array for name, array in guard.accounts._asdict().items()},
        **{f"marks.{name}": array for name, array in guard.marks._asdict().items()},
        **{f"first_copies.{name}": array for name, array in rows.items()},
        "music.plays": guard.music.plays,
        "music.rating": guard.music.rating,
    }
    return Kept(offset, facts, arrays)


def resumed(service: Service, snapshot: Kept) -> Guard:
    """Return the detector that a snapshot was made of.

    Args:
        service: The same, with the same tracks; it may have more accounts than then.
        snapshot: As `kept` made it.
    """
    guard = Guard(service)
    guard.limits = Limits(*(tuple(numbers) for numbers in snapshot.facts["limits"]))
    arrays, facts, rare = snapshot.arrays, snapshot.facts, float(snapshot.facts["rare"])
    guard.accounts = Accounts._make(
        _longer(arrays[f"accounts.{name}"], array)
        for name, array in guard.accounts._asdict().items()
    )
    for name, array in guard.marks._asdict().items():
        array[: len(arrays[f"marks.{name}"])] = arrays[f"marks.{name}"]
    guard.music = guard.music._replace(
        plays=arrays["music.plays"], rating=arrays["music.rating"], rare=rare,
        bits=surprise_table(8 * rare),
    )  # fmt: skip
    guard.moments = Moments(**facts["moments"])
    guard.groups.demand = Demand(**facts["demand"])
    guard.groups.rounds = Rounds.resumed(facts["rounds"])
    guard.groups.limit = facts["limit"]
    guard.groups.restore(*(arrays[f"first_copies.{name}"] for name in _COLUMNS))
    return guard


_COLUMNS = ("account", "track", "second")


def _longer(array: npt.NDArray[Any], room: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array as long as `room`, of which what it lacks is taken; itself if it is."""
    if len(array) == len(room):
        return array
    room[: len(array)] = array
    return room
