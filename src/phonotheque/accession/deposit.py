"""What a deposit consists of before a byte is read: its files, their number, and their rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from phonotheque.accession.rules import RuleBook, Rules, parse_rules
from phonotheque.accession.walk import RULES_FILE, Refused, Source, path_text, walk


@dataclass(frozen=True, slots=True)
class Deposit:
    """Files that were found, in order, and the rules that speak of them, by root."""

    found: tuple[Source | Refused, ...]
    books: dict[int, RuleBook] = field(default_factory=dict)

    @property
    def sources(self) -> list[Source]:
        """The files that may be taken in."""
        return [item for item in self.found if isinstance(item, Source)]

    @property
    def size_bytes(self) -> int:
        """Their bytes together."""
        return sum(source.size_bytes for source in self.sources)


def survey(paths: Iterable[Path], archive: Path) -> Deposit:
    """Walk what was given and read its `rights.toml` files.

    Raises:
        BadReferenceError: One of the paths does not exist.
        BadRulesError: A `rights.toml` cannot be read; nothing was taken in.
    """
    found = tuple(walk(list(paths), archive))
    rules: dict[int, dict[str, Rules]] = {}
    for item in found:
        if isinstance(item, Source) and item.relative.rpartition(b"/")[2] == RULES_FILE:
            folder = path_text(item.relative.rpartition(b"/")[0])
            with open(item.absolute, "rb") as file:
                data = file.read(_LONGEST + 1)
            rules.setdefault(item.root, {})[folder] = parse_rules(data, path_text(item.relative))
    return Deposit(found, {root: RuleBook(by_folder) for root, by_folder in rules.items()})


_LONGEST = 1 << 20
