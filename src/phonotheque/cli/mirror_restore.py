"""`phono mirror restore|adopt`: giving everything back, and taking in what others downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.mirror_options import MirrorDir, mirror_of, sources_of, ways_of
from phonotheque.cli.mirror_sync import Peer, WebSeed
from phonotheque.cli.options import Jobs, Json, Loopback, job_count
from phonotheque.cli.output import format_bytes, print_json, printable, progress, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.keeping.restoring import Restored
    from phonotheque.archive.keeping.surveying import Survey
    from phonotheque.mirror.jobs import Ways
    from phonotheque.publish.fetch import Sources
    from phonotheque.register.holdings import Held


def register(group: typer.Typer) -> None:
    """Add the commands of this module to the group `mirror`."""
    group.command("adopt")(adopt)
    group.command("restore")(restore)


def adopt(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where a torrent client downloads into.")
    ],
    link: Annotated[
        bool, typer.Option("--link", help="Hard links: the client's files then are the mirror's.")
    ] = False,
    mirror: MirrorDir = None,
    as_json: Json = False,
) -> int:
    """Take what a torrent client downloaded into this mirror, proven file by file.

    Files are copied, or share their blocks where the file system can; the folder is only read. Of
    a download that is not whole, the whole files are kept. Exit status 1 when one was not whole.

    Example: phono mirror adopt ~/Downloads
    """
    from phonotheque.cli.mirror_progress import shown
    from phonotheque.cli.mirror_sync_telling import say_outcome
    from phonotheque.cli.signals import until_stopped
    from phonotheque.mirror.adopting import Giver
    from phonotheque.mirror.adopting import adopt as do_adopt
    from phonotheque.mirror.home import open_mirror

    is_partial = False
    give = Giver(folder.resolve(), is_linked=link)
    with until_stopped() as stop, open_mirror(mirror_of(mirror)) as opened, shown() as shows:
        for _, outcome in do_adopt(opened, give, stop.is_set, shows):
            is_partial |= not outcome.is_whole
            say_outcome(outcome, as_json=as_json)
    return FOUND if is_partial else DONE


def restore(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new or empty folder, for the archive.")
    ],
    source: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="DIR", help="A mirror, archive or disk; repeatable."),
    ] = None,
    fingerprint: Annotated[
        str, typer.Option(metavar="SHA256", help="Of its first root: this archive and no other.")
    ] = "",
    successor: Annotated[
        bool, typer.Option("--successor", help="The keys are lost, too: make new ones.")
    ] = False,
    peer: Peer = None,
    web_seed: WebSeed = None,
    swarm: Annotated[
        bool, typer.Option("--swarm", help="Also ask whoever shares the torrents.")
    ] = False,
    loopback: Loopback = False,
    jobs: Jobs = None,
    as_json: Json = False,
) -> int:
    """Bring a lost archive back from its mirrors: objects, register, catalogue, what was published.

    Without --from, from the mirror in this folder. Each byte is proven. What no disk has of the
    volumes can come from peers and web servers. Can be stopped and run again, with more disks. Exit
    status 1 when something is missing still.

    Example: phono mirror restore archive --from /media/one --from /media/two
    """
    from phonotheque.archive.keeping.restoring import restore as do_restore
    from phonotheque.archive.keeping.surveying import survey
    from phonotheque.cli.mirror_progress import shown

    root, sources = folder.resolve(), sources_of(peer, web_seed)
    ways = _ways(root, sources, is_asking=swarm, is_local=loopback)
    found = survey(source or [mirror_of(None)], fingerprint.lower())
    tell(found.notices)
    with shown() as shows:
        done = do_restore(root, found, ways, is_successor=successor, on_progress=shows)
    lost, asked = _finish(root, found, job_count(jobs))
    _build_catalogue(root, job_count(jobs))
    _say(root, found, done, lost, asked, as_json=as_json)
    return FOUND if lost or done.unknown else DONE


def _ways(root: Path, sources: Sources, *, is_asking: bool, is_local: bool) -> Ways:
    from phonotheque.archive.keeping.restoring import INCOMING
    from phonotheque.publish.session import EngineSettings

    # Any free port: the usual one is for whoever shares the archive, which may start meanwhile.
    engine = EngineSettings.loopback() if is_local else EngineSettings(port=0)
    return ways_of(engine, root / INCOMING, sources, is_asking=is_asking)


def _finish(root: Path, found: Survey, jobs: int) -> tuple[list[Held], list[str]]:
    """Make the index, bring what is in no volume, and read what facts are made of."""
    from phonotheque.archive.keeping.rebuild import layers_from_torrents, reread_all, tasks
    from phonotheque.archive.keeping.restoring import bring_loose, finished
    from phonotheque.archive.keeping.wiring import rereaders
    from phonotheque.archive.opening import open_to_write

    with (
        rereaders(root, jobs) as hands,
        open_to_write(root, "mirror restore", is_rebuilt=True) as archive,
    ):
        tell(archive.notices)
        lost = list(bring_loose(archive, found))
        for _ in layers_from_torrents(archive):
            pass  # what is missing is told below, object by object
        wanted = sum(1 for _ in tasks(archive))
        with progress("reading", wanted, wanted) as bar:
            for _ in reread_all(archive, hands, tasks(archive)):
                bar.advance(1)
        archive.index.set_note("rebuilding", "")
        return lost, finished(archive, found, lost)


def _build_catalogue(root: Path, jobs: int) -> None:
    """Let what came back be searched."""
    from phonotheque.archive.finding.catalogue import build_snapshot, take_in_holdings
    from phonotheque.archive.opening import open_to_read
    from phonotheque.cli.watching import of_build, watched

    with open_to_read(root) as archive:
        take_in_holdings(archive, on_progress=lambda _: None)
    with watched() as told:
        build_snapshot(root, jobs, of_build(told))


def _say(
    root: Path,
    found: Survey,
    done: Restored,
    lost: list[Held],
    asked: list[str],
    *,
    as_json: bool,
) -> None:
    back = done.back
    if as_json:
        print_json(
            {
                "archive": done.header.archive,
                "name": done.header.name,
                "root": str(root),
                "index": done.header.seq,
                "register_lines": back.end.head.seq if back else found.head.seq,
                "withheld": back.withheld if back else 0,
                "torrents": len(done.outcomes),
                "whole": sum(one.is_whole for one in done.outcomes),
                "unknown": [line.id for line in done.unknown],
                "missing": [one.sha256.hex for one in lost],
                "ask": asked,
                "successor": done.root,
            }
        )
        return
    for line in _sentences(root, done, lost, asked):
        print(printable(line))


def _sentences(root: Path, done: Restored, lost: list[Held], asked: list[str]) -> list[str]:
    whole = sum(one.is_whole for one in done.outcomes)
    files = sum(one.files for one in done.outcomes)
    held = format_bytes(sum(one.held_bytes for one in done.outcomes))
    title = done.header.title or done.header.name
    torrents = f"{whole} of {counted(len(done.outcomes), 'torrent')}"
    lines = [
        f"{title} is back in {root}, as of index {done.header.seq}.",
        f"{torrents} whole: {counted(files, 'file')}, {held}.",
    ]
    if done.back is not None:
        lines.append(
            f"The register has {counted(done.back.end.head.seq, 'line')}, up to the one that was "
            f"signed; it came from {done.back.source}."
        )
        if done.back.withheld:
            lines.append(
                f"{counted(done.back.withheld, 'line')} of it spoke of what was not shared, and "
                "came back as a digest alone: only a backup of the register has more."
            )
    lines += [f"{one.torrent}: {one.error}" for one in done.outcomes if one.error]
    lines += [f"{line.id}: no disk has its .torrent file" for line in done.unknown]
    size = format_bytes(sum(one.size_bytes for one in lost))
    if lost:
        lines.append(f"Missing still: {counted(len(lost), 'object')}, {size}.")
        lines += [f"  {one.sha256.hex}" for one in lost[:10]]
        lines += [f"  Others may have them: {address}" for address in asked]
        lines.append("  Run the same command with one more disk: --from DIR.")
    if done.root:
        lines.append(f"New keys were made; the new root is {done.root}.")
        lines.append("Tell it to everybody: whoever follows must say `--successor` with it.")
        lines.append("Then: phono publish run, phono verify.")
    else:
        lines.append("Lay the keys back into keys/, and people.sqlite from your backup.")
        lines.append("Then: phono verify, phono publish run.")
    return lines
