"""The Creative Commons licences and public-domain tools: which exist, how they are written.

Laws: only texts that were published are named, so a version or port that never existed names
nothing; a port is another licence text and is kept; the order of the elements never says another
licence ("by-nd-nc" is "by-nc-nd"; the first order is the address in version 1.0 alone).

Source: the list of legal codes at creativecommons.org/licenses/list.en and /retiredlicenses;
"Creative Commons Rights Expression Language" 1.0 for addresses.
Not here: any other licence (`spdx`, `licence`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from phonotheque.music.permissions import NOTHING, Permissions

HOST = "https://creativecommons.org"


@dataclass(frozen=True, slots=True)
class Deed:
    """One published legal text. `version` and `port` may be ""; the port is lower case."""

    family: str
    version: str = ""
    port: str = ""

    def __post_init__(self) -> None:
        if self.port not in _PUBLISHED.get((self.family, self.version), ()):
            raise ValueError(f"Creative Commons never published {self.spdx_id}")

    @property
    def is_public_domain(self) -> bool:
        """Whether it is a public-domain tool and not a licence."""
        return self.family in _PUBLIC_DOMAIN

    @property
    def uri(self) -> str:
        """Its address: https, no www, with the last slash."""
        if self.family == "publicdomain":
            return f"{HOST}/licenses/publicdomain/"
        shelf = "publicdomain" if self.is_public_domain else "licenses"
        path = self.family
        if self.version == "1.0" or path == "nc-nd":
            path = path.replace("nc-nd", "nd-nc")
        port = f"{self.port}/" if self.port else ""
        return f"{HOST}/{shelf}/{path}/{self.version}/{port}"

    @property
    def spdx_id(self) -> str:
        """Its SPDX identifier, or, for a text that SPDX does not list, one made the same way."""
        if self.is_public_domain:
            return _PUBLIC_DOMAIN[self.family]
        return "-".join(("CC", self.family.upper(), self.version, self.port.upper())).strip("-")

    @property
    def name(self) -> str:
        """What people call it: "CC BY-NC-ND 2.5 CA"."""
        if self.is_public_domain:
            return _PUBLIC_DOMAIN_NAMES[self.family]
        family = (
            self.family.upper().replace("SAMPLING", "Sampling").replace("DEVNATIONS", "DevNations")
        )
        return " ".join(("CC", family, self.version, self.port.upper())).strip()

    @property
    def permissions(self) -> Permissions:
        """What its text grants; nothing where a human has to decide."""
        if self.family in ("zero", "mark"):
            return Permissions(redistribute=True, commercial=True, derive=True)
        if self.family in UNDECIDED:
            return NOTHING
        elements = self.family.split("-")
        return Permissions(
            redistribute=True,
            commercial="nc" not in elements,
            derive="nd" not in elements,
            attribution="by" in elements,
            share_alike="sa" in elements,
        )


UNDECIDED = {
    "publicdomain": "retired; said for one country's law, so the evidence has to be read",
    "sampling": "retired; allows parts to be used, not the whole to be copied",
    "sampling+": "retired; copies of the whole only without commerce, parts on other terms",
    "nc-sampling+": "retired; copies and parts without commerce, on terms of its own",
    "devnations": "retired; grants nothing outside developing nations",
}
"""Families that grant nothing until a human decides, with the reason."""

_PUBLIC_DOMAIN = {"zero": "CC0-1.0", "mark": "CC-PDM-1.0", "publicdomain": "CC-PDDC"}
_PUBLIC_DOMAIN_NAMES = {
    "zero": "CC0 1.0",
    "mark": "Public Domain Mark 1.0",
    "publicdomain": "Creative Commons Public Domain Dedication and Certification",
}
FAMILIES = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
"""The six licences that every version has."""

_RETIRED_FAMILIES = ("sa", "nd", "nc", "nc-sa", "nc-nd")  # version 1.0 without attribution
_PORTS = {
    "1.0": "fi il nl",
    "2.0": "at au be br ca cl de es fr hr it jp kr nl pl tw uk za",
    "2.1": "au ca es jp",
    "2.5": "ar au bg br ca ch cn co dk es hr hu il in it mk mt mx my nl pe pl pt scotland se si "
    "tw za",
    "3.0": "am at au az br ca ch cl cn cr cz de ec ee eg es fr ge gr gt hk hr ie igo it lu nl no "
    "nz ph pl pr pt ro rs sg th tw ug us ve vn za",
    "4.0": "",
}


def _published() -> dict[tuple[str, str], frozenset[str]]:
    """All that was ever published: (family, version) to its ports, "" being the unported text."""
    known: dict[tuple[str, str], frozenset[str]] = {}
    for version, ports in _PORTS.items():
        unported = () if version == "2.1" else ("",)  # 2.1 was made for four ports alone
        for family in FAMILIES:
            known[family, version] = frozenset((*unported, *ports.split()))
    for family in _RETIRED_FAMILIES:
        known[family, "1.0"] = frozenset(("", "fi", "nl"))
        known[family, "2.0"] = frozenset(("jp",))
    known["sampling", "1.0"] = frozenset(("", "br", "tw"))
    known["sampling+", "1.0"] = frozenset(("", "br", "de", "tw"))
    known["nc-sampling+", "1.0"] = frozenset(("", "tw"))
    known["devnations", "2.0"] = frozenset(("",))
    known["zero", "1.0"] = known["mark", "1.0"] = known["publicdomain", ""] = frozenset(("",))
    return known


_PUBLISHED = _published()


def iter_deeds() -> Iterator[Deed]:
    """Yield every published text, in order of family, version and port."""
    for family, version in sorted(_PUBLISHED):
        for port in sorted(_PUBLISHED[family, version]):
            yield Deed(family, version, port)


_ADDRESS = re.compile(
    r"(?:(?<![\w./-])|(?<=//))(?:www\.|i\.)?creativecommons\.org/([^\s<>\"'()\[\],;]*)"
)
_TAIL = re.compile(r"(?:deed|legalcode|rdf)(?:[._-][\w.@-]*)?|\d+x\d+\.(?:png|svg)")
_SHELVES = ("licenses", "license", "licences", "licence", "l")


def has_address(text: str) -> bool:
    """Whether a text mentions an address at creativecommons.org."""
    return _ADDRESS.search(text.lower()) is not None


def parse_address(text: str) -> Deed | None:
    """Read the address in a text; None when there is none, or more than one licence is named."""
    found = {_parse_path(path) for path in _ADDRESS.findall(text.lower().replace("%2b", "+"))}
    return found.pop() if len(found) == 1 else None


def _parse_path(path: str) -> Deed | None:
    parts = [part for part in re.split(r"[?#]", path)[0].rstrip(".:!").split("/") if part]
    if parts and _TAIL.fullmatch(parts[-1]):
        parts.pop()
    match parts:
        case ["publicdomain" | "p", "zero" | "mark" as tool, "1.0"]:
            return Deed(tool, "1.0")
        case [shelf, "publicdomain"] if shelf in _SHELVES:
            return Deed("publicdomain")
        case [shelf, elements, version, *port] if shelf in _SHELVES and len(port) < 2:
            return _deed(_family(elements.split("-")), version, "".join(port))
    return None


def _family(elements: list[str]) -> str:
    """Put elements in their canonical order: "by-sa-nc" is "by-nc-sa"."""
    order = ("by", "nc", "nd", "sa", "sampling", "sampling+", "devnations")
    if len(set(elements)) != len(elements) or not set(elements) <= set(order):
        return ""
    return "-".join(sorted(elements, key=order.index))


def _deed(family: str, version: str, port: str) -> Deed | None:
    known = port in _PUBLISHED.get((family, version), ())
    return Deed(family, version, port) if known else None


_WORDS = (
    (r"creative[\s-]*commons", " cc "),
    (r"public[\s-]*domain[\s-]*mark|\bpdm\b", " cc mark "),
    (r"\bcc[\s-]*(?:0|zero)\b", " cc zero "),
    (r"\bcc[\s-]*pddc\b", " cc publicdomain "),
    (r"public domain dedication and certification", " cc publicdomain "),
    (r"public[\s-]*domain[\s-]*dedication", " "),  # the full name of CC0 repeats itself
    (r"non[\s-]*commercial", " nc "),
    (r"no[\s-]*deriv(?:ative[\s-]*works|atives?|s)?\b", " nd "),
    (r"share[\s-]*alike", " sa "),
    (r"sampling[\s-]*(?:plus\b|\+)", " sampling+ "),
    (r"attribution", " cc by "),
    (r"\b(?:international|unported|generic|universal|licen[sc]e|the|version)\b", " "),
)
_VERSION = re.compile(r"v?([1-4])(?:\.([0-9]))?")


def parse_name(text: str) -> Deed | None:
    """Read a name or an SPDX id: "CC BY-SA 3.0", "CC-BY-NC-ND-2.5-CA", "CC0", the long names.

    Every word must be understood: one that is not might be a port, an exception or a "not".
    """
    plain = text.lower()
    for pattern, words in _WORDS:
        plain = re.sub(pattern, words, plain)
    tokens = [token for token in re.split(r"[\s\-_/,()]+", plain) if token]
    if "cc" not in tokens:
        return None
    versions, rest = set(), []
    for token in tokens:
        if number := _VERSION.fullmatch(token):
            versions.add(f"{number[1]}.{number[2] or 0}")
        elif token != "cc" and token not in rest:
            rest.append(token)
    tool = next((name for name in _PUBLIC_DOMAIN if rest == [name]), None)
    if tool:
        version = "" if tool == "publicdomain" else "1.0"
        return Deed(tool, version) if versions <= {version} else None
    if len(versions) != 1:
        return None
    # A port stands last and after the elements: "by" may not be taken for Belarus.
    port = rest.pop() if rest and not _family(rest[-1:]) else ""
    return _deed(_family(rest), versions.pop(), port)
