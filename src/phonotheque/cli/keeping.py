"""`phono rebuild|export`: making again what can be made again, and handing out copies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Jobs, Json, Wait, archive_of, job_count
from phonotheque.cli.output import format_bytes, print_json, print_table, printable, progress, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.keeping.export import Exported
    from phonotheque.archive.keeping.export_names import Copy
    from phonotheque.errors import PhonothequeError
    from phonotheque.music.finding import Finding
    from phonotheque.register.events import Export


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("rebuild", short_help="Make state/ again from register and objects.")(rebuild)
    app.command("export", short_help="Copy objects out under names for people.")(export)


def rebuild(
    context: typer.Context, jobs: Jobs = None, wait: Wait = False, as_json: Json = False
) -> int:
    """Make `state/` again from the register and the objects alone.

    Example: phono rebuild
    """
    from phonotheque.archive.keeping.rebuild import layers_from_torrents, reread_all, tasks
    from phonotheque.archive.keeping.wiring import rereaders
    from phonotheque.archive.opening import open_to_write

    root = archive_of(context)
    findings: list[Finding] = []
    with (
        rereaders(root, job_count(jobs)) as hands,
        open_to_write(root, "rebuild", is_patient=wait, is_rebuilt=True) as archive,
    ):
        tell(archive.notices)
        findings += layers_from_torrents(archive)
        wanted = sum(1 for _ in tasks(archive))
        with progress("reading", wanted, wanted) as shown:
            for _, finding in reread_all(archive, hands, tasks(archive)):
                shown.advance(1)
                if finding:
                    findings.append(finding)
        events = archive.index.place.head.seq
        archive.index.set_note("rebuilding", "")
    if as_json:
        print_json({"events": events, "read_again": wanted, "findings": len(findings)})
    else:
        lines, objects = counted(events, "line"), counted(wanted, "object")
        print(f"{lines} of the register checked, {objects} read again.")
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
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Hand objects out as a folder tree with names for people.

    What is damaged or missing is left out and named; the rest is copied, and the exit status is 1.

    Example: phono export --all --to /media/disk/music --as tree
    """
    from phonotheque.archive.keeping.export import export_tree
    from phonotheque.archive.keeping.export_names import plan_copies
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.reference import resolve_object
    from phonotheque.register.events import Export

    if form != "tree":
        raise typer.BadParameter("the one form so far is: tree", param_hint="--as")
    if bool(references) == export_all:
        raise typer.BadParameter("name objects, or use --all")
    root = archive_of(context)
    report = _Exports(as_json=as_json, is_rehearsal=dry_run)
    with open_to_read(root) as archive:
        if references:
            objects = [resolve_object(archive.index, reference) for reference in references]
        else:
            objects = list(archive.index.oldest_checked())
        copies = plan_copies(archive, objects)
        if dry_run:
            report.made = copies
        else:
            size_bytes = sum(held.size_bytes for held in objects)
            with progress("exporting", len(copies), size_bytes) as shown:
                for one in export_tree(archive, copies, to, is_linked=link):
                    report.note(one)
                    shown.advance(one.copy.held.size_bytes)
    if len(copies) == 1 and report.left_out:
        raise report.left_out[0][1]  # nothing was done: that is no finding but the answer
    if report.made and not dry_run:
        event = Export(form, len(report.made), report.size_bytes)
        _record_export(root, event, is_patient=wait)
    report.close(to)
    return FOUND if report.left_out else DONE


class _Exports:
    """What an export made and left out, for people or as JSON."""

    def __init__(self, *, as_json: bool, is_rehearsal: bool) -> None:
        self._as_json = as_json
        self._is_rehearsal = is_rehearsal
        self.made: list[Copy] = []
        self.left_out: list[tuple[Copy, PhonothequeError]] = []

    @property
    def size_bytes(self) -> int:
        """Bytes of all copies that were made."""
        return sum(copy.held.size_bytes for copy in self.made)

    def note(self, one: Exported) -> None:
        """Count one object."""
        if one.error is None:
            self.made.append(one.copy)
        else:
            self.left_out.append((one.copy, one.error))

    def close(self, to: Path) -> None:
        """Print what was made, what was left out, and why."""
        if self._as_json:
            for copy in self.made:
                print_json({"sha256": copy.held.sha256.hex, "path": copy.path})
            for copy, error in self.left_out:
                left_out = {"sha256": copy.held.sha256.hex, "path": None, "left_out": str(error)}
                print_json(left_out)
            return
        for copy in self.made if self._is_rehearsal else ():
            print(printable(copy.path))
        verb = "would be exported" if self._is_rehearsal else "exported"
        print(
            f"{counted(len(self.made), 'file')}, {format_bytes(self.size_bytes)}, {verb} to {to}."
        )
        for copy, error in self.left_out:
            print(f"left out: {printable(copy.path)} ({printable(str(error))})")


def _record_export(root: Path, event: Export, *, is_patient: bool) -> None:
    """Write the export's line; what cannot be written to is exported all the same."""
    from phonotheque.archive.opening import open_to_write
    from phonotheque.errors import UnavailableError

    try:
        with open_to_write(root, "export", is_patient=is_patient) as archive:
            archive.record([event])
    except UnavailableError as error:
        tell([f"the export is done, but was not recorded: {error}"])
