"""How far a sync is: one line for each torrent that is under way, and one for all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from phonotheque.music.number_words import counted
from phonotheque.stopping import Stop

if TYPE_CHECKING:
    from phonotheque.mirror.news import Came


@contextmanager
def shown() -> Iterator[Callable[[Came], None]]:
    """Show how far torrents are while the block runs, if anybody is watching."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskID,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[words]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def on_progress(came: Came) -> None:
            if came.torrent not in tasks:
                tasks[came.torrent] = bar.add_task(came.torrent, total=None, words="")
            bar.update(
                tasks[came.torrent],
                completed=came.done_bytes,
                total=came.wanted_bytes,
                words=progress_words(came),
            )

        yield on_progress


@contextmanager
def read_shown(size_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show how much was read while the block runs, if anybody is watching."""
    from phonotheque.cli.output import progress

    with progress("reading", 0, size_bytes) as bar:
        yield bar.advance


def watched(root: Path, stop: Stop) -> None:
    """Show how a mirror stands, anew every second, until told to stop."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from phonotheque.cli.mirror_sync_telling import status_lines
    from phonotheque.cli.output import printable
    from phonotheque.mirror.home import open_mirror_to_read
    from phonotheque.mirror.standing import running, standings
    from phonotheque.publish.trust.following import now

    with Live(console=Console(), auto_refresh=False) as live:
        while not stop.is_set():
            with open_mirror_to_read(root) as opened:
                found = standings(opened, now())
                lines = status_lines(found, running(root, now()), opened.settings.space_bytes)
            live.update(Text("\n".join(map(printable, lines))), refresh=True)
            stop.wait(1)


def progress_words(came: Came) -> str:
    """What else there is to say of a torrent that is under way."""
    if came.is_checking:
        return "reading what is there"
    words = counted(came.peers, "peer")
    return words + (f", {counted(came.bad_pieces, 'bad piece')}" if came.bad_pieces else "")
