"""`phono mirror sync|verify|repair|status`: fetching, checking, mending, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli import mirror_sync_telling as telling
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.mirror_options import MirrorDir, mirror_of, sources_of
from phonotheque.cli.options import Jobs, Json, Loopback, job_count, parse_size

if TYPE_CHECKING:
    from phonotheque.mirror.home import Copy, Mirror
    from phonotheque.mirror.news import Came
    from phonotheque.mirror.ways import Wires

Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port; 0 for any free one; default: settings."),
]
From = Annotated[
    list[Path] | None,
    typer.Option("--from", metavar="DIR", help="Copy from this folder first; repeatable."),
]
Peer = Annotated[
    list[str] | None,
    typer.Option("--peer", metavar="HOST:PORT", help="Ask this mirror, too; repeatable."),
]
WebSeed = Annotated[
    list[str] | None,
    typer.Option("--web-seed", metavar="URL", help="Ask this web server, too; repeatable."),
]


def register(group: typer.Typer) -> None:
    """Add the commands of this module to the group `mirror`."""
    group.command("sync")(sync)
    group.command("verify")(verify)
    group.command("repair")(repair)
    group.command("run")(run)
    group.command("status")(status)


def sync(
    mirror: MirrorDir = None,
    folders: From = None,
    peer: Peer = None,
    web_seed: WebSeed = None,
    port: Port = None,
    loopback: Loopback = False,
    as_json: Json = False,
) -> int:
    """Learn what is new, carry out removals, and fetch what was chosen; then end.

    Can be stopped with Ctrl-C and run again: what came is kept. Exit status 1 when something that
    was chosen did not come.

    Example: phono mirror sync --from /media/stick/archive
    """
    from phonotheque.cli.mirror_progress import shown
    from phonotheque.cli.signals import until_stopped
    from phonotheque.mirror.home import open_mirror
    from phonotheque.mirror.syncing import sync as do_sync
    from phonotheque.publish.trust.following import now

    given = Given(folders, peer, web_seed, port, loopback)
    with until_stopped() as stop:
        with open_mirror(mirror_of(mirror)) as opened, shown() as shows:
            wires = _wires(opened, given, stop.is_set, shows)
            say = partial(telling.say_outcome, as_json=as_json)
            synced = do_sync(opened, now(), wires, say)
        telling.say_synced(synced, as_json=as_json)
    return FOUND if synced.errors else DONE


def verify(
    torrents: Annotated[
        list[str] | None, typer.Argument(metavar="TORRENT", help="Torrents; default: all.")
    ] = None,
    oldest: Annotated[
        int, typer.Option("--oldest", min=0, metavar="N", help="The N unproven longest.")
    ] = 0,
    due: Annotated[
        bool, typer.Option("--due", help="Only what is unproven for scrub.every_days.")
    ] = False,
    rate: Annotated[
        str, typer.Option(metavar="SIZE", help="Read no more a second; 0: no limit.")
    ] = "",
    mirror: MirrorDir = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> int:
    """Read what is held, the longest unproven first, and set aside what is damaged.

    A run that is stopped is gone on with by the next one. Exit status 1 when something is damaged.

    Example: phono mirror verify --due
    """
    from phonotheque.cli.mirror_progress import read_shown
    from phonotheque.cli.signals import until_stopped
    from phonotheque.mirror.home import open_mirror
    from phonotheque.mirror.pacing import Allowance
    from phonotheque.mirror.scrubbing import Care
    from phonotheque.mirror.tending import ToRead
    from phonotheque.mirror.tending import verify as do_verify
    from phonotheque.publish.trust.following import now

    is_wrong, has_read = False, False
    with until_stopped() as stop, open_mirror(mirror_of(mirror)) as opened:
        scrub = opened.settings.scrub
        bytes_per_s = parse_size(rate) if rate else scrub.bytes_per_s
        asked = ToRead(tuple(torrents or ()), oldest, scrub.every_days if due else 0)
        with read_shown(sum(_held_bytes(copy) for copy in opened.copies)) as on_file:
            care = Care(Allowance(bytes_per_s), job_count(jobs), stop.is_set, on_file)
            for _, done in do_verify(opened, now(), asked, care):
                has_read = True
                is_wrong |= telling.say_read(done, as_json=as_json)
    if not (has_read or as_json or stop.is_set()):
        print("Nothing is here to be read.")
    return FOUND if is_wrong else DONE


def repair(
    folders: From = None,
    peer: Peer = None,
    web_seed: WebSeed = None,
    mirror: MirrorDir = None,
    port: Port = None,
    loopback: Loopback = False,
    as_json: Json = False,
) -> int:
    """Bring back what is known to be damaged: from folders, web servers and peers, piece by piece.

    Good files are never touched; a damaged one gives way only to one that was read and proven.
    Exit status 1 when something is left damaged.

    Example: phono mirror repair --from /media/stick/archive
    """
    from phonotheque.cli.mirror_progress import shown
    from phonotheque.cli.signals import until_stopped
    from phonotheque.mirror.home import open_mirror
    from phonotheque.mirror.tending import repair_all
    from phonotheque.mirror.ways import ways_of

    is_left, count = False, 0
    given = Given(folders, peer, web_seed, port, loopback)
    with until_stopped() as stop, open_mirror(mirror_of(mirror)) as opened, shown() as shows:
        wires = _wires(opened, given, stop.is_set, shows)
        for _, done in repair_all(opened, lambda copy: ways_of(opened, copy, wires)[0], shows):
            count += 1
            is_left |= telling.say_repair(done, as_json=as_json)
    if not count and not as_json:
        print("Nothing is known to be damaged; `phono mirror verify` looks.")
    return FOUND if is_left else DONE


def run(
    folders: From = None,
    peer: Peer = None,
    web_seed: WebSeed = None,
    mirror: MirrorDir = None,
    port: Port = None,
    loopback: Loopback = False,
    as_json: Json = False,
) -> int:
    """Work until Ctrl-C: sync every hour, share what is held, read and mend it in between.

    Example: phono mirror run
    """
    from phonotheque.cli.signals import stop_at_signals
    from phonotheque.mirror.home import open_mirror
    from phonotheque.mirror.working import Ears, Work
    from phonotheque.publish.engine import Seeder
    from phonotheque.publish.trust.following import now

    stop = stop_at_signals()
    given = Given(folders, peer, web_seed, port, loopback)
    with open_mirror(mirror_of(mirror)) as opened:
        wires = _wires(opened, given, stop.is_set, lambda _: None)
        ears = Ears(
            partial(telling.say_outcome, as_json=as_json),
            partial(telling.say_synced, as_json=as_json),
            partial(telling.say_read, as_json=as_json),
            telling.say_trouble,
            telling.say_trouble,
        )
        with Seeder(wires.engine) as seeder:
            telling.say_listening(seeder.port, seeder.wall, as_json=as_json)
            # What fetches listens beside what shares.
            beside = replace(wires, engine=replace(wires.engine, port=_beside(seeder.port, given)))
            Work(opened, seeder, beside, ears, now).run()
    return DONE


def _beside(port: int, given: Given) -> int:
    return 0 if given.port == 0 or given.is_local else min(port + 1, 65_535)


def status(
    mirror: MirrorDir = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew until Ctrl-C.")] = False,
    as_json: Json = False,
) -> int:
    """Show what this mirror holds, how it stands, and what is under way.

    Exit status 1 when something is damaged, or was not read for too long.

    Example: phono mirror status --watch
    """
    from phonotheque.cli.mirror_progress import watched
    from phonotheque.cli.signals import stop_at_signals

    root = mirror_of(mirror)
    if not watch:
        return FOUND if telling.say_status(root, as_json=as_json) else DONE
    stop = stop_at_signals()
    watched(root, stop)
    return DONE


def _held_bytes(copy: Copy) -> int:
    return sum(one.held_bytes for one in copy.memory().holdings.values())


@dataclass(frozen=True)
class Given:
    """What was said on the command line about where to fetch from."""

    folders: list[Path] | None
    peers: list[str] | None
    web_seeds: list[str] | None
    port: int | None
    is_local: bool


def _wires(
    opened: Mirror,
    given: Given,
    is_stopping: Callable[[], bool],
    on_progress: Callable[[Came], None],
) -> Wires:
    from datetime import UTC, datetime

    from phonotheque.mirror.hours import is_open
    from phonotheque.mirror.ways import Wires, engine_settings

    hours = opened.settings.swarm.hours
    return Wires(
        engine_settings(opened.settings, given.port, is_local=given.is_local),
        folders=tuple(given.folders or ()),
        sources=sources_of(given.peers, given.web_seeds),
        may_move=lambda: is_open(hours, datetime.now(UTC).astimezone().hour),
        is_stopping=is_stopping,
        on_progress=on_progress,
    )
