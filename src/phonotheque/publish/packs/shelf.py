"""Downloaded packs in one folder, asked like one: what dressing and reconstructing need.

Laws: the newest pack that has a key speaks; a folder that is no pack is passed over; a pack that is
damaged is refused by name as soon as it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Self

from phonotheque.disk import Disk, Kind
from phonotheque.errors import MalformedError, NotHeldError
from phonotheque.music.digest import Sha256
from phonotheque.publish.names import number_of
from phonotheque.publish.packs.form import HEAD, PackKind
from phonotheque.publish.packs.overlays import OverlayLine, decode_overlay
from phonotheque.publish.packs.reading import OpenPack

_DEPTH = 3
"""Packs lie in the folder that was named, or so deep in it: as a client saves them, or a mirror."""


class Shelf:
    """All packs below a folder. Use it in a `with` statement.

    Args:
        disk: The folder.
        place: What to call it in errors.

    Raises:
        NotHeldError: There is no pack.
        MalformedError: A pack is damaged.
        FormatTooNewError: A later program made one.
    """

    def __init__(self, disk: Disk, place: str) -> None:
        self._place = place
        self._stack = ExitStack()
        self._packs: dict[PackKind, list[OpenPack]] = {kind: [] for kind in PackKind}
        for folder in _folders(disk, "", _DEPTH):
            pack = self._stack.enter_context(OpenPack(disk, folder))
            self._packs[pack.head.kind].append(pack)
        for found in self._packs.values():
            found.sort(key=_number, reverse=True)
        if not any(self._packs.values()):
            wrong = "there is no pack in it"
            raise NotHeldError(place, wrong, "Name the folder that packs were downloaded to.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def get(self, kind: PackKind, key: str) -> bytes | None:
        """The thing with this key in packs of a kind, or None.

        Raises:
            MalformedError: A pack is damaged.
        """
        for pack in self._packs[kind]:
            found = pack.get(key)
            if found is not None:
                return found
        return None

    def find(self, copy: Sha256) -> bytes | None:
        """The patch that gives the original back from a copy, or None. Raises as `get`."""
        return self.get(PackKind.PATCHES, copy.hex)

    def picture(self, sha256: Sha256) -> bytes | None:
        """A picture by its name, or None. Raises as `get`."""
        return self.get(PackKind.ART, sha256.hex)

    def overlay(self, original: Sha256) -> OverlayLine:
        """What an original is to wear.

        Raises:
            NotHeldError: No pack has an overlay for it.
            MalformedError: A pack is damaged.
        """
        data = self.get(PackKind.OVERLAYS, original.hex)
        if data is None:
            wrong = f"no pack in {self._place} has tags for it"
            todo = "Get the newest packs of overlays; a file that was changed has another name."
            raise NotHeldError(original.hex, wrong, todo)
        line = decode_overlay(data, self._place)
        if line.sha256 != original.hex:
            wrong = f"its overlay of {original} is that of {line.sha256}"
            raise MalformedError(self._place, wrong, "Get the packs again.")
        return line


def _number(pack: OpenPack) -> int:
    text = pack.head.name.rpartition("-")[2]
    return number_of(pack.head.name) if text.isascii() and text.isdigit() else 0


def _folders(disk: Disk, folder: str, depth: int) -> Iterator[str]:
    """Folders of packs; "." for the disk's own."""
    names = disk.list(folder)
    if any(entry.name == HEAD and entry.kind is Kind.FILE for entry in names):
        yield folder or "."
        return
    for entry in names:
        if entry.kind is Kind.FOLDER and depth and not entry.name.startswith("."):
            below = f"{folder}/{entry.name}" if folder else entry.name
            yield from _folders(disk, below, depth - 1)
