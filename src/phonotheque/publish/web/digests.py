"""Digests of what a server gives out, computed once for each state of a file; shared by threads.

The whole file is read when it is asked for first: that gives the ETag, and the root that proves it.
So a damaged file of a pack is found before its first byte is given, and costs one read for each
time that the server is started. A state of a file is its place, number, length and time of change;
what rots while these stay is found by `phono verify`, and from then on is not given either.

Source: BEP 52 for the root of a file.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import BinaryIO, NamedTuple

from phonotheque.disk import Disk
from phonotheque.music.digest import PIECE_BYTES
from phonotheque.publish.packs.form import PACK_PIECE_BYTES
from phonotheque.publish.sealed import sealed_bytes, torrent_path
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.register.events import Pack, Volume
from phonotheque.store.digests import tree_of_file
from phonotheque.store.objects import parse_file_name

Roots = Mapping[tuple[str, ...], bytes]
"""Roots of files by their path in a torrent: all but objects, which are proven by their names."""


class Known(NamedTuple):
    """What is known of a file: SHA-256 in hexadecimal digits, length, root of 32 bytes or b""."""

    sha256: str
    size_bytes: int
    pieces_root: bytes


@dataclass
class Digests:
    """What was computed.

    Attributes:
        most: How many files are remembered, and roots of how many torrents.
    """

    most: int = 20_000
    _known: OrderedDict[tuple[str, int, int, int, bool], Known] = field(default_factory=OrderedDict)
    _roots: OrderedDict[str, Roots] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, path: str, file: BinaryIO, *, has_root: bool = False) -> Known:
        """Return what is known of an open file, which stands at its beginning after.

        Args:
            path: Where it lies.
            file: The file.
            has_root: Whether its root is wanted, too: twice the work.
        """
        found = os.fstat(file.fileno())
        key = (path, found.st_ino, found.st_size, found.st_mtime_ns, has_root)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        if has_root:
            tree = tree_of_file(file)
            known = Known(tree.sha256.hex, tree.size_bytes, tree.pieces_root)
        else:
            digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
            known = Known(digest, found.st_size, b"")
        file.seek(0)
        with self._lock:
            self._known[key] = known
            while len(self._known) > self.most:
                self._known.popitem(last=False)
        return known

    def roots_of(self, disk: Disk, sealed: Volume | Pack) -> Roots:
        """Return the roots that a torrent has; none when it is not there as it was sealed.

        Raises:
            UnavailableError: The disk cannot be read now.
        """
        with self._lock:
            if sealed.torrent in self._roots:
                self._roots.move_to_end(sealed.torrent)
                return self._roots[sealed.torrent]
        data = sealed_bytes(disk, torrent_path(sealed.name), sealed.torrent)
        if data is None:
            return {}
        piece_bytes = PACK_PIECE_BYTES if isinstance(sealed, Pack) else PIECE_BYTES
        files = read_torrent(data, thing=sealed.name, piece_bytes=piece_bytes).files
        is_pack = isinstance(sealed, Pack)
        roots = {
            file.path: file.pieces_root
            for file in files
            if is_pack or parse_file_name(file.path[-1]) is None
        }
        with self._lock:
            self._roots[sealed.torrent] = roots
            while len(self._roots) > self.most:
                self._roots.popitem(last=False)
        return roots
