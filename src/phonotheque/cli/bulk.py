"""`phono publish run` and `phono publish fold`: what may be shared goes into volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from phonotheque.cli import (
    health,
    publish_copies,
    publish_plan,
    publish_push,
    publish_serve,
    publish_twins,
    where,
)
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Jobs, Json, Wait, archive_of, job_count
from phonotheque.cli.output import print_json, progress, tell
from phonotheque.cli.publish_trust import check, refresh
from phonotheque.cli.watching import watched
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from phonotheque.archive.opening import Archive
    from phonotheque.music.finding import Finding
    from phonotheque.publish.plan import PlannedVolume
    from phonotheque.publish.seal import Sealed
    from phonotheque.publish.supersede import Succeeded

    _Made = tuple[list[PlannedVolume], list[Finding]]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="Share what may be shared: volumes, packs, a signed index, pages.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )

    @group.callback()
    def publish() -> None:
        """Share what may be shared: volumes, packs, a signed index, pages."""

    group.command("plan")(publish_plan.plan)
    group.command("run")(run)
    group.command("fold")(fold)
    group.command("refresh")(refresh)
    group.command("check")(check)
    publish_push.register(group)
    publish_serve.register(group)
    where.register(group)
    health.register(group)
    app.add_typer(group, name="publish")


def run(
    context: typer.Context,
    jobs: Jobs = None,
    compat: publish_twins.Compat = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Seal what may be shared into volumes, then bring packs, index and pages up to date.

    Example: phono publish run --dry-run
    """
    from phonotheque.archive.bulk.conducting import correct_all, finish_begun
    from phonotheque.archive.bulk.proving import provers
    from phonotheque.archive.bulk.publishing import plan_of, press_of
    from phonotheque.archive.bulk.twins import require_offered
    from phonotheque.archive.opening import open_to_read, open_to_write
    from phonotheque.cli.publish_rehearsal import rehearse, say_sealed
    from phonotheque.publish.run import seal_all

    root, twins = archive_of(context), publish_twins.volumes_named(compat)
    if dry_run:
        with open_to_read(root) as archive:
            require_offered(archive, twins or ())
            rehearse(archive, as_json=as_json)
        return DONE
    with (
        publish_copies.copy_hands(root, job_count(jobs)) as copy_hands,
        provers(root, job_count(jobs)) as hands,
        open_to_write(root, "publish", is_patient=wait) as archive,
    ):
        tell(archive.notices)
        require_offered(archive, twins or ())  # before anything is sealed, which is for ever
        finish_begun(archive)
        press = press_of(archive)
        _say_succeeded(correct_all(archive, press), as_json=as_json)
        publish_copies.make_access_copies(archive, copy_hands, as_json=as_json)
        plan = plan_of(archive)
        files = sum(volume.objects for volume in plan.volumes)
        size_bytes = sum(volume.size_bytes for volume in plan.volumes)
        with progress("proving", files, size_bytes) as shown:
            volumes, findings = _told(seal_all(press, hands, plan, shown.advance), as_json=as_json)
        if not as_json:
            say_sealed(volumes, findings, plan)
        has_trouble = _take_steps(archive, as_json=as_json)
    # With the archive let go: this reads volumes whole, for hours maybe.
    has_trouble |= publish_twins.make_twins(root, twins, as_json=as_json)
    return FOUND if findings or has_trouble else DONE


def fold(
    context: typer.Context, dry_run: DryRun = False, wait: Wait = False, as_json: Json = False
) -> int:
    """Put small volumes of one licence class and tier together, without reading their recordings.

    The small ones are retired: the index says by which volume each is replaced.

    Example: phono publish fold --dry-run
    """
    from phonotheque.archive.bulk.conducting import finish_begun, fold_all, foldable
    from phonotheque.archive.bulk.publishing import press_of
    from phonotheque.archive.opening import open_to_read, open_to_write

    root = archive_of(context)
    if dry_run:
        with open_to_read(root) as archive:
            for group in foldable(archive):
                names = [volume.name for volume in group]
                if as_json:
                    print_json({"retired": names, "objects": sum(v.objects for v in group)})
                else:
                    print(f"Would become one volume: {', '.join(names)}.")
        return DONE
    with open_to_write(root, "publish", is_patient=wait) as archive:
        tell(archive.notices)
        finish_begun(archive)
        press = press_of(archive)
        if not _say_succeeded(fold_all(archive, press), as_json=as_json) and not as_json:
            print("No volumes are small enough to be put together.")
        has_trouble = _take_steps(archive, as_json=as_json)
    return FOUND if has_trouble else DONE


def _told(made: Iterable[Sealed], *, as_json: bool) -> _Made:
    volumes: list[PlannedVolume] = []  # without their torrents: there may be many
    findings: list[Finding] = []
    for sealed in made:
        volumes += [sealed.planned] if sealed.torrent else []
        findings += sealed.findings
        if as_json:
            print_json(_sealed_record(sealed))
    return volumes, findings


def _take_steps(archive: Archive, *, as_json: bool) -> bool:
    """Bring what stands around the volumes up to date, telling what was done; whether it found
    what it could not mend."""
    from phonotheque.archive.bulk.conducting import steps

    has_findings = False
    with watched() as told:
        for step in steps():
            told(step.doing, None, None)
            taken = step.take(archive)
            has_findings |= bool(taken.findings)
            if as_json and taken:
                record = {"step": step.name, "done": taken.done, "findings": taken.findings}
                print_json(record)
            elif taken:
                print("\n".join(filter(None, (taken.done, *taken.findings))), flush=True)
    return has_findings


def _sealed_record(sealed: Sealed) -> dict[str, Any]:
    findings = [{"kind": f.kind, "path": f.path, "detail": f.detail} for f in sealed.findings]
    torrent = sealed.torrent
    return {
        "volume": sealed.planned.name,
        "sealed": torrent is not None,
        "licence_class": sealed.planned.licence_class.value,
        "tier": sealed.planned.tier,
        "info_hash_v2": torrent.info_hash_v2.hex() if torrent else None,
        "info_hash_v1": torrent.info_hash_v1.hex() if torrent else None,
        "size_bytes": torrent.size_bytes if torrent else 0,
        "left_out": findings,
    }


def _say_succeeded(succeeded: Iterable[Succeeded], *, as_json: bool) -> int:
    """Tell of volumes that took the place of others; how many were retired."""
    retired = 0
    for one in succeeded:
        retired += len(one.retired)
        left_out = [sha256.hex for sha256 in one.left_out]
        name = one.planned.name if one.planned else None
        if as_json:
            print_json({"succeeded_by": name, "retired": one.retired, "left_out": left_out})
            continue
        old = ", ".join(one.retired)
        without = f", without {counted(len(left_out), 'recording')}" if left_out else ""
        if name:
            print(f"{name} takes the place of {old}{without}.", flush=True)
        else:
            print(f"{old} was withdrawn: nothing in it may be shared any more.", flush=True)
    return retired
