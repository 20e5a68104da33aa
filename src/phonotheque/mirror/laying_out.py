"""What was proven of an archive, laid out here byte for byte, so that others can follow it.

Order: as the archive itself publishes: signed files, roots, targets, snapshot, and the timestamp,
which points to them, last; each is durable before the next. So whoever follows this mirror sees all
of a publication or all of the one before, also when this stops half-way.

Laws: only what is proven is laid out; what neither this publication nor the one before names is
taken away. `health.json` and `torrents.json` have nobody's signature: they are hints for choosing,
and come along when they can be read.

Source: TUF specification 1.0.33, sections 4 and 6.2. Not here: proving (`publish.trust.following`).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from tuf.api.metadata import Metadata, Targets
from tuf.api.serialization import DeserializationError

from phonotheque.disk import Disk, Kind, make_folders, read_if_held, read_whole, write_changed
from phonotheque.errors import (
    IntegrityError,
    NotHeldError,
    PhonothequeError,
    TrustError,
    UnavailableError,
)
from phonotheque.mirror.home import PUBLISHED
from phonotheque.mirror.known import HEALTH, TORRENTS
from phonotheque.mirror.sources import read_most
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.publish.health import report
from phonotheque.publish.index.newest import indexes, signature_path
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.names import signed_paths
from phonotheque.publish.trust.roots import METADATA
from phonotheque.publish.trust.source import Source

_MOST_SIGNATURE_BYTES = 4096
_MOST_HINT_BYTES = 64 << 20
_KEPT_INDEXES = 10
"""As many as an archive keeps."""


def lay_out(disk: Disk, follower: Follower, source: Source) -> None:
    """Put what a follower proved where others can follow it; what is unsigned comes with it.

    Raises:
        BadSignatureError: Other bytes came than were signed.
        UnavailableError: Something cannot be had now, or the disk refused.
    """

    def held(path: str) -> bytes | None:
        return read_if_held(disk, f"{PUBLISHED}/{path}")

    def put(path: str, data: bytes) -> None:
        folder = f"{PUBLISHED}/{path}".rpartition("/")[0]
        if folder not in folders:
            make_folders(disk, folder)
            folders.add(folder)
        write_changed(disk, f"{PUBLISHED}/{path}", data)

    folders: set[str] = set()
    for path, data, name in follower.mirrored(held):
        if name.startswith("index-") and name.endswith(".zst"):
            _put_signature(source, name, put)
        if name:
            put(name, data)
        if path == "metadata/timestamp.json":
            _put_hints(source, put)
        put(path, data)
    _tidy(disk)


def _put_signature(source: Source, index: str, put: Callable[[str, bytes], None]) -> None:
    """Bring the signature for people along; who has TUF does not need it, so it may be absent."""
    try:
        put(f"{index}.minisig", read_most(source, f"{index}.minisig", _MOST_SIGNATURE_BYTES))
    except (NotHeldError, UnavailableError, TrustError):
        return


def _put_hints(source: Source, put: Callable[[str, bytes], None]) -> None:
    """Bring counts of seeders and collections along, if they can be had and read."""
    for name, check in ((HEALTH, report.decode), (TORRENTS, msgspec.json.decode)):
        try:
            data = read_most(source, name, _MOST_HINT_BYTES)
            check(data)
        except (PhonothequeError, *UNDECODABLE):
            continue  # what was known before is better than nothing
        put(name, data)


def _tidy(disk: Disk) -> None:
    """Take away signed metadata that neither this publication nor the one before names, and old
    indexes: as the archive does itself, so that a mirror grows no more than it."""
    papers = [entry.name for entry in disk.list(METADATA) if entry.kind is Kind.FILE]
    kept: set[str] = set()
    for role in ("targets", "snapshot"):
        versions = sorted(_version(name) for name in papers if name.endswith(f".{role}.json"))
        for version in versions[:-2]:
            disk.remove(f"{METADATA}/{version}.{role}.json")
        if role == "targets":
            kept = {path for version in versions[-2:] for path in _targets_of(disk, version)}
    for folder in {path.rpartition("/")[0] for path in kept}:
        for entry in disk.list(folder):
            path = f"{folder}/{entry.name}"
            if entry.kind is Kind.FILE and path not in kept:
                disk.remove(path)
    for path in list(indexes(disk).values())[:-_KEPT_INDEXES]:
        disk.remove(signature_path(path))
        disk.remove(path)


def _version(name: str) -> int:
    head = name.partition(".")[0]
    return int(head) if head.isdecimal() else 0


def _targets_of(disk: Disk, version: int) -> list[str]:
    """Where the files lie that some targets name; none when these are damaged: they lead nobody
    anywhere."""
    try:
        targets = Metadata[Targets].from_bytes(
            read_whole(disk, f"{METADATA}/{version}.targets.json")
        )
        return [f"{METADATA}/{path}" for path in signed_paths(targets.signed.targets).values()]
    except (DeserializationError, IntegrityError, TrustError):
        return []
