"""`phono seed`: sharing volumes and packs from where they lie."""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import print_json, tell
from phonotheque.config import FILE_NAME
from phonotheque.errors import PhonothequeError

if TYPE_CHECKING:
    from phonotheque.archive.opening import Archive
    from phonotheque.publish.engine import Seeder


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("seed", short_help="Share all volumes and packs until Ctrl-C.")(seed)


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
    """Share all volumes and packs until Ctrl-C; nothing in the archive is ever written.

    A volume with a recording that may no longer be shared is left out, and named.

    Example: phono seed --port 6881
    """
    from phonotheque.archive.bulk.publishing import engine_settings
    from phonotheque.archive.opening import open_to_read
    from phonotheque.cli.signals import stop_at_signals
    from phonotheque.publish.engine import Seeder

    stop = stop_at_signals()
    root = archive_of(context)
    decisions = _Decisions(root)  # before anything is read, so that no change falls between
    with open_to_read(root) as archive, ExitStack() as stack:
        torrents, closed = _torrents(archive)
        if not torrents:
            if closed:
                return FOUND
            print("There is no volume to share yet. Make some: phono publish run", file=sys.stderr)
            return DONE
        settings = engine_settings(archive, port, is_local=loopback)
        seeder = stack.enter_context(Seeder(settings))
        if settings.port not in (0, seeder.port):
            tell([f"port {settings.port} is taken: listening on port {seeder.port} instead."])
        for torrent, folder in torrents:
            added = seeder.add(torrent, root / folder)
            if as_json:
                print_json({"volume": added.name, "magnet": added.magnet, "port": seeder.port})
            else:
                print(f"{added.name}\n  {added.magnet}", flush=True)
        if not as_json:
            print(f"Listening on port {seeder.port}; {seeder.wall}. Ctrl-C stops.", flush=True)
        has_trouble = _watch(seeder, stop, root, decisions)
    return FOUND if has_trouble or closed else DONE


def _torrents(archive: Archive) -> tuple[list[tuple[bytes, str]], bool]:
    """What may be shared now: torrents with the folder theirs lies in; whether one is left out."""
    from phonotheque.archive.bulk.bulk_door import held_back
    from phonotheque.archive.bulk.publishing import sealed_torrent
    from phonotheque.register.events import Pack
    from phonotheque.register.published import offered

    closed = held_back(archive)
    torrents = []
    has_left_out = bool(closed)
    for sealed in offered(archive.index):
        if sealed.name in closed:
            _say_withdrawn(sealed.name, closed[sealed.name])
            continue
        folder = "published/packs" if isinstance(sealed, Pack) else "volumes"
        try:
            torrents.append((sealed_torrent(archive, sealed), folder))
        except PhonothequeError as error:
            has_left_out = True
            print(f"phono: {sealed.name} is not shared: {error}", file=sys.stderr)
    return torrents, has_left_out


def _say_withdrawn(name: str, why: str) -> None:
    print(f"phono: {name} is not shared: {why}", file=sys.stderr, flush=True)


def _watch(seeder: Seeder, stop: Event, root: Path, decisions: _Decisions) -> bool:
    """Tell of damage, and let go of what is withdrawn, until told to stop; True for either."""
    told = 0
    removed: set[str] = set()
    while not stop.is_set():
        seeder.wait_for_news(0.5)
        for trouble in seeder.troubles()[told:]:
            told += 1
            print(f"phono: {trouble}", file=sys.stderr, flush=True)
        if (now := decisions.latest()) != decisions.seen and _let_go(seeder, root, removed):
            decisions.seen = now
    return bool(told or removed)


class _Decisions:
    """Whether something may have been decided: three looks at the file system, without a list.

    Attributes:
        seen: What `latest` gave when all volumes were last asked for.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listed_ns = -1
        self._last = root / "register"
        self.seen = self.latest()

    def latest(self) -> tuple[int, int, int]:
        """Three numbers; while they are the same, nothing was written and no setting changed."""
        register = self._root / "register"
        listed_ns = register.stat().st_mtime_ns
        if listed_ns != self._listed_ns:  # a segment was begun
            self._last = max(register.glob("*.jsonl"))
            self._listed_ns = listed_ns
        changed_ns = 0
        with suppress(FileNotFoundError):  # an editor is putting a new one in its place
            changed_ns = (self._root / FILE_NAME).stat().st_mtime_ns
        return listed_ns, self._last.stat().st_size, changed_ns


def _let_go(seeder: Seeder, root: Path, removed: set[str]) -> bool:
    """Ask again for every volume, and stop sharing what was withdrawn; False when it must wait."""
    from phonotheque.archive.bulk.bulk_door import held_back
    from phonotheque.archive.opening import open_to_read
    from phonotheque.errors import CallerError, UnavailableError
    from phonotheque.register.published import retirements

    try:
        with open_to_read(root) as archive:
            closed = held_back(archive)
            retired = retirements(archive.index)
            is_whole = archive.index.place.offset == _last_segment_bytes(root)
    except UnavailableError:  # somebody is writing: ask again in a moment
        return False
    except CallerError as error:  # the settings; they may be mended, what is shared stays shared
        print(f"phono: {error}", file=sys.stderr, flush=True)
        return True
    shared = {one.name for one in seeder.progress()} - removed
    for volume, why in closed.items():
        if volume in shared:
            seeder.remove(volume)
            _say_withdrawn(volume, why)
        removed.add(volume)
    for name in shared & retired.keys():
        seeder.remove(name)
        _say_withdrawn(name, retired[name].reason)
    return is_whole


def _last_segment_bytes(root: Path) -> int:
    return max((root / "register").glob("*.jsonl")).stat().st_size
