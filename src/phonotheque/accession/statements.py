"""From what a depositor says to statements of rights that may stand in the register.

Laws: a licence given by hand must be one that can be named; the words as given, and the evidence,
are kept as a document whose digest stands in the statement; names become local ids; a licence tag
found in a file is recorded as a claim and as nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from phonotheque.accession.rules import Rule
from phonotheque.errors import BadRequestError
from phonotheque.music.grants import parse_grants
from phonotheque.music.identifiers import parse_territory
from phonotheque.music.licence import parse_licence, parse_licence_strict
from phonotheque.music.rights import TDM_SPEAKERS, Basis, RightsStatement, Tdm


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line said about all files of a deposit.

    Attributes:
        licence: A licence URL, SPDX id or name, or "" for none.
        evidence: A text or URL that says why, or "".
        depositor: A name, or "".
        collection: A collection's name, or "".
        is_again: Take in anew what was removed.
    """

    licence: str = ""
    evidence: str = ""
    depositor: str = ""
    collection: str = ""
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What an archivist decided about one object; dates are ISO texts, half-open.

    Attributes:
        granted: Names of uses that a contract grants to this archive and to nobody else.
        tdm: Whether a right holder reserves text and data mining: a `Tdm`.
        tdm_by: Who says so, one of `TDM_SPEAKERS`; "" when nobody said anything.
    """

    licence: str
    evidence: str = ""
    holder: str = ""
    valid_from: str | None = None
    valid_until: str | None = None
    territories: tuple[str, ...] = ()
    onsite_only: bool = False
    granted: tuple[str, ...] = ()
    tdm: str = Tdm.UNKNOWN
    tdm_by: str = ""


@dataclass
class Notary:
    """Writes statements, keeping names and texts where they can be erased.

    Args:
        person: Turns a name into a local id.
        document: Keeps a text and returns its digest.
        at: The instant of the deposit, as it stands in statements.
    """

    person: Callable[[str], str]
    document: Callable[[str], str]
    at: str
    _ready: dict[object, RightsStatement] = field(default_factory=dict)

    def from_depositor(self, given: Given) -> RightsStatement | None:
        """The statement that `--licence` makes.

        Raises:
            BadLicenceError: The licence cannot be named.
        """
        if not given.licence:
            return None
        if given not in self._ready:
            licence = parse_licence_strict(given.licence)
            words = _words(given.licence, given.evidence)
            self._ready[given] = RightsStatement(
                licence=licence.uri,
                basis=Basis.DEPOSITOR,
                evidence=self.document(words),
                stated_at=self.at,
            )
        return self._ready[given]

    def from_rule(self, rule: Rule) -> RightsStatement:
        """The statement that a rule of `rights.toml` makes."""
        if rule not in self._ready:
            words = _words(rule.licence, rule.evidence, rule.attribution)
            self._ready[rule] = RightsStatement(
                licence=parse_licence(rule.licence).uri,
                basis=Basis.RULES,
                evidence=self.document(words),
                holder=self.person(rule.holder) if rule.holder else "",
                valid_from=rule.valid_from,
                valid_until=rule.valid_until,
                territories=rule.territories,
                onsite_only=rule.onsite_only,
                granted=rule.granted,
                tdm=rule.tdm,
                tdm_by=rule.tdm_by,
                stated_at=self.at,
            )
        return self._ready[rule]

    def from_decision(self, decision: Decision) -> RightsStatement:
        """The statement that a decision makes.

        Raises:
            BadLicenceError: The licence cannot be named.
            BadRequestError: A date, territory or granted use cannot be read, or a word on mining.
        """
        licence = parse_licence_strict(decision.licence)
        granted = parse_grants(decision.granted, licence, is_onsite_only=decision.onsite_only)
        try:
            if decision.tdm_by not in ("", *TDM_SPEAKERS):
                raise ValueError(f"tdm_by: none of {', '.join(TDM_SPEAKERS)}")
            return RightsStatement(
                licence=licence.uri,
                basis=Basis.DECISION,
                evidence=self.document(_words(decision.licence, decision.evidence)),
                holder=self.person(decision.holder) if decision.holder else "",
                valid_from=decision.valid_from,
                valid_until=decision.valid_until,
                territories=tuple(sorted({parse_territory(c) for c in decision.territories})),
                onsite_only=decision.onsite_only,
                granted=granted,
                tdm=Tdm(decision.tdm),
                tdm_by=decision.tdm_by,
                stated_at=self.at,
            )
        except ValueError as error:
            raise BadRequestError(
                "phono rights set",
                str(error),
                "Dates are 2027-01-31, territories two letters; --tdm is reserved or not-reserved "
                "and goes with --tdm-by.",
            ) from error

    def from_tag(self, text: str) -> RightsStatement | None:
        """The claim that a licence tag makes; None when it names no licence.

        A `LicenseRef-` can be any words, a name among them, and the register keeps no names.
        """
        licence = parse_licence(text)
        if not licence.uri or "LicenseRef" in licence.uri:
            return None
        return RightsStatement(
            licence=licence.uri, basis=Basis.CLAIM, tdm=Tdm.UNKNOWN, stated_at=self.at
        )


def _words(licence: str, evidence: str, attribution: str = "") -> str:
    lines = [f"Licence as given: {licence}"]
    if evidence:
        lines.append(f"Evidence: {evidence}")
    if attribution:
        lines.append(f"Attribution: {attribution}")
    return "\n".join(lines)
