"""`phono verify|show|status|rebuild|export`: what is held, and whether it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Jobs, Json, Wait, archive_of, job_count
from phonotheque.cli.output import format_bytes, print_json, print_table, printable, progress, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phonotheque.archive.opening import Archive
    from phonotheque.archive.verify import Run
    from phonotheque.music.finding import Finding
    from phonotheque.register.events import Export
    from phonotheque.register.holdings import Held


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("verify", short_help="Hold stored bytes against the register.")(verify)
    app.command("rebuild", short_help="Make state/ again from register and objects.")(rebuild)
    app.command("export", short_help="Copy objects out under names for people.")(export)


def verify(
    context: typer.Context,
    references: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Objects; default: all.")
    ] = None,
    check_all: Annotated[bool, typer.Option("--all", help="Check everything (default).")] = False,
    oldest: Annotated[
        int | None, typer.Option("--oldest", min=1, metavar="N", help="The N unproven longest.")
    ] = None,
    jobs: Jobs = None,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Read stored bytes and hold them against the register; nothing is repaired.

    Objects are read oldest check first, so a run that is stopped is gone on with by the next one.

    Example: phono verify --oldest 1000
    """
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.reference import resolve_object
    from phonotheque.archive.verify import (
        Run,
        check_register,
        check_volumes,
        find_strays,
        record,
    )

    if references and (check_all or oldest):
        raise typer.BadParameter("name objects, or use --all or --oldest, not both")
    with open_to_read(archive_of(context)) as archive:
        check_register(archive)
        if references:
            objects = [resolve_object(archive.index, reference) for reference in references]
        else:
            objects = list(archive.index.oldest_checked(oldest or -1))
        run = Run(is_ordered=not references, as_of=archive.index.place.head.seq)
        is_whole = False
        try:
            _check(archive, objects, run, job_count(jobs))
            if not references and oldest is None:
                run.findings += check_volumes(archive)
                run.findings += find_strays(archive)
            is_whole = True
        finally:
            try:
                if run.examined or run.findings:
                    record(archive, run, is_patient=wait)
                if not is_whole:
                    _say_how_far(run, len(objects))
            finally:
                if is_whole:  # told also when it could not be recorded: reading may take days
                    _report(run, as_json=as_json)
    return FOUND if run.findings else DONE


def _check(archive: Archive, objects: Sequence[Held], run: Run, jobs: int) -> None:
    from phonotheque.archive.verify import check

    size_bytes = sum(held.size_bytes for held in objects)
    with progress("verifying", len(objects), size_bytes) as shown:
        for checked in check(archive, objects, jobs):
            run.note(checked)
            shown.advance(checked.held.size_bytes)


def _say_how_far(run: Run, wanted: int) -> None:
    import sys

    print(f"Checked {len(run.examined)} of {wanted} objects; that is recorded.", file=sys.stderr)


def _report(run: Run, *, as_json: bool) -> None:
    if as_json:
        for finding in run.findings:
            print_json({"kind": finding.kind, "path": finding.path, "detail": finding.detail})
        summary = {"examined": len(run.examined), "examined_bytes": run.examined_bytes}
        print_json({**summary, "findings": len(run.findings)})
        return
    size = format_bytes(run.examined_bytes)
    print(f"{len(run.examined)} objects read, {size}: {_count(run.findings)}")
    print_table([(f.kind, printable(f.path), f.detail) for f in run.findings])


def _count(findings: Sequence[Finding]) -> str:
    if not findings:
        return "every one is exact."
    return "1 finding." if len(findings) == 1 else f"{len(findings)} findings."


def rebuild(
    context: typer.Context, jobs: Jobs = None, wait: Wait = False, as_json: Json = False
) -> int:
    """Make `state/` again from the register and the objects alone.

    Example: phono rebuild
    """
    from phonotheque.archive.opening import open_to_write
    from phonotheque.archive.rebuild import layers_from_torrents, reread_all, tasks
    from phonotheque.archive.wiring import rereaders

    root = archive_of(context)
    findings: list[Finding] = []
    with (
        rereaders(root, job_count(jobs)) as hands,
        open_to_write(root, "rebuild", is_patient=wait, is_rebuilt=True) as archive,
    ):
        tell(archive.notices)
        findings += layers_from_torrents(archive)
        wanted = tasks(archive)
        with progress("reading", len(wanted), len(wanted)) as shown:
            for _, finding in reread_all(archive, hands, wanted):
                shown.advance(1)
                if finding:
                    findings.append(finding)
        events = archive.index.place.head.seq
        archive.index.set_note("rebuilding", "")
    if as_json:
        print_json({"events": events, "read_again": len(wanted), "findings": len(findings)})
    else:
        print(f"{events} lines of the register checked, {len(wanted)} objects read again.")
        print_table([(f.kind, printable(f.path), f.detail) for f in findings])
    return FOUND if findings else DONE


def export(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A folder outside the archive.")],
    references: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Objects.")] = None,
    export_all: Annotated[bool, typer.Option("--all", help="Everything that is held.")] = False,
    form: Annotated[str, typer.Option("--as", metavar="FORM", help="tree.")] = "tree",
    link: Annotated[
        bool, typer.Option("--link", help="Hard links: the copies then are the archive's files.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Hand objects out as a folder tree with names for people.

    Example: phono export --all --to /media/disk/music --as tree
    """
    from phonotheque.archive.export import export_tree, plan_copies
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.reference import resolve_object
    from phonotheque.register.events import Export

    if form != "tree":
        raise typer.BadParameter("the one form so far is: tree", param_hint="--as")
    if bool(references) == export_all:
        raise typer.BadParameter("name objects, or use --all")
    root = archive_of(context)
    with open_to_read(root) as archive:
        if references:
            objects = [resolve_object(archive.index, reference) for reference in references]
        else:
            objects = list(archive.index.oldest_checked())
        copies = plan_copies(archive, objects)
        size_bytes = sum(held.size_bytes for held in objects)
        if not dry_run:
            with progress("exporting", len(copies), size_bytes) as shown:
                for copy in export_tree(archive, copies, to, is_linked=link):
                    shown.advance(copy.held.size_bytes)
    if not dry_run:
        _record_export(root, Export(form, len(copies), size_bytes))
    for copy in copies if as_json or dry_run else ():
        if as_json:
            print_json({"sha256": copy.held.sha256.hex, "path": copy.path})
        else:
            print(printable(copy.path))
    if not as_json:
        verb = "would be exported" if dry_run else "exported"
        print(f"{len(copies)} files, {format_bytes(size_bytes)}, {verb} to {to}.")
    return DONE


def _record_export(root: Path, event: Export) -> None:
    """Write the export's line; what cannot be written to is exported all the same."""
    from phonotheque.archive.opening import open_to_write
    from phonotheque.errors import UnavailableError

    try:
        with open_to_write(root, "export") as archive:
            written = archive.writing.append(archive.now(), [event])
            with archive.index.transaction():
                archive.index.apply(written)
    except UnavailableError as error:
        tell([f"the export is done, but was not recorded: {error}"])
