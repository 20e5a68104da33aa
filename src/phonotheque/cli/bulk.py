"""`phono publish run`: what may be shared goes into volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Jobs, Json, Wait, archive_of, job_count
from phonotheque.cli.output import format_bytes, print_json, print_table, printable, progress, tell

if TYPE_CHECKING:
    from phonotheque.archive.opening import Archive
    from phonotheque.music.finding import Finding
    from phonotheque.publish.plan import PlannedVolume
    from phonotheque.publish.run import Plan
    from phonotheque.publish.seal import Sealed


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="Seal what may be shared into volumes, each one torrent.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )

    @group.callback()
    def publish() -> None:
        """Seal what may be shared into volumes, each one torrent."""

    group.command("run")(run)
    app.add_typer(group, name="publish")


def run(
    context: typer.Context,
    jobs: Jobs = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Prove what may be redistributed, seal it into volumes, make their torrents.

    Example: phono publish run --dry-run
    """
    from phonotheque.archive.opening import open_to_read, open_to_write
    from phonotheque.archive.publishing import plan_of, press_of
    from phonotheque.archive.wiring import provers
    from phonotheque.publish.run import seal_all

    root = archive_of(context)
    if dry_run:
        with open_to_read(root) as archive:
            plan = plan_of(archive)
            _say_plan(archive, plan, as_json=as_json)
        return DONE
    volumes: list[PlannedVolume] = []  # without their torrents: there may be many
    findings: list[Finding] = []
    with (
        provers(root, job_count(jobs)) as hands,
        open_to_write(root, "publish", is_patient=wait) as archive,
    ):
        tell(archive.notices)
        plan = plan_of(archive)
        files = sum(volume.objects for volume in plan.volumes)
        size_bytes = sum(volume.size_bytes for volume in plan.volumes)
        with progress("proving", files, size_bytes) as shown:
            press = press_of(archive, hands)
            for sealed in seal_all(press, plan, lambda h: shown.advance(h.size_bytes)):
                volumes += [sealed.planned] if sealed.torrent else []
                findings += sealed.findings
                if as_json:
                    print_json(_sealed_record(sealed))
    if not as_json:
        _say_sealed(volumes, findings, plan)
    return FOUND if findings else DONE


def _sealed_record(sealed: Sealed) -> dict[str, Any]:
    findings = [{"kind": f.kind, "path": f.path, "detail": f.detail} for f in sealed.findings]
    torrent = sealed.torrent
    return {
        "volume": sealed.planned.name,
        "sealed": torrent is not None,
        "licence_class": sealed.planned.licence_class.value,
        "info_hash_v2": torrent.info_hash_v2.hex() if torrent else None,
        "info_hash_v1": torrent.info_hash_v1.hex() if torrent else None,
        "size_bytes": torrent.size_bytes if torrent else 0,
        "left_out": findings,
    }


def _row(volume: PlannedVolume) -> tuple[str, str, str, str]:
    count = str(volume.objects)
    return (volume.name, volume.licence_class.value, count, format_bytes(volume.size_bytes))


_HEAD = ("volume", "licence class", "recordings", "bytes")


def _say_plan(archive: Archive, plan: Plan, *, as_json: bool) -> None:
    if as_json:
        for volume in plan.volumes:
            record = {"volume": volume.name, "licence_class": volume.licence_class.value}
            candidates = plan.candidates(archive.index, volume)
            objects = [candidate.held.sha256.hex for candidate in candidates]
            print_json({**record, "size_bytes": volume.size_bytes, "objects": objects})
        return
    if plan.volumes:
        print("Would be sealed:")
        print_table([_HEAD, *map(_row, plan.volumes)], right=(2, 3))
    else:
        print("Nothing new may be shared.")
    _say_left(plan)


def _say_sealed(volumes: list[PlannedVolume], findings: list[Finding], plan: Plan) -> None:
    if volumes:
        print_table([_HEAD, *map(_row, volumes)], right=(2, 3))
        print("Each is one torrent in published/. Share them: phono seed")
    else:
        print("Nothing new was sealed.")
    for finding in findings:
        print(f"left out, {finding.kind}: {printable(finding.path)} ({finding.detail})")
    _say_left(plan)


def _say_left(plan: Plan) -> None:
    if plan.left:
        print("Kept, not shared:")
        most_first = sorted(plan.left.items(), key=lambda pair: (-pair[1], pair[0]))
        print_table([(str(count), reason) for reason, count in most_first], right=(0,))
