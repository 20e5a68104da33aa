"""What may be done with a recording: one resolver that answers every door.

Laws: nothing known means no, for every use; a licence tag in a file grants nothing unless the
archive's settings say so; one statement governs, whole, and the answer does not depend on the order
in which statements are given; whatever is refused or allowed has a reason a person can read.

Which statement governs: the newest decision of an archivist; without one, the newest statement of
the depositor or of `rights.toml`; without one, and only when claims count, the newest claim. At the
same instant a rule (made for that file) goes before the depositor (made for all files), then the
statement that allows less, then the order of their texts. A governing statement that has run out
is not replaced by an older one: what a contract ended, an older word does not revive.

What a torrent takes is more than a yes today: see `may_share_in_torrent`.
Not here: removals, which forbid everything whatever is stated (`phonotheque.music.doors`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Never

import msgspec

from phonotheque.music.licence import Licence, parse_licence
from phonotheque.music.permissions import LicenceClass
from phonotheque.music.statement import (
    TDM_SPEAKERS,
    Basis,
    RightsStatement,
    Tdm,
    Use,
    parse_instant,
)

__all__ = [
    "TDM_SPEAKERS",
    "USE_WORDS",
    "Basis",
    "Code",
    "LicenceClass",
    "RightsStatement",
    "Tdm",
    "Use",
    "Verdict",
    "may_share_in_torrent",
    "resolve",
    "uses_of",
    "uses_of_licence",
]


class Code(StrEnum):
    """Why, for machines. The first three allow."""

    LICENSED = "licensed"
    GRANTED = "granted"
    ONSITE = "onsite"
    NOT_EVALUATED = "not-evaluated"
    CLAIM_ONLY = "claim-only"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    TERRITORY = "territory"
    TERRITORY_LIMITED = "territory-limited"
    ONSITE_ONLY = "onsite-only"
    EXCLUDED = "excluded"
    LICENCE_FORBIDS = "licence-forbids"
    EXPIRES = "expires"
    NARROWED = "narrowed"
    NOT_PUBLIC = "not-public"
    REMOVED = "removed"


ALLOWING = frozenset((Code.LICENSED, Code.GRANTED, Code.ONSITE))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question about rights.

    Attributes:
        code: Why, for machines.
        reason: Why, as a sentence.
        statement: The statement that governs; None when there is none.
        licence_class: The class of the governing licence; None when it lets nobody pass copies on.
    """

    code: Code
    reason: str
    statement: RightsStatement | None = None
    licence_class: LicenceClass | None = None

    @property
    def allowed(self) -> bool:
        """Whether the use is allowed."""
        return self.code in ALLOWING

    def __bool__(self) -> Never:
        raise TypeError("a verdict is neither true nor false: ask for .allowed")


def resolve(
    statements: Sequence[RightsStatement],
    use: Use,
    on: date,
    territory: str | None,
    *,
    claims_count: bool = False,
) -> Verdict:
    """Say whether a use is allowed.

    Args:
        statements: All that was stated about the thing, in any order.
        use: What is to be done.
        on: The day on which it is to be done; a `datetime` is refused, its day depends on a zone.
        territory: Where, an ISO 3166-1 alpha-2 code; None for the whole world or an unknown place.
        claims_count: Whether a licence tag in a file is enough.
    """
    if isinstance(on, datetime):
        raise TypeError("a day is needed, not an instant")
    governing = _governing(statements, _TIERS_WITH_CLAIMS if claims_count else _TIERS)
    if governing is None:
        if any(parse_licence(claim.licence).is_evaluated for claim in statements):
            return Verdict(
                Code.CLAIM_ONLY,
                "Only a tag in the file names a licence, and this archive does not rely on tags.",
            )
        return Verdict(
            Code.NOT_EVALUATED,
            "Nothing is known about its rights: it is kept, never served and never shared.",
        )
    licence = parse_licence(governing.licence)
    code, because = _judge(governing, licence, use, on, territory)
    return Verdict(code, f"{because} ({_source(governing)}).", governing, licence.licence_class)


def _judge(
    statement: RightsStatement, licence: Licence, use: Use, on: date, territory: str | None
) -> tuple[Code, str]:
    """Hold one statement against one question; the first obstacle is the answer."""
    wanted = USE_WORDS[use]
    if not (licence.is_evaluated or statement.granted or statement.onsite_only):
        return Code.NOT_EVALUATED, "Its copyright is not evaluated"
    if statement.valid_from and on < date.fromisoformat(statement.valid_from):
        return Code.NOT_YET, f"Nothing is allowed before {statement.valid_from}"
    if statement.valid_until and on >= date.fromisoformat(statement.valid_until):
        return Code.EXPIRED, f"What was allowed ended on {statement.valid_until}"
    if statement.territories and territory is None:
        places = ", ".join(statement.territories)
        return Code.TERRITORY_LIMITED, f"It is limited to {places}, and {wanted} has no one place"
    if statement.territories and territory not in statement.territories:
        return Code.TERRITORY, f"It is limited to {', '.join(statement.territories)}"
    if use in statement.excluded:
        return Code.EXCLUDED, f"It excludes {wanted}"
    if statement.onsite_only:
        if use is Use.ON_PREMISES:
            return Code.ONSITE, "It may be played in the archive's own rooms"
        return Code.ONSITE_ONLY, f"It may be played in the archive's own rooms, not for {wanted}"
    if use in uses_of_licence(licence):
        return Code.LICENSED, f"{licence.name} allows {wanted}"
    if use in statement.granted:
        return Code.GRANTED, f"This archive was granted {wanted}"
    if not licence.is_evaluated:
        return Code.LICENCE_FORBIDS, f"It allows what was granted to this archive, not {wanted}"
    note = f": {licence.note}" if licence.note else ""
    return Code.LICENCE_FORBIDS, f"{licence.name} does not allow {wanted}{note}"


USE_WORDS = {
    Use.STREAM: "streaming",
    Use.PREVIEW: "playing an excerpt",
    Use.REDISTRIBUTE: "passing copies on",
    Use.COMMERCIAL: "commercial use",
    Use.DERIVE: "passing changed copies on",
    Use.ON_PREMISES: "playing in the archive's rooms",
}
"""Each use, as a sentence names it."""

_BASIS_WORDS = {
    Basis.DECISION: "decided by the archive",
    Basis.DEPOSITOR: "stated by the depositor",
    Basis.RULES: "stated in rights.toml",
    Basis.CLAIM: "claimed by a tag in the file",
}


def _source(statement: RightsStatement) -> str:
    return f"{_BASIS_WORDS[statement.basis]} on {statement.stated_at[:10]}"


def uses_of_licence(licence: Licence) -> frozenset[Use]:
    """The uses that a licence grants to everybody."""
    if not licence.may_redistribute:
        return frozenset()
    uses = {Use.STREAM, Use.REDISTRIBUTE, Use.ON_PREMISES}
    if licence.may_commercial:
        uses.add(Use.COMMERCIAL)
    if licence.may_derive:  # an excerpt is a cut: under ND only the format may change
        uses |= {Use.DERIVE, Use.PREVIEW}
    return frozenset(uses)


def uses_of(statement: RightsStatement) -> frozenset[Use]:
    """All uses that a statement allows while it holds and where it holds."""
    if statement.onsite_only:
        return frozenset((Use.ON_PREMISES,)) - frozenset(statement.excluded)
    allowed = uses_of_licence(parse_licence(statement.licence)) | frozenset(statement.granted)
    return allowed - frozenset(statement.excluded)


def _governing(
    statements: Sequence[RightsStatement], tiers: Sequence[tuple[Basis, ...]]
) -> RightsStatement | None:
    for tier in tiers:
        if held := [statement for statement in statements if statement.basis in tier]:
            return max(held, key=_precedence)
    return None


_TIERS = ((Basis.DECISION,), (Basis.DEPOSITOR, Basis.RULES))
_TIERS_WITH_CLAIMS = (*_TIERS, (Basis.CLAIM,))


_Precedence = tuple[tuple[datetime, int], bool, int, bytes]


def _precedence(statement: RightsStatement) -> _Precedence:
    """A total order, so that ties never hang on the order of arrival; the highest governs."""
    return (
        parse_instant(statement.stated_at),
        statement.basis is Basis.RULES,
        -len(uses_of(statement)),
        msgspec.json.encode(statement),
    )


def may_share_in_torrent(
    statements: Sequence[RightsStatement],
    on: date,
    claims_count: bool = False,  # noqa: FBT001, FBT002 (the setting, passed on as it is)
) -> Verdict:
    """Say whether a thing may go into a torrent, and stay in one that is seeded.

    A torrent reaches every country, gives everybody what it carries, and cannot be called back.
    So copies must be allowed by a licence to everybody, everywhere, without an end; a contract
    with this archive is not enough, nor is a licence from which the statement takes something
    away, because the volume would state a class that is not true.

    Returns:
        A verdict whose `licence_class` is never None when it allows.
    """
    verdict = resolve(statements, Use.REDISTRIBUTE, on, None, claims_count=claims_count)
    statement = verdict.statement
    if not verdict.allowed or statement is None:
        return verdict
    if statement.valid_until:
        code, because = Code.EXPIRES, f"It ends on {statement.valid_until}, a torrent does not"
    elif verdict.licence_class is None:
        code, because = Code.NOT_PUBLIC, "Copies were granted to this archive, not to everybody"
    elif {Use.COMMERCIAL, Use.DERIVE} & set(statement.excluded):
        code, because = Code.NARROWED, "It takes away what its licence gives, a torrent cannot"
    else:
        return verdict
    reason = f"{because} ({_source(statement)})."
    return Verdict(code, reason, statement, verdict.licence_class)
