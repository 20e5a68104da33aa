"""A pack is written: every byte goes to the disk and through the hashes of its torrent at once.

Laws: nothing that was written is read again; the same things in the same order under the same name
give the same bytes, however many threads compress; a file is durable before its digest is used.

Not here: in which folder, which things, and what is recorded of it (`making`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from phonotheque.catalogue.dump.seekable import SeekableWriter
from phonotheque.disk import Disk, make_folders
from phonotheque.music.digest import Digests
from phonotheque.publish.packs.form import (
    CONTENT,
    FORMAT,
    HEAD,
    INDEX,
    KEY_COLUMNS,
    MAX_ITEM_BYTES,
    README,
    SUMS,
    Entry,
    Head,
    PackFile,
    PackKind,
    encode_entry,
    encode_head,
    encode_sums,
)
from phonotheque.publish.packs.form import (
    PACK_PIECE_BYTES as PIECE_BYTES,
)
from phonotheque.publish.packs.papers import About, readme
from phonotheque.publish.packs.standing import clear
from phonotheque.publish.torrent import TorrentFile
from phonotheque.store.digests import Hasher

JOBS = 2
"""Threads that compress."""

_INDEX_FRAME_BYTES = 32 << 10
"""Small: whoever looks one key up unpacks a dozen of these."""

_INDEX_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Packing:
    """How the content of a kind is compressed: Zstandard's level, and how much is one frame."""

    level: int
    frame_bytes: int


PACKING = {
    PackKind.FACTS: Packing(3, 1 << 20),
    PackKind.OVERLAYS: Packing(1, 256 << 10),  # 900 of them: one is unpacked in a millisecond
    PackKind.PATCHES: Packing(3, 256 << 10),  # compressed already, but all begin alike
    PackKind.ART: Packing(1, 4 << 20),  # pictures do not become shorter
    PackKind.REGISTER: Packing(1, 4 << 20),
}
"""Low levels: lines are mostly digests in hexadecimal, on which level 1 is as short as level 19 or
nearly so, at a hundredth of its cost (register 0.162 and 0.159 of the plain length, overlays 0.230
and 0.214, facts at level 3 and 9 0.59 and 0.57)."""


@dataclass(frozen=True, slots=True)
class Written:
    """A pack that was written.

    Attributes:
        files: Its files, as its torrent names them.
        items: Number of things in it.
        made_of: SHA-256 of what decides its contents.
    """

    files: tuple[TorrentFile, ...]
    items: int
    made_of: str

    @property
    def size_bytes(self) -> int:
        """Length of all files."""
        return sum(file.digests.size_bytes for file in self.files)


class HashedFile:
    """A new file whose digests at a pack's piece length are taken while it is written."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._writer = disk.create(path)
        self._hasher = Hasher(piece_bytes=PIECE_BYTES)
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        """Add bytes at the end."""
        self._writer.write(data)
        self._hasher.update(data)
        self.size_bytes += len(data)

    def finish(self) -> Digests:
        """Make it durable and unchangeable, and give its digests."""
        self._writer.freeze()
        self._writer.sync()
        self._writer.close()
        return self._hasher.finish()

    def close(self) -> None:
        """Let go of it, finished or not."""
        self._writer.close()


def write_paper(disk: Disk, folder: str, name: str, data: bytes) -> TorrentFile:
    """Write a whole small file of a pack."""
    file = HashedFile(disk, f"{folder}/{name}")
    try:
        file.write(data)
        return TorrentFile((name,), file.finish())
    finally:
        file.close()


def made_of(kind: PackKind, versions: Sequence[tuple[str, str]]) -> str:
    """Return the digest of what decides a pack's contents: keys and versions, in order of key."""
    digest = hashlib.sha256(f"{kind} {FORMAT}\n".encode())
    for key, version in versions:
        digest.update(f"{key}\t{version}\n".encode())
    return digest.hexdigest()


class PackWriter:
    """Takes things one after the other and makes a pack of them. Use it in a `with` block.

    Args:
        disk: The archive's.
        folder: Where it is written; emptied first.
        extra: Names of the columns that entries have beyond `KEY_COLUMNS`.
    """

    def __init__(
        self, disk: Disk, folder: str, kind: PackKind, extra: tuple[str, ...] = ()
    ) -> None:
        clear(disk, folder)
        make_folders(disk, folder)
        self._disk, self._folder, self._kind = disk, folder, kind
        self._columns = (*KEY_COLUMNS, *extra)
        self._file = HashedFile(disk, f"{folder}/{CONTENT[kind]}")
        how = PACKING[kind]
        self._content = SeekableWriter(
            self._file.write, level=how.level, frame_bytes=how.frame_bytes, jobs=JOBS
        )
        self._lines: list[bytes] = []
        self._versions: list[tuple[str, str]] = []
        self._offset = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._content.__exit__(kind)
        self._file.close()

    @property
    def items(self) -> int:
        """Number of things taken."""
        return len(self._lines)

    @property
    def packed_bytes(self) -> int:
        """How much has been written of the content."""
        return self._file.size_bytes

    def add(self, key: str, version: str, data: bytes, extra: Sequence[str] = ()) -> None:
        """Take one thing. No key may come twice.

        Raises:
            ValueError: It is empty, or longer than `MAX_ITEM_BYTES`.
        """
        if not 0 < len(data) <= MAX_ITEM_BYTES:
            raise ValueError(f"{key}: a thing of {len(data)} bytes cannot be in a pack")
        entry = Entry(key, self._offset, len(data), version, tuple(extra))
        self._content.write(data)
        self._lines.append(encode_entry(entry))
        self._versions.append((key, version))
        self._offset += len(data)

    def close(self, about: About) -> Written:
        """Write index and papers; all of it is durable afterwards, but for the folder's name."""
        self._content.close()
        content = TorrentFile((CONTENT[self._kind],), self._file.finish())
        digest = made_of(self._kind, sorted(self._versions))
        head = Head(
            FORMAT,
            self._kind,
            about.name,
            about.archive,
            about.title,
            self.items,
            CONTENT[self._kind],
            self._offset,
            self._columns,
            digest,
            about.tdm,
        )
        files = [content, self._index()]
        return finish_papers(self._disk, self._folder, head, files)

    def _index(self) -> TorrentFile:
        self._lines.sort()  # keys of a kind have one length: lines sort as keys do
        file = HashedFile(self._disk, f"{self._folder}/{INDEX}")
        try:
            with SeekableWriter(
                file.write, level=_INDEX_LEVEL, frame_bytes=_INDEX_FRAME_BYTES, jobs=JOBS
            ) as packed:
                for line in self._lines:
                    packed.write(line)
            return TorrentFile((INDEX,), file.finish())
        finally:
            file.close()


def finish_papers(disk: Disk, folder: str, head: Head, files: list[TorrentFile]) -> Written:
    """Write what every pack has beside its content, the digests of all of it last."""
    files = [
        *files,
        write_paper(disk, folder, HEAD, encode_head(head)),
        write_paper(disk, folder, README, readme(head).encode()),
    ]
    listed = [
        PackFile("/".join(file.path), file.digests.size_bytes, file.digests.sha256.hex)
        for file in files
    ]
    files.append(write_paper(disk, folder, SUMS, encode_sums(listed)))
    disk.sync_folder(folder)
    return Written(tuple(files), head.items, head.made_of)
