"""`phono guard send|work|join`: a guard of many processes over Valkey Streams."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.output import print_json, printable, tell
from phonotheque.cli.signals import stop_at_signals
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from phonotheque.guard.score.sinks import Sink
    from phonotheque.guard.streams.sending import Sender
    from phonotheque.guard.streams.server import StreamServer
    from phonotheque.guard.streams.shape import Shape, Tracks
    from phonotheque.guard.streams.telling import Told
    from phonotheque.guard.streams.working import Keeping

_MOMENT_S = 0.5
_LIMITS = {"long ago": "more than 7 days", "of the future": "more than 5 minutes"}
"""Of `phonotheque.guard.intake`, in words."""

Server = Annotated[
    str, typer.Argument(metavar="SERVER", help="valkey://HOST:PORT/DB or unix:///PATH.")
]
TracksFile = Annotated[
    Path, typer.Option("--tracks", metavar="FILE", help="Parquet: `genre` and `album` of each.")
]
Parts = Annotated[
    int, typer.Option(min=1, max=1_024, metavar="NUMBER", help="Streams; the same for all.")
]
Window = Annotated[
    int,
    typer.Option(
        min=1, max=3_600, metavar="SECONDS", help="After so long parts tell one another; for all."
    ),
]
Name = Annotated[str, typer.Option(help="Of this guard on its server; the same for all.")]
State = Annotated[
    Path, typer.Option("--state", metavar="DIR", help="A folder for what it remembers.")
]
Patience = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How long a server that is away is asked.")
]


def register(group: typer.Typer) -> None:
    """Add the commands of this module."""
    group.command("send")(send)
    group.command("work")(work)
    group.command("join")(join)


def send(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="Lines of JSON; it only grows.")],
    server: Server,
    tracks: TracksFile,
    key: Annotated[Path, typer.Option(metavar="FILE", help="16 to 64 bytes that hash names.")],
    parts: Parts = 4,
    window: Window = 60,
    name: Name = "guard",
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on as the log grows, until Ctrl-C.")
    ] = False,
    patience: Patience = 60,
) -> int:
    """Spread the plays in a log over the streams of a guard's workers.

    Stopped at any moment and started again, it sends each line once. Lines of more than 7 days ago,
    or of the future, are refused; the status is 1 when lines were. Needs no archive.

    Example: phono guard send plays.jsonl valkey://127.0.0.1/0 --tracks t.parquet --key guard.key
    """
    from phonotheque.guard.streams.log import read_key, require_log, send_log
    from phonotheque.guard.streams.sending import Sender

    require_log(log)
    _, shape = _shape(tracks, parts, window, name)
    stop, lost = stop_at_signals(), False
    with _server(server, patience) as there:
        sender = Sender(there, shape, read_key(key))
        while True:
            try:
                send_log(sender, log, stop.is_set)
            finally:
                lost = _tell_refused(sender, log) or lost
            if not follow or stop.wait(_MOMENT_S):
                return FOUND if lost else DONE


def _tell_refused(sender: Sender, log: Path) -> bool:
    """Tell which lines were refused since it was told last; returns whether any were."""
    from phonotheque.guard.streams.log import line_at

    refused, sender.refused = sender.refused, {}
    for reason, those in sorted(refused.items()):
        limit = f" ({_LIMITS[reason]})" if reason in _LIMITS else ""
        number = line_at(log, those.begins)
        told = f"{counted(those.lines, 'line')} refused: {reason}{limit}"
        tell([f"{told}, the first is line {number}"])
    return bool(refused)


def work(
    part: Annotated[int, typer.Argument(metavar="PART", min=0, help="Number of the part, from 0.")],
    server: Server,
    tracks: TracksFile,
    state: State,
    parts: Parts = 4,
    window: Window = 60,
    name: Name = "guard",
    patience: Patience = 60,
) -> int:
    """Work on one part of the accounts, until Ctrl-C.

    Killed at any moment and started again, it says what it would have said. Needs no archive.

    Example: phono guard work 0 valkey://127.0.0.1/0 --tracks t.parquet --state part-0
    """
    from phonotheque.errors import BadRequestError
    from phonotheque.guard.streams.working import Worker

    known, shape = _shape(tracks, parts, window, name)
    if part >= parts:
        raise BadRequestError(str(part), f"parts are called 0 to {parts - 1}", "Name one of them.")
    stop = stop_at_signals()
    with _server(server, patience) as there, _keeping(state) as keeping:
        Worker(there, shape, known, part, keeping).work(lambda: not stop.is_set())
    return DONE


def join(
    server: Server,
    tracks: TracksFile,
    state: State,
    parts: Parts = 4,
    window: Window = 60,
    name: Name = "guard",
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="SINK", help="Where verdicts go, as with `phono guard score`."),
    ] = None,
    patience: Patience = 60,
) -> int:
    """Bring the parts of a guard together, and print its verdicts as lines of JSON, until Ctrl-C.

    A sink that is away is asked again for a while; then the status is 6, and started again it gets
    what it did not take. Needs no archive.

    Example: phono guard join valkey://127.0.0.1/0 --tracks t.parquet --state whole
    """
    from phonotheque.guard.score.sinks import sink_of
    from phonotheque.guard.streams.joining import Joiner

    known, shape = _shape(tracks, parts, window, name)
    sinks = [sink_of(text) for text in to or ()]
    stop = stop_at_signals()
    with _server(server, patience) as there, _keeping(state) as keeping:
        joiner = Joiner(there, shape, known, keeping)
        joiner.join(lambda: not stop.is_set(), lambda told: _hand_on(told, sinks, there))
    return DONE


def _hand_on(told: Told, sinks: list[Sink], server: StreamServer) -> None:
    """Print a verdict, and take it to whoever acts on it."""
    from phonotheque.guard.score.sinks import record_of
    from phonotheque.guard.streams.verdicts import take_to, verdict_of

    verdict = verdict_of(told)
    print_json({"account": verdict.account, **record_of(verdict)})
    for sink in sinks:
        take_to(sink, verdict, server.waits)


def _shape(tracks: Path, parts: int, window: int, name: str) -> tuple[Tracks, Shape]:
    from importlib.util import find_spec

    from phonotheque.errors import BadRequestError

    if find_spec("numba") is None:
        todo = "Run: pip install 'phonotheque[guard,valkey]'"
        raise BadRequestError("phono guard", "numba cannot be found", todo)
    from phonotheque.guard.streams.log import read_tracks
    from phonotheque.guard.streams.shape import Shape

    known = read_tracks(tracks)
    try:
        return known, Shape(parts, window, len(known), name)
    except ValueError as error:
        todo = "An hour is a whole number of windows: 60, 300, 3600."
        raise BadRequestError(f"--window {window}", str(error), todo) from error


@contextmanager
def _server(url: str, patience_s: float) -> Iterator[StreamServer]:
    from phonotheque.guard.streams.server import StreamServer

    there = StreamServer(url, patience_s, told=lambda text: tell([printable(text)]))
    try:
        yield there
    finally:
        there.close()


@contextmanager
def _keeping(state: Path) -> Iterator[Keeping]:
    from phonotheque.disk import LocalDisk
    from phonotheque.guard.streams.log import alone_in
    from phonotheque.guard.streams.working import Keeping

    with alone_in(state):
        yield Keeping(LocalDisk(state, mode=0o600))
