"""Coverage budgets: how many restricted tracks that are new to it an account may open in a time.

What is counted is what would have to leave for a catalogue to leave: new tracks. Requests, replays
and what is free to copy are never counted, so that nobody who listens is ever near: of real
listeners the most was 32 new tracks in an hour, 252 in a day, 1,702 in 30 days.

Laws: a budget never forgets faster than it says; asking costs nothing, only opening does; after a
quiet time the whole budget is there again; a clock that goes back gives nothing.

Source: the generic cell rate algorithm, ITU-T Recommendation I.371 (one instant per limit is all
that is kept).
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limit:
    """So many new tracks at once, and as many again, one by one, within a time: so that no time of
    that length ever has more than twice as many.

    Attributes:
        tracks: At once.
        seconds: In which all of them are earned again.
    """

    tracks: int
    seconds: int

    @property
    def interval_s(self) -> float:
        """Seconds after which one more is earned."""
        return self.seconds / self.tracks

    def halved(self) -> Limit:
        """The same with half of the tracks, at least one."""
        return replace(self, tracks=max(1, self.tracks // 2))


HOUR, DAY, MONTH = 3_600, 86_400, 30 * 86_400
DEFAULT = (Limit(40, HOUR), Limit(300, DAY), Limit(2_000, MONTH))


@dataclass(frozen=True, slots=True)
class Spent:
    """What an account used of its budget.

    Attributes:
        until: For each limit the instant, in seconds since 1970, at which all of it will be there
            again.
    """

    until: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """What a budget says.

    Attributes:
        wait_s: Seconds until one more may be opened; 0 now.
        limit: Which limit says so; None when none does.
        left: How many more may be opened now.
    """

    wait_s: float
    limit: Limit | None
    left: int


def ask(limits: tuple[Limit, ...], spent: Spent, now: float) -> Ask:
    """Return whether one more new track may be opened."""
    wait, strictest, left = 0.0, None, min(limit.tracks for limit in limits)
    for limit, until in zip(limits, _filled(limits, spent), strict=True):
        owed = min(max(0.0, until - now), float(limit.seconds))  # a clock may have been ahead
        left = min(left, int((limit.seconds - owed) / limit.interval_s + 1e-9))
        lacking = owed + limit.interval_s - limit.seconds
        if lacking > wait + 1e-6:
            wait, strictest = lacking, limit
    return Ask(wait, strictest, max(0, left))


def open_one(limits: tuple[Limit, ...], spent: Spent, now: float) -> Spent:
    """Return what is spent once one more new track was opened, whether or not it was allowed."""
    return Spent(
        tuple(
            min(max(until, now), now + limit.seconds) + limit.interval_s
            for limit, until in zip(limits, _filled(limits, spent), strict=True)
        )
    )


def _filled(limits: tuple[Limit, ...], spent: Spent) -> tuple[float, ...]:
    return spent.until if len(spent.until) == len(limits) else (0.0,) * len(limits)
