"""`phono seed`: sharing volumes from where they lie."""

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
    from phonotheque.music.digest import Sha256
    from phonotheque.music.rights import Verdict
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
        for torrent in torrents:
            added = seeder.add(torrent, root / "volumes")
            if as_json:
                print_json({"volume": added.name, "magnet": added.magnet, "port": seeder.port})
            else:
                print(f"{added.name}\n  {added.magnet}", flush=True)
        if not as_json:
            print(f"Listening on port {seeder.port}; {seeder.wall}. Ctrl-C stops.", flush=True)
        has_trouble = _watch(seeder, stop, root, decisions)
    return FOUND if has_trouble or closed else DONE


def _stop_at_signals() -> Event:
    """An event that Ctrl-C and SIGTERM set, from now on."""
    import signal

    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _torrents(archive: Archive) -> tuple[list[bytes], bool]:
    """The torrents of volumes that may be shared now, and whether one was left out."""
    from phonotheque.archive.publishing import sealed_torrent, withdrawn

    closed = withdrawn(archive)
    torrents = []
    has_left_out = bool(closed)
    for volume in archive.index.volumes():
        if volume.name in closed:
            _say_withdrawn(volume.name, closed[volume.name])
            continue
        try:
            torrents.append(sealed_torrent(archive, volume))
        except PhonothequeError as error:
            has_left_out = True
            print(f"phono: {volume.name} is not shared: {error}", file=sys.stderr)
    return torrents, has_left_out


def _say_withdrawn(volume: str, why: tuple[Sha256, Verdict]) -> None:
    name = why[0].hex[:12]
    print(
        f"phono: {volume} is not shared: {name} in it may no longer be. "
        f"{why[1].reason} `phono rights show {name}` has the evidence.",
        file=sys.stderr,
        flush=True,
    )


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
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.publishing import withdrawn
    from phonotheque.errors import CallerError, UnavailableError

    try:
        with open_to_read(root) as archive:
            closed = withdrawn(archive)
            is_whole = archive.index.place.offset == _last_segment_bytes(root)
    except UnavailableError:  # somebody is writing: ask again in a moment
        return False
    except CallerError as error:  # the settings; they may be mended, what is shared stays shared
        print(f"phono: {error}", file=sys.stderr, flush=True)
        return True
    for volume, why in closed.items():
        if volume not in removed and any(one.name == volume for one in seeder.progress()):
            seeder.remove(volume)
            _say_withdrawn(volume, why)
        removed.add(volume)
    return is_whole


def _last_segment_bytes(root: Path) -> int:
    return max((root / "register").glob("*.jsonl")).stat().st_size
