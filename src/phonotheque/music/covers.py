"""Which of the files that came with recordings is the cover.

Law: the order is total and does not depend on the order in which files are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from phonotheque.music.digest import Sha256

PICTURE_EXTENSIONS = frozenset(("jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff"))
"""Endings of files that are pictures."""

_COVER_NAMES = ("cover", "front", "folder", "sleeve")


def likeliest_covers(companions: Iterable[tuple[Sha256, str]]) -> Iterator[Sha256]:
    """Give the names of companions that may be the cover, the likeliest first.

    Args:
        companions: Names of files and the paths under which they came.
    """

    def rank(pair: tuple[Sha256, str]) -> tuple[bool, str, Sha256]:
        name, path = pair
        stem = path.rpartition("/")[2].rpartition(".")[0].lower()
        return not stem.startswith(_COVER_NAMES), path, name

    for name, path in sorted(companions, key=rank):
        if path.rpartition(".")[2].lower() in PICTURE_EXTENSIONS:
            yield name
