"""Repairing an archive from its mirrors: what is damaged comes back, byte for byte.

What is damaged is what the last `phono verify` found. Objects of volumes are put together piece by
piece, as on a mirror; objects in no volume, which nobody else can have but a backup, are copied
whole from folders. Laws: only bytes that hash to their names are taken; what is intact is never
touched; what was removed does not come back; afterwards what was mended is read once more, and the
register says so.

Not here: how a file is put together (`mirror.repairing`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from phonotheque.archive.keeping.loose import loose_contents, loose_part
from phonotheque.archive.keeping.verify import Run, check, record
from phonotheque.archive.opening import Archive
from phonotheque.disk import make_folders, read_whole, write_whole
from phonotheque.errors import NotHeldError, PhonothequeError, UnavailableError
from phonotheque.mirror.contents import Contents, Part, contents_of_sealed
from phonotheque.mirror.jobs import Ways
from phonotheque.mirror.news import Came
from phonotheque.mirror.repairing import Mended, Repair, discharge, repair
from phonotheque.mirror.scrubbing import put_back
from phonotheque.mirror.taking import Place
from phonotheque.music.digest import Sha256
from phonotheque.publish.sealed import PUBLISHED, live, sealed_bytes, torrent_path
from phonotheque.register.events import Volume
from phonotheque.register.findings import findings
from phonotheque.register.holdings import Held
from phonotheque.store.objects import OBJECTS, ObjectName

INCOMING = "state/repair"
"""Where bytes come to. `state/incoming/` is emptied whenever an archive is opened to write."""

_INTACT = ("intact", "removed")


@dataclass(frozen=True, slots=True)
class Damage:
    """What is known to be damaged.

    Attributes:
        objects: Objects, by the volume they are in; "" for none.
        lists: Paths of lists of volumes.
        torrents: Volumes whose .torrent file is damaged or missing.
    """

    objects: dict[str, tuple[Held, ...]]
    lists: tuple[str, ...]
    torrents: tuple[Volume, ...]

    @property
    def count(self) -> int:
        """Number of damaged files."""
        objects = sum(len(held) for held in self.objects.values())
        return objects + len(self.lists) + len(self.torrents)


def damage(archive: Archive) -> Damage:
    """Return what the last checks found damaged, and torrents that are not there."""
    by_volume: dict[str, list[Held]] = {}
    for held in archive.index.oldest_checked():
        if held.condition not in _INTACT:
            by_volume.setdefault(held.volume or "", []).append(held)
    lists = [one.path for one in findings(archive.index.db) if one.path.startswith(OBJECTS)]
    lost = [
        volume
        for volume in live(archive.index)
        if sealed_bytes(archive.disk, torrent_path(volume.name), volume.torrent) is None
    ]
    objects = {name: tuple(found) for name, found in sorted(by_volume.items())}
    return Damage(objects, tuple(lists), tuple(lost))


def repair_archive(
    archive: Archive,
    ways: Ways,
    remake: Callable[[Volume], str],
    on_progress: Callable[[Came], None] = lambda _: None,
) -> Iterator[Repair]:
    """Bring back what is damaged, volume by volume.

    Args:
        archive: Open to write.
        ways: Where good bytes may be.
        remake: Makes a volume's torrent again (`publish.remake`); why it cannot be, "" when it is.
        on_progress: Told how far fetching is.

    Raises:
        UnavailableError: This disk refused.
    """
    make_folders(archive.disk, INCOMING)
    place = Place(archive.root, archive.disk, archive.store, INCOMING)
    found = damage(archive)
    for volume in found.torrents:
        yield _bring_torrent(archive, volume, ways, remake)
    at_hand: set[str] = set()  # volumes whose torrents say where their objects may be asked for
    for volume in live(archive.index):
        held = found.objects.get(volume.name, ())
        below = f"{OBJECTS}/lists/{volume.name}/"
        lists = [path for path in found.lists if path.startswith(below)]
        if not held and not lists:
            continue
        data = sealed_bytes(archive.disk, torrent_path(volume.name), volume.torrent)
        if data is None:
            continue  # told above; its objects may be copied whole all the same
        at_hand.add(volume.name)
        contents = contents_of_sealed(volume.name, data, is_volume=True)
        wanted = {*lists, *(ObjectName(one.sha256, one.extension).path for one in held)}
        parts = [part for part in contents.parts if part.target in wanted]
        yield _repaired(place, contents, parts, ways, on_progress)
    loose = [
        loose_part(archive, held)
        for name, objects in found.objects.items()
        if name not in at_hand
        for held in objects
    ]
    if loose:
        contents = loose_contents(loose)
        yield _repaired(place, contents, loose, replace(ways, swarm=None), on_progress)


def _repaired(
    place: Place,
    contents: Contents,
    parts: Sequence[Part],
    ways: Ways,
    on_progress: Callable[[Came], None],
) -> Repair:
    done = repair(place, contents, parts, ways, on_progress)
    for part in done.left:  # a damaged original is still the original: it stays where it was
        put_back(place.disk, contents, part)
    discharge(place, contents, [one.part for one in done.mended])
    return done


def _bring_torrent(
    archive: Archive, volume: Volume, ways: Ways, remake: Callable[[Volume], str]
) -> Repair:
    """Make a volume's .torrent file again, or copy it from a folder that has the one that was
    sealed."""
    path = torrent_path(volume.name)
    part = Part(path, path, 0, b"", b"")
    if not (why_not := remake(volume)):
        return Repair(volume.name, (Mended(part, "here"),), ())
    for folder in ways.folders:
        for at in (path, path.removeprefix(f"{PUBLISHED}/")):
            try:
                data = read_whole(folder.disk, at)
            except (NotHeldError, UnavailableError):
                continue
            if hashlib.sha256(data).hexdigest() == volume.torrent:
                write_whole(archive.disk, path, data)
                return Repair(volume.name, (Mended(part, folder.name),), ())
    error: PhonothequeError = NotHeldError(
        path,
        f"it cannot be made again ({why_not}), and none of the folders has the one that was sealed",
        "Name a mirror: --from DIR.",
    )
    return Repair(volume.name, (), (part,), error=error)


def record_mended(archive: Archive, repairs: Iterable[Repair], jobs: int) -> Run:
    """Read what was mended once more and let the register say that it is exact.

    Args:
        archive: Open to read; it is opened to write for the line alone.
        repairs: What was done.
        jobs: Threads that read.
    """
    names = [
        one.part.name.sha256 for done in repairs for one in done.mended if one.part.name is not None
    ]
    run = Run(is_ordered=False, as_of=archive.index.place.head.seq)
    for checked in check(archive, _held(archive, names), jobs):
        run.note(checked)
    if run.objects:
        record(archive, run, is_patient=True)
    return run


def _held(archive: Archive, names: Iterable[Sha256]) -> Iterator[Held]:
    for name in names:
        held = archive.index.held(name)
        if held is not None:
            yield held
