"""What a plan says of itself: `plan.json`, which is written last and by which it is known again.

Not here: making one (`making`), which loads much more than this.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from phonotheque.catalogue.bulk import translated
from phonotheque.errors import MalformedError
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.planning.words import Tier, Wish

DESCRIPTOR = "plan.json"


class Descriptor(msgspec.Struct, frozen=True):
    """What a plan is: `plan.json`.

    Attributes:
        digest: SHA-256 over the SHA-256s of the parts: equal plans have equal ones.
    """

    rows: int
    order: str
    tiers: tuple[str, ...]
    space_bytes: int | None
    access_copies: tuple[str, ...]
    facts: dict[str, str]
    digest: str
    format: int = 1


def describe(wish: Wish, facts: Mapping[str, str], rows: int, digest: str) -> Descriptor:
    """Return what a plan says of itself.

    Args:
        facts: What else it shall say: snapshot, head of the register, day.
        rows: How many it has.
        digest: Of its parts.
    """
    return Descriptor(
        rows=rows,
        order=str(wish.order),
        tiers=_words(wish.tiers),
        space_bytes=wish.space_bytes,
        access_copies=_words(wish.access_copies),
        facts=dict(facts),
        digest=digest,
    )


def _words(tiers: frozenset[Tier]) -> tuple[str, ...]:
    return tuple(tier.word for tier in Tier if tier in tiers)


def is_of(descriptor: Descriptor, wish: Wish, facts: Mapping[str, str]) -> bool:
    """Whether a plan was made for this wish, of what has these facts."""
    return descriptor == describe(wish, facts, descriptor.rows, descriptor.digest)


def read_descriptor(folder: Path) -> Descriptor:
    """Return what a plan says of itself.

    Raises:
        MalformedError: It is damaged.
        UnavailableError: It cannot be read.
    """
    with translated(str(folder)):
        data = (folder / DESCRIPTOR).read_bytes()
    try:
        return msgspec.json.decode(data, type=Descriptor)
    except UNDECODABLE as error:
        todo = "Remove the folder: it is made again."
        raise MalformedError(str(folder), f"it cannot be read: {error}", todo) from error
