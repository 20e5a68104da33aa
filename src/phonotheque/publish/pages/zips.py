"""The .torrent files of a group in a few zip files, for those who want them all at once.

Laws: the same torrents give the same bytes; a zip says in its comment what it was made of, so that
one that is there need not be made again; no zip holds more than 64 MiB of torrents; a torrent that
is not, byte for byte, the one in the index is never packed.

Large groups have none: at 300 TB the .torrent files are 45 GB, which would lie there twice. A list
of their addresses is enough for a program that fetches.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from phonotheque.errors import DigestMismatchError
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.pages.site import Group

MOST_BYTES = 64 << 20
"""Made in memory, and fetched by people."""

MOST_GROUP_BYTES = 256 << 20
"""Of .torrent files; a group with more has no zips."""

_COMMENT = b"phonotheque "
_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say: when a torrent was sealed stands in the index."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A zip to be: its path in `published/`, and the torrents in it."""

    path: str
    lines: tuple[TorrentLine, ...]

    @property
    def made_of(self) -> bytes:
        """What decides its bytes, in a few: the comment of the zip."""
        said = "".join(f"{line.id} {line.torrent_sha256}\n" for line in self.lines)
        return _COMMENT + hashlib.sha256(said.encode()).hexdigest().encode()


def parcels_of(group: Group) -> list[Parcel]:
    """Share the torrents of a group among zips, in the order they were sealed: old zips stay.

    None for a group with more than `MOST_GROUP_BYTES`.
    """
    if sum(line.torrent_bytes for line in group.lines) > MOST_GROUP_BYTES:
        return []
    shares: list[list[TorrentLine]] = [[]]
    size_bytes = 0
    for line in group.lines:
        if shares[-1] and size_bytes + line.torrent_bytes > MOST_BYTES:
            shares.append([])
            size_bytes = 0
        shares[-1].append(line)
        size_bytes += line.torrent_bytes
    return [
        Parcel(f"lists/{group.slug}-{number}.zip", tuple(share))
        for number, share in enumerate(shares, start=1)
        if share
    ]


def is_made_of(data_end: bytes, parcel: Parcel) -> bool:
    """Whether the end of a zip that is there says that it holds just this."""
    return data_end.endswith(parcel.made_of)


def encode_parcel(parcel: Parcel, read: Callable[[TorrentLine], bytes]) -> bytes:
    """Return the bytes of a zip.

    Args:
        parcel: What goes in.
        read: Gives the bytes of a .torrent file.

    Raises:
        DigestMismatchError: A .torrent file is not the one that the index names.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for line, data in _proved(parcel, read):
            file.writestr(zipfile.ZipInfo(f"{line.id}.torrent", _DATE), data)
        file.comment = parcel.made_of
    return buffer.getvalue()


def _proved(
    parcel: Parcel, read: Callable[[TorrentLine], bytes]
) -> Iterator[tuple[TorrentLine, bytes]]:
    for line in parcel.lines:
        data = read(line)
        found = hashlib.sha256(data).hexdigest()
        if found != line.torrent_sha256:
            raise DigestMismatchError(
                f"published/{line.id}.torrent",
                f"its bytes hash to {found}, not what the index says",
                "Restore it from a backup.",
            )
        yield line, data
