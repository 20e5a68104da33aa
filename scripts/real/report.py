"""Writing down what the job on real music showed, as Markdown tables.

Law: every figure comes from the arguments; "not evaluated" is a count beside the licences, never
left out. Not here: measuring (`steps`), looking (`checks`).
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from scripts.real.archive import Held
from scripts.real.hearing import VERDICTS, across_packages, alike_rows, damaged, verdict_rows
from scripts.real.job import Ran
from scripts.real.searching import search_rows
from scripts.real.tree import Item, Picked

NOT_EVALUATED = "copyright not evaluated"


def format_report(picked: Sequence[Picked], absent: Sequence[str], ran: Ran) -> str:
    """Write the whole report.

    Args:
        picked: The packages that were found, in the order of the list.
        absent: Names of packages that this system does not offer.
        ran: What the job did.
    """
    sound = [item for package in picked for item in package.sound]
    parts = [
        "# The main job on real music",
        _setting(),
        "## What went in",
        _table(_PACKAGE_HEAD, [*(_package_row(p, ran.register.held) for p in picked)])
        + "\n"
        + _row(_total_row(sound, ran.register.held)),
        _notes(picked, absent),
        "## Licences",
        _licences(sound, ran.register.held),
        "## Steps",
        _steps(ran, _hours(sound, ran.register.held)),
        "## Whole or damaged",
        _hearing(ran),
        "## Alike",
        _alike(ran),
        "## Searches",
        _table(("typed", "tries", "first answer", "meant", "CPU s"), search_rows(ran.searched)),
        "## Volumes",
        _volumes(ran),
        "## Checks with other people's tools",
        _checks(ran),
        "## Files without a licence",
        _unsettled(picked),
        "## Unreadable files",
        _unreadable(sound, ran.register.held),
    ]
    return "\n\n".join(parts) + "\n"


def _setting() -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}. CPU seconds are user and "
        "system time of a command and its children; "
        "times real time means seconds of sound per CPU second."
    )


_PACKAGE_HEAD = (
    "package",
    "version",
    "files",
    "MB",
    "hours",
    "readable",
    "unreadable",
    "licences (files)",
)


def _package_row(package: Picked, held: dict[str, Held]) -> list[str]:
    return [package.package.name, package.version, *_figures(package.sound, held)]


def _total_row(sound: Sequence[Item], held: dict[str, Held]) -> list[str]:
    figures = _figures(sound, held)[:-1]
    settled = sum(item.verdict.is_settled for item in sound)
    return ["**all**", "", *figures, f"{settled} with a licence, {len(sound) - settled} without"]


def _figures(sound: Sequence[Item], held: dict[str, Held]) -> list[str]:
    readable = sum(item.path in held and held[item.path].is_readable for item in sound)
    return [
        str(len(sound)),
        f"{sum(item.size_bytes for item in sound) / 1e6:.1f}",
        f"{_hours(sound, held):.2f}",
        str(readable),
        str(len(sound) - readable),
        ", ".join(f"{name} ({count})" for name, count in _count_licences(sound).most_common()),
    ]


def _hours(sound: Iterable[Item], held: dict[str, Held]) -> float:
    return sum(held[item.path].duration_ms for item in sound if item.path in held) / 3_600_000


def _count_licences(sound: Iterable[Item]) -> Counter[str]:
    return Counter(short_licence(item.verdict.licence) or NOT_EVALUATED for item in sound)


def short_licence(licence: str) -> str:
    """A Creative Commons address as people say it; an SPDX identifier as it is."""
    parts = licence.rstrip("/").split("/")
    match parts[-3:]:
        case ["licenses", kind, version]:
            return f"CC-{kind.upper()}-{version}"
        case ["publicdomain", "zero", version]:
            return f"CC0-{version}"
        case ["publicdomain", "mark", _]:
            return "public domain"
        case _:
            return licence


def _notes(picked: Sequence[Picked], absent: Sequence[str]) -> str:
    lines = [
        f"{p.package.name}: the list was checked by a person at {p.package.checked}, "
        f"this is {p.version}."
        for p in picked
        if p.version != p.package.checked
    ]
    lines += [f"{name}: not offered by this system, left out." for name in absent]
    covers = sum(len(p.covers) for p in picked)
    lines.append(f"{covers} covers lie beside the music and went in with it.")
    return "\n".join(f"- {line}" for line in lines)


def _licences(sound: Sequence[Item], held: dict[str, Held]) -> str:
    rows = []
    for name, count in _count_licences(sound).most_common():
        items = [i for i in sound if (short_licence(i.verdict.licence) or NOT_EVALUATED) == name]
        size_mb = sum(item.size_bytes for item in items) / 1e6
        rows.append([name, str(count), f"{size_mb:.1f}", f"{_hours(items, held):.2f}"])
    return _table(("licence", "files", "MB", "hours"), rows)


def _steps(ran: Ran, hours: float) -> str:
    rows = [
        [
            f"phono {step.name}",
            str(step.status),
            f"{step.cpu_s:.2f}",
            f"{step.wall_s:.2f}",
            f"{hours * 3600 / step.cpu_s:,.0f}" if step.name in _READS_SOUND else "",
            f"{step.peak_mib:.0f}",
        ]
        for step in ran.steps
    ]
    head = ("step", "exit", "CPU s", "clock s", "times real time", "peak MiB of one process")
    outcomes = ", ".join(f"{name} {count}" for name, count in ran.outcomes.most_common())
    return _table(head, rows) + f"\n\nOutcomes of the first add: {outcomes or 'none told'}."


_READS_SOUND = ("add", "verify")


def _hearing(ran: Ran) -> str:
    held = {path: one for path, one in ran.register.held.items() if one.format}
    table = _table(("format", *VERDICTS, "not judged"), verdict_rows(held.values()))
    return "\n".join([table, "", *(f"- {line}" for line in damaged(held))]).rstrip()


def _alike(ran: Ran) -> str:
    table = _table(("kind", "groups", "across packages"), alike_rows(ran.alike))
    return "\n".join([table, "", *(f"- {line}" for line in across_packages(ran.alike))]).rstrip()


def _volumes(ran: Ran) -> str:
    rows = [
        [
            volume.name,
            volume.licence_class,
            str(volume.objects),
            f"{volume.size_bytes / 1e6:.1f}",
            f"closed; in its place: {volume.successor}" if volume.successor else "offered",
        ]
        for volume in ran.register.volumes
    ]
    return _table(("volume", "licence class", "recordings", "MB", "now"), rows)


def _checks(ran: Ran) -> str:
    rows = [[check.what, check.amount, check.wrong or "right"] for check in ran.checks]
    return _table(("check", "looked at", "found"), rows)


def _unsettled(picked: Sequence[Picked]) -> str:
    reasons = Counter(
        (package.package.name, item.verdict.reason)
        for package in picked
        for item in package.sound
        if not item.verdict.is_settled
    )
    rows = [[name, str(count), reason] for (name, reason), count in sorted(reasons.items())]
    return _table(("package", "files", "why"), rows)


def _unreadable(sound: Sequence[Item], held: dict[str, Held]) -> str:
    unreadable = [i.path for i in sound if i.path in held and not held[i.path].is_readable]
    lost = [f"{i.path} (not in the register)" for i in sound if i.path not in held]
    return "\n".join(f"- {path}" for path in [*unreadable, *lost]) or "None."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "None."
    rule = "|" + "---|" * len(head)
    return "\n".join([_row(head), rule, *(_row(row) for row in rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
