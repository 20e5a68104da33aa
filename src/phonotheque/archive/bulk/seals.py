"""Whether a file of `published/` is, byte for byte, what was sealed: its torrent, or a pack's file.

Law: the register has the digest of each torrent, and a torrent has the root of each file of a pack
and names all that its v1-only twin may list; nothing else is believed. Source: BEP 52 for the root
of a file.

Not here: objects of volumes, which are proven by their names.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from phonotheque.archive.bulk.publishing import sealed_torrent
from phonotheque.archive.opening import Archive
from phonotheque.errors import DigestMismatchError
from phonotheque.publish.packs.form import PACK_PIECE_BYTES
from phonotheque.publish.remake import MADE_AGAIN_BY
from phonotheque.publish.sealed import is_twin, offered_as
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.publish.twin import MADE_ANEW_BY, is_intact_twin, is_twin_of
from phonotheque.register.events import Pack, Volume
from phonotheque.store.digests import sha256_file, tree_of_file


class Seals:
    """What was sealed of the volumes and packs on offer."""

    def __init__(self, archive: Archive, offered: Iterable[Volume | Pack]) -> None:
        self._archive = archive
        self._offered = {one.name: one for one in offered}
        self._roots = lru_cache(maxsize=1)(self._roots_of)  # the files of a pack come together

    def prove(self, name: str, file: BinaryIO) -> None:
        """Hold a copy against what was sealed; nothing is asked of what was not.

        Args:
            name: Path below `published/`: of a torrent or twin on offer, of a file in a pack on
                offer, or any other.
            file: The copy, open at its beginning.

        Raises:
            DigestMismatchError: Its bytes, or those of the pack's torrent, are not what was sealed.
            NotHeldError: The torrent of the pack, or that of the twin's volume, is missing.
        """
        todo = MADE_AGAIN_BY
        match name.split("/"):
            case [twin] if is_twin(twin):
                is_sealed, todo = self._is_twin(offered_as(twin), file), MADE_ANEW_BY
            case [torrent] if torrent.endswith(".torrent"):
                wanted = self._offered[torrent.removesuffix(".torrent")].torrent
                is_sealed = sha256_file(file).hex == wanted
            case ["packs", pack, *path]:
                # A torrent names no file without bytes; such a one has the root b"".
                is_sealed = tree_of_file(file).pieces_root == self._roots(pack).get(
                    tuple(path), b""
                )
            case _:
                return
        if not is_sealed:
            raise DigestMismatchError(name, "its bytes are not those that were sealed", todo)

    def is_intact_twin(self, name: str, path: Path) -> bool:
        """Whether a copy says of itself that it is the twin of this volume, and is undamaged."""
        volume = self._offered.get(offered_as(name))
        with suppress(FileNotFoundError):
            if isinstance(volume, Volume):
                return is_intact_twin(path.read_bytes(), volume.info_hash_v2)
        return False

    def _is_twin(self, name: str, file: BinaryIO) -> bool:
        volume = self._offered[name]
        if not isinstance(volume, Volume):
            return False
        sealed = read_torrent(sealed_torrent(self._archive, volume), thing=name)
        return is_twin_of(file.read(), sealed)

    def _roots_of(self, pack: str) -> dict[tuple[str, ...], bytes]:
        data = sealed_torrent(self._archive, self._offered[pack])
        files = read_torrent(data, thing=pack, piece_bytes=PACK_PIECE_BYTES).files
        return {file.path: file.pieces_root for file in files}
