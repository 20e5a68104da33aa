"""Places that each address has some of, so that nobody takes all there are; for one loop.

Law: who has all his places waits for one of his own, in the order in which he came, and takes
nothing from others meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class _Share:
    """Places of one address, and how many calls use or await them."""

    places: asyncio.Semaphore
    users: int = 0


class Shares:
    """What each address has of something; forgotten when nobody of it is there.

    Args:
        most: Places of one address.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._shares: dict[str, _Share] = {}

    def __len__(self) -> int:
        """How many addresses use or await a place."""
        return len(self._shares)

    @asynccontextmanager
    async def place(self, group: str) -> AsyncIterator[None]:
        """Hold one of the places of an address, when there is one.

        Args:
            group: Whose; "" where that does not count.
        """
        if not group:
            yield
            return
        share = self._shares.get(group)
        if share is None:
            share = self._shares[group] = _Share(asyncio.Semaphore(self._most))
        share.users += 1
        try:
            async with share.places:
                yield
        finally:
            share.users -= 1
            if not share.users:
                del self._shares[group]
