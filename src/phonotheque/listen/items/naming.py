"""Names for people in the torrent of a release: "Artist - Title (2019)/01 Title.flac"; pure.

Laws: the names follow from the release alone, in the order of its tracks; no part of a path is one
that a file system in use forbids; no two differ only in case or in Unicode form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from phonotheque.music.digest import Sha256
from phonotheque.music.file_names import caseless, safe_part


class Named(NamedTuple):
    """A file of a release before it has a name.

    Attributes:
        medium: Which disc or side, from 1.
        position: Place on it, from 1; 0 where nobody said.
        title: As printed there.
        sha256: Its name in the archive.
        extension: Ending of its file, may be "".
    """

    medium: int
    position: int
    title: str
    sha256: Sha256
    extension: str


def folder_of(title: str, credit: str, year: int | None) -> str:
    """Return the folder of a release: "Artist - Title (2019)"."""
    by = f"{credit} - " if credit else ""
    when = f" ({year})" if year else ""
    # What tells releases apart goes last and is short: a long title is cut, never the year.
    return safe_part(f"{safe_part(by + title)[: 110 - len(when)].rstrip()}{when}")


def file_names(files: Sequence[Named]) -> list[str]:
    """Return the name of each file, in the order given."""
    media = {file.medium for file in files}
    taken: set[str] = set()
    names = []
    for file in files:
        side = f"{file.medium}-" if len(media) > 1 else ""
        number = f"{side}{file.position:02d} " if file.position else ""
        stem = safe_part(f"{number}{file.title}")
        ending = f".{file.extension}" if file.extension else ""
        name = f"{stem}{ending}"
        if caseless(name) in taken:
            name = f"{stem} ({file.sha256.hex[:8]}){ending}"
        taken.add(caseless(name))
        names.append(name)
    return names
