"""Genres of recordings: what a taste is told apart by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.errors import NoCatalogueError
from phonotheque.listen.values import Song


@contextmanager
def genres_of(root: Path) -> Iterator[Callable[[str], str]]:
    """Give what says a recording's first genre; "" where none is known."""
    library = ArchiveLibrary(root)

    def genre(gid: str) -> str:
        try:
            song = library.song(UUID(gid))
        except (NoCatalogueError, ValueError):
            return ""
        return song.hit.genres[0] if isinstance(song, Song) and song.hit.genres else ""

    try:
        yield genre
    finally:
        library.close()
