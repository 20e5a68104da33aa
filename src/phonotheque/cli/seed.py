"""`phono seed`: sharing volumes from where they lie."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import print_json

if TYPE_CHECKING:
    from phonotheque.archive.opening import Archive
    from phonotheque.publish.engine import Seeder


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("seed", short_help="Share all volumes until Ctrl-C.")(seed)


def seed(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 for any free one.")
    ] = None,
    loopback: Annotated[
        bool, typer.Option("--loopback", help="This machine only: no discovery, 127.0.0.1.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Share all volumes until Ctrl-C; nothing in the archive is ever written.

    A volume with a recording that may no longer be shared is left out, and named.

    Example: phono seed --port 6881
    """
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.publishing import engine_settings
    from phonotheque.publish.engine import Seeder

    stop = _stop_at_signals()
    with open_to_read(archive_of(context)) as archive, ExitStack() as stack:
        torrents, closed = _torrents(archive)
        if not torrents:
            print("There is no volume to share yet. Make some: phono publish run", file=sys.stderr)
            return FOUND if closed else DONE
        seeder = stack.enter_context(Seeder(engine_settings(archive, port, is_local=loopback)))
        for torrent in torrents:
            added = seeder.add(torrent, archive.root / "volumes")
            if as_json:
                print_json({"volume": added.name, "magnet": added.magnet, "port": seeder.port})
            else:
                print(f"{added.name}\n  {added.magnet}", flush=True)
        if not as_json:
            print(f"Listening on port {seeder.port}; {seeder.wall}. Ctrl-C stops.", flush=True)
        has_trouble = _watch(seeder, stop)
    return FOUND if has_trouble or closed else DONE


def _stop_at_signals() -> Event:
    """An event that Ctrl-C and SIGTERM set, from now on."""
    import signal

    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _torrents(archive: Archive) -> tuple[list[bytes], bool]:
    """The torrents of volumes that may be shared now, and whether one may not."""
    from phonotheque.archive.publishing import withdrawn
    from phonotheque.disk import read_whole
    from phonotheque.publish.seal import torrent_path

    closed = withdrawn(archive)
    for volume, (sha256, verdict) in closed.items():
        print(
            f"phono: {volume} is not shared: {sha256.hex[:12]} in it may no longer be. "
            f"{verdict.reason} `phono rights show {sha256.hex[:12]}` has the evidence.",
            file=sys.stderr,
        )
    names = [volume.name for volume in archive.index.volumes() if volume.name not in closed]
    return [read_whole(archive.disk, torrent_path(name)) for name in names], bool(closed)


def _watch(seeder: Seeder, stop: Event) -> bool:
    """Tell of damage as it is met, until told to stop; True when there was any."""
    told = 0
    while not stop.is_set():
        seeder.wait_for_news(0.5)
        for trouble in seeder.troubles()[told:]:
            told += 1
            print(f"phono: {trouble}", file=sys.stderr, flush=True)
    return told > 0
