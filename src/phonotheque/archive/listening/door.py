"""The listening door of one archive: all rooms, handed what they need.

Not here: sockets and workers (`serving`), what any room does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import APIRouter

from phonotheque.archive.guarding.at_door import begin_cases, guard_at_door
from phonotheque.archive.guarding.door_guard import DoorGuard
from phonotheque.archive.listening.copyist import Workshop
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.listener_keys import ListenerKeys
from phonotheque.archive.listening.pictures import ArchivePictures, Objects
from phonotheque.archive.listening.play_journal import journal_of
from phonotheque.archive.listening.plays import ArchivePlays
from phonotheque.archive.listening.sounds import ArchiveSounds
from phonotheque.config import Config
from phonotheque.errors import PhonothequeError
from phonotheque.listen.app import ErrorPage, Front, Health, make_app
from phonotheque.listen.gate import Gate
from phonotheque.listen.limits import Bucket
from phonotheque.listen.listener import Surroundings, parse_networks
from phonotheque.listen.log import FileSink, Line, Pseudonyms, Sink
from phonotheque.listen.metrics import Metrics
from phonotheque.listen.ports import Library
from phonotheque.listen.rim import Rim
from phonotheque.listen.small_routes import SmallDoor, small_routes
from phonotheque.listen.sound.album_routes import AlbumDoor, album_routes
from phonotheque.listen.sound.refused import RefusalPage
from phonotheque.listen.sound.routes import SoundDoor, short_ways, sound_routes
from phonotheque.listen.sound.traffic import Traffic
from phonotheque.listen.threads import AnsweringThreads

_BURST_S = 10
"""Seconds' worth of requests that may come at once: a page of covers, a fast typist."""

_FORMS_PER_S, _FORM_BURST = 0.2, 30
_ANSWERING = 4
"""Threads of a worker that make pages and answers, each with the catalogue open: some 30 MB."""
LOGS = "state/access"
"""Where the access log lies."""

OnFault = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Worker:
    """What one worker of a server is given.

    Attributes:
        root: The archive's folder.
        config: Its settings.
        keys: What listeners are hashed under, the same in all workers.
        metrics: Counts of this worker.
        copyists: Processes of this worker that make copies.
        on_fault: Told of what should not happen, one line each.
        workers: How many there are; each lets its part of what one may ask for through.
        row: Which one it is, from 0.
    """

    root: Path
    config: Config
    keys: ListenerKeys
    metrics: Metrics
    copyists: int
    on_fault: OnFault
    workers: int = 1
    row: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the rooms of one door share; all of it may be used by threads."""

    worker: Worker
    desks: Desks
    library: Library
    sounds: ArchiveSounds
    pictures: ArchivePictures
    plays: ArchivePlays
    gate: Gate
    guard: DoorGuard
    sound: SoundDoor
    workshop: Workshop
    threads: AnsweringThreads


def open_parts(
    worker: Worker, desks: Desks, library: Library, pictured: Objects, stack: ExitStack
) -> Parts:
    """Open all that rooms share; closed with `stack`.

    Args:
        pictured: Files whose cover stands for a song, or for an album.
    """
    workshop = Workshop(worker.root, worker.copyists)
    stack.callback(workshop.close)
    sounds = ArchiveSounds(
        worker.root,
        desks,
        library.objects,
        workshop,
        lambda: worker.metrics.add("phonotheque_damaged_total"),
    )
    stack.callback(sounds.close)
    # Of their own: a page of covers does not wait for an hour of sound, nor takes its place.
    thumbnails = Workshop(worker.root)
    stack.callback(thumbnails.close)
    pictures = ArchivePictures(desks, pictured, thumbnails)
    stack.callback(pictures.close)
    plays = ArchivePlays(
        journal_of(worker.root),
        worker.keys,
        library.objects,
        sounds.length_ms,
        lambda: worker.metrics.add("phonotheque_plays_total"),
    )
    begin_cases(worker.root, worker.config, worker.on_fault)
    guard = guard_at_door(worker.root, worker.config, worker.keys, library, worker.workers)
    stack.callback(guard.close)
    gate = Gate(sounds, guard)
    traffic = Traffic(on_fault=worker.on_fault)
    sound = SoundDoor(gate, sounds, traffic, worker.config["listen.proxy_files"])
    threads = AnsweringThreads(_ANSWERING)
    stack.callback(threads.close)
    return Parts(
        worker, desks, library, sounds, pictures, plays, gate, guard, sound, workshop, threads
    )


def door_app(
    parts: Parts,
    rooms: list[APIRouter],
    error_page: ErrorPage | None,
    refusal_page: RefusalPage | None,
) -> Rim:
    """The application of one worker; without pages all that it refuses is told as values."""
    worker, config = parts.worker, parts.worker.config
    traffic = parts.sound.traffic
    sound = replace(parts.sound, refusal_page=refusal_page)
    small = SmallDoor(parts.pictures, parts.plays, traffic)
    album = AlbumDoor(sound, parts.library)
    routes = [*album_routes(album), *sound_routes(sound), *small_routes(small)]
    app = make_app(rooms, routes, error_page, lambda: _health(parts), worker.metrics)
    front = Front(app, short_ways(sound), error_page, parts.threads)
    per_s = config["listen.requests_per_s"] / worker.workers
    forms_per_s, form_burst = _FORMS_PER_S / worker.workers, -(-_FORM_BURST // worker.workers)
    return Rim(
        front,
        surroundings_of(config),
        _sink(worker),
        Pseudonyms(worker.keys.key),
        worker.metrics,
        Bucket(time.monotonic, per_s=per_s, burst=int(per_s * _BURST_S) or 1),
        Bucket(time.monotonic, per_s=forms_per_s, burst=form_burst),
        worker.on_fault,
    )


def surroundings_of(config: Config) -> Surroundings:
    """What the settings say of the machines around.

    Raises:
        BadSettingError: A network is none.
    """
    return Surroundings(
        parse_networks("listen.trusted_proxies", config["listen.trusted_proxies"]),
        parse_networks("listen.premises", config["listen.premises"]),
        config["listen.country_header"].lower(),
    )


class _NoSink:
    """For archives that want no access log."""

    def write(self, line: Line) -> None:
        """Forget it."""

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def _sink(worker: Worker) -> Sink:
    days = worker.config["listen.log_days"]
    if not days:
        return _NoSink()
    return FileSink(worker.root / LOGS, worker.on_fault, time.monotonic, most_days=days)


def _health(parts: Parts) -> Health:
    """Whether catalogue and register can be read."""
    told: dict[str, str] = {}
    is_well = True
    parts_of: tuple[tuple[str, Callable[[], str]], ...] = (
        ("catalogue", parts.library.version),
        ("register", lambda: str(parts.desks.here().archive().index.place.head.seq)),
    )
    for name, ask in parts_of:
        try:
            told[name] = ask()
        except PhonothequeError as error:
            told[name], is_well = str(error), False
    return Health(is_well, told)
