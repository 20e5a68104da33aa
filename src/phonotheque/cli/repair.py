"""`phono repair`: damaged bytes of an archive come back from its mirrors."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Jobs, Json, Loopback, Wait, archive_of, job_count
from phonotheque.cli.output import print_json, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.keeping.repairing import Damage
    from phonotheque.archive.opening import Archive
    from phonotheque.mirror.jobs import Ways


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("repair", short_help="Bring damaged bytes back from mirrors.")(repair)


def repair(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--from", metavar="DIR|URL", help="A mirror, a backup, a web seed; repeatable."
        ),
    ] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option("--peer", metavar="HOST:PORT", help="Ask this mirror; repeatable."),
    ] = None,
    swarm: Annotated[
        bool, typer.Option("--swarm", help="Also ask whoever shares the volumes.")
    ] = False,
    loopback: Loopback = False,
    jobs: Jobs = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Bring back what `phono verify` found damaged, piece by piece, from mirrors and folders.

    What is intact is never touched; a damaged file gives way only to one that was read and proven.
    A lost torrent is made again here, if what it was made of is whole, and else copied.
    Exit status 1 when something is left damaged.

    Example: phono repair --from /media/stick/mirror/archives/archive
    """
    from phonotheque.archive.bulk.publishing import press_of
    from phonotheque.archive.keeping.repairing import damage, record_mended, repair_archive
    from phonotheque.archive.opening import open_to_read, open_to_write
    from phonotheque.cli.mirror_progress import shown
    from phonotheque.cli.mirror_sync_telling import say_repair
    from phonotheque.publish.remake import remake

    root = archive_of(context)
    with open_to_read(root) as archive:
        found = damage(archive)
    if dry_run or not found.count:
        _say_damage(found, as_json=as_json)
        return FOUND if found.count else DONE
    with open_to_write(root, "repair", is_patient=wait) as archive, shown() as shows:
        tell(archive.notices)
        ways = _ways(archive, sources or [], peer or [], is_asking=swarm, is_local=loopback)
        done = list(repair_archive(archive, ways, partial(remake, press_of(archive)), shows))
    with open_to_read(root) as archive:
        run = record_mended(archive, done, job_count(jobs))
    is_left = False
    for one in done:
        is_left |= say_repair(one, as_json=as_json)
    return FOUND if is_left or run.findings else DONE


def _ways(
    archive: Archive, sources: list[str], peers: list[str], *, is_asking: bool, is_local: bool
) -> Ways:
    from phonotheque.archive.bulk.publishing import engine_settings
    from phonotheque.archive.keeping.repairing import INCOMING
    from phonotheque.cli.mirror_options import sources_of, ways_of
    from phonotheque.mirror.sources import is_web

    asked = sources_of(peers, [f"{one.rstrip('/')}/volumes/" for one in sources if is_web(one)])
    folders = [Path(one) for one in sources if not is_web(one)]
    engine = engine_settings(archive, 0, is_local=is_local)
    return ways_of(engine, archive.root / INCOMING, asked, folders, is_asking=is_asking)


def _say_damage(found: Damage, *, as_json: bool) -> None:
    objects = sum(len(held) for held in found.objects.values())
    if as_json:
        print_json(
            {
                "objects": objects,
                "lists": list(found.lists),
                "torrents": [volume.name for volume in found.torrents],
            }
        )
        return
    if not found.count:
        print("Nothing is known to be damaged; `phono verify` looks.")
        return
    lists, torrents = counted(len(found.lists), "list"), counted(len(found.torrents), "torrent")
    print(f"Damaged: {counted(objects, 'object')}, {lists}, {torrents}.")
