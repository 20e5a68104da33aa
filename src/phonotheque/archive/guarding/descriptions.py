"""What the catalogue says of recordings that tells tastes apart: their genre, and their album.

Law: what cannot be looked up now is not known, and stops no watch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import PhonothequeError
from phonotheque.listen.values import Hit


class About(NamedTuple):
    """What is known of one recording.

    Attributes:
        genre: The genre that it is most often named with; "" where none is known.
        album: gid of the album that it is first on; "" where none is known.
    """

    genre: str = ""
    album: str = ""


@dataclass(frozen=True, slots=True)
class Descriptions:
    """What is known of recordings.

    Attributes:
        of: What is known of one, by its gid.
        version: Names what answers: while it is the same, so are the answers.
    """

    of: Callable[[str], About]
    version: Callable[[], str]


NOTHING_KNOWN = Descriptions(lambda gid: About(), lambda: "")  # noqa: ARG005
"""Of an archive without a catalogue: no groups are grown."""


@contextmanager
def descriptions_of(root: Path) -> Iterator[Descriptions]:
    """Give what the catalogue of the archive in a folder says, as it is at each question."""
    library = ArchiveLibrary(root)

    def about(gid: str) -> About:
        try:
            hit = library.by_gids([UUID(gid)])[0]
        except (PhonothequeError, ValueError):
            return About()
        if not isinstance(hit, Hit) or hit.kind is not Kind.RECORDING:
            return About()
        album = hit.album.gid if hit.album is not None else None
        return About(hit.genres[0] if hit.genres else "", "" if album is None else str(album))

    def version() -> str:
        try:  # what comes after the hyphen is a place in the register, which says nothing of albums
            return library.version().rpartition("-")[0]
        except PhonothequeError:
            return ""

    try:
        yield Descriptions(about, version)
    finally:
        library.close()
