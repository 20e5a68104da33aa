"""Licences as values: what was written, which licence that is, and what it grants.

Laws: `parse_licence` reads any text and never raises; what it cannot name grants nothing; reading
`Licence.uri` gives the same licence again; two spellings of one licence are equal values.
The words as given are kept beside (`raw`), because they are the evidence.

`Licence.uri` is what stands in records: an address for Creative Commons, rightsstatements.org and
site licences, an SPDX expression for all others, "" for what cannot be named.

Source: creativecommons.org, spdx.org/licenses, rightsstatements.org/page/1.0.
Not here: who stated it and whether that counts (`rights`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache

from phonotheque.errors import BadLicenceError
from phonotheque.music import spdx
from phonotheque.music.creative_commons import (
    FAMILIES,
    UNDECIDED,
    Deed,
    has_address,
    iter_deeds,
    parse_address,
    parse_name,
)
from phonotheque.music.permissions import NOTHING, LicenceClass, Permissions
from phonotheque.music.rights_statements import (
    NOT_EVALUATED,
    RIGHTS_STATEMENTS,
    format_rights_uri,
    parse_rights_code,
)

MAX_LENGTH = 2048
"""Longest text in characters that is read as a licence: far above any address or expression."""


class Scheme(StrEnum):
    """Who named the licence: Creative Commons licences and public-domain tools,
    rightsstatements.org, SPDX, one web site's own terms, nobody.
    """

    CC = "cc"
    PD = "pd"
    RS = "rs"
    SPDX = "spdx"
    SITE = "site"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence, or what was written where a licence should stand.

    Attributes:
        scheme: Who named it.
        family: "by-nc-nd", "zero", "mark", "InC", an SPDX expression; "" when unknown.
        version: "4.0"; "" where there is none.
        port: A jurisdiction in lower case ("ca", "scotland"): another text, so another licence.
        uri: How it stands in records; "" when unknown.
        name: What people call it.
        permissions: What it grants to everybody.
        raw: The words as given. Two licences are equal whatever words they were read from.
    """

    scheme: Scheme
    family: str = ""
    version: str = ""
    port: str = ""
    uri: str = ""
    name: str = ""
    permissions: Permissions = NOTHING
    raw: str = field(default="", compare=False)

    @property
    def licence_class(self) -> LicenceClass | None:
        """The class of volume it belongs in; None when it may not be passed on."""
        return self.permissions.licence_class

    @property
    def may_redistribute(self) -> bool:
        """Whether anybody may pass exact copies on."""
        return self.permissions.redistribute

    @property
    def may_commercial(self) -> bool:
        """Whether that may earn money."""
        return self.permissions.commercial

    @property
    def may_derive(self) -> bool:
        """Whether changed copies may be passed on."""
        return self.permissions.derive

    @property
    def requires_attribution(self) -> bool:
        """Whether the makers must be named."""
        return self.permissions.attribution

    @property
    def share_alike(self) -> bool:
        """Whether changed copies must stand under the same terms."""
        return self.permissions.share_alike

    @property
    def is_evaluated(self) -> bool:
        """Whether it says anything about rights: unknown text and "CNE" do not."""
        return self.scheme is not Scheme.UNKNOWN and self.family != NOT_EVALUATED

    @property
    def note(self) -> str:
        """Why it grants nothing although it is known; "" otherwise."""
        if self.scheme is Scheme.SITE:
            return "a web site's own terms; they allow no redistribution"
        if self.scheme is Scheme.RS:
            return "a statement about rights; it grants no licence"
        if self.scheme is Scheme.SPDX and not self.may_redistribute:
            return "terms of its own, which a human has to read"
        return UNDECIDED.get(self.family, "")


_SITE_ADDRESSES = {
    "freemusicarchive.org/fma_license": (
        "fma",
        "https://freemusicarchive.org/FMA_License",
        "Free Music Archive licence",
    ),
}


def parse_licence(text: str) -> Licence:
    """Name the licence in a text, however it is written.

    Reads addresses (also inside a sentence, as the Creative Commons tags of MP3 files have it),
    SPDX identifiers and expressions, Debian's short names, the codes of rightsstatements.org and
    the names people use.

    Returns:
        The licence; of scheme "unknown" for a blank text and for any that is not wholly
        understood. Never raises.
    """
    return _parsed(text) if len(text) <= MAX_LENGTH else replace(_named(text.strip()), raw=text)


@lru_cache(maxsize=4096)  # the same few are asked for at every door
def _parsed(text: str) -> Licence:
    return replace(_named(text.strip()), raw=text)


@lru_cache(maxsize=4096)  # a catalogue has thousands of records and some eighty licences
def _named(text: str) -> Licence:
    words = text.strip("<>\"' \t\r\n").rstrip(".,;")
    lower = words.lower()
    if not words or len(words) > MAX_LENGTH:
        return UNKNOWN
    if has_address(words):
        # "All rights reserved" beside a licence is a contradiction that no program settles.
        deed = None if "all rights reserved" in lower else parse_address(words)
        return _from_deed(deed) if deed else UNKNOWN
    if code := parse_rights_code(words):
        return _from_code(code)
    site = _SITE_ADDRESSES.get(re.sub(r"^https?://(?:www\.)?", "", lower).rstrip("/"))
    if site:
        family, uri, name = site
        return Licence(Scheme.SITE, family, uri=uri, name=name)
    if deed := parse_name(words):
        return _from_deed(deed)
    if expression := spdx.parse_expression(words):
        return _from_expression(expression)
    return UNKNOWN


UNKNOWN = Licence(Scheme.UNKNOWN, name="copyright not evaluated")
"""No licence that can be named: kept, never served, never shared."""


def _from_deed(deed: Deed) -> Licence:
    return Licence(
        Scheme.PD if deed.is_public_domain else Scheme.CC,
        deed.family,
        deed.version,
        deed.port,
        deed.uri,
        deed.name,
        deed.permissions,
    )


def _from_code(code: str) -> Licence:
    return Licence(
        Scheme.RS, code, "1.0", uri=format_rights_uri(code), name=RIGHTS_STATEMENTS[code]
    )


def _from_expression(expression: spdx.Expression) -> Licence:
    if deed := parse_name(expression.text):  # "(CC-BY-4.0)" is the licence itself
        return _from_deed(deed)
    text = expression.text
    return Licence(Scheme.SPDX, text, uri=text, name=text, permissions=expression.permissions)


def parse_licence_strict(text: str) -> Licence:
    """Name the licence a person gave, and nothing beside it.

    Raises:
        BadLicenceError: It cannot be named, or stands inside a longer text; `todo` offers what
            may have been meant.
    """
    licence = parse_licence(text)
    has_more_words = has_address(text) and len(text.split()) != 1
    if licence.scheme is not Scheme.UNKNOWN and not has_more_words:
        return licence
    near: tuple[str, ...]
    if has_more_words:
        wrong, near = "it is a sentence, not a licence", (licence.uri,) if licence.uri else ()
    elif not text.strip():
        wrong, near = "no licence was given", ("CC-BY-4.0", "InC")
    else:
        wrong, near = "it is not a licence that can be named", near_matches(text)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    todo = f"{hint}Give the address, the SPDX id or the name with its version: CC-BY-4.0."
    raise BadLicenceError(_shown(text), wrong, todo)


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 80 else f"{line[:77]}...")


def near_matches(text: str) -> tuple[str, ...]:
    """Licences that somebody who wrote `text` may have meant, most likely first, at most three."""
    lower = text.strip().lower()[:MAX_LENGTH]
    if re.fullmatch(r"(?:in (?:the )?)?public[\s-]*domain", lower):
        return ("CC0-1.0", "CC-PDM-1.0")  # waived by its maker, or free by age: not the same
    lower = re.sub(r"^.*creativecommons\.org/(?:licen[sc]es?|publicdomain)/", "cc-", lower)
    lower = re.sub(r"(?:deed|legalcode)[\w.-]*$", "", lower)
    words = re.sub(r"[\s/_-]+", "-", lower).strip("-")[:64]
    known = _known_names()
    return tuple(known[near] for near in get_close_matches(words, known, n=3, cutoff=0.6))


@lru_cache(maxsize=1)
def _known_names() -> dict[str, str]:
    unported = [d.spdx_id for d in iter_deeds() if not d.port and d.family in FAMILIES]
    names = [*reversed(unported), "CC0-1.0", "CC-PDM-1.0", *spdx.GRANTS, *RIGHTS_STATEMENTS]
    return {name.lower(): name for name in names}
