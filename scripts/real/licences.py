"""From a package's copyright statements to one verdict per file.

Laws: a verdict has a licence and the words it rests on, or it says why there is none; nothing is
guessed: a short name without a meaning, two licences that apply together, or a catch-all paragraph
that nobody confirmed, leave the file "copyright not evaluated". Where a choice is offered, a
Creative Commons licence is taken before a programmer's, and the evidence quotes the whole choice.

Source: SPDX License List 3; short names of copyright-format 1.0, section "License short name".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from scripts.real.dep5 import Copyright, FilesParagraph, matches
from scripts.real.packages import HandRule, Package, Quote, holds

PUBLIC_DOMAIN = "https://creativecommons.org/publicdomain/mark/1.0/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"

_SHORT_NAMES = {
    "cc0": CC0,
    "cc0-1.0": CC0,
    "public-domain": PUBLIC_DOMAIN,
    "mit": "MIT",
    "expat": "MIT",
    "zlib": "Zlib",
    "isc": "ISC",
    "apache-2.0": "Apache-2.0",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    # GPL 1, section 9 in GPL 2: without a version, any version ever published may be chosen.
    "gpl": "GPL-1.0-or-later",
}
_CC = re.compile(r"cc-(by(?:-nc)?(?:-nd|-sa)?)-(1\.0|2\.0|2\.5|3\.0|4\.0)")
_GNU = re.compile(r"(a|l|)gpl-(1|2|2\.1|3)(?:\.0)?(\+|)")
_NOBODY = re.compile(r"(not applicable|n/a|no-copyright|\(?public domain)", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*<[^<>\s]*@[^<>\s]*>|\s*\b\S+@\S+\.\S+\b")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of the rights in one file.

    Attributes:
        licence: SPDX identifier, or the address of a Creative Commons deed; "" when not settled.
        evidence: Where it is stated and in which words; "" when not settled.
        holder: Who states it, without addresses of persons; may be "".
        reason: Why it is not settled; "" when it is.
    """

    licence: str = ""
    evidence: str = ""
    holder: str = ""
    reason: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether a rule can be written."""
        return bool(self.licence)


@dataclass(frozen=True, slots=True)
class Reading:
    """A package as it was unpacked: which version, what its texts say.

    Attributes:
        text_of: Gives the text of a file of the installed package, "" when there is none.
    """

    package: Package
    version: str
    copyright: Copyright | None
    text_of: Callable[[str], str]

    def confirms(self, quote: Quote) -> bool:
        """Whether the words of a quote stand where they were read."""
        text = self.text_of(quote.where or self.package.copyright_path)
        return not quote.text or holds(text, quote.text)


def licence_of_short_name(name: str) -> str | None:
    """Give the SPDX identifier or address that a short name means, None when it means none."""
    lowered = name.strip().lower()
    if lowered in _SHORT_NAMES:
        return _SHORT_NAMES[lowered]
    if found := _CC.fullmatch(lowered):
        return f"https://creativecommons.org/licenses/{found[1]}/{found[2]}/"
    if found := _GNU.fullmatch(lowered):
        version = found[2] if "." in found[2] else f"{found[2]}.0"
        return f"{found[1].upper()}GPL-{version}-{'or-later' if found[3] else 'only'}"
    return None


def licence_of_expression(expression: str) -> str | None:
    """Choose one licence from the first line of a License field.

    Returns:
        None for an empty line, for licences that apply together (`and`), for an exception (`with`)
        and when no alternative is known.
    """
    if re.search(r",|\s(and|with)\s", expression, re.IGNORECASE):
        return None
    alternatives = re.split(r"\s+or\s+", expression.strip(), flags=re.IGNORECASE)
    known = [licence for name in alternatives if (licence := licence_of_short_name(name))]
    return min(known, key=lambda licence: "creativecommons" not in licence, default=None)


def judge(reading: Reading, path: str) -> Verdict:
    """Say what is known of one file; `path` is relative to the package's `root`.

    A doubt goes before a person's rule, and that before a paragraph of the copyright file.
    """
    package = reading.package
    for doubt in package.doubts:
        if matches(doubt.match, path):
            return Verdict(reason=doubt.reason)
    for rule in reversed(package.rules):
        if matches(rule.match, path):
            return _judge_by_hand(reading, rule)
    if reading.copyright is None:
        return Verdict(reason="the copyright file is in free form and nobody has read it")
    source = f"{package.source}/{path}" if package.source else path
    found = reading.copyright.paragraph_of(source)
    if found is None:
        return Verdict(reason="no paragraph of the copyright file matches")
    return _judge_by_paragraph(reading, *found)


def _judge_by_hand(reading: Reading, rule: HandRule) -> Verdict:
    where = rule.quote.where or reading.package.copyright_path
    if not rule.quote.text or not reading.confirms(rule.quote):
        return Verdict(reason=f"{where} no longer has the words that were read by a person")
    quote = " ".join(rule.quote.text.split())
    evidence = f'{_origin(reading)}, {where}: "{quote}" (read by a person: {rule.reason})'
    return Verdict(rule.licence, evidence, rule.holder)


def _judge_by_paragraph(reading: Reading, paragraph: FilesParagraph, pattern: str) -> Verdict:
    catch_all = reading.package.catch_all
    if paragraph.is_catch_all and not (catch_all.settles and reading.confirms(catch_all.quote)):
        return Verdict(reason=catch_all.reason)
    licence = licence_of_expression(paragraph.licence)
    if licence is None:
        words = paragraph.licence or "nothing"
        return Verdict(reason=f"the paragraph's License field says {words}")
    lines = [_ADDRESS.sub("", line) for line in paragraph.copyright]
    statement = f"Files: {pattern} | Copyright: {'; '.join(lines)} | License: {paragraph.licence}"
    if paragraph.comment:
        statement += f" | Comment: {_ADDRESS.sub('', paragraph.comment)}"
    place = f"{reading.package.copyright_path}, lines {paragraph.first_line}-{paragraph.last_line}"
    holder = "; ".join(line for line in lines if not _NOBODY.match(line))
    return Verdict(licence, f"{_origin(reading)}, {place}: {statement}", holder)


def _origin(reading: Reading) -> str:
    return f"Debian package {reading.package.name} {reading.version}"
