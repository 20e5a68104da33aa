"""V1-only twins of volumes, made on demand for clients that cannot read hybrids.

Laws: a twin is made of what is offered and open, and gets its name only while that is still so; it
goes with the torrent that it is the twin of; a volume that is damaged stands in no other's way.
Cost: every file of the volume is read, which may take hours, so the archive is not held meanwhile.
Not here: how one is put together, and what is one (`publish.twin`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from phonotheque.archive.bulk.closing import closures
from phonotheque.archive.bulk.publishing import sealed_torrent
from phonotheque.archive.opening import Archive, open_to_read, open_to_write
from phonotheque.disk import write_whole
from phonotheque.errors import BadReferenceError, IntegrityError, NotHeldError
from phonotheque.publish.sealed import live, twin_path
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.publish.twin import proven_twin, twin_of
from phonotheque.register.events import Volume
from phonotheque.register.published import heir_of, offered_one, retirements


@dataclass(frozen=True, slots=True)
class TwinMade:
    """What became of a volume that lacked its twin.

    Attributes:
        volume: The volume's name.
        path: Where its twin lies below the archive; "" when it could not be made.
        why_not: Why it could not; "" when it could.
    """

    volume: str
    path: str = ""
    why_not: str = ""


def require_offered(archive: Archive, names: Collection[str]) -> None:
    """Make sure that all these volumes are offered now; one that is closed until it gets a
    successor is, too.

    Raises:
        BadReferenceError: One of them is not.
    """
    if strange := sorted(set(names) - {volume.name for volume in live(archive.index)}):
        todo = "`phono where` shows what is; a volume that is to be sealed cannot be named yet."
        raise BadReferenceError(strange[0], "it is no volume that is offered now", todo)


def without_twin(root: Path, names: Collection[str] = ()) -> list[Volume]:
    """Volumes that are offered and have no twin, or none that is theirs.

    Args:
        root: The archive.
        names: Only these, or what took their place; empty for all.
    """
    with open_to_read(root) as archive:
        gone = retirements(archive.index)
        wanted = {heir_of(name, gone) for name in names}
        return [
            volume
            for volume in _offered(archive)
            if (not names or volume.name in wanted) and not _has_twin(archive, volume)
        ]


def _offered(archive: Archive) -> list[Volume]:
    closed = closures(archive)
    return [volume for volume in live(archive.index) if volume.name not in closed]


def _is_offered(archive: Archive, volume: Volume) -> bool:
    is_standing = offered_one(archive.index, volume.name) == volume
    return is_standing and volume.name not in closures(archive)


def _has_twin(archive: Archive, volume: Volume) -> bool:
    try:
        proven_twin(archive.disk, volume)
    except (IntegrityError, NotHeldError):
        return False
    return True


def make_twins(
    root: Path, volumes: Collection[Volume], on_file: Callable[[int], object]
) -> Iterator[TwinMade]:
    """Make the twins of volumes, one after the other; each is there when it is yielded.

    Args:
        root: The archive; it is held for a moment for each, and waited for.
        volumes: Of which.
        on_file: Told of the bytes of each file that was read.

    Raises:
        UnavailableError: The disk refused.
    """
    for volume in volumes:
        try:
            data = _made(root, volume, on_file)
        except (IntegrityError, NotHeldError) as error:
            yield TwinMade(volume.name, why_not=str(error))
            continue
        path = twin_path(volume.name)
        with open_to_write(root, "publish", is_patient=True) as archive:
            is_offered = _is_offered(archive, volume)
            if is_offered:
                write_whole(archive.disk, path, data)
        if is_offered:
            yield TwinMade(volume.name, path)
        else:
            yield TwinMade(volume.name, why_not="It is not offered any more.")


def _made(root: Path, volume: Volume, on_file: Callable[[int], object]) -> bytes:
    """Read all of a volume, nobody being kept from writing.

    Raises:
        IntegrityError: A file of it, or its torrent, is damaged.
        NotHeldError: One is missing.
    """
    with open_to_read(root) as archive:
        sealed = read_torrent(sealed_torrent(archive, volume), thing=volume.name)
        return twin_of(
            archive.disk,
            sealed,
            on_file,
            announce=tuple(archive.config["seed.trackers"]),
            web_seeds=tuple(archive.config["seed.web_seeds"]),
        )
