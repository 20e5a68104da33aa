"""The .torrent files of a group in a few zip files, for those who want them all at once.

Laws: a zip is written once, when nothing more comes into it, and again only when one of its
torrents is withdrawn; what is written anew with every addition has at most 1 MiB; the same torrents
give the same bytes; a zip says in its comment what it was made of, so that one that is there need
not be made again; no zip holds more than 64 MiB of torrents; a torrent that is not, byte for byte,
the one in the index is never packed.

A hundred numbers go together: whoever took the torrents up to number 300 needs only the zips from
there on, and what is withdrawn moves nothing into another hundred.

Large groups have none: at 300 TB the .torrent files are 45 GB, which would lie there twice. A list
of their addresses is enough for a program that fetches.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from phonotheque.errors import DigestMismatchError
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.names import number_of
from phonotheque.publish.pages.site import Group
from phonotheque.publish.pages.texts import format_size

MOST_BYTES = 64 << 20
"""Made in memory, and fetched by people."""

MOST_GROUP_BYTES = 256 << 20
"""Of .torrent files; a group with more has no zips."""

RUN = 100
"""Numbers of torrents that go together."""

MOST_OPEN_BYTES = 1 << 20
"""Of .torrent files in a zip that more will come into; with more it waits until it is full."""

_COMMENT = b"phonotheque "
_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say: when a torrent was sealed stands in the index."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A zip to be: its path in `published/`, and the torrents in it."""

    path: str
    lines: tuple[TorrentLine, ...]

    @property
    def words(self) -> str:
        """Which torrents are in it, in the words of the page: "1 to 100, 6.10 MB"."""
        first, last = (number_of(self.lines[at].id) for at in (0, -1))
        return f"{first} to {last}, {format_size(_torrent_bytes(self.lines))}"

    @property
    def made_of(self) -> bytes:
        """What decides its bytes, in a few: the comment of the zip."""
        said = "".join(f"{line.id} {line.torrent_sha256}\n" for line in self.lines)
        return _COMMENT + hashlib.sha256(said.encode()).hexdigest().encode()


def parcels_of(group: Group) -> list[Parcel]:
    """Share the torrents of a group among zips, in the order of their numbers.

    The newest are in none while their zip would be written anew too often (`MOST_OPEN_BYTES`), nor
    is one that would be alone; a group with more than `MOST_GROUP_BYTES` has none at all.
    """
    if _torrent_bytes(group.lines) > MOST_GROUP_BYTES:
        return []
    lines = sorted(group.lines, key=lambda line: (number_of(line.id), line.id))
    shares = [share for _, run in groupby(lines, _run) for share in _shares(run)]
    if shares and not _is_full(shares[-1]) and _torrent_bytes(shares[-1]) > MOST_OPEN_BYTES:
        shares.pop()
    return [Parcel(_path(group, share[0]), tuple(share)) for share in shares if len(share) > 1]


def _run(line: TorrentLine) -> int:
    return (number_of(line.id) - 1) // RUN


def _shares(run: Iterable[TorrentLine]) -> Iterator[list[TorrentLine]]:
    """Share torrents among as few zips as hold them."""
    share: list[TorrentLine] = []
    for line in run:
        if share and _torrent_bytes(share) + line.torrent_bytes > MOST_BYTES:
            yield share
            share = []
        share.append(line)
    yield share


def _is_full(share: Sequence[TorrentLine]) -> bool:
    """Whether the last number of a hundred is in it, so that no other can come into it."""
    return number_of(share[-1].id) % RUN == 0


def _torrent_bytes(lines: Iterable[TorrentLine]) -> int:
    return sum(line.torrent_bytes for line in lines)


def _path(group: Group, first: TorrentLine) -> str:
    """Its name says where it begins, and stays while more comes into it."""
    return f"lists/{group.slug}-from-{number_of(first.id):05d}.zip"


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
