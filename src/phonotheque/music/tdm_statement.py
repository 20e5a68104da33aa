"""What this archive says about text and data mining, and so about the training of AI models.

One resolver (`mining_of`) and one text (`SENTENCE`, `sentence_of`) feed every emitter, so that no
two of them can disagree: pages, feeds, headers, index, lists in volumes, fact sheet, machine files.

Laws: only a right holder reserves, so nothing here ever turns silence into a reservation; what
nobody spoke about is "not licensed for training by this archive", which is the archive's word and
adds no term to any licence; the newest word governs, whoever brought it, and at the same instant
the reservation; silence takes no word back; a waiver holds only while its statement does, a
reservation longer; a tag in a file is nobody's word; no local id of a person is repeated.

Source: TDMRep (W3C community group report of 2024-05-10) for `tdm-reservation` and `tdm-policy`;
IETF draft-ietf-aipref-attach-04 and -vocab for `Content-Usage` and `train-ai`.
Not here: the machine files of a whole publication (`phonotheque.publish.facts.machine_files`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from phonotheque.music.licence import Scheme, parse_licence
from phonotheque.music.rights import resolve
from phonotheque.music.statement import (
    TDM_SPEAKERS,
    Basis,
    RightsStatement,
    Tdm,
    Use,
    parse_instant,
)

SENTENCE = (
    "Text and data mining, and with it the training of AI models, is reserved where a right holder "
    "reserved it and free where a right holder or the law says so; everything else is not licensed "
    "for training by this archive, which is the archive's own word and adds no term to any licence."
)
"""What a whole publication says."""


class Emitter(StrEnum):
    """Whatever speaks to people or programs outside, and so carries the statement.

    The value is where it lies in what is published. A new one is added here first: a test visits
    each, fails where it says nothing, and fails at a published file that nobody enumerated.
    """

    ROBOTS = "robots.txt"
    AI_TXT = "ai.txt"
    TDMREP = ".well-known/tdmrep.json"
    POLICY = "facts/tdm-policy.json"
    HEADERS = "HTTP headers"
    PAGE = "index.html"
    PAGE_OF_TORRENTS = "torrents/*.html"
    FEED = "feeds/*.xml"
    TORRENTS_JSON = "torrents.json"
    INDEX = "index-*.jsonl.zst"
    LISTING = "files/*.jsonl.zst"
    FACT_SHEET_PAGE = "facts/fact-sheet.html"
    FACT_SHEET_JSON = "facts/fact-sheet.json"
    FACT_SHEET_TEXT = "facts/fact-sheet.md"
    DATASHEET = "facts/datasheet.md"
    CROISSANT = "facts/croissant.json"
    VOLUME_README = "lists/<volume>/README.txt"
    PACK_README = "packs/*/README.txt"
    PACK_HEAD = "packs/*/pack.json"


@dataclass(frozen=True, slots=True)
class Mining:
    """What holds for one recording.

    Attributes:
        tdm: Reserved, not reserved, or unknown.
        by: Who says so, one of `TDM_SPEAKERS`; "" when unknown.
    """

    tdm: Tdm = Tdm.UNKNOWN
    by: str = ""


UNSAID = Mining()
"""Nobody who could say something has."""


def mining_of(statements: Sequence[RightsStatement], on: date) -> Mining:
    """Say what holds for a recording: the one resolver behind every emitter.

    Args:
        statements: All that was stated about it, in any order.
        on: The day; a `datetime` is refused, its day depends on a zone.
    """
    if isinstance(on, datetime):
        raise TypeError("a day is needed, not an instant")
    words = [one for one in statements if one.tdm is not Tdm.UNKNOWN and _speaks(one, on)]
    if words:
        said = max(words, key=lambda one: (parse_instant(one.stated_at), _weight(one)))
        return Mining(said.tdm, said.tdm_by if said.tdm_by in TDM_SPEAKERS else "holder")
    if not any("publicdomain" in one.licence for one in statements):  # as their addresses have it
        return UNSAID
    verdict = resolve(statements, Use.REDISTRIBUTE, on, None)
    governing = parse_licence(verdict.statement.licence) if verdict.statement else None
    if verdict.allowed and governing and governing.scheme is Scheme.PD:
        return Mining(Tdm.NOT_RESERVED, "law")  # what is in the public domain nobody can reserve
    return UNSAID


def _speaks(statement: RightsStatement, on: date) -> bool:
    """Whether its word on mining counts on that day."""
    if statement.basis is Basis.CLAIM:
        return False
    if statement.tdm is Tdm.RESERVED:
        return True
    begun = not statement.valid_from or on >= date.fromisoformat(statement.valid_from)
    return begun and not (statement.valid_until and on >= date.fromisoformat(statement.valid_until))


def _weight(statement: RightsStatement) -> tuple[bool, str]:
    """Breaks a tie at one instant: the reservation first, then the order of the speakers' names."""
    return (statement.tdm is Tdm.RESERVED, statement.tdm_by)


_SPEAKER_WORDS = {
    "holder": "the right holder says so",
    "society": "a collecting society says so for its members",
    "registry": "a public registry of reservations says so",
    "law": "it is in the public domain",
}


def sentence_of(mining: Mining) -> str:
    """What is said of one recording, as a sentence."""
    match mining.tdm:
        case Tdm.RESERVED:
            return f"Text and data mining is reserved: {_SPEAKER_WORDS[mining.by]}."
        case Tdm.NOT_RESERVED:
            return f"Text and data mining is not reserved: {_SPEAKER_WORDS[mining.by]}."
        case Tdm.UNKNOWN:
            return (
                "Not licensed for training by this archive; no right holder has said anything, and "
                "no term is added to its licence."
            )


def counted_sentence(counts: Mapping[Tdm, int]) -> str:
    """What is said of many recordings: how many of each kind. "" when there are none."""
    words = {
        Tdm.RESERVED: "reserved",
        Tdm.NOT_RESERVED: "not reserved",
        Tdm.UNKNOWN: "not licensed for training by this archive",
    }
    told = [f"{counts[kind]} {words[kind]}" for kind in Tdm if counts.get(kind)]
    return f"Of {sum(counts.values())} recordings: {', '.join(told)}." if told else ""


CONTENT_USAGE = "train-ai=n"
"""This archive's preference for all that nobody has left free (IETF AIPREF)."""

META = (("content-usage", CONTENT_USAGE), ("ai-training-statement", SENTENCE))
"""Pairs of name and content for `<meta>` elements of every page. There is no `tdm-reservation`
among them: a page of the archive is no right holder's work, so nobody reserves it."""


def headers(mining: Mining | None, policy_url: str = "") -> dict[str, str]:
    """Headers of an HTTP answer; a header beats what a file for the whole site says (TDMRep).

    Args:
        mining: Of the recording that is sent; None for pages, indexes and other papers.
        policy_url: Where `facts/tdm-policy.json` is published; "" when unknown.
    """
    if mining is None or mining.tdm is Tdm.UNKNOWN:
        return {"Content-Usage": CONTENT_USAGE}
    if mining.tdm is Tdm.NOT_RESERVED:
        return {"Content-Usage": "train-ai=y", "TDM-Reservation": "0"}
    policy = {"TDM-Policy": policy_url} if policy_url else {}
    return {"Content-Usage": CONTENT_USAGE, "TDM-Reservation": "1", **policy}
