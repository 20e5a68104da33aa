"""What all processes of one guard must agree on, and how its streams are called; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.detector import DAY_S
from phonotheque.guard.groups.rounds import GROUPS_EVERY_S

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Shape:
    """The same for sender, workers and whoever brings parts together.

    Attributes:
        parts: Streams that accounts are spread over; it stays as it is.
        window_s: Seconds of events after which parts tell one another what they saw; the time
            between two looks at groups is a whole number of them.
        tracks: How many there are; the number of a track is below it.
        name: Of this guard on its server.
    """

    parts: int
    window_s: int
    tracks: int
    name: str = "guard"

    def __post_init__(self) -> None:
        if self.parts < 1 or self.tracks < 1 or self.window_s < 1:
            raise ValueError(f"no guard has {self}")
        if GROUPS_EVERY_S % self.window_s:
            raise ValueError(f"{GROUPS_EVERY_S} s is not a whole number of {self.window_s} s")

    def key(self, *words: str | int) -> str:
        """Name something of this guard on the server."""
        return ":".join(("phonotheque", self.name, *map(str, words)))

    def events(self, part: int) -> str:
        """The stream of one part's events."""
        return self.key("events", part)

    def reports(self, part: int) -> str:
        """What a part tells at the end of each window."""
        return self.key("reports", part)

    def verdicts(self, part: int | str) -> str:
        """Who is to be asked or stopped, as one part finds it, or "whole" for groups."""
        return self.key("verdicts", part)

    @property
    def news(self) -> str:
        """What all parts are told at the end of each window."""
        return self.key("news")

    @property
    def seen(self) -> str:
        """Up to which window each part needs no news any more: a hash."""
        return self.key("seen")

    def second(self, window: int) -> int:
        """When a window begins, in seconds since 1970."""
        return window * self.window_s

    def is_day_between(self, window: int, following: int) -> bool:
        """Whether a day (UTC) ended between two windows: popularity and limits move then."""
        return self.second(window) // DAY_S != self.second(following) // DAY_S

    def is_look_between(self, window: int, following: int) -> bool:
        """Whether groups are grown between two windows."""
        return self.second(window) // GROUPS_EVERY_S != self.second(following) // GROUPS_EVERY_S


@dataclass(frozen=True)
class Tracks:
    """What is known of tracks: genre and album of each."""

    genres: Numbers
    albums: Numbers

    def __len__(self) -> int:
        return len(self.genres)
