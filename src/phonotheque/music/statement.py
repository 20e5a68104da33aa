"""One statement about rights, as it stands for ever in a line of the register.

Laws: a statement is frozen and self-consistent, or cannot be made; it holds no personal data (a
holder is a local id, evidence is the digest of a text kept elsewhere); dates are half-open
[from, until). Here only the *shape* of a licence or territory is checked, so that a register that
names what this program does not know yet can still be read: such a thing grants nothing.
What a person typed is checked by meaning where it is read (`accession`), grants in `grants`.

Source: RFC 3339 for instants, ISO 8601 for dates, ISO 3166-1 alpha-2 for territories, TDMRep
(W3C community group report of 2024-05-10) for the reservation.
Not here: which statement governs, and what follows from it (`rights`).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum

import msgspec

from phonotheque.music.licence import MAX_LENGTH


class Use(StrEnum):
    """What somebody may want to do with a recording.

    STREAM: play the whole to the public. PREVIEW: play an excerpt to the public.
    REDISTRIBUTE: pass exact copies on. COMMERCIAL: any of these for money. DERIVE: pass changed
    copies on. ON_PREMISES: play it inside the archive's own rooms.
    """

    STREAM = "stream"
    PREVIEW = "preview"
    REDISTRIBUTE = "redistribute"
    COMMERCIAL = "commercial"
    DERIVE = "derive"
    ON_PREMISES = "on-premises"


class Basis(StrEnum):
    """On whose word a statement rests.

    DECISION: an archivist's (`phono rights set`). DEPOSITOR: `phono add --licence`.
    RULES: a `rights.toml` in the deposit. CLAIM: a licence tag found in the file.
    """

    DECISION = "decision"
    DEPOSITOR = "depositor"
    RULES = "rules"
    CLAIM = "claim"


class Tdm(StrEnum):
    """Whether text and data mining is reserved. Unknown is nobody's word, least the holder's."""

    RESERVED = "reserved"
    NOT_RESERVED = "not-reserved"
    UNKNOWN = "unknown"


TDM_SPEAKERS = ("holder", "society", "registry", "law")
"""Who can have said it: the right holder, a collecting society for its members, a public registry
of reservations, or the law (nobody can reserve what is in the public domain)."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?Z")
_EVIDENCE = re.compile(r"sha256:[0-9a-f]{64}")
_LOCAL_ID = re.compile(r"[a-z]{1,8}[0-9]{1,18}")
_TERRITORY = re.compile(r"[A-Z]{2}")


class RightsStatement(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What one person, rule or tag says may be done with an object.

    Attributes:
        licence: `Licence.uri`: an address or an SPDX expression; "" when nothing is known.
        basis: On whose word.
        evidence: "sha256:" and 64 hexadecimal digits of the document that proves it, or "".
        holder: Local id of the right holder ("p3"), or "".
        valid_from: First day it holds (ISO 8601), or None for always.
        valid_until: First day it no longer holds, or None for ever.
        territories: ISO 3166-1 alpha-2 codes; empty means the whole world.
        onsite_only: Nothing is allowed but listening in the archive's own rooms.
        granted: Uses that a contract grants to this archive, and to nobody else.
        excluded: Uses that are forbidden although the licence allows them.
        tdm: Whether text and data mining is reserved.
        tdm_by: Who says so: one of `TDM_SPEAKERS`, or a local id; "" when unknown.
        stated_at: When it was stated, UTC: "2026-01-31T12:00:00Z", with up to six decimals.

    Raises:
        ValueError: A field has another shape, or two fields contradict each other.
    """

    licence: str
    basis: Basis
    evidence: str = ""
    holder: str = ""
    valid_from: str | None = None
    valid_until: str | None = None
    territories: tuple[str, ...] = ()
    onsite_only: bool = False
    granted: tuple[Use, ...] = ()
    excluded: tuple[Use, ...] = ()
    tdm: Tdm = Tdm.UNKNOWN
    tdm_by: str = ""
    stated_at: str

    def __post_init__(self) -> None:
        if len(self.licence) > MAX_LENGTH or self.licence != self.licence.strip():
            raise ValueError("licence: too long, or has space around it")
        if not self.licence.isprintable():
            raise ValueError("licence: holds a character that does not print")
        if self.evidence and not _EVIDENCE.fullmatch(self.evidence):
            raise ValueError(f"evidence: {self.evidence!r} is not a digest like sha256:<64 digits>")
        if self.holder and not _LOCAL_ID.fullmatch(self.holder):
            raise ValueError("holder: not a local id like p3; a name may not stand here")
        check_window(self.valid_from, self.valid_until)
        if not all(_TERRITORY.fullmatch(code) for code in self.territories):
            raise ValueError(f"territories: not all codes of two capitals: {self.territories}")
        _check_uses(self)
        check_reservation(self.tdm, self.tdm_by)
        parse_instant(self.stated_at)


def check_window(valid_from: str | None, valid_until: str | None) -> None:
    """Check that both are days and that at least one day lies between them.

    Raises:
        ValueError: They are not; the text begins with the field's name.
    """
    for name, day in (("valid_from", valid_from), ("valid_until", valid_until)):
        if day is None:
            continue
        if not _DAY.fullmatch(day):
            raise ValueError(f"{name}: {day!r} is not a date like 2026-01-31")
        try:
            date.fromisoformat(day)
        except ValueError as error:
            raise ValueError(f"{name}: there is no day {day}") from error
    if valid_from and valid_until and valid_from >= valid_until:
        raise ValueError(f"valid_until: {valid_until} is not later than {valid_from}")


def check_reservation(tdm: Tdm, tdm_by: str) -> None:
    """Check that a reservation, and a waiver of it, name somebody who can speak.

    Raises:
        ValueError: They do not; the text begins with the field's name.
    """
    if (tdm is Tdm.UNKNOWN) != (tdm_by == ""):
        raise ValueError("tdm_by: a reservation and who says so go together")
    if tdm_by and tdm_by not in TDM_SPEAKERS and not _LOCAL_ID.fullmatch(tdm_by):
        raise ValueError(f"tdm_by: not a local id, nor one of {', '.join(TDM_SPEAKERS)}")
    if tdm is Tdm.RESERVED and tdm_by == "law":
        raise ValueError("tdm_by: only a right holder reserves; the law does not")


def _check_uses(statement: RightsStatement) -> None:
    granted, excluded = statement.granted, statement.excluded
    if len({*granted, *excluded}) != len(granted) + len(excluded):
        raise ValueError("granted, excluded: a use stands there twice")
    if granted and statement.basis is Basis.CLAIM:
        raise ValueError("granted: a tag in a file grants nothing to this archive")
    if statement.onsite_only and set(granted) - {Use.ON_PREMISES}:
        raise ValueError("granted: with onsite_only nothing but on-premises can be granted")


def parse_instant(text: str) -> tuple[datetime, int]:
    """Read an instant of the register so that it can be compared.

    Returns:
        The second, and the microseconds after it.

    Raises:
        ValueError: It is not UTC in the form that `RightsStatement.stated_at` names.
    """
    match = _INSTANT.fullmatch(text)
    if not match:
        raise ValueError(f"stated_at: {text!r} is not an instant like 2026-01-31T12:00:00Z")
    fraction = (match[2] or ".")[1:].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{match[1]}+00:00"), int(fraction)
    except ValueError as error:
        raise ValueError(f"stated_at: there is no instant {text}") from error
