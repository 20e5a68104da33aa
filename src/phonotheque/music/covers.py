"""Which of the pictures in a recording, and of the files that came with it, is the cover.

Laws: the order of files is total and does not depend on the order in which they are given; that of
pictures in a recording is its makers', but for the front cover, which goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Picture

PICTURE_EXTENSIONS = frozenset(("jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff"))
"""Endings of files that are pictures."""

PICTURE_TYPES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
    "image/tiff": "tif",
    "image/avif": "avif",
}
"""Media types of pictures, and the ending that a file of each has."""

_FRONT_COVER = 3
_ICONS = (1, 2)  # of 32 pixels, as a rule

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


def likeliest_pictures(pictures: Iterable[Picture]) -> list[Picture]:
    """Order the pictures in a recording, the likeliest cover first; what is none is left out.

    Args:
        pictures: As its tags name them.
    """

    def rank(picture: Picture) -> tuple[bool, bool]:
        return picture.kind != _FRONT_COVER, picture.kind in _ICONS

    return sorted((one for one in pictures if one.mime in PICTURE_TYPES), key=rank)
