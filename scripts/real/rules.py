"""Writing verdicts as a `rights.toml`, the product's own way of saying many licences at once.

Law: the rules say of each file exactly what its verdict says. A folder gets one rule when all that
lies below it has one verdict, else each file gets its own; a file that is not settled gets none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from scripts.real.licences import Verdict


def format_rules(verdicts: Mapping[str, Verdict], head: str) -> str:
    """Write the rules of one folder.

    Args:
        verdicts: By path relative to the folder.
        head: A line of comment, saying where this comes from.
    """
    tables = [f"# {head}\n"]
    for match, verdict in _plan(verdicts, ""):
        lines = [
            "[[rule]]",
            f"match = {_string(match)}",
            f"licence = {_string(verdict.licence)}",
            f"evidence = {_string(verdict.evidence)}",
        ]
        if verdict.holder:
            lines.append(f"holder = {_string(verdict.holder)}")
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)


def _plan(verdicts: Mapping[str, Verdict], folder: str) -> list[tuple[str, Verdict]]:
    """Choose the matches: (glob, verdict), `folder` ending in "/" or empty."""
    if not verdicts:
        return []
    distinct = set(verdicts.values())
    if len(distinct) == 1:
        only = distinct.pop()
        return [(f"{_literal(folder)}**", only)] if only.is_settled else []
    planned: list[tuple[str, Verdict]] = []
    below: dict[str, dict[str, Verdict]] = {}
    for path, verdict in sorted(verdicts.items()):
        child, slash, _ = path[len(folder) :].partition("/")
        if slash:
            below.setdefault(f"{folder}{child}/", {})[path] = verdict
        elif verdict.is_settled:
            planned.append((_literal(path), verdict))
    for child, inside in below.items():
        planned.extend(_plan(inside, child))
    return planned


def _literal(path: str) -> str:
    """A pattern for this path: signs that patterns give a meaning stand for any one sign."""
    return re.sub(r"[*?\\]", "?", path)


def _string(text: str) -> str:
    """A TOML basic string: JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
