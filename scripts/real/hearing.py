"""Writing down what was heard: whole or damaged by format, and what is alike across packages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.real.archive import Held

VERDICTS = ("whole", "unknown", "damaged")


def verdict_rows(held: Iterable[Held]) -> list[list[str]]:
    """One row for each format: how many recordings are whole, cannot be told, are damaged."""
    counted = Counter((one.format, one.verdict or "not judged") for one in held)
    formats = sorted({form for form, _ in counted})
    verdicts = [*VERDICTS, "not judged"]
    return [[form, *(str(counted[form, verdict]) for verdict in verdicts)] for form in formats]


def damaged(held: Mapping[str, Held]) -> list[str]:
    """Paths of what is damaged, with the first thing that is wrong."""
    return [f"{path}: {one.damage}" for path, one in sorted(held.items()) if one.damage]


def alike_rows(output: Path) -> list[list[str]]:
    """Counts of the groups that `phono duplicates --json` told, and of those across packages."""
    kinds: Counter[str] = Counter()
    across: Counter[str] = Counter()
    for group in _groups(output):
        kinds[group["kind"]] += 1
        across[group["kind"]] += len(_packages(group)) > 1
    return [[kind, str(count), str(across[kind])] for kind, count in kinds.items()]


def across_packages(output: Path) -> list[str]:
    """What each group that spans packages holds, the surest kind first."""
    lines = []
    for group in _groups(output):
        if len(_packages(group)) > 1:
            lines.append(f"{group['kind']}: {', '.join(_paths(group))}")
    return lines


def _groups(output: Path) -> Iterator[dict[str, Any]]:
    with output.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _paths(group: dict[str, Any]) -> Sequence[str]:
    return [path for member in group["members"] for path in member["paths"]]


def _packages(group: dict[str, Any]) -> set[str]:
    return {path.split("/")[0] for path in _paths(group)}
