"""Genres of recordings, as numbers: what a taste is told apart by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.errors import NoCatalogueError
from phonotheque.listen.values import Song


@contextmanager
def genres_of(root: Path) -> Iterator[Callable[[str], int]]:
    """Give what says the number of a recording's first genre, from 1; 0 where none is known."""
    library = ArchiveLibrary(root)
    numbers: dict[str, int] = {}

    def genre(gid: str) -> int:
        try:
            song = library.song(UUID(gid))
        except (NoCatalogueError, ValueError):
            return 0
        if not isinstance(song, Song) or not song.hit.genres:
            return 0
        return numbers.setdefault(song.hit.genres[0], len(numbers) + 1)

    try:
        yield genre
    finally:
        library.close()
