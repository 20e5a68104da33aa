"""Names of volumes and packs: `<archive>-<kind>-<tier>-<number>`, and what can be read from them.

Law: no number of a stem is given twice, whatever became of what had it.
"""

from __future__ import annotations

from collections.abc import Iterable


def volume_name(stem: str, number: int) -> str:
    """`<archive>-<kind>-<tier>-<seq>`: the kind is the licence class."""
    return f"{stem}-{number:05d}"


def stem_of(name: str) -> str:
    """All of a name but its number: `<archive>-<kind>-<tier>`."""
    return name.rpartition("-")[0]


def tier_of(name: str) -> str:
    """The tier in the name of a volume or pack: `<archive>-<kind>-<tier>-<number>`.

    The kind is not read from it: an archive may be called "nc".
    """
    return stem_of(name).rpartition("-")[2]


def number_of(name: str) -> int:
    """The number at the end of the name of a volume or pack."""
    return int(name.rpartition("-")[2])


def last_numbers(names: Iterable[str]) -> dict[str, int]:
    """The highest number by stem. Not their count: what was wholly damaged left a gap."""
    last: dict[str, int] = {}
    for name in names:
        last[stem_of(name)] = max(last.get(stem_of(name), 0), number_of(name))
    return last
