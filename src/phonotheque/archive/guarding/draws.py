"""What the service itself drew for somebody: true shuffle, which counts today and tomorrow (UTC).

Laws: what was drawn is known from the door's own memory, and from nothing that a client says; a
draw whose seed somebody gave was not the service's choice; of one address a hundred recordings a
day are remembered, as many as somebody hears who does nothing else, so that nobody goes through a
catalogue by having it drawn for him. Budgets count what was drawn like everything else.

It lies in what was spent of budgets, as keyed hashes of address and recording together.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from phonotheque.archive.guarding.spending import Budget, Spending
from phonotheque.errors import UnavailableError
from phonotheque.guard.budgets import DAY, Limit

DRAWN_A_DAY = 100
_MARK_BYTES = 12


@dataclass(frozen=True, slots=True)
class Draws:
    """The draws of one door. Threads may share it.

    Attributes:
        spending: Where they are remembered.
        key: The key of listeners now.
    """

    spending: Spending
    key: Callable[[], bytes]

    def remember(self, address: str, gids: Sequence[UUID], now: float) -> None:
        """Remember what was drawn, as far as there is room and it can be written."""
        budget = Budget(b"d" + bytes.fromhex(address), (Limit(DRAWN_A_DAY, DAY),))
        try:
            for gid in gids:
                mark = self._mark(address, gid, int(now) // DAY)
                if self.spending.open_one(mark, (budget,), now) is not None:
                    return
        except UnavailableError:
            return

    def has(self, address: str, gid: UUID, now: float) -> bool:
        """Whether a recording was drawn for an address today or yesterday (UTC).

        Raises:
            UnavailableError: It cannot be told.
        """
        today = int(now) // DAY
        marks = (self._mark(address, gid, day) for day in (today, today - 1))
        return any(self.spending.is_opened(mark, now) for mark in marks)

    def _mark(self, address: str, gid: UUID, day: int) -> bytes:
        data = b"drawn" + bytes.fromhex(address) + gid.bytes + day.to_bytes(4, "big")
        return hmac.new(self.key(), data, hashlib.sha256).digest()[:_MARK_BYTES]
