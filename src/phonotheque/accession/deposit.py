"""What a deposit consists of before a byte is read: its files, their number, and their rules."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from phonotheque.accession.rules import Rule, RuleBook, Rules, parse_rules
from phonotheque.accession.walk import RULES_FILE, Refused, Source, path_text, walk
from phonotheque.errors import BadRulesError


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
            rules.setdefault(item.root, {})[folder] = _read_rules(item)
    return Deposit(found, {root: RuleBook(by_folder) for root, by_folder in rules.items()})


_LONGEST = 1 << 20


def _read_rules(source: Source) -> Rules:
    where = path_text(source.relative)
    try:
        # As in `take`: what was a file when it was listed may be a pipe by now.
        descriptor = os.open(source.absolute, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            data = file.read(_LONGEST + 1)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise BadRulesError(where, f"it cannot be read: {reason}", "Correct it.") from error
    return parse_rules(data, where)


def idle_rules(deposit: Deposit) -> list[Rule]:
    """Rules that no file of the deposit matches: most likely a pattern with a typing mistake.

    A rule is not idle when a later or nearer one governs its files instead. `rights.toml` files
    themselves do not count.

    Cost: as much as taking the files in spends on rules; nothing where there are none.
    """
    idle = []
    for root, book in deposit.books.items():
        paths = [path_text(one.relative) for one in deposit.sources if _is_governed(one, root)]
        governing = {(rule.where, rule.number) for path in paths if (rule := book.for_path(path))}
        for folder, rule in book.items():
            if (rule.where, rule.number) in governing:
                continue
            below = f"{folder}/" if folder else ""
            within = (path[len(below) :] for path in paths if path.startswith(below))
            if not any(rule.match.matches(path) for path in within):
                idle.append(rule)
    return idle


def _is_governed(source: Source, root: int) -> bool:
    return source.root == root and source.relative.rpartition(b"/")[2] != RULES_FILE


def say_idle(rule: Rule) -> str:
    """Tell a person of a rule that matches nothing."""
    return (
        f"{rule.where}, rule {rule.number}: no file matches {rule.match.text!r}, so it governs "
        "nothing. Patterns are relative to the folder of their rights.toml, and case counts."
    )
