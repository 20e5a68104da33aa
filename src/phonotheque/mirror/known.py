"""What is known of an archive that is followed, read from its copy without asking anybody.

Law: all of it was proven when it was laid out, but for counts of seeders and collections, which are
hints; what cannot be read is told, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from phonotheque.disk import Disk, Kind, read_if_held, read_whole
from phonotheque.errors import MalformedError, NotHeldError
from phonotheque.mirror.home import PUBLISHED, Copy
from phonotheque.mirror.values import Followed
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.facts.listing import LISTINGS, ListedFile, read_listing
from phonotheque.publish.health import report
from phonotheque.publish.index.form import read_index
from phonotheque.publish.index.newest import index_path, newest

HEALTH = "health.json"
TORRENTS = "torrents.json"

_TIMESTAMP = f"{PUBLISHED}/metadata/timestamp.json"


class _Torrent(msgspec.Struct):
    id: str
    collections: tuple[str, ...] = ()


class _Torrents(msgspec.Struct):
    torrents: tuple[_Torrent, ...]


class _Signed(msgspec.Struct):
    version: int
    expires: str


class _Timestamp(msgspec.Struct):
    signed: _Signed


def known(copy: Copy) -> Followed:
    """Return what was proven last.

    Raises:
        NotHeldError: Nothing was followed yet.
        MalformedError: The index is damaged; following again brings it back.
    """
    learned = copy.memory().learned
    path = index_path(learned.seq) if learned else newest(copy.disk)
    if path is None:
        raise NotHeldError(copy.name, "nothing of it was followed yet", "Run phono mirror follow.")
    header, lines = read_index(read_whole(copy.disk, path), path)
    health = _health(copy.disk)
    counts = health.torrents if health else {}
    signed_at, runs_out = _timestamp(copy.disk)
    return Followed(
        archive=copy.name,
        header=header,
        lines=tuple(lines),
        seeders={line.id: counts[line.id].seeders for line in lines if line.id in counts},
        counted_at=health.observed_at if health else "",
        signed_at=signed_at or header.created,
        good_until=min(runs_out, header.expires) if runs_out else "",
        collections=_collections(copy.disk),
    )


def listed_files(copy: Copy) -> Iterator[ListedFile]:
    """Yield every file of the listings that are here: of torrents that are held or being fetched.

    Raises:
        MalformedError: A listing is damaged.
    """
    for entry in copy.disk.list(LISTINGS):
        if entry.kind is Kind.FILE and entry.name.endswith(".jsonl.zst"):
            path = f"{LISTINGS}/{entry.name}"
            yield from read_listing(read_whole(copy.disk, path), path)


def _health(disk: Disk) -> report.Health | None:
    data = read_if_held(disk, f"{PUBLISHED}/{HEALTH}")
    try:
        return report.decode(data) if data is not None else None
    except (MalformedError, UnicodeDecodeError):
        return None


def _timestamp(disk: Disk) -> tuple[str, str]:
    """When the archive signed last, and until when that is good, UTC; "" when nobody can say.

    Its versions of the timestamp are milliseconds since 1970 (`publish.trust.repository`).
    """
    try:
        said = msgspec.json.decode(read_if_held(disk, _TIMESTAMP) or b"", type=_Timestamp).signed
        return datetime.fromtimestamp(said.version / 1000, UTC).isoformat(), said.expires
    except (msgspec.DecodeError, OverflowError, ValueError, OSError):  # also what is no UTF-8
        return "", ""


def _collections(disk: Disk) -> dict[str, tuple[str, ...]]:
    data = read_if_held(disk, f"{PUBLISHED}/{TORRENTS}")
    try:
        told = msgspec.json.decode(data or b"", type=_Torrents)
    except UNDECODABLE:
        return {}
    return {one.id: one.collections for one in told.torrents}
