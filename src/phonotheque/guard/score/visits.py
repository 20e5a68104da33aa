"""What a log says, as numbers: who fetched which item when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.score.names import is_robot


class Visits(NamedTuple):
    """Fetches of items; columns of one length.

    Attributes:
        account: Number of who fetched, int64; below 0 a key that stands for somebody without one.
        item: Number of the item, uint32.
        second: Since 1970 in UTC, uint32.
        counter: The number that its name ends with, int32; -1 for none.
        agent: Code of what the program called itself (`names.Agents`), int32: odd for a robot.
    """

    account: npt.NDArray[np.int64]
    item: npt.NDArray[np.uint32]
    second: npt.NDArray[np.uint32]
    counter: npt.NDArray[np.int32]
    agent: npt.NDArray[np.int32]

    def at(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Visits:
        """Return some of them."""
        return Visits(
            self.account[rows],
            self.item[rows],
            self.second[rows],
            self.counter[rows],
            self.agent[rows],
        )

    @property
    def by_robots(self) -> npt.NDArray[np.bool_]:
        """Which of them are by what calls itself a robot."""
        return self.agent & 1 == 1


@dataclass(slots=True)
class Account:
    """Whoever asked.

    Attributes:
        name: As the log says it, or a network.
        agent: What its program called itself when it came first.
    """

    name: str
    agent: str

    @property
    def is_robot(self) -> bool:
        """Whether it says that it is one."""
        return is_robot(self.agent.encode())


@dataclass(slots=True)
class Counted:
    """What was read.

    Attributes:
        lines: In all.
        malformed: That are none of the log's form, or name no instant.
        others: For no item, refused, or failed.
        few: Fetches by accounts that asked too seldom to be looked at one by one.
        beyond: Fetches by accounts that came when there was no room for more.
        ahead: Lines that are ahead of the clock, where it is looked at.
        first_second, last_second: Between which the fetches lie; None where there are none.
    """

    lines: int = 0
    malformed: int = 0
    others: int = 0
    few: int = 0
    beyond: int = 0
    ahead: int = 0
    first_second: int | None = None
    last_second: int | None = None

    @property
    def fetches(self) -> int:
        """Lines by which somebody got an item: without one there is nobody to judge."""
        return self.lines - self.malformed - self.others - self.ahead

    def span(self, seconds: npt.NDArray[np.uint32]) -> None:
        """Widen the time between which the fetches lie."""
        if len(seconds):
            first, last = int(seconds.min()), int(seconds.max())
            self.first_second = min(first, self.first_second or first)
            self.last_second = max(last, self.last_second or last)
