"""How `phono status` tells of copies, levels of preservation, and what has stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phonotheque.cli.output import print_table, printable
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phonotheque.archive.keeping.alarms import Alarm
    from phonotheque.archive.keeping.copies import Copies, VolumeCopies

_SHOWN = 10
"""Volumes that are shown: those with the fewest copies; --json has all."""


def copies_record(copies: Copies, found: Sequence[Alarm]) -> dict[str, Any]:
    """What `--json` prints of copies."""
    import dataclasses

    return {
        "copies": {
            "target": copies.target,
            "below_target": copies.below_target,
            "volumes": [_volume_record(one) for one in copies.volumes],
        },
        "mirrors": [dataclasses.asdict(one) for one in copies.mirrors],
        "alarms": [dataclasses.asdict(one) for one in found],
    }


def _volume_record(one: VolumeCopies) -> dict[str, Any]:
    return {
        "volume": one.volume,
        "copies": one.copies,
        "countries": one.countries,
        "media": one.media,
        "faded": one.faded,
        "partial": one.partial,
        "refuted": one.refuted,
        "level": one.level.reached,
        "storage": one.level.storage,
        "integrity": one.level.integrity,
        "missing": one.level.missing,
    }


def say_copies(copies: Copies, found: Sequence[Alarm]) -> None:
    """Print what people read of copies: the volumes with the fewest first."""
    if copies.mirrors:
        _say_mirrors(copies)
        _say_volumes(copies)
    elif copies.volumes:
        print("No mirror has reported: as far as is known, every volume is here alone.")
    for one in found:
        print(printable(f"{one.kind.value}! {one.thing}: {one.detail}."))


def _say_mirrors(copies: Copies) -> None:
    print(f"{counted(len(copies.mirrors), 'mirror')}:")
    rows = [("", "id", "where", "on", "proven", "whole")]
    for one in copies.mirrors:
        rows.append(
            (
                f"  {printable(one.operator or 'nobody named')}",
                one.mirror[:12],
                one.country or "?",
                one.medium.value,
                one.proven_at[:10] + ("" if one.is_fresh else " (too old to count)"),
                str(one.whole),
            )
        )
    print_table(rows, right=(5,))


def _say_volumes(copies: Copies) -> None:
    wanted = f"{copies.below_target} of {counted(len(copies.volumes), 'volume')}"
    print(f"{wanted} with fewer than {copies.target} copies; the fewest first:")
    rows = [("", "copies", "level", "for the next level")]
    for one in copies.volumes[:_SHOWN]:
        missing = "; ".join(one.level.missing)
        level = f"NDSA {one.level.reached}"
        rows.append((f"  {one.volume}", str(one.copies), level, missing))
    print_table(rows, right=(1,))
    if len(copies.volumes) > _SHOWN:
        print(f"  and {len(copies.volumes) - _SHOWN} more: phono status --json")
