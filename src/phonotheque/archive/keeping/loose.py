"""Objects in no volume, as files of a torrent that does not exist: so they come back as others do.

Law: what proves one is what the register has of it: its name, its length and its root.
"""

from __future__ import annotations

from collections.abc import Iterable

from phonotheque.archive.opening import Archive
from phonotheque.mirror.contents import Contents, Part
from phonotheque.music.digest import PIECE_BYTES
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName

LOOSE = "objects"
"""Stands for the volume of objects that are in none."""


def loose_contents(parts: Iterable[Part] = ()) -> Contents:
    """Return what stands for a torrent of objects that are in none."""
    return Contents(LOOSE, b"", True, PIECE_BYTES, tuple(parts))


def loose_part(archive: Archive, held: Held) -> Part:
    """Return an object as a file of that torrent; without a layer where the index lacks it."""
    name = ObjectName(held.sha256, held.extension)
    known = archive.index.digests(held)
    layer = known.layer if known is not None else b""
    path = f"{name.folder}/{name.file}"
    return Part(path, name.path, held.size_bytes, held.pieces_root, layer, name)
