"""Bytes of objects that are proven before anybody hears them, a piece at a time.

Laws: no byte leaves that was not read here, once since the file was last touched, and held against
what the register knows of it; a piece that was found good is not hashed again; what was found
damaged is not tried again until the file is another one.

A piece is 1 MiB, a node of the BitTorrent v2 tree whose root stands in the register, so that the
first second of a long recording costs 2 ms and not a reading of all of it. Where the nodes are not
known (a lost index), all of the object is read and hashed to its name.

Source: BEP 52, "piece layers". A state of a file is its place, number, length and time of change;
what rots while these stay is found by `phono verify`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import BinaryIO

from phonotheque.disk import refusal
from phonotheque.errors import DigestMismatchError, TruncatedError
from phonotheque.music.digest import PIECE_BYTES, Sha256
from phonotheque.store.digests import fold_layer, piece_root, sha256_file

_NODE_BYTES = 32
_TO_MEND = "Run `phono verify`, then `phono repair`."


@dataclass(frozen=True, slots=True)
class Proof:
    """What an object is held against.

    Attributes:
        sha256: Its name.
        pieces_root: The root of its tree.
        layer: The nodes of its pieces; b"" for an object of one piece; None when they are lost.
    """

    sha256: Sha256
    size_bytes: int
    pieces_root: bytes
    layer: bytes | None


class ProvenFile:
    """An object, open. Many threads may read at once.

    Args:
        thing: What it is called in errors.
        file: Open for reading, a real file; closed by `close`.
        proof: What it is held against.

    Raises:
        TruncatedError: It has another length than the register says.
    """

    def __init__(self, thing: str, file: BinaryIO, proof: Proof) -> None:
        self._thing = thing
        self._file = file
        self._proof = proof
        self._lock = Lock()
        self._descriptor = file.fileno()
        found = os.fstat(self._descriptor)
        self.state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        self.modified_at = found.st_mtime
        if found.st_size != proof.size_bytes:
            wrong = f"it has {found.st_size} of {proof.size_bytes} bytes"
            raise TruncatedError(thing, wrong, _TO_MEND)
        self._nodes = self._trusted_nodes()
        pieces = -(-proof.size_bytes // PIECE_BYTES)
        self._is_good = bytearray(pieces)
        self._left = pieces

    @property
    def file(self) -> BinaryIO:
        """The file itself, for who reads without positions after `prove`."""
        return self._file

    @property
    def is_proven(self) -> bool:
        """Whether all of it was found good."""
        return not self._left

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        self._file.close()

    def at_hand(self, begin: int, end: int) -> bytes | bytearray | None:
        """Return bytes that were proven and lie in the system's cache; None when they do not."""
        if begin >= end or not self._are_good(begin, end):
            return None
        return read_cached(self._descriptor, begin, end - begin)

    def file_at_hand(self, begin: int, end: int) -> BinaryIO | None:
        """Return the file, if these bytes were proven and lie in the system's cache."""
        is_there = begin < end and self._are_good(begin, end)
        return self._file if is_there and is_cached(self._descriptor, begin, end) else None

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` up to `end`, proven.

        Raises:
            DigestMismatchError: A piece is not what it was.
            TruncatedError: The file ends before.
            UnavailableError: The disk failed.
        """
        if begin >= end:
            return b""
        if self._are_good(begin, end):
            return self._pread(begin, end - begin)
        if self._nodes is None:
            self._prove_whole()
            return self._pread(begin, end - begin)
        first = begin // PIECE_BYTES * PIECE_BYTES
        until = min(-(-end // PIECE_BYTES) * PIECE_BYTES, self._proof.size_bytes)
        data = self._pread(first, until - first)  # what is given is what was hashed
        view = memoryview(data)
        for at in range(0, len(data), PIECE_BYTES):
            self._check((first + at) // PIECE_BYTES, view[at : at + PIECE_BYTES])
        return data[begin - first : end - first]

    def prove(self, on_piece: Callable[[], None] = lambda: None) -> None:
        """Read all that was not proven yet. Raises as `read`."""
        if self._nodes is None and self._left:
            self._prove_whole()
        for piece, is_good in enumerate(bytes(self._is_good)):
            if not is_good:
                begin = piece * PIECE_BYTES
                self.read(begin, min(begin + PIECE_BYTES, self._proof.size_bytes))
                on_piece()

    def _are_good(self, begin: int, end: int) -> bool:
        if not self._left:
            return True
        return all(self._is_good[begin // PIECE_BYTES : -(-end // PIECE_BYTES)])

    def _check(self, piece: int, data: memoryview) -> None:
        if self._is_good[piece] or self._nodes is None:
            return
        node = self._nodes[piece * _NODE_BYTES :][:_NODE_BYTES]
        if piece_root(data, is_whole_file=len(self._is_good) == 1) != node:
            raise DigestMismatchError(self._thing, f"piece {piece} is not what it was", _TO_MEND)
        with self._lock:
            self._left -= not self._is_good[piece]
            self._is_good[piece] = 1

    def _prove_whole(self) -> None:
        with self._lock:
            if not self._left:
                return
            try:
                with open(os.dup(self._descriptor), "rb", buffering=0) as file:
                    file.seek(0)
                    found = sha256_file(file)
            except OSError as error:
                raise refusal(self._thing, error) from error
            if found != self._proof.sha256:
                raise DigestMismatchError(self._thing, f"its bytes hash to {found}", _TO_MEND)
            self._is_good[:] = b"\1" * len(self._is_good)
            self._left = 0

    def _trusted_nodes(self) -> bytes | None:
        """The nodes of its pieces, if they fold to the root that the register has."""
        proof = self._proof
        if proof.size_bytes <= PIECE_BYTES:
            return proof.pieces_root
        try:
            is_true = fold_layer(proof.layer or b"", proof.size_bytes) == proof.pieces_root
        except ValueError:
            is_true = False
        return proof.layer if is_true else None

    def _pread(self, begin: int, size_bytes: int) -> bytes:
        try:
            data = os.pread(self._descriptor, size_bytes, begin)
            while 0 < len(data) < size_bytes:
                more = os.pread(self._descriptor, size_bytes - len(data), begin + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            raise refusal(self._thing, error) from error
        if len(data) < size_bytes:
            raise TruncatedError(self._thing, f"it ends at byte {begin + len(data)}", _TO_MEND)
        return data


_HAS_NOWAIT = hasattr(os, "RWF_NOWAIT")


def read_cached(descriptor: int, begin: int, size_bytes: int) -> bytearray | None:
    """Read what the system has in memory; None when any of it would have to be waited for."""
    if not _HAS_NOWAIT:
        return None
    buffer = bytearray(size_bytes)
    try:
        count = os.preadv(descriptor, [buffer], begin, os.RWF_NOWAIT)
    except OSError:  # it would block, or cannot be asked so, or the disk failed: read it, and see
        return None
    return buffer if count == size_bytes else None


_PROBED_BYTES = 128 << 10  # what Linux reads ahead at once, unless it was told otherwise


def is_cached(descriptor: int, begin: int, end: int) -> bool:
    """Whether a stretch of a file seems to lie in the system's cache: one byte in 128 KiB does."""
    return all(read_cached(descriptor, at, 1) for at in range(begin, end, _PROBED_BYTES))
