"""Licences as people name them in a query: all versions of one, or exactly one.

Laws: `licence:cc-by` means every version and port of CC BY that was ever published,
`licence:cc-by-4.0` that one text; naming a name gives it back.
"""

from __future__ import annotations

import re
from functools import cache

from phonotheque.catalogue.query.refusals import guess, nearest, refusal
from phonotheque.music.creative_commons import FAMILIES, iter_deeds
from phonotheque.music.licence import Licence, Scheme, near_matches, parse_licence

PUBLIC_DOMAIN = "public-domain"
"""CC0, the public-domain mark and the retired dedication together."""

_ELEMENTS = {frozenset(family.split("-")): f"cc-{family}" for family in FAMILIES}
_BY_CODE = {Scheme.CC, Scheme.PD}


def name_licence(text: str) -> str:
    """Return the one name of the licence, or of all its versions.

    Raises:
        BadRequestError: It names none.
    """
    words = re.sub(r"[\s_/-]+", "-", text.lower()).strip("-")
    if words in (PUBLIC_DOMAIN, "pd"):
        return PUBLIC_DOMAIN
    elements = words.removeprefix("cc-").split("-")
    if len(set(elements)) == len(elements) and frozenset(elements) in _ELEMENTS:
        return _ELEMENTS[frozenset(elements)]
    licence = parse_licence(text)
    if licence.scheme is Scheme.UNKNOWN or parse_licence(_name_of(licence)) != licence:
        family = nearest(words, [*_ELEMENTS.values(), PUBLIC_DOMAIN])
        near = (family,) if family else near_matches(text)
        raise refusal(
            f"licence:{text}",
            "it is no licence that can be named",
            f"{guess(*(one.lower() for one in near))}Write cc-by for every version of it, "
            "cc-by-4.0 for one, public-domain, an SPDX id or the address.",
        )
    return _name_of(licence)


def addresses_of(name: str) -> tuple[str, ...]:
    """Return how the licences that a name means stand in records."""
    return _families().get(name) or (parse_licence(name).uri,)


def short_name(address: str) -> str:
    """Return what a list shows for a licence as it stands in records: "CC BY-SA 4.0"."""
    return parse_licence(address).name if address else ""


def _name_of(licence: Licence) -> str:
    if licence.scheme not in _BY_CODE:
        return licence.family if licence.scheme is Scheme.RS else licence.uri
    return _ids()[licence.uri]


@cache
def _ids() -> dict[str, str]:
    return {deed.uri: deed.spdx_id.lower() for deed in iter_deeds()}


@cache
def _families() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for deed in iter_deeds():
        family = PUBLIC_DOMAIN if deed.is_public_domain else f"cc-{deed.family}"
        if deed.is_public_domain or deed.family in FAMILIES:
            found.setdefault(family, []).append(deed.uri)
    return {name: tuple(uris) for name, uris in found.items()}
