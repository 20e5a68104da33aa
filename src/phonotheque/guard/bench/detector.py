"""What a detector must be able to do to stand in GuardBench; any that can is measured alike.

A trial goes: made for a service, `learn` for each part of the days before the first one (people
only, but nobody says so: a detector gets no label, ever), then `see` and `look` in turn. All events
of all accounts come in order of time; each `look` is at the end of the batch before it. What a
stopped account would do later is not shown any more: an account that was suspended, and a farm's
account that was challenged, is gone; a person who was challenged passes and goes on, and the
detector is told so.

Every track of the world is restricted: what is free to copy needs no guard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import Events
from phonotheque.guard.service import Numbers, Service

KEYS = ("address", "address_block", "device", "client", "sign_up_week")
"""Columns of `KeyedService.keys`: what a service could group accounts by."""

Settings = tuple[float, ...]
"""Limits of a detector, as it names them itself; empty: it is to find its own."""


@dataclass(frozen=True)
class KeyedService(Service):
    """A service, with what some detectors group accounts by.

    Attributes:
        keys: int32, (accounts, len(KEYS)).
    """

    keys: Numbers


class Batch(NamedTuple):
    """What happened between two looks.

    Attributes:
        events: In order of time, over all accounts; `second` is since 1970 in UTC.
        chosen: For each event whether the service itself chose the track (its own shuffle or
            radio, by a signed token): the account cannot help what it got.
        canary_account: For each request of an identifier that names no recording and that no
            client was ever given: who asked. Such requests are no events.
        canary_second: When.
        canary: Which identifier that was: equal numbers are one identifier.
    """

    events: Events
    chosen: npt.NDArray[np.bool_]
    canary_account: Numbers
    canary_second: npt.NDArray[np.int64]
    canary: npt.NDArray[np.int64]


class Stopped(NamedTuple):
    """Accounts that a detector acts on; columns of one length.

    Attributes:
        account: Their numbers, int32.
        rung: `Rung.CHALLENGE` or `Rung.SUSPEND`, int8.
        by_group: Whether it is what a group showed, and not the account alone.
        second: When, since 1970 in UTC: of the event that was enough, if the detector judges
            each event when it comes; else of the look. Never before the last look.
    """

    account: Numbers
    rung: npt.NDArray[np.int8]
    by_group: npt.NDArray[np.bool_]
    second: npt.NDArray[np.int64]


class Detector(Protocol):
    """Whatever watches events and says who is to be stopped."""

    @property
    def name(self) -> str:
        """As the table calls it."""
        ...

    def learn(self, batch: Batch) -> None:
        """Take in a part of the days before the first one; nobody is stopped then."""
        ...

    def see(self, batch: Batch) -> None:
        """Take in what happened since the last look."""
        ...

    def look(self, second: int) -> Stopped:
        """Say who is to be stopped now.

        Accounts may come again in later looks: only a higher rung than before counts, and a
        challenge of somebody who passed one counts as no other one.

        Args:
            second: Now, since 1970 in UTC.
        """
        ...

    def answered(self, passed: Numbers, failed: Numbers) -> None:
        """Hear how the challenges of the last look ended; called after each look that had any.

        Args:
            passed: Accounts of people.
            failed: Accounts of farms: they do nothing any more.
        """
        ...

    def peaks(self) -> npt.NDArray[np.float64]:
        """Return the highest score of each account so far; more is more suspicious.

        Where the limits of one population are tried on another, and at which share of people
        challenged for nothing a level would be found, is read from these.
        """
        ...

    def settings(self) -> Settings:
        """Return the limits as they are now, for the trial of them on another population."""
        ...


Maker = Callable[[KeyedService, Settings], Detector]
"""Makes a detector for a service; with settings it begins with those instead of its own."""


def nobody() -> Stopped:
    """Return that there is nobody to stop."""
    none = np.zeros(0, np.int64)
    return Stopped(none.astype(np.int32), none.astype(np.int8), none.astype(np.bool_), none)
