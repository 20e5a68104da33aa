"""All rooms of the listening door, opened for one worker.

This is where a room that is new comes in: its routes, and what its ports are in an archive.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter

from phonotheque.archive.guarding.at_door import WatchedDoor, cases_at_door
from phonotheque.archive.guarding.case_pages import ConcernedDesk
from phonotheque.archive.guarding.kept_cases import BookWatch
from phonotheque.archive.listening.bulk_papers import PublishedPapers
from phonotheque.archive.listening.copies import ArchiveCopies
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.door import Parts, Worker, door_app, open_parts
from phonotheque.archive.listening.facts import ArchiveItems
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.archive.listening.readable_types import prepare_types
from phonotheque.archive.listening.reports import FiledReports, private_disk
from phonotheque.archive.listening.statements import ArchiveStatements
from phonotheque.listen.api.routes import api_routes
from phonotheque.listen.cases.routes import CaseRoom, case_routes
from phonotheque.listen.items.room import ItemRoom
from phonotheque.listen.items.routes import item_routes
from phonotheque.listen.items.torrent_routes import TorrentRoom, torrent_routes
from phonotheque.listen.pages.about_guard import guard_routes
from phonotheque.listen.pages.rendering import Pages
from phonotheque.listen.pages.routes import page_routes
from phonotheque.listen.ports import Library, Ports
from phonotheque.listen.rim import Rim
from phonotheque.listen.statement_routes import statement_routes
from phonotheque.listen.values import Album
from phonotheque.music.digest import Sha256
from phonotheque.publish.pages.texts import web_address

_SONGS_FOR_A_COVER = 3
_FIRST_KEY = "a"
"""What somebody types first: to answer it all files of the catalogue are opened."""


@dataclass(frozen=True, slots=True)
class Door:
    """The door of one worker.

    Attributes:
        app: The application.
        tick: Called about once a second.
    """

    app: Rim
    tick: Callable[[], None]


def open_door(worker: Worker, stack: ExitStack) -> Door:
    """Open all rooms; closed with `stack`.

    Raises:
        PhonothequeError: The archive cannot be opened.
    """
    prepare_types()
    desks = Desks(worker.root)
    library = ArchiveLibrary(worker.root, desks)
    stack.callback(library.close)
    parts = open_parts(worker, desks, library, _pictured(library), stack)
    pages = Pages(archive_title(worker), worker.config["address"])
    cases = cases_at_door(worker.root, worker.config, parts.guard)
    app = door_app(parts, _rooms(parts, pages, cases), pages.error, pages.refused)
    stack.callback(app.sink.close)
    parts.threads.begin(lambda: library.suggest(_FIRST_KEY))
    book = BookWatch(cases.kept, worker.on_fault)
    if not worker.row:
        book.look()

    def tick() -> None:
        if not worker.row:  # one tells of it
            book.tick()
        app.sink.flush()
        parts.sound.traffic.watch()
        worker.metrics.set("phonotheque_sending", parts.sound.traffic.sending)
        worker.metrics.set("phonotheque_copies_waiting", parts.workshop.under_way)

    return Door(app, tick)


def _rooms(parts: Parts, pages: Pages, cases: ConcernedDesk) -> list[APIRouter]:
    library = parts.library
    root, config = parts.worker.root, parts.worker.config
    copies = ArchiveCopies(parts.desks, library, web_address(config["address"]))
    items = ArchiveItems(parts.desks, library, copies)
    bulk = PublishedPapers(parts.desks, library)
    reports = FiledReports(private_disk(root))
    watched = WatchedDoor(root, config, cases.kept)
    ports = Ports(
        library=library,
        sounds=parts.sounds,
        pictures=parts.pictures,
        copies=copies,
        items=items,
        plays=parts.plays,
    )
    return [
        api_routes(library, items, parts.plays, parts.guard.drew),
        page_routes(ports, pages),
        item_routes(ItemRoom(library, items, reports, bulk, pages)),
        case_routes(CaseRoom(cases, pages)),
        guard_routes(pages, library.counts, watched),
        statement_routes(ArchiveStatements(root), parts.sound.traffic),
        torrent_routes(TorrentRoom(library, copies, bulk, pages, parts.sound.traffic)),
    ]


def archive_title(worker: Worker) -> str:
    """The archive's name as people write it."""
    return str(worker.config["title"] or worker.config.name)


def _pictured(library: Library) -> Callable[[UUID], tuple[Sha256, ...]]:
    """Files whose cover stands for a song, or for an album."""

    def objects(gid: UUID) -> tuple[Sha256, ...]:
        if own := library.objects(gid):
            return own
        album = library.album(gid)
        if not isinstance(album, Album):
            return ()
        songs = [track.song.gid for track in album.tracks if track.song and track.song.is_held]
        return tuple(name for song in songs[:_SONGS_FOR_A_COVER] for name in library.objects(song))

    return objects
