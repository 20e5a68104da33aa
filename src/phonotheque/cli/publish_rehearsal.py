"""What `phono publish run` will do, told before it does it, and the tables in which it is told.

Law: a dry run names every volume that the run would replace or withdraw, with what leaves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phonotheque.cli.output import format_bytes, print_json, print_table, printable
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phonotheque.archive.opening import Archive
    from phonotheque.music.finding import Finding
    from phonotheque.publish.plan import PlannedVolume
    from phonotheque.publish.run import Plan
    from phonotheque.publish.supersede import Succeeding

_HEAD = ("volume", "licence class", "recordings", "bytes")


def rehearse(archive: Archive, *, as_json: bool) -> None:
    """Tell which volumes would get successors, and what would be sealed then.

    Raises:
        PhonothequeError: What the run would meet.
    """
    from phonotheque.archive.bulk.conducting import rehearse_corrections
    from phonotheque.archive.bulk.publishing import plan_of

    succeeding = rehearse_corrections(archive)
    plan = plan_of(archive, succeeding)
    if as_json:
        _print_records(archive, succeeding, plan)
        return
    _say_succeeding(succeeding)
    if plan.volumes:
        print("Would be sealed:")
        print_table([_HEAD, *map(_row, plan.volumes)], right=(2, 3))
    else:
        print("Nothing new may be shared.")
    _say_left(plan)


def _print_records(archive: Archive, succeeding: Sequence[Succeeding], plan: Plan) -> None:
    for one in succeeding:
        name = one.planned.name if one.planned else None
        left_out = [sha256.hex for sha256 in one.left_out]
        print_json({"succeeded_by": name, "retired": one.retired, "left_out": left_out})
    for filled in plan.filled(archive.index):
        planned = filled.planned
        record = {"volume": planned.name, "licence_class": planned.licence_class.value}
        objects = [member.name.sha256.hex for member in filled.members]
        more = {"tier": planned.tier, "size_bytes": planned.size_bytes, "objects": objects}
        print_json(record | more)


def _say_succeeding(succeeding: Sequence[Succeeding]) -> None:
    for one in succeeding:
        old = ", ".join(one.retired)
        if one.planned is None:
            print(f"{old} would be withdrawn: nothing in it may be shared any more.")
        else:
            without = counted(len(one.left_out), "recording")
            print(f"{one.planned.name} would take the place of {old}, without {without}:")
            for sha256 in one.left_out:
                print(f"  {sha256.hex}")
    if succeeding:
        print("Torrents of what is replaced or withdrawn would be taken away.")


def say_sealed(volumes: list[PlannedVolume], findings: list[Finding], plan: Plan) -> None:
    """Tell what a run sealed, what it left out, and what may not be shared."""
    if volumes:
        print_table([_HEAD, *map(_row, volumes)], right=(2, 3))
        print("Each is one torrent in published/. Share them: phono seed")
    else:
        print("Nothing new was sealed.")
    for finding in findings:
        print(f"left out, {finding.kind}: {printable(finding.path)} ({finding.detail})")
    _say_left(plan)


def _row(volume: PlannedVolume) -> tuple[str, str, str, str]:
    count = str(volume.objects)
    return (volume.name, volume.licence_class.value, count, format_bytes(volume.size_bytes))


def _say_left(plan: Plan) -> None:
    if plan.left:
        print("Kept, not shared:")
        most_first = sorted(plan.left.items(), key=lambda pair: (-pair[1], pair[0]))
        print_table([(str(count), reason) for reason, count in most_first], right=(0,))
