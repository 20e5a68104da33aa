"""The list of packages, with what a person read in them. The list itself is `packages.toml`.

Law: a statement read by a person counts only while its quote stands in the file it was taken from,
so that a later version of a package cannot be described by an older reading. A doubt stays a doubt.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phonotheque.errors import BadSettingError

LIST = Path(__file__).with_name("packages.toml")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that must stand in a file, as evidence. An empty text needs no evidence.

    Attributes:
        text: The words; any white space stands for any other.
        where: Path in the installed package; "" is the package's copyright file.
    """

    text: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class HandRule:
    """A licence read by a person. `licence` is an SPDX identifier or an address."""

    match: str
    licence: str
    holder: str
    quote: Quote
    reason: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Files whose licence is not settled, and why."""

    match: str
    quote: Quote
    reason: str


@dataclass(frozen=True, slots=True)
class CatchAll:
    """Whether the paragraph `Files: *` speaks of the sound."""

    settles: bool = False
    quote: Quote = Quote()
    reason: str = "the paragraph `Files: *` was not checked by a person"


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package that carries free music; see the head of `packages.toml`."""

    name: str
    checked: str
    root: str
    source: str
    catch_all: CatchAll
    rules: tuple[HandRule, ...]
    doubts: tuple[Doubt, ...]

    @property
    def copyright_path(self) -> str:
        """Where the installed package keeps its copyright file."""
        return f"usr/share/doc/{self.name}/copyright"


def load_packages(path: Path = LIST) -> tuple[Package, ...]:
    """Read the list.

    Raises:
        BadSettingError: It is no TOML, or a package lacks a field or has an unknown one.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return tuple(_package(entry) for entry in table["package"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadSettingError(
            str(path), f"not a list of packages ({error})", "Repair it."
        ) from error


def _package(entry: dict[str, Any]) -> Package:
    fields = dict(entry)
    return Package(
        catch_all=CatchAll(**_quoted(fields.pop("catch_all", {}))),
        rules=tuple(HandRule(**_quoted(rule)) for rule in fields.pop("rule", [])),
        doubts=tuple(Doubt(**_quoted(doubt)) for doubt in fields.pop("doubt", [])),
        **fields,
    )


def _quoted(entry: dict[str, Any]) -> dict[str, Any]:
    """Put `quote` and `where` into one value."""
    fields = {name: value for name, value in entry.items() if name not in ("quote", "where")}
    return fields | {"quote": Quote(entry.get("quote", ""), entry.get("where", ""))}


def holds(text: str, quote: str) -> bool:
    """Whether the words of `quote` stand in `text`, however the lines are broken."""
    return _words(quote) in _words(text)


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
