"""`phono serve`: the listening door, as workers that share one socket until Ctrl-C."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import Host, Json, archive_of
from phonotheque.cli.output import print_json, printable, tell, tell_fault

if TYPE_CHECKING:
    import socket
    from pathlib import Path


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("serve", short_help="Let people find and hear music, on a page and by an API.")(
        serve
    )


def serve(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any free one.")
    ] = 8043,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Processes that answer.")
    ] = 1,
    copyists: Annotated[
        int,
        typer.Option("--copyists", min=1, max=64, help="Processes of each that make copies."),
    ] = 1,
    as_json: Json = False,
) -> int:
    """Serve pages, sound and the API until Ctrl-C.

    What may be heard is asked for every request. The catalogue is built first where there is none,
    and may be built again at any time. TLS is for a proxy in front of it.

    Example: phono serve --port 8043
    """
    _require_libraries()
    from phonotheque.archive.listening.serving import Served, listen_at
    from phonotheque.archive.listening.serving import serve as run
    from phonotheque.archive.opening import open_to_read
    from phonotheque.cli.signals import stop_at_signals

    stop = stop_at_signals()
    root = archive_of(context)
    with open_to_read(root) as archive:  # whatever is wrong with it is told now
        notices = archive.notices
    tell(map(printable, notices))
    # A taken port is told now, not after a catalogue was built; nobody is let wait at it meanwhile.
    listen_at(host, port).close()
    _make_ready(root)
    listening = listen_at(host, port)
    if not stop.is_set():
        _say(host, listening, as_json=as_json)
        run(Served(root, workers, copyists), listening, tell_fault, stop)
    return DONE


def _make_ready(root: Path) -> None:
    """Build a catalogue where there is none: an archive without one can find nothing.

    In a process of its own, because what builds takes memory that a door would keep for ever.

    Raises:
        NoCatalogueError: It could not be built; why was told on standard error.
    """
    import subprocess

    from phonotheque.archive.finding.serving import serving_snapshot
    from phonotheque.errors import NoCatalogueError

    try:
        if serving_snapshot(root).browse.is_file():
            return
    except NoCatalogueError:
        pass
    print("phono: building the catalogue first", file=sys.stderr, flush=True)
    command = (sys.executable, "-m", "phonotheque", "--archive", root, "catalogue", "build")
    if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
        raise NoCatalogueError(
            str(root),
            "its catalogue could not be built, for the reason given above",
            "See `phono catalogue build`.",
        )


def _say(host: str, listening: socket.socket, *, as_json: bool) -> None:
    port = int(listening.getsockname()[1])
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    if as_json:
        print_json({"address": address, "api": f"{address}api/v1/", "port": port})
    else:
        print(f"{address}\nThe API: {address}api/v1/\nCtrl-C stops.", flush=True)


def _require_libraries() -> None:
    """Say what to install where the libraries for serving are not there.

    Raises:
        BadRequestError: They are not.
    """
    from importlib.util import find_spec

    from phonotheque.errors import BadRequestError

    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        raise BadRequestError(
            "phono serve",
            f"{' and '.join(missing)} cannot be found",
            "Run: pip install 'phonotheque[listen]'",
        )
