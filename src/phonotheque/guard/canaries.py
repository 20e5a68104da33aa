"""Identifiers that name no recording and that no client is ever given: who asks for them guesses.

One hit may be a broken link or a slip; the second one is not. Of one canary among 200 identifiers,
somebody who goes through all of them meets the first after 140 tracks (the median).

Laws: whether an identifier is a canary is known from it and a secret alone, so that no list of them
can be copied out; a hit is counted once for each canary, and known by its identifier: the count is
exact from the first one on, so that whoever is suspended for it can be told which they were.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

HITS_THAT_SUSPEND = 2
MOST_KEPT = 50
"""Canaries that are kept of one account: that there were more says nothing more."""
ONE_IN = 200


def is_canary(identifier: str, secret: bytes, one_in: int = ONE_IN) -> bool:
    """Return whether an identifier that nothing has is one to watch: one in so many is.

    Args:
        identifier: As it was asked for; that nothing has it was found before.
        secret: Of this service, at least 16 bytes.
        one_in: How many identifiers there are for each canary.
    """
    digest = hmac.new(secret, identifier.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") % one_in == 0


@dataclass
class Hits:
    """Requests for canaries, by account; changed in place."""

    _seen: dict[int, set[str]] = field(default_factory=dict)

    def note(self, account: int, identifier: str) -> bool:
        """Count a request; returns whether it is the one that suspends."""
        seen = self._seen.setdefault(account, set())
        before = len(seen)
        if before < MOST_KEPT:
            seen.add(identifier)
        return before < HITS_THAT_SUSPEND <= len(seen)

    def all(self) -> Iterator[tuple[int, str]]:
        """Give each account with each canary that it asked for."""
        for account, seen in self._seen.items():
            yield from ((account, identifier) for identifier in sorted(seen))

    def ids(self, account: int) -> tuple[str, ...]:
        """Return which canaries an account has asked for, `MOST_KEPT` at most, in order."""
        return tuple(sorted(self._seen.get(account, ())))

    def of(self, account: int) -> int:
        """Return how many canaries an account has asked for."""
        return len(self._seen.get(account, ()))
