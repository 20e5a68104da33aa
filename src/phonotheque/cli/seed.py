"""`phono seed`: sharing volumes and packs from where they lie."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import Json, Loopback, archive_of
from phonotheque.cli.output import print_json, tell
from phonotheque.errors import NotHeldError, PhonothequeError
from phonotheque.stopping import Stop

if TYPE_CHECKING:
    from phonotheque.archive.bulk.decisions import Decisions, Look
    from phonotheque.archive.opening import Archive
    from phonotheque.publish.engine import Seeder
    from phonotheque.register.events import Volume


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("seed", short_help="Share all volumes and packs until Ctrl-C.")(seed)


def seed(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 for any free one.")
    ] = None,
    loopback: Loopback = False,
    as_json: Json = False,
) -> int:
    """Share all volumes and packs until Ctrl-C; nothing in the archive is ever written.

    A volume with a recording that may no longer be shared is left out, and named.

    Example: phono seed --port 6881
    """
    from phonotheque.archive.bulk.decisions import Decisions
    from phonotheque.archive.bulk.publishing import engine_settings
    from phonotheque.archive.opening import open_to_read
    from phonotheque.cli.signals import stop_at_signals
    from phonotheque.publish.engine import Seeder

    stop = stop_at_signals()
    root = archive_of(context)
    decisions = Decisions(root)
    seen = decisions.look()  # before anything is read, so that no change falls between
    with open_to_read(root) as archive, ExitStack() as stack:
        left_out: list[str] = []
        torrents = _torrents(archive, left_out)
        first = next(torrents, None)
        if first is None:
            if left_out:
                return FOUND
            print("There is no volume to share yet. Make some: phono publish run", file=sys.stderr)
            return DONE
        settings = engine_settings(archive, port, is_local=loopback)
        seeder = stack.enter_context(Seeder(settings))
        if settings.port not in (0, seeder.port):
            tell([f"port {settings.port} is taken: listening on port {seeder.port} instead."])
        for torrent, folder, is_twin in chain([first], torrents):
            added = (seeder.add_twin if is_twin else seeder.add)(torrent, root / folder)
            if as_json:
                print_json({"volume": added.name, "magnet": added.magnet, "port": seeder.port})
            else:
                print(f"{added.name}\n  {added.magnet}", flush=True)
        if not as_json:
            print(f"Listening on port {seeder.port}; {seeder.wall}. Ctrl-C stops.", flush=True)
        has_trouble = _watch(seeder, stop, root, decisions, seen)
    return FOUND if has_trouble or left_out else DONE


def _torrents(archive: Archive, left_out: list[str]) -> Iterator[tuple[bytes, str, bool]]:
    """Yield what may be shared now: each torrent with the folder that its own lies in, and whether
    it is the twin of the one before.

    One at a time: all of a large archive would be 45 GB. `left_out` learns what may not be.
    """
    from phonotheque.archive.bulk.closing import closures
    from phonotheque.archive.bulk.publishing import sealed_torrent
    from phonotheque.register.events import Pack, Volume
    from phonotheque.register.published import offered

    closed = closures(archive)
    for sealed in offered(archive.index):
        folder = "published/packs" if isinstance(sealed, Pack) else "volumes"
        why = closed[sealed.name].told if sealed.name in closed else ""
        torrent = b""
        if not why:
            try:
                torrent = sealed_torrent(archive, sealed)
            except PhonothequeError as error:
                why = str(error)
        if why:
            _say_not_shared(sealed.name, why)
            left_out.append(sealed.name)
        else:
            yield torrent, folder, False
            if isinstance(sealed, Volume) and (twin := _twin(archive, sealed, left_out)):
                yield twin, folder, True


def _twin(archive: Archive, volume: Volume, left_out: list[str]) -> bytes:
    """The v1-only twin of a volume; b"" when there is none, or what lies there is none."""
    from phonotheque.publish.sealed import twin_name
    from phonotheque.publish.twin import proven_twin

    try:
        return proven_twin(archive.disk, volume)
    except NotHeldError:
        return b""
    except PhonothequeError as error:
        _say_not_shared(twin_name(volume.name), str(error))
        left_out.append(twin_name(volume.name))
        return b""


def _say_not_shared(name: str, why: str) -> None:
    print(f"phono: {name} is not shared: {why}", file=sys.stderr, flush=True)


def _watch(seeder: Seeder, stop: Stop, root: Path, decisions: Decisions, seen: Look) -> bool:
    """Tell of damage, and let go of what is withdrawn, until told to stop; True for either."""
    told = 0
    removed: set[str] = set()
    while not stop.is_set():
        seeder.wait_for_news(0.5)
        for trouble in seeder.troubles()[told:]:
            told += 1
            print(f"phono: {trouble}", file=sys.stderr, flush=True)
        if (now := decisions.look()) != seen and _let_go(seeder, root, removed, now):
            seen = now
    return bool(told or removed)


def _let_go(seeder: Seeder, root: Path, removed: set[str], look: Look) -> bool:
    """Ask again for every volume, and stop sharing what was withdrawn; False when it must wait."""
    from phonotheque.archive.bulk.closing import closures
    from phonotheque.archive.opening import open_to_read
    from phonotheque.errors import CallerError, UnavailableError
    from phonotheque.publish.sealed import twin_name
    from phonotheque.register.published import retirements

    try:
        with open_to_read(root) as archive:
            closed = {name: why.told for name, why in closures(archive).items()}
            retired = {name: one.reason for name, one in retirements(archive.index).items()}
            is_whole = look.is_known_to(archive)
    except UnavailableError:  # somebody is writing: ask again in a moment
        return False
    except CallerError as error:  # the settings; they may be mended, what is shared stays shared
        print(f"phono: {error}", file=sys.stderr, flush=True)
        return True
    removed.update(closed)
    shared = {one.name for one in seeder.progress()}
    for volume, why in {**closed, **retired}.items():
        for name in shared & {volume, twin_name(volume)}:
            seeder.remove(name)
            _say_not_shared(name, why)
    return is_whole
