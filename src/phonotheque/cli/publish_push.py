"""`phono publish push`: the bulk door laid out for any web server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import format_bytes, print_json, printable, progress
from phonotheque.music.number_words import counted


def register(group: typer.Typer) -> None:
    """Add the command to the group `publish`."""
    group.command("push")(push)


def push(
    context: typer.Context,
    to: Annotated[Path, typer.Argument(metavar="DIR", help="A folder outside the archive.")],
    link: Annotated[
        bool, typer.Option("--link", help="Hard links: the copies then are the archive's files.")
    ] = False,
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Bring a folder to what is published now, for any web server; run it again after each run.

    Volumes are copied (blocks are shared where the file system can), what was withdrawn is taken
    away. A folder that holds anything else is refused.

    Example: phono publish push /srv/www/music
    """
    from phonotheque.archive.bulk.pushing import missing_from
    from phonotheque.archive.bulk.pushing import push as lay_out

    root = archive_of(context)
    missing, missing_bytes = missing_from(root, to, is_linked=link)
    if dry_run:
        if as_json:
            print_json({"files": missing, "size_bytes": missing_bytes})
        else:
            recordings = counted(missing, "recording")
            print(f"{recordings}, {format_bytes(missing_bytes)}, would be copied to {to}.")
        return DONE
    with progress("copying", missing, missing_bytes) as shown:
        done = lay_out(root, to, shown.advance, is_linked=link, is_patient=wait)
    if as_json:
        left_out = [{"volume": name, "reason": reason} for name, reason in done.left_out]
        record = {"files": done.files, "size_bytes": done.size_bytes, "removed": done.removed}
        print_json({**record, "left_out": left_out})
    else:
        copied = f"{counted(done.files, 'file')}, {format_bytes(done.size_bytes)}"
        print(f"{copied}, copied to {to}; {counted(len(done.removed), 'thing')} taken away.")
        for name, reason in done.left_out:
            print(f"left out: {name} ({printable(reason)})")
    return FOUND if done.left_out else DONE
