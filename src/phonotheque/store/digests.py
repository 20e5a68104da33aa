"""One reading of a file gives every digest that will ever be asked of it.

Laws: a byte is read once; how the bytes were cut into chunks changes nothing; the plain SHA-256,
the BitTorrent v2 tree and the v1 SHA-1s all speak of the same bytes; a file without bytes has no
digests.

The tree is binary over SHA-256 of 16 KiB blocks; the last block is hashed as short as it is, and
missing leaves are 32 zero bytes. A file of one piece or less has a tree just high enough for its
leaves and no layer. SHA-1s are those of the multi-file form in which every file is padded to a
whole piece, the last file too, so they hold in any volume.
Source: BEP 52 ("Pieces"), BEP 47 ("Padding files"), BEP 3 ("pieces").

Speed: 16 KiB leaves are hashed by OpenSSL one call each, without threads (they cost more CPU time
than they save). The buffer is small enough to stay in a core's cache: with 4 MiB, reading costs
five times as much as with 256 KiB, more than all of Python's own overhead.

Not here: where files lie (`phonotheque.disk`), torrents (`phonotheque.publish.torrent`).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from phonotheque.music.digest import LEAF_BYTES, PIECE_BYTES, Digests, Sha256

BUFFER_BYTES = 256 * 1024
"""Bytes per read: 16 leaves, a quarter of a piece; fits the second-level cache of current cores."""

_ZEROS = memoryview(bytes(64 * 1024))
"""What pieces are filled up with. It stays in a core's cache: to hash new memory of a piece's
length takes twice as long, and a small file is mostly padding."""

_NODE_BYTES = 32
_sha256 = hashlib.sha256
_new_sha256 = _sha256().copy  # OpenSSL 3 looks up what to do for each new hash: copies cost half


def _zero_roots(levels: int) -> tuple[bytes, ...]:
    """Roots of trees that hold nothing, by height: 32 zero bytes, then the hash of two of them."""
    roots = [bytes(_NODE_BYTES)]
    for _ in range(levels):
        roots.append(_sha256(roots[-1] * 2).digest())
    return tuple(roots)


_ZERO_ROOTS = _zero_roots(64)


def _climb(nodes: list[bytes], level: int, top: int) -> bytes:
    """Fold nodes that stand at `level` into one node at `top` or, if they need it, higher."""
    while len(nodes) > 1 or level < top:
        if len(nodes) % 2:
            nodes.append(_ZERO_ROOTS[level])
        pairs = iter(nodes)
        nodes = [_sha256(left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
        level += 1
    return nodes[0]


def _height(piece_bytes: int) -> int:
    """Levels between the leaves and the nodes of the piece layer: 6 for 1 MiB."""
    leaves = piece_bytes // LEAF_BYTES
    if piece_bytes % LEAF_BYTES or leaves < 1 or leaves & (leaves - 1):
        raise ValueError(f"a piece is a power of two of at least 16 KiB, not {piece_bytes} bytes")
    return leaves.bit_length() - 1


def fold_layer(layer: bytes, size_bytes: int, *, piece_bytes: int = PIECE_BYTES) -> bytes:
    """Return the pieces root that a piece layer folds to, to prove the layer against its root.

    Args:
        layer: 32 bytes for each piece of a file that is longer than one piece.
        size_bytes: Length of that file.
        piece_bytes: 1 MiB in everything we make; foreign torrents have others.

    Raises:
        ValueError: The layer is not as long as a file of that length needs.

    Source: BEP 52, "piece layers".
    """
    pieces = -(-size_bytes // piece_bytes)
    if pieces < 2 or len(layer) != _NODE_BYTES * pieces:
        raise ValueError(f"{len(layer)} bytes are no piece layer of a file of {size_bytes} bytes")
    level = _height(piece_bytes)
    while len(layer) > _NODE_BYTES:  # as `_climb`, on bytes that lie in a row: half the time
        if len(layer) % (2 * _NODE_BYTES):
            layer += _ZERO_ROOTS[level]
        nodes = []
        for at in range(0, len(layer), 2 * _NODE_BYTES):
            node = _new_sha256()
            node.update(layer[at : at + 2 * _NODE_BYTES])
            nodes.append(node.digest())
        layer = b"".join(nodes)
        level += 1
    return layer


class _OtherDigests(Digests, frozen=True, gc=False):
    """Digests at another piece length than ours: to compare with other programs, never stored."""

    def __post_init__(self) -> None:
        """Skip the check, which counts pieces of 1 MiB."""


class Hasher:
    """Takes the bytes of one file in order and gives its digests at the end.

    Args:
        piece_bytes: Always 1 MiB in the product. Tests compare other lengths with other programs;
            `finish` then returns digests that must not be stored.
    """

    def __init__(self, *, piece_bytes: int = PIECE_BYTES) -> None:
        self._height = _height(piece_bytes)
        self._piece_bytes = piece_bytes
        self._size_bytes = 0
        self._whole = _sha256()
        self._piece = hashlib.sha1(usedforsecurity=False)
        self._piece_has_bytes = 0
        self._leaves: list[bytes] = []  # of the piece that is being read
        self._ragged = bytearray()  # the start of a leaf that a chunk cut in two
        self._layer: list[bytes] = []
        self._sha1s: list[bytes] = []

    def update(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take the next bytes. Chunks that start and end on 16 KiB are never copied."""
        rest = memoryview(chunk).cast("B")
        self._whole.update(rest)
        self._size_bytes += len(rest)
        while rest:
            # A piece is closed only when a byte after it is seen: a file of exactly one piece
            # has no layer, and its tree stops at its own leaves.
            if self._piece_has_bytes == self._piece_bytes:
                self._close_piece()
            room = self._piece_bytes - self._piece_has_bytes
            part, rest = rest[:room], rest[room:]
            self._piece.update(part)
            self._piece_has_bytes += len(part)
            self._add_leaves(part)

    def _add_leaves(self, part: memoryview) -> None:
        if self._ragged:
            missing = LEAF_BYTES - len(self._ragged)
            self._ragged += part[:missing]
            part = part[missing:]
            if len(self._ragged) < LEAF_BYTES:
                return
            self._leaves.append(_sha256(self._ragged).digest())
            self._ragged.clear()
        even = len(part) - len(part) % LEAF_BYTES
        self._leaves += [
            _sha256(part[at : at + LEAF_BYTES]).digest() for at in range(0, even, LEAF_BYTES)
        ]
        self._ragged += part[even:]

    def _close_piece(self) -> None:
        self._layer.append(_climb(self._leaves, 0, self._height))
        self._sha1s.append(self._piece.digest())
        self._leaves = []
        self._piece = hashlib.sha1(usedforsecurity=False)
        self._piece_has_bytes = 0

    def finish(self) -> Digests:
        """Return the digests of all bytes taken. Call it once, at the end.

        Raises:
            ValueError: No byte was taken: an empty file has no root.
        """
        if not self._size_bytes:
            raise ValueError("an empty file has no digests")
        if self._ragged:
            self._leaves.append(_sha256(self._ragged).digest())
        if self._layer:
            self._pad_piece()
            self._close_piece()
            layer = b"".join(self._layer)
            root = _climb(self._layer, self._height, 0)
        else:
            self._pad_piece()
            self._sha1s.append(self._piece.digest())
            layer = b""
            root = _climb(self._leaves, 0, 0)
        value = Digests if self._piece_bytes == PIECE_BYTES else _OtherDigests
        sha256 = Sha256(self._whole.digest())
        return value(self._size_bytes, sha256, root, layer, b"".join(self._sha1s))

    def _pad_piece(self) -> None:
        """Fill the last piece's SHA-1, and only that, with zeros."""
        missing = self._piece_bytes - self._piece_has_bytes
        for _ in range(missing // len(_ZEROS)):
            self._piece.update(_ZEROS)
        self._piece.update(_ZEROS[: missing % len(_ZEROS)])


def iter_chunks(file: BinaryIO, buffer_bytes: int = BUFFER_BYTES) -> Iterator[memoryview]:
    """Yield the bytes of a file in order, through one buffer that is used again each time.

    Args:
        file: Open at its start, with `readinto`; best unbuffered.
        buffer_bytes: Length of each chunk but the last.

    Yields:
        A view that is valid only until the next one is asked for.

    Raises:
        OSError: A read failed. It passes through: whoever knows the path translates it.
    """
    buffer = memoryview(bytearray(buffer_bytes))
    readinto = cast(io.RawIOBase, file).readinto
    filled = 0
    while (count := readinto(buffer[filled:])) != 0:
        if count is None:  # "nothing yet" must never look like the end of a file
            raise BlockingIOError("the file is open in non-blocking mode")
        filled += count
        if filled == buffer_bytes:
            yield buffer
            filled = 0
    if filled:
        yield buffer[:filled]


def digest_file(
    file: BinaryIO,
    *,
    into: Callable[[memoryview], object] | None = None,
    piece_bytes: int = PIECE_BYTES,
) -> Digests:
    """Return all digests of a file, read once from where it stands to its end.

    Args:
        file: Open for reading at its start; not closed here.
        into: Gets every chunk in order, before it is hashed, so that a copy into the store is made
            in the same read. The view is used again: write it or copy it, do not keep it.
        piece_bytes: For comparisons with other programs only.

    Raises:
        ValueError: The file is empty.
        OSError: A read failed; see `iter_chunks`.

    Cost: 1 CPU second for about 500 MB with SHA instructions.
    """
    hasher = Hasher(piece_bytes=piece_bytes)
    for chunk in iter_chunks(file):
        if into is not None:
            into(chunk)
        hasher.update(chunk)
    return hasher.finish()


@dataclass(frozen=True, slots=True)
class TreeDigests:
    """What proves a file that came from others: its name and its BitTorrent v2 tree.

    Attributes:
        size_bytes: Length of the file.
        sha256: SHA-256 of all of it.
        pieces_root: 32 bytes; b"" of an empty file, which has no tree.
        layer: 32 bytes for each piece of a file that is longer than one piece, else b"".
    """

    size_bytes: int
    sha256: Sha256
    pieces_root: bytes
    layer: bytes


def tree_of_file(
    file: BinaryIO,
    *,
    into: Callable[[memoryview], object] | None = None,
    piece_bytes: int = PIECE_BYTES,
) -> TreeDigests:
    """Return name and v2 tree of a file, read once from where it stands to its end.

    Args:
        file: As for `digest_file`.
        into: As for `digest_file`.
        piece_bytes: Length of a piece: 1 MiB in volumes, 4 MiB in packs.

    Raises:
        OSError: A read failed; see `iter_chunks`.

    Cost: 1 CPU second for about 700 MB with SHA instructions: a third less than all digests.
    """
    whole, size_bytes = _sha256(), 0
    leaves: list[bytes] = []
    layer: list[bytes] = []
    height, most = _height(piece_bytes), piece_bytes // LEAF_BYTES
    for chunk in iter_chunks(file, min(BUFFER_BYTES, piece_bytes)):
        if len(leaves) == most:  # a piece is closed when a byte after it is seen
            layer.append(_climb(leaves, 0, height))
            leaves = []
        if into is not None:
            into(chunk)
        whole.update(chunk)
        size_bytes += len(chunk)
        leaves += [
            _sha256(chunk[at : at + LEAF_BYTES]).digest() for at in range(0, len(chunk), LEAF_BYTES)
        ]
    if layer:
        layer.append(_climb(leaves, 0, height))
        root = _climb(list(layer), height, 0)
    else:
        root = _climb(leaves, 0, 0) if leaves else b""
    return TreeDigests(size_bytes, Sha256(whole.digest()), root, b"".join(layer))


def piece_root(
    data: bytes | memoryview, *, is_whole_file: bool = False, piece_bytes: int = PIECE_BYTES
) -> bytes:
    """Return the node that stands for one piece in the layer of its file.

    Args:
        data: Bytes of the piece, the last one of a file as short as it is.
        is_whole_file: The file has no other piece: its tree is just high enough for its leaves.
        piece_bytes: Length of a piece.
    """
    view = memoryview(data)
    leaves = [
        _sha256(view[at : at + LEAF_BYTES]).digest() for at in range(0, len(view), LEAF_BYTES)
    ]
    return _climb(leaves, 0, 0 if is_whole_file else _height(piece_bytes)) if leaves else b""


def sha256_file(file: BinaryIO) -> Sha256:
    """Return the SHA-256 of a file, read from where it stands to its end, and nothing else.

    Cost: within a few percent of OpenSSL's own speed.
    """
    whole = _sha256()
    for chunk in iter_chunks(file):
        whole.update(chunk)
    return Sha256(whole.digest())
