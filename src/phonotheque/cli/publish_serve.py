"""`phono publish serve`: the bulk door over HTTP."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from phonotheque.cli.exit_status import DONE
from phonotheque.cli.options import Host, Json, archive_of
from phonotheque.cli.output import print_json, printable, tell_fault


def register(group: typer.Typer) -> None:
    """Add the command of this module."""
    group.command("serve", short_help="Serve published/ and web seeds over HTTP.")(serve)


def serve(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any free one.")
    ] = 8042,
    threads: Annotated[
        int, typer.Option("--threads", min=1, max=1024, help="Connections served at once.")
    ] = 32,
    as_json: Json = False,
) -> int:
    """Serve what is published, and volumes as web seeds, until Ctrl-C; nothing is written.

    A recording is given only while its volume is offered and its rights allow it: that is asked
    for every request. TLS is for a proxy in front of it.

    Example: phono publish serve --port 8042
    """
    from functools import partial

    from phonotheque.archive.bulk.bulk_door import Clerk, Closed
    from phonotheque.archive.opening import open_to_read
    from phonotheque.cli.signals import stop_at_signals
    from phonotheque.publish.web.digests import Digests
    from phonotheque.publish.web.server import Bounds, Server

    stop = stop_at_signals()
    root = archive_of(context)
    with open_to_read(root) as archive:  # whatever is wrong with it is told now
        notices = archive.notices
    for notice in notices:
        print(f"phono: {printable(notice)}", file=sys.stderr)
    opening = partial(Clerk, root, Digests(), Closed())
    bounds = Bounds(threads=threads, waiting=2 * threads)
    server = Server(opening, (host, port), bounds, tell_fault)
    address = f"http://{f'[{host}]' if ':' in host else host}:{server.port}/"
    server.start()
    try:
        if as_json:
            print_json({"address": address, "web_seed": f"{address}volumes/", "port": server.port})
        else:
            print(f"{address}\nWeb seed for torrents: {address}volumes/\nCtrl-C stops.", flush=True)
        stop.wait()
    finally:
        server.close()
    return DONE
