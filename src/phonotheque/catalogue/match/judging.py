"""Judging: whether a recording is what a line of a list means, by which step, and how surely.

Laws: pure; a wrong match counts worse than none: who, what and which version must agree, and where
one of them agrees only nearly, the length must. A step is named by the loosest form that was
needed, so that the sum over all steps is the number of matches.

A length that disagrees counts against every step; by 30 s and more it is another recording.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.match.entry import Entry
from phonotheque.catalogue.match.forms import name_forms, title_forms
from phonotheque.catalogue.match.nearness import Nearness, near_names, near_titles
from phonotheque.music.folding import fold

IsWord = Callable[[str], bool]
"""Whether the catalogue has a word anywhere: then it is no slip of somebody's finger."""

LEAST = 0.75
"""Confidence that a match has at least."""


class Step(StrEnum):
    """What had to be forgiven, the least first. The values are what people read."""

    MBID = "mbid"
    ISRC = "isrc"
    EXACT = "exact"
    NUMBER = "track number"
    EDITION = "edition"
    ARTICLE = "article"
    GUEST = "guest"
    FIRST_ARTIST = "first artist"
    TRANSLITERATION = "transliteration"
    TITLE_FIRST = "title first"
    FUZZY = "fuzzy"


_CONFIDENCE = {
    Step.MBID: 1.0,
    Step.ISRC: 0.98,
    Step.EXACT: 0.97,
    Step.NUMBER: 0.96,
    Step.EDITION: 0.94,
    Step.ARTICLE: 0.95,
    Step.GUEST: 0.93,
    Step.FIRST_ARTIST: 0.88,
    Step.TRANSLITERATION: 0.9,
    Step.TITLE_FIRST: 0.82,
    Step.FUZZY: 0.82,
}
"""How surely a step leads to the right recording when no length is known. Checked against labelled
pairs by `bench/match.py`; only their order and `LEAST` decide anything."""

_ORDER = {step: place for place, step in enumerate(Step)}
_WEAK = 0.72
"""Below `LEAST`: what agrees only nearly needs a length that agrees."""
_AGREES_MS, _NEAR_MS, _OFF_MS, _FAR_MS = 3_000, 7_000, 15_000, 30_000
_SLACK = 0.02
"""Share of a length by which long pieces may differ: silence, applause."""
_BONUS, _SURE = 0.04, 0.99
_OFF, _FAR, _OTHER = -0.05, -0.12, -0.3


class Verdict(NamedTuple):
    """What was made of one line and one recording.

    Attributes:
        step: None when they are not the same at all.
        confidence: 0 to 1.
        reason: What was forgiven, or why they are not the same.
        nearness: 0 to 1: how near a recording came that is not meant.
    """

    card: Card
    step: Step | None
    confidence: float
    reason: str
    nearness: float = 0.0

    @property
    def is_match(self) -> bool:
        """Whether it is sure enough."""
        return self.step is not None and self.confidence >= LEAST


def judge(entry: Entry, reading: int, card: Card, is_word: IsWord) -> Verdict:
    """Judge one recording for one line, as it is understood in one way."""
    artist, title = entry.readings[reading]
    who = _who(artist, card.credit or "")
    if who is None or who.step is None:
        return Verdict(card, None, 0.0, f"the title is by {card.credit or 'somebody else'}", 0.2)
    what = _what(title, card.title, is_word)
    if what.step is None:
        return Verdict(card, None, 0.0, what.told, what.nearness)
    step = max((what.step, who.step), key=_ORDER.__getitem__)
    confidence = min(what.confidence, who.confidence)
    told = "; ".join(filter(None, (what.told, who.told)))
    return weighed(entry, Verdict(card, step, confidence, told, what.nearness))


def by_identifier(entry: Entry, step: Step, card: Card) -> Verdict:
    """Judge a recording that an identifier of the line names.

    An MBID is believed. ISRCs were given twice: where the line names a title, it must be near.
    """
    whole = Verdict(card, step, _CONFIDENCE[step], f"its {step.upper()}", 1.0)
    if step is Step.MBID or not entry.readings:
        return whole
    title = entry.readings[0].title
    relation = _what(title, card.title, lambda _: False)
    if relation.step is None and relation.nearness < _NEARLY:
        wrong = f"the ISRC is that of {card.title!r}"
        return Verdict(card, None, 0.0, wrong, relation.nearness)
    return weighed(entry, whole)


_NEARLY = 0.6


def weighed(entry: Entry, verdict: Verdict) -> Verdict:
    """Let the lengths, where both are known, count for or against."""
    if entry.length_ms is None or verdict.card.length is None:
        return verdict
    off_ms = abs(entry.length_ms - verdict.card.length)
    if off_ms <= _AGREES_MS:
        return verdict._replace(confidence=min(verdict.confidence + _BONUS, _SURE))
    if off_ms <= max(_NEAR_MS, _SLACK * verdict.card.length):
        return verdict
    by = _OFF if off_ms <= _OFF_MS else _FAR if off_ms <= _FAR_MS else _OTHER
    told = f"its length differs by {round(off_ms / 1000)} s"
    reason = f"{verdict.reason}; {told}" if verdict.reason else told
    return verdict._replace(confidence=verdict.confidence + by, reason=reason)


class _Relation(NamedTuple):
    step: Step | None
    confidence: float = 0.0
    told: str = ""
    nearness: float = 1.0


def _of(step: Step, told: str = "") -> _Relation:
    return _Relation(step, _CONFIDENCE[step], told)


_SAME = _of(Step.EXACT)


def _what(title: str, other: str, is_word: IsWord) -> _Relation:
    """Compare two titles."""
    if title == other:
        return _SAME
    one, two = title_forms(title), title_forms(other)
    if one.folded == two.folded and one.folded:
        return _SAME
    if one.skeleton == two.skeleton:
        is_spelt_alike = one.key == two.key or (one.key.isascii() and two.key.isascii())
        step = _taken_off(title, other) if is_spelt_alike else Step.TRANSLITERATION
        return _of(step, _TOLD.get(step, ""))
    near = near_titles(title, other, is_word)
    return _near(near, Step.FUZZY, "the title is nearly the same")


_TOLD = {
    Step.NUMBER: "without the track number",
    Step.EDITION: "without what names the edition",
    Step.ARTICLE: "without the article",
    Step.GUEST: "without guests",
    Step.FIRST_ARTIST: "by the first of several artists",
    Step.TRANSLITERATION: "in Latin letters",
}


def _near(near: Nearness, step: Step, told: str) -> _Relation:
    if near.other:
        return _Relation(None, told=near.other, nearness=near.share)
    if near.is_weak:
        return _Relation(step, _WEAK, told, near.share)
    return _Relation(step, _CONFIDENCE[step], told, near.share)


def _taken_off(title: str, other: str) -> Step:
    """Return what one of two titles of one key has and the other lacks."""
    one, two = Counter(fold(title).split()), Counter(fold(other).split())
    gone = {*(one - two), *(two - one)}
    if gone & _GUEST_WORDS:
        return Step.GUEST
    if all(map(_PLACE.fullmatch, gone)):
        return Step.NUMBER if gone else Step.EXACT
    if gone == {"the"}:
        return Step.ARTICLE
    return Step.EDITION if gone & _EDITION_WORDS else Step.EXACT


_GUEST_WORDS = frozenset({"feat", "ft", "featuring"})
_EDITION_WORDS = frozenset(
    {"remaster", "remastered", "master", "version", "edition", "mix", "mono", "stereo", "deluxe"}
    | {"bonus", "hidden", "explicit", "clean", "official", "recording"}
)
_PLACE = re.compile(r"\d{1,3}|[a-h]\d{1,2}|track")


def _who(artist: str, credit: str) -> _Relation | None:
    """Compare who is named; None when they are others."""
    one, two = name_forms(artist), name_forms(credit)
    if one.is_nobody or two.is_nobody:
        return None
    if one.folded == two.folded:
        return _SAME
    if one.plain == two.plain:
        return _of(Step.ARTICLE, _TOLD[Step.ARTICLE])
    if one.alone == two.alone or one.alone == two.plain or one.plain == two.alone:
        return _of(Step.GUEST, _TOLD[Step.GUEST])
    if one.skeleton == two.skeleton:
        return _of(Step.TRANSLITERATION, _TOLD[Step.TRANSLITERATION])
    shared = set(one.names) & set(two.names)
    if shared and (len(shared) > 1 or min(len(one.names), len(two.names)) == 1):
        if one.names[0] == two.names[0]:
            return _of(Step.FIRST_ARTIST, _TOLD[Step.FIRST_ARTIST])
        return _of(Step.TITLE_FIRST, f"one of several artists: {credit}")
    near = near_names(artist, credit)
    return None if near is None else _near(near, Step.TITLE_FIRST, f"by {credit}")
