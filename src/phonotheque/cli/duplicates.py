"""`phono duplicates`: which recordings are alike, and which copy is the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import format_duration, print_json, print_table, printable, tell

if TYPE_CHECKING:
    from phonotheque.archive.recordings.duplicates import Group, Member

_TITLES = {
    "bytes": "the same bytes, from several places: stored once",
    "payload": "the same sound in the same coding, other tags",
    "recording": "the same recording",
    "likely": "likely the same recording",
    "related": "related: a mix, a version or a remaster",
}


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("duplicates", short_help="Recordings that are alike.")(duplicates)


def duplicates(context: typer.Context, as_json: Json = False) -> int:
    """Show groups of recordings that are alike; nothing is merged or removed.

    The best copy of a group comes first, with the reason.

    Example: phono duplicates
    """
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.recordings.duplicates import groups

    count = 0
    with open_to_read(archive_of(context)) as archive:
        tell(archive.notices)
        for count, group in enumerate(groups(archive.index), start=1):
            if as_json:
                print_json(_as_json(group))
            else:
                _print(count, group)
    if not as_json:
        _print_end(count)
    return DONE


def _as_json(group: Group) -> dict[str, object]:
    return {
        "kind": group.kind,
        "best": group.members[0].held.sha256.hex,
        "reason": group.reason,
        "members": [
            {
                "sha256": member.held.sha256.hex,
                "paths": list(member.paths),
                "bit_errors": member.bit_errors,
            }
            for member in group.members
        ],
    }


def _print(number: int, group: Group) -> None:
    print(f"{number}. {_TITLES[group.kind]}")
    if group.kind == "bytes":
        for path in group.members[0].paths:
            print(f"   {printable(path)}")
    else:
        rows = [("  *" if i == 0 else "", *_row(one)) for i, one in enumerate(group.members)]
        print_table(rows)
        print(f"   * best: {group.reason}")
    print()


def _row(member: Member) -> tuple[str, ...]:
    from phonotheque.music.sound import format_integrity

    held, technical = member.held, member.held.technical
    rate = (technical.bit_rate_bps or 0) // 1000 if technical else 0
    codec = f"{technical.codec} {rate} kbit/s" if technical else ""
    length = format_duration(held.sound.decoded_ms) if held.sound else ""
    verdict = format_integrity(held.integrity).partition(":")[0] if held.integrity else ""
    alike = "" if member.bit_errors is None else f"{member.bit_errors:.1%} of bits differ"
    return held.sha256.hex[:12], codec, length, verdict, alike, printable(member.paths[0])


def _print_end(count: int) -> None:
    if count == 0:
        print("No two recordings are alike.")
    else:
        print(f"{count} group{'s' if count > 1 else ''}. Links only: every copy is kept.")
