"""What a licence lets everybody do, as five yes-or-no facts, and how such facts combine.

Laws: whoever may not pass copies on may do nothing else either; `all_of` never allows what one of
its parts forbids; `best_of` is one of its parts. Neither depends on the order of its parts.

Not here: which licence grants what (`creative_commons`, `spdx`, `licence`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class LicenceClass(StrEnum):
    """What all the objects of one volume have in common, so that a mirror can choose.

    OPEN: use, change and sell. NC: not for money. ND: only as it is. NC_ND: neither.
    """

    OPEN = "open"
    NC = "nc"
    ND = "nd"
    NC_ND = "nc-nd"


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a licence grants to everybody, and what it asks in return.

    Attributes:
        redistribute: Exact copies may be passed on, and communicated to the public.
        commercial: Also for money.
        derive: Changed copies may be passed on; without it only the format may change.
        attribution: The makers must be named.
        share_alike: Changed copies must stand under the same terms.
    """

    redistribute: bool = False
    commercial: bool = False
    derive: bool = False
    attribution: bool = False
    share_alike: bool = False

    def __post_init__(self) -> None:
        if not self.redistribute and (self.commercial or self.derive):
            raise ValueError("a licence that forbids copies allows neither commerce nor changes")

    @property
    def licence_class(self) -> LicenceClass | None:
        """The class of volume these permissions belong in; None when copies are forbidden."""
        if not self.redistribute:
            return None
        if self.commercial:
            return LicenceClass.OPEN if self.derive else LicenceClass.ND
        return LicenceClass.NC if self.derive else LicenceClass.NC_ND


NOTHING = Permissions()
"""Grants nothing: unknown terms, or terms that a human has to read."""


def all_of(parts: Iterable[Permissions]) -> Permissions:
    """Combine licences that bind together (`A AND B`): grants meet, conditions add up."""
    held = tuple(parts)
    if not held or not all(part.redistribute for part in held):
        return NOTHING
    return Permissions(
        redistribute=True,
        commercial=all(part.commercial for part in held),
        derive=all(part.derive for part in held),
        attribution=any(part.attribution for part in held),
        share_alike=any(part.share_alike for part in held),
    )


def best_of(parts: Iterable[Permissions]) -> Permissions:
    """Choose among licences offered side by side (`A OR B`): one of them, the widest.

    One is taken whole, never a mixture, because a volume states one set of terms. Grants are
    weighed first, commerce before changes; among equal grants the lighter conditions win.
    """
    return max(parts, key=_width, default=NOTHING)


def _width(part: Permissions) -> tuple[bool, bool, bool, bool, bool]:
    grants = part.redistribute, part.commercial, part.derive
    return (*grants, not part.share_alike, not part.attribution)
