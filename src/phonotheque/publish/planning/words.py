"""The words of a plan: statuses with what they mean, tiers, orders, forms, and what is wished for.

Laws: every known recording has exactly one status; what a status means stands here once, and pages,
documents and the golden table are made of it; the numbers of words stand in plans and never change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum


class Status(StrEnum):
    """What becomes of a recording, or of one copy of it."""

    SHARED = "shared"
    TO_SHARE = "to-share"
    BETTER_COPY_HELD = "better-copy-held"
    BELOW_THRESHOLD = "below-threshold"
    BEYOND_SPACE = "beyond-space"
    HELD_NOT_SHARED = "held-not-shared"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    REMOVED = "removed"
    WANTED = "wanted"

    @property
    def number(self) -> int:
        """What stands for it in a plan while it is made; lower ones speak for a recording."""
        return _NUMBERS[self]

    @property
    def meaning(self) -> str:
        """Why something has it, as a sentence."""
        return MEANINGS[self]


MEANINGS = {
    Status.SHARED: "It is in a volume that is offered.",
    Status.TO_SHARE: "It may be shared, and is in no volume yet.",
    Status.BETTER_COPY_HELD: "A better copy of the same recording is held, which goes first.",
    Status.BELOW_THRESHOLD: "Its tier is not among those asked for.",
    Status.BEYOND_SPACE: "It may be shared, but the space asked for is full before its turn.",
    Status.HELD_NOT_SHARED: "Its rights do not allow it.",
    Status.DAMAGED: "The bytes on the disk are not what was taken in.",
    Status.UNREADABLE: "No audio reader understands it.",
    Status.REMOVED: "It was taken down.",
    Status.WANTED: "It is known, and not held.",
}
"""Every status, in the order in which a copy speaks for its recording."""

_NUMBERS = {status: number for number, status in enumerate(MEANINGS)}

PLANNED = (Status.SHARED, Status.TO_SHARE)
"""Statuses of what everybody has when the plan is carried out."""


class Tier(Enum):
    """How much of all listening it takes to get to a recording, the most heard first.

    The value is the share that a tier and those before it reach together.
    """

    T50 = 0.5
    T90 = 0.9
    T99 = 0.99
    T996 = 0.996
    REST = 1.0
    ALL = None
    """The only one where no listens are known at all."""

    @property
    def word(self) -> str:
        """Its name in plans and in names of volumes: "t50" ... "rest", "all"."""
        return self.name.lower()


TIERS = tuple(Tier)
"""All tiers; the place in here stands for one while a plan is made."""


class Order(StrEnum):
    """Which recording comes before which."""

    POPULARITY = "popularity"
    AT_RISK = "at-risk"
    NEWEST = "newest"


class Form(StrEnum):
    """In which form a recording is shared. The place in here stands for one in plans."""

    ORIGINAL = "original"
    ACCESS_COPY = "access-copy"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a plan.

    Attributes:
        tiers: Only recordings in these are shared and wanted; ALL is always among them.
        space_bytes: What is shared must fit into this; None for no limit.
        access_copies: Tiers that are shared as access copies, the others as originals.
    """

    order: Order = Order.POPULARITY
    tiers: frozenset[Tier] = field(default_factory=lambda: frozenset(Tier))
    space_bytes: int | None = None
    access_copies: frozenset[Tier] = frozenset()
