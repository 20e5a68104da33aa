"""What parts tell at the end of a window, and what they are told: values, and their bytes.

Laws: popularity travels as counts, which add up to the same in any order; limits need the highest
sums of all accounts, which travel whole, 12 bytes each, once a day; groups need those who stand
highest anywhere, with their first copies, four times a day. So what is decided does not hang on
how many parts there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.calibration import Peaks
from phonotheque.guard.groups.first_copies import Rows
from phonotheque.guard.rungs import Rung
from phonotheque.guard.streams.packing import Arrays, pack, refusing, unpack
from phonotheque.guard.streams.rows import Hashes


class Counts(NamedTuple):
    """How often something was true of tracks; those of which it never was are left out."""

    track: npt.NDArray[np.int32]
    times: npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Shortlist:
    """Who of a part may belong to a farm.

    Attributes:
        accounts: In order of their hashes.
        scores: In each ranking, (accounts, rankings); not a number where somebody stands too low.
        known: Who failed a challenge.
        rows: First copies of these accounts; `account` is a place among them.
        listeners: Of tracks: how many accounts of the whole part had them.
    """

    accounts: Hashes
    scores: npt.NDArray[np.float64]
    known: npt.NDArray[np.bool_]
    rows: Rows
    listeners: Counts


@dataclass(frozen=True)
class Report:
    """What a part tells at the end of a window.

    Attributes:
        window: The window.
        following: The window that comes next.
        votes: Plays by trusted accounts.
        own: Who was asked in this window for what they did by themselves.
        answers: Of each look at groups that asked somebody who answered for the first time: its
            name, how many passed, and how many failed.
        peaks: At the end of a day: the highest sums of its trusted accounts.
        shortlist: Before each look at groups.
    """

    window: int
    following: int
    votes: Counts
    own: Hashes
    answers: tuple[tuple[int, int, int], ...] = ()
    peaks: Peaks | None = None
    shortlist: Shortlist | None = None


@dataclass(frozen=True)
class News:
    """What all parts are told at the end of a window.

    Attributes:
        window: The window.
        following: The window that comes next: what follows holds in it.
        votes: Of all parts together.
        thresholds: Bits on each clock at which a score is 1.
        asked: Who is asked for a group's sake.
        is_new_day: Whether tracks are rated anew, and what is too old forgotten.
    """

    window: int
    following: int
    votes: Counts
    thresholds: tuple[float, ...]
    asked: Hashes
    is_new_day: bool


class Told(NamedTuple):
    """That somebody is to be asked or stopped.

    Attributes:
        account: Its hash.
        rung: CHALLENGE or SUSPEND.
        second: Of the event that was enough, or of the end of the window.
        by_group: Whether it is what a group showed.
    """

    account: int
    rung: Rung
    second: int
    by_group: bool


def encode_report(report: Report) -> bytes:
    """Return a report as bytes."""
    facts = {name: getattr(report, name) for name in ("window", "following", "answers")}
    arrays: Arrays = {"own": report.own, **_named("votes", report.votes)}
    if report.peaks is not None:
        arrays["peaks"] = report.peaks
    if (found := report.shortlist) is not None:
        arrays |= {"accounts": found.accounts, "scores": found.scores, "known": found.known}
        arrays |= _named("rows", found.rows) | _named("listeners", found.listeners)
    return pack(facts, arrays)


def decode_report(data: bytes, stream: str) -> Report:
    """Return the report that bytes are of.

    Raises:
        MalformedError: They are of none.
    """
    facts, arrays = unpack(data, stream)
    with refusing(stream):
        facts["answers"] = tuple(tuple(row) for row in facts["answers"])
        return Report(
            **facts,
            votes=_tuple(Counts, "votes", arrays),
            own=arrays["own"],
            peaks=arrays.get("peaks"),
            shortlist=_shortlist(arrays) if "accounts" in arrays else None,
        )


def encode_news(news: News) -> bytes:
    """Return news as bytes."""
    facts = {name: getattr(news, name) for name in ("window", "following", "is_new_day")}
    facts["thresholds"] = list(news.thresholds)
    return pack(facts, {"asked": news.asked, **_named("votes", news.votes)})


def decode_news(data: bytes, stream: str) -> News:
    """Return the news that bytes are of.

    Raises:
        MalformedError: They are of none.
    """
    facts, arrays = unpack(data, stream)
    with refusing(stream):
        facts["thresholds"] = tuple(facts["thresholds"])
        return News(**facts, votes=_tuple(Counts, "votes", arrays), asked=arrays["asked"])


def encode_told(told: list[Told]) -> bytes:
    """Return verdicts as bytes."""
    return pack({"told": [list(one) for one in told]}, {})


def decode_told(data: bytes, stream: str) -> list[Told]:
    """Return the verdicts that bytes are of.

    Raises:
        MalformedError: They are of none.
    """
    facts, _ = unpack(data, stream)
    with refusing(stream):
        return [Told(one[0], Rung(one[1]), one[2], one[3]) for one in facts["told"]]


def counts_of(dense: npt.NDArray[Any]) -> Counts:
    """Return counts of all tracks without those that are 0."""
    tracks = np.flatnonzero(dense)
    return Counts(tracks.astype(np.int32), dense[tracks].astype(np.uint32))


def _shortlist(arrays: Arrays) -> Shortlist:
    return Shortlist(
        arrays["accounts"], arrays["scores"], arrays["known"],
        _tuple(Rows, "rows", arrays), _tuple(Counts, "listeners", arrays),
    )  # fmt: skip


def _named(name: str, columns: Any) -> Arrays:
    return {f"{name}.{column}": array for column, array in columns._asdict().items()}


def _tuple(kind: Any, name: str, arrays: Arrays) -> Any:
    return kind._make(arrays[f"{name}.{column}"] for column in kind._fields)
