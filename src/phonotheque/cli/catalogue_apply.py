"""`phono catalogue apply`: following the catalogue that a dump was restored from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import DryRun, Jobs, Json, archive_of, job_count
from phonotheque.cli.output import print_json
from phonotheque.cli.watching import of_build, watched
from phonotheque.music.number_words import counted


def register(group: typer.Typer) -> None:
    """Add the commands of this module to the group of the catalogue."""
    group.command("apply")(apply)


def apply(
    context: typer.Context,
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Increments, in the order of their numbers."),
    ],
    jobs: Jobs = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Apply what `phono catalogue dump --since` wrote to a catalogue that was restored.

    Then it is the catalogue that was dumped, row for row, which is proven before it serves; until
    then the one before serves. An increment that does not begin where the catalogue is is refused.
    What was stopped goes on when it is run again.

    Example: phono catalogue apply /srv/increments/000002
    """
    from phonotheque.archive.finding.dumping import apply_increments, look_over_increments

    root = archive_of(context)
    chain = look_over_increments(root, folders)
    if not dry_run:
        with watched() as told:
            apply_increments(root, folders, job_count(jobs), of_build(told))
    since, last = chain[0].base.sequence, chain[-1]
    put = sum(one.put for one in chain)
    deleted = sum(sum(one.deleted.values()) for one in chain)
    if as_json:
        print_json(
            {
                "since": since,
                "sequence": last.result.sequence,
                "state": last.result.state,
                "snapshot": last.snapshot,
                "put": put,
                "deleted": deleted,
            }
        )
    else:
        verb = "would serve" if dry_run else "serves"
        said = f"{counted(put, 'row')} put, {counted(deleted, 'key')} deleted"
        print(f"{last.snapshot} {verb}: {since} to {last.result.sequence}, {said}.")
    return DONE
