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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import BinaryIO, NamedTuple

from phonotheque.disk import Disk
from phonotheque.errors import UnavailableError
from phonotheque.music.digest import PIECE_BYTES
from phonotheque.publish.packs.form import PACK_PIECE_BYTES
from phonotheque.publish.sealed import sealed_bytes, torrent_path
from phonotheque.publish.torrent_reader import MAX_TORRENT_BYTES, read_torrent
from phonotheque.publish.twin import is_twin_of
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


_State = tuple[str, int, int, int, bool]

READ_AT_ONCE = 4
"""Files that are read for the first time by threads of one server."""

WAIT_S = 2.0
"""How long one waits for a file that is being read; a large one takes a second for each GB."""


@dataclass
class Digests:
    """What was computed.

    Attributes:
        most: How many files are remembered, and roots of how many torrents.
    """

    most: int = 20_000
    _known: OrderedDict[_State, Known] = field(default_factory=OrderedDict)
    _turns: dict[_State, Lock] = field(default_factory=dict)
    _room: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(READ_AT_ONCE))
    _roots: OrderedDict[str, Roots] = field(default_factory=OrderedDict)
    _twins: OrderedDict[tuple[str, str], bool] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, path: str, file: BinaryIO, *, has_root: bool = False) -> Known:
        """Return what is known of an open file, which stands at its beginning after.

        Args:
            path: Where it lies.
            file: The file.
            has_root: Whether its root is wanted, too: twice the work.

        Raises:
            UnavailableError: It is still being read for the first time: ask again.
        """
        found = os.fstat(file.fileno())
        key = (path, found.st_ino, found.st_size, found.st_mtime_ns, has_root)
        known = self._remembered(key)
        if known is not None:
            return known
        with self._turn(key):
            known = self._remembered(key)
            if known is None:
                known = _read(file, found.st_size, has_root=has_root)
                with self._lock:
                    self._known[key] = known
                    while len(self._known) > self.most:
                        self._known.popitem(last=False)
        return known

    def _remembered(self, key: _State) -> Known | None:
        with self._lock:
            if key not in self._known:
                return None
            self._known.move_to_end(key)
            return self._known[key]

    @contextmanager
    def _turn(self, key: _State) -> Iterator[None]:
        """A file is read by one of those who ask for it, and few files are read at once: others
        wait a little, and then leave their thread to those who need no waiting."""
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
        until = monotonic() + WAIT_S
        if not turn.acquire(timeout=WAIT_S):
            raise _still_read(key)
        try:
            if not self._room.acquire(timeout=max(until - monotonic(), 0.0)):
                raise _still_read(key)
            try:
                yield
            finally:
                self._room.release()
        finally:
            turn.release()
            with self._lock:
                self._turns.pop(key, None)

    def is_twin(self, disk: Disk, volume: Volume, file: BinaryIO, sha256: str) -> bool:
        """Whether an open file, which stands at its beginning after, is a volume's v1-only twin.

        Args:
            disk: The archive's.
            volume: Whose twin it is called.
            file: The file.
            sha256: Its digest, 64 hexadecimal digits.

        Raises:
            UnavailableError: The disk cannot be read now.
        """
        key = (volume.torrent, sha256)
        with self._lock:
            if key in self._twins:
                self._twins.move_to_end(key)
                return self._twins[key]
        sealed = sealed_bytes(disk, torrent_path(volume.name), volume.torrent)
        if sealed is None:
            return False  # not remembered: the torrent may come back
        is_twin = is_twin_of(
            file.read(MAX_TORRENT_BYTES + 1), read_torrent(sealed, thing=volume.name)
        )
        file.seek(0)
        with self._lock:
            self._twins[key] = is_twin
            while len(self._twins) > self.most:
                self._twins.popitem(last=False)
        return is_twin

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


def _read(file: BinaryIO, size_bytes: int, *, has_root: bool) -> Known:
    """Read an open file whole; it stands at its beginning after."""
    if has_root:
        tree = tree_of_file(file)
        known = Known(tree.sha256.hex, tree.size_bytes, tree.pieces_root)
    else:
        digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        known = Known(digest, size_bytes, b"")
    file.seek(0)
    return known


def _still_read(state: _State) -> UnavailableError:
    wrong = "it is being read for the first time since the server was started"
    return UnavailableError(state[0], wrong, "Ask again in a minute.")
