"""Free licences by their SPDX identifiers, and expressions made of them.

Laws: an expression has one canonical form, whatever order, case or nesting it was written in, and
reading that form gives it back; `A OR B` grants what its widest part grants, `A AND B` what all
parts grant together, `A WITH exception` what A grants (SPDX lists only exceptions that add). An
identifier that is not in the table names nothing; a `LicenseRef-` is a name for terms that nobody
here has read, and grants nothing.

Source: SPDX Specification 2.3, annex D "License expressions"; names of Debian's machine-readable
copyright files (DEP-5, "Short names") as they stand in packages of free music.
Not here: the Creative Commons family (`creative_commons`), which these expressions may contain.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from phonotheque.music.creative_commons import parse_name
from phonotheque.music.permissions import NOTHING, Permissions, all_of, best_of

_ALL = {"redistribute": True, "commercial": True, "derive": True}
_COPYLEFT = Permissions(**_ALL, attribution=True, share_alike=True)
_PERMISSIVE = Permissions(**_ALL, attribution=True)
_FREE = Permissions(**_ALL)

_IDS = {
    _COPYLEFT: "AGPL-3.0-only AGPL-3.0-or-later CDLA-Sharing-1.0 CECILL-2.1 EUPL-1.1 EUPL-1.2 "
    "GFDL-1.1-only GFDL-1.1-or-later GFDL-1.2-only GFDL-1.2-or-later GFDL-1.3-only "
    "GFDL-1.3-or-later GPL-1.0-only GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only "
    "GPL-3.0-or-later LAL-1.2 LAL-1.3 LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only "
    "LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MPL-1.1 MPL-2.0 ODbL-1.0 OFL-1.0 OFL-1.1 "
    "OSL-3.0",
    _PERMISSIVE: "AFL-3.0 Apache-2.0 Artistic-1.0 Artistic-1.0-Perl Artistic-2.0 BSD-2-Clause "
    "BSD-3-Clause BSD-4-Clause BSL-1.0 CDLA-Permissive-2.0 CECILL-B ISC MIT NCSA ODC-By-1.0 Zlib",
    _FREE: "0BSD MIT-0 PDDL-1.0 Unlicense WTFPL",
}
"""OFL is copyleft and forbids selling a work quite alone; GFDL is listed without invariant
sections, which would forbid changes (the ids that name them are left out on purpose)."""

GRANTS = {name: grants for grants, names in _IDS.items() for name in names.split()}
"""Every identifier that is known, to what it grants."""

_ALIASES = {
    "expat": "MIT",
    "mit license": "MIT",
    "artistic": "Artistic-1.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "bsd-2-clauses": "BSD-2-Clause",
    "bsd-3-clauses": "BSD-3-Clause",
    "free art license 1.3": "LAL-1.3",
    "licence art libre 1.3": "LAL-1.3",
    "fal-1.3": "LAL-1.3",
}
_IDENTIFIERS = {name.lower(): name for name in GRANTS} | _ALIASES
_GNU = re.compile(r"(gpl|lgpl|agpl|gfdl)[ -]?v?([1-3])(\.[0-9])?(\+|-or-later|-only)?")
_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
_EXCEPTION = re.compile(r"[A-Za-z0-9.-]*-exception(?:-[A-Za-z0-9.-]+)?")
_ADDRESSES = (
    (r"spdx\.org/licenses/([\w.+-]+?)(?:\.html|\.json)?", r"\1"),
    (r"opensource\.org/licen[sc]es?/([\w.-]+?)(?:\.php|\.html)?", r"\1"),
    (
        r"gnu\.org/(?:licenses|copyleft)/(?:old-licenses/)?([al]?gpl|fdl)-([1-3]\.[0-9])[\w.-]*",
        r"\1-\2",
    ),
    (r"apache\.org/licenses/license-2\.0(?:\.html|\.txt)?", "Apache-2.0"),
    (r"artlibre\.org/licence/lal(?:/[a-z]{2}[0-9-]*)?", "LAL-1.3"),
    (r"wtfpl\.net(?:/about)?", "WTFPL"),
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A licence expression in its canonical form.

    Attributes:
        text: Operands sorted, each once; AND binds before OR, as SPDX has it.
        permissions: What the whole grants.
        operator: "AND", "OR", or "" for a single licence.
        operands: The parts of an AND or OR, in order of their texts.
    """

    text: str
    permissions: Permissions
    operator: str = ""
    operands: tuple[Expression, ...] = ()


def parse_expression(text: str) -> Expression | None:
    """Read an identifier, an expression, a Debian short name or a licence's own address.

    Returns:
        None for anything that is not wholly understood.
    """
    words = _from_address(text.strip())
    whole = _atom(words)
    if whole is not None:
        return whole
    tokens = re.findall(r"[()]|[^\s()]+", words)
    if len(tokens) > MAX_TOKENS:
        return None
    reader = _Reader(tokens)
    found = reader.read_or()
    return found if reader.is_done else None


MAX_TOKENS = 64
"""Bound on words and brackets: also bounds the recursion that brackets make."""


def _from_address(text: str) -> str:
    plain = re.sub(r"^https?://(?:www\.)?", "", text.lower()).rstrip("/")
    for pattern, replacement in _ADDRESSES:
        if match := re.fullmatch(pattern, plain):
            name = match.expand(replacement)
            return f"g{name}" if name.startswith("fdl") else name
    return text


def _atom(text: str) -> Expression | None:
    """Read one identifier, without operators."""
    if _REFERENCE.fullmatch(text):
        return Expression(text, NOTHING)
    if name := _IDENTIFIERS.get(text.lower()) or _gnu(text.lower()):
        return Expression(name, GRANTS[name])
    if (deed := parse_name(text)) is not None:
        return Expression(deed.spdx_id, deed.permissions)
    return None


def _gnu(text: str) -> str | None:
    """GNU licences in old and in Debian's spelling: "GPL-2+", "GPL-2.0", "LGPLv2.1"."""
    match = _GNU.fullmatch(text)
    if not match:
        return None
    ending = "only" if match[4] in (None, "-only") else "or-later"
    name = f"{match[1].upper()}-{match[2]}{match[3] or '.0'}-{ending}"
    return name if name in GRANTS else None


class _Reader:
    """Recursive descent over tokens. Every method returns None once something is not understood."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens

    @property
    def is_done(self) -> bool:
        return not self._tokens

    def read_or(self) -> Expression | None:
        return self._read_chain("OR", self._read_and, best_of)

    def _read_and(self) -> Expression | None:
        return self._read_chain("AND", self._read_one, all_of)

    def _read_chain(
        self,
        operator: str,
        read: Callable[[], Expression | None],
        combine: Callable[[list[Permissions]], Permissions],
    ) -> Expression | None:
        operands: dict[str, Expression] = {}
        while True:
            operand = read()
            if operand is None:
                return None
            parts = operand.operands if operand.operator == operator else (operand,)
            operands |= {part.text: part for part in parts}
            if not self._take(operator):
                break
        if len(operands) == 1:
            return next(iter(operands.values()))
        ordered = tuple(operands[text] for text in sorted(operands))
        brackets = operator == "AND"
        texts = [f"({o.text})" if brackets and o.operator == "OR" else o.text for o in ordered]
        permissions = combine([part.permissions for part in ordered])
        return Expression(f" {operator} ".join(texts), permissions, operator, ordered)

    def _read_one(self) -> Expression | None:
        if self._take("("):
            inside = self.read_or()
            return inside if inside and self._take(")") else None
        atom = _atom(self._tokens.pop(0)) if self._tokens else None
        if atom is None or not self._take("WITH"):
            return atom
        exception = self._tokens.pop(0) if self._tokens else ""
        if not _EXCEPTION.fullmatch(exception):
            return None
        return Expression(f"{atom.text} WITH {exception}", atom.permissions)

    def _take(self, word: str) -> bool:
        if self._tokens and self._tokens[0].upper() == word:
            self._tokens.pop(0)
            return True
        return False
