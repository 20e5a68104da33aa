"""`rights.toml`: what a depositor says about the rights of the files in a folder.

Laws: a file is read whole or refused with the rule and the key that is wrong; an unknown key is
refused, so that a typing mistake is never silently no rule; the words of licence and evidence are
kept as written; one rule governs a file, whole, and rules are never merged.

The format is public: `docs/reference/rights-toml.md` has it, and its examples are read in a test.
Source: TOML 1.0. Not here: what a rule allows (`phonotheque.music.rights`), and turning names and
texts into ids and digests (`phonotheque.accession.statements`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from phonotheque.accession.patterns import BadPatternError, Pattern
from phonotheque.errors import BadLicenceError, BadRequestError, BadRulesError
from phonotheque.music.foreign_text import one_line
from phonotheque.music.grants import parse_grants
from phonotheque.music.identifiers import parse_territory
from phonotheque.music.licence import Licence, parse_licence, parse_licence_strict
from phonotheque.music.statement import TDM_SPEAKERS, Tdm, Use, check_reservation, check_window

MAX_BYTES = 1 << 20
"""Longest file that is read: one rule for each of some 5,000 albums."""

MAX_RULES = 10_000
"""Most rules in one file; every path is held against each of them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[rule]]`, as written.

    Attributes:
        where: The file it stands in.
        number: Its place there, from 1.
        match: The pattern of the paths it governs.
        licence: The licence as written; it can be named.
        evidence: A text or address that proves it, or "".
        holder: Name of the right holder, or "".
        attribution: How the makers want to be named, or "".
        valid_from: First day it holds (ISO 8601), or None.
        valid_until: First day it no longer holds, or None.
        territories: ISO 3166-1 alpha-2 codes, sorted; empty means the whole world.
        onsite_only: Nothing is allowed but listening in the archive's own rooms.
        granted: Uses that a contract grants to this archive and to nobody else.
        tdm: Whether text and data mining is reserved.
        tdm_by: Who says so, one of `TDM_SPEAKERS`; "" when unknown.
    """

    where: str
    number: int
    match: Pattern
    licence: str
    evidence: str = ""
    holder: str = ""
    attribution: str = ""
    valid_from: str | None = None
    valid_until: str | None = None
    territories: tuple[str, ...] = ()
    onsite_only: bool = False
    granted: tuple[Use, ...] = ()
    tdm: Tdm = Tdm.UNKNOWN
    tdm_by: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one `rights.toml`, in its order."""

    rules: tuple[Rule, ...]

    def for_path(self, relative_path: str) -> Rule | None:
        """The last rule that matches a path relative to the folder of the file, or None."""
        for rule in reversed(self.rules):
            if rule.match.matches(relative_path):
                return rule
        return None


class RuleBook:
    """All the `rights.toml` of one deposit.

    Args:
        by_folder: Folder of the file, relative to the deposit ("" is the deposit itself) -> rules.
    """

    def __init__(self, by_folder: Mapping[str, Rules]) -> None:
        self._by_folder = dict(by_folder)

    def items(self) -> Iterator[tuple[str, Rule]]:
        """Each rule with the folder of its file, in order of folders."""
        for folder in sorted(self._by_folder):
            for rule in self._by_folder[folder].rules:
                yield folder, rule

    def for_path(self, path: str) -> Rule | None:
        """The rule that governs a path relative to the deposit, or None.

        The nearest folder upwards that has a matching rule wins; within it the last such rule.
        """
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            rules = self._by_folder.get(folder)
            relative = path[len(folder) + 1 :] if folder else path
            if rules and (rule := rules.for_path(relative)):
                return rule
        return None


def parse_rules(data: bytes, where: str) -> Rules:
    """Read a `rights.toml`.

    Args:
        data: Its bytes, UTF-8; a byte order mark is passed over.
        where: Its name, for messages.

    Raises:
        BadRulesError: It is too long, not TOML, or a rule cannot be meant; `thing` names the file,
            the rule and the key.
    """
    if len(data) > MAX_BYTES:
        raise BadRulesError(
            where,
            f"it has {len(data)} bytes, more than {MAX_BYTES}",
            "Split it: a rights.toml may stand in every folder.",
        )
    try:
        text = data.decode("utf-8-sig")
        if _DOTTED.search(text):
            raise BadRulesError(where, "it has a key of more than 32 dotted parts", _SEE)
        table = tomllib.loads(text)
    except RecursionError as error:
        raise BadRulesError(where, "it is nested too deeply", _SEE) from error
    except ValueError as error:  # of TOML, UTF-8, and Python's limit on the digits of an integer
        raise BadRulesError(where, f"it is not TOML in UTF-8: {error}", _SEE) from error
    if unknown := sorted(set(table) - {"rule"}):
        place = f"{where}, key `{one_line(unknown[0])}`"
        raise BadRulesError(place, "there is no such key", f"Use [[rule]]. {_SEE}")
    listed = table.get("rule", [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise BadRulesError(f"{where}, key `rule`", "it is not a list", f"Write [[rule]]. {_SEE}")
    if len(listed) > MAX_RULES:
        raise BadRulesError(where, f"it has more than {MAX_RULES} rules", "Split it by folder.")
    return Rules(tuple(_Reader(where, n, item).read() for n, item in enumerate(listed, 1)))


_SEE = "See docs/reference/rights-toml.md."

# tomllib's time grows with the square of the parts of a key: 800 kB of "a.a.a..." take hours.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_DOTTED = re.compile(rf"(?<![\w-])(?:{_PART}){{32}}")


class _Reader:
    """Reads one rule, key by key; every refusal names the rule and the key."""

    def __init__(self, where: str, number: int, table: dict[str, Any]) -> None:
        self._where = where
        self._number = number
        self._table = table

    def read(self) -> Rule:
        for key in sorted(set(self._table) - _KEYS):
            raise self._bad(one_line(key), "there is no such key", f"The keys: {', '.join(KEYS)}.")
        tdm, tdm_by = self._reservation()
        valid_from, valid_until = self._window()
        licence = self._licence()
        onsite_only = self._flag("onsite_only")
        return Rule(
            where=self._where,
            number=self._number,
            match=self._match(),
            licence=licence,
            evidence=self._text("evidence"),
            holder=self._text("holder"),
            attribution=self._text("attribution"),
            valid_from=valid_from,
            valid_until=valid_until,
            territories=self._territories(),
            onsite_only=onsite_only,
            granted=self._granted(parse_licence(licence), is_onsite_only=onsite_only),
            tdm=tdm,
            tdm_by=tdm_by,
        )

    def _bad(self, key: str, wrong: str, todo: str) -> BadRulesError:
        return BadRulesError(f"{self._where}, rule {self._number}, key `{key}`", wrong, todo)

    def _text(self, key: str) -> str:
        value = self._table.get(key, "")
        if not isinstance(value, str):
            raise self._bad(key, "it is not a text", f'Write {key} = "...".')
        if any(ord(sign) < 32 and sign not in "\t\n\r" for sign in value):
            raise self._bad(key, "it holds a control character", "Remove it.")
        return value.strip()

    def _match(self) -> Pattern:
        text = self._table.get("match")
        if not isinstance(text, str):
            raise self._bad("match", "there is no pattern", 'Write match = "Album/**".')
        try:
            return Pattern(text)
        except BadPatternError as error:
            raise self._bad("match", str(error), 'Paths look like "Album/01 Song.flac".') from error

    def _licence(self) -> str:
        text = self._text("licence")
        if not text:
            todo = 'Write licence = "CC-BY-4.0", or "InC" to share nothing.'
            raise self._bad("licence", "there is no licence", todo)
        try:
            parse_licence_strict(text)
        except BadLicenceError as error:
            raise self._bad("licence", f"{error.thing}: {error.wrong}", error.todo) from error
        return text

    def _flag(self, key: str) -> bool:
        value = self._table.get(key, False)
        if not isinstance(value, bool):
            raise self._bad(key, "it is neither true nor false", f"Write {key} = true.")
        return value

    def _window(self) -> tuple[str | None, str | None]:
        first, last = self._day("from"), self._day("until")
        try:
            check_window(first, last)
        except ValueError as error:
            wrong = str(error).partition(": ")[2]
            raise self._bad("until", wrong, "`until` is the first day it holds no more.") from error
        return first, last

    def _day(self, key: str) -> str | None:
        value = self._table.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self._bad(key, "it is not a date", f"Write {key} = 2026-01-31, without quotes.")
        return value.isoformat()

    def _territories(self) -> tuple[str, ...]:
        todo = 'Write territories = ["DE", "AT"], or leave the key out for the whole world.'
        codes = self._texts("territories", todo)
        try:
            return tuple(sorted({parse_territory(code) for code in codes}))
        except ValueError as error:
            raise self._bad("territories", one_line(str(error)), todo) from error

    def _granted(self, licence: Licence, *, is_onsite_only: bool) -> tuple[Use, ...]:
        words = self._texts("granted", 'Write granted = ["stream"], or leave the key out.')
        try:
            return parse_grants(words, licence, is_onsite_only=is_onsite_only)
        except BadRequestError as error:
            raise self._bad("granted", f"{error.thing}: {error.wrong}", error.todo) from error

    def _texts(self, key: str, todo: str) -> list[str]:
        """A list of texts, empty only where the key is left out."""
        value = self._table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise self._bad(key, "it is not a list of texts", todo)
        if key in self._table and not value:
            raise self._bad(key, "it is empty", todo)
        return value

    def _reservation(self) -> tuple[Tdm, str]:
        speakers = " or ".join(f'"{speaker}"' for speaker in TDM_SPEAKERS)
        try:
            tdm = Tdm(self._text("tdm") or Tdm.UNKNOWN)
        except ValueError as error:
            wrong = f'"{one_line(self._text("tdm"))}" is not known'
            raise self._bad("tdm", wrong, f"One of {', '.join(Tdm)}.") from error
        tdm_by = self._text("tdm_by")
        if tdm_by and tdm_by not in TDM_SPEAKERS:
            raise self._bad("tdm_by", f'"{one_line(tdm_by)}" is not known', f"Write {speakers}.")
        try:
            check_reservation(tdm, tdm_by)
        except ValueError as error:
            wrong = str(error).partition(": ")[2]
            raise self._bad("tdm_by", wrong, f"Write both, or neither; who: {speakers}.") from error
        return tdm, tdm_by


KEYS = (
    "match",
    "licence",
    "evidence",
    "holder",
    "attribution",
    "from",
    "until",
    "territories",
    "onsite_only",
    "granted",
    "tdm",
    "tdm_by",
)
"""Every key that a rule may have, in the order of the reference page."""

_KEYS = frozenset(KEYS)
