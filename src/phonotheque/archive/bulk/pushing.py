"""Laying the bulk door out for any static server: what is published, and the payload of volumes.

```
DIR/                   all of published/ but hidden files
DIR/volumes/<volume>/  ab/cd/<sha256>.<ext> and lists/<volume>/…: what its torrent names
DIR/volumes/<pack>     -> ../packs/<pack>
```
So `<address>/volumes/` is the one web seed of all torrents (BEP 19), and nobody serves the store.

Laws: only volumes and packs that are offered, and of which the resolver allows all that is in them,
are laid out, at the moment of laying out; what may not be there any more is taken away before
anything is added; content comes before what names it, the TUF timestamp last; every object, torrent
and file of a pack is proven before it gets its name; nothing that was not laid out by this archive
is touched. A run that stops is gone on with. What a volume holds of the one that it takes the place
of is moved into it, not copied again: a removal of one recording costs no copy of the others.

Words about a closed volume or pack, its listing or a magnet link, stay until the next publication
or refresh says that it is gone. A removal publishes anew by itself.

Not here: serving it (`publish.web`, or a server of yours).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import msgspec

from phonotheque.archive.bulk.closing import closures
from phonotheque.archive.bulk.handing_on import hand_on, handed_on, heirs, strip
from phonotheque.archive.bulk.seals import Seals
from phonotheque.archive.keeping.export import copy_object
from phonotheque.archive.opening import Archive, open_to_read, open_to_write
from phonotheque.disk import refusal
from phonotheque.errors import ConflictError, IntegrityError, NotHeldError, PhonothequeError
from phonotheque.publish.sealed import (
    LIST_FILES,
    PUBLISHED,
    VOLUMES,
    is_twin,
    list_lost,
    members,
    offered_as,
)
from phonotheque.register.events import Volume
from phonotheque.register.published import offered, retirements
from phonotheque.store.objects import LISTS, ObjectName

RECORD = ".phonotheque-push.json"
"""What was laid out here, by which archive: nothing else is ever taken away."""

PACKS = "packs"
_PUBLIC_HIDDEN = ".well-known"
_IMMUTABLE = (".torrent", ".jsonl.zst")
"""Not the signature of an index: a new key signs what is published again, in as many bytes."""

_LAST = "metadata/timestamp.json"


class _Record(msgspec.Struct):
    """The record in the folder: the archive, whole volumes, and files of `published/`."""

    archive: str
    volumes: list[str] = []
    files: list[str] = []


@dataclass
class Pushed:
    """What a run did.

    Attributes:
        files: Copied now.
        size_bytes: Their bytes.
        removed: Volumes and files that were taken away.
        left_out: Volumes and packs that are not laid out, or not whole, and why.
    """

    files: int = 0
    size_bytes: int = 0
    removed: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def push(
    root: Path, to: Path, on_bytes: Callable[[int], None], *, is_linked: bool, is_patient: bool
) -> Pushed:
    """Bring a folder to what the bulk door offers now.

    Volumes, which never change, are copied without holding the archive, however long that takes;
    then it is held for a moment, so that the files of one publication come together.

    Args:
        root: The archive.
        to: The folder: empty, or laid out by this archive before.
        on_bytes: Told of bytes that were copied.
        is_linked: Make hard links of objects: no space used, but they *are* the archive's files.
        is_patient: Wait while another process writes to the archive.

    Raises:
        ConflictError: The folder lies in the archive or around it, or holds what another laid out.
        ArchiveBusyError: Another process is writing; volumes were copied already.
    """
    done = Pushed()
    with open_to_read(root) as archive:
        volumes = _Push(archive, to, done, is_linked=is_linked)
        volumes.take_away()
        for size_bytes in volumes.bring_volumes():
            on_bytes(size_bytes)
    done.left_out = []  # asked again
    with open_to_write(root, "publish push", is_patient=is_patient) as archive:
        whole = _Push(archive, to, done, is_linked=is_linked)
        whole.take_away()
        for size_bytes in chain(whole.bring_volumes(), whole.bring_published()):
            on_bytes(size_bytes)
    return done


def missing_from(root: Path, to: Path, *, is_linked: bool) -> tuple[int, int]:
    """Recordings and bytes of the volumes that `push` would copy, or link."""
    with open_to_read(root) as archive:
        return _Push(archive, to, Pushed(), is_linked=is_linked).to_copy()


class _Push:
    """One run of laying out, on an open archive."""

    def __init__(self, archive: Archive, to: Path, done: Pushed, *, is_linked: bool) -> None:
        self._archive = archive
        self._to = to
        self._is_linked = is_linked
        self.done = done
        self._record = self._claimed()
        closed = {name: why.told for name, why in closures(archive).items()}
        closed |= {name: str(list_lost(name)) for name in archive.index.unlisted()}
        self.done.left_out += closed.items()
        self._open = [one for one in offered(archive.index) if one.name not in closed]
        self._names = {one.name for one in self._open}
        self._seals = Seals(archive, self._open)

    def _claimed(self) -> _Record:
        here = self._to.resolve()
        root = self._archive.root.resolve()
        if here.is_relative_to(root) or root.is_relative_to(here):
            raise ConflictError(
                str(self._to), "it lies inside the archive or around it", "Choose another folder."
            )
        own = self._archive.index.note("archive")
        file = here / RECORD
        if file.exists():
            with suppress(msgspec.DecodeError, UnicodeDecodeError):  # then it is not ours to touch
                record = msgspec.json.decode(file.read_bytes(), type=_Record)
                if record.archive == own:
                    return record
        elif not here.exists() or (here.is_dir() and not any(here.iterdir())):
            return _Record(own)
        raise ConflictError(
            str(self._to), "it holds what this archive did not lay out", "Choose an empty folder."
        )

    # -- in this order -------------------------------------------------------------------------

    def take_away(self) -> None:
        """Remove volumes and packs that are not offered any more, or may not be shared now."""
        self._record.volumes = [name for name in self._record.volumes if name in self._names]
        self._to.mkdir(parents=True, exist_ok=True)
        self._save()
        self._drop([name for name in self._record.files if not self._may_stay(name)])
        inherited, disk = self._heirs(), self._archive.disk
        try:
            for entry in self._gone():
                if entry not in inherited:
                    self._clear(entry)
            for folder, heir in inherited.items():
                strip(disk, folder, heir)
            for folder, heir in inherited.items():
                hand_on(disk, folder, heir, is_linked=self._is_linked)
                self._clear(folder)
        except OSError as error:
            raise refusal(str(self._to), error) from error

    def _gone(self) -> Iterator[Path]:
        """Folders of volumes and packs, and links, that may not lie there any more."""
        for folder in (self._to / VOLUMES, self._to / PACKS):
            for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
                if entry.name not in self._names:
                    yield entry

    def _heirs(self) -> dict[Path, Volume]:
        """The folders of volumes that go, each with the one on offer that took its place."""
        volumes = (one for one in self._open if isinstance(one, Volume))
        return heirs(self._gone(), retirements(self._archive.index), volumes)

    def _clear(self, entry: Path) -> None:
        """Take a volume, a pack or the link to one away, with what a stopped run left in it."""
        if entry.is_symlink():
            entry.unlink()
        else:
            shutil.rmtree(entry)
            self.done.removed.append(entry.name)

    def bring_volumes(self) -> Iterator[int]:
        """Lay out volumes that are not there whole; yields bytes as files are done."""
        for volume in self.missing():
            before = len(self.done.left_out)
            yield from self._bring_volume(volume)
            if len(self.done.left_out) == before:
                self._record.volumes.append(volume.name)
                self._save()

    def bring_published(self) -> Iterator[int]:
        """Lay out what is published, pointers last, then remove what is not any more."""
        wanted = self._published()
        before = set(self._record.files)
        self._record.files = sorted(before | set(wanted))
        self._save()
        for name in wanted:
            source, target = self._archive.root / PUBLISHED / name, self._to / name
            if not _is_same(source, target, is_frozen=_is_frozen(name)):
                try:
                    yield self._place(source, target, name)
                except (IntegrityError, NotHeldError) as error:
                    self.done.left_out.append((name, str(error)))
        self._drop(sorted(before - set(wanted)))
        self._link_packs()

    def missing(self) -> list[Volume]:
        """Volumes that are not there whole."""
        whole = set(self._record.volumes)
        folder = self._to / VOLUMES
        return [
            one
            for one in self._open
            if isinstance(one, Volume) and not (one.name in whole and (folder / one.name).is_dir())
        ]

    def to_copy(self) -> tuple[int, int]:
        """Recordings and bytes of volumes that are not there whole, but for what is handed on."""
        missing, disk = self.missing(), self._archive.disk
        handed = {
            target: source.stat().st_size
            for folder, heir in self._heirs().items()
            for _, source, target in handed_on(disk, folder, heir, is_linked=self._is_linked)
        }
        files, size_bytes = len(handed), sum(handed.values())
        return (
            sum(volume.objects for volume in missing) - files,
            sum(volume.size_bytes for volume in missing) - size_bytes,
        )

    # -- parts ---------------------------------------------------------------------------------

    def _bring_volume(self, volume: Volume) -> Iterator[int]:
        below = self._to / VOLUMES / volume.name
        for name in members(self._archive.disk, volume):
            target = below / name.folder / name.file
            try:
                size_bytes = self._bring_object(name, target)
            except (IntegrityError, NotHeldError) as error:
                self.done.left_out.append((volume.name, str(error)))
                continue
            if size_bytes:
                self._count(size_bytes)
                yield size_bytes
        for file in LIST_FILES:
            source = self._archive.root / LISTS / volume.name / file
            target = below / "lists" / volume.name / file
            if not _is_same(source, target, is_frozen=True):
                yield self._place(source, target)

    def _bring_object(self, name: ObjectName, target: Path) -> int:
        """Copy an object unless it is there; the bytes that were copied."""
        held = self._archive.index.held(name.sha256)
        if held is None or (target.is_file() and target.stat().st_size == held.size_bytes):
            return 0
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            copy_object(self._archive, held, target, is_linked=self._is_linked)
        except OSError as error:
            raise refusal(str(target), error) from error
        return held.size_bytes

    def _published(self) -> list[str]:
        """Paths of public files below `published/`, in the order in which they may be seen."""
        root = self._archive.root / PUBLISHED
        names = []
        for path in root.rglob("*"):
            name = path.relative_to(root).as_posix()
            hidden = [part for part in name.split("/") if part.startswith(".")]
            if path.is_file() and hidden in ([], [_PUBLIC_HIDDEN]) and self._may_lie(name):
                names.append(name)
        return sorted(names, key=lambda name: (_turn(name), name))

    def _may_stay(self, name: str) -> bool:
        """Whether a file that was laid out may lie there still: a twin only if it is no other's."""
        return self._may_lie(name) and (
            not is_twin(name) or self._seals.is_intact_twin(name, self._to / name)
        )

    def _may_lie(self, name: str) -> bool:
        """Whether a file of `published/` may be laid out: what is a torrent, or in one, if open."""
        match name.split("/"):
            case [file] if file.endswith(".torrent"):
                return offered_as(file) in self._names
            case ["packs", pack, *_]:
                return pack in self._names
        return True

    def _drop(self, names: Sequence[str]) -> None:
        """Take files away that were laid out."""
        for name in names:
            (self._to / name).unlink(missing_ok=True)
            self.done.removed.append(name)
            _prune((self._to / name).parent, self._to)
        self._record.files = sorted(set(self._record.files) - set(names))
        self._save()

    def _place(self, source: Path, target: Path, name: str = "") -> int:
        """Copy a file; one of `published/`, by its name there, is held against what was sealed."""
        temporary = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, temporary)
            with open(temporary, "rb") as file:
                self._seals.prove(name, file)
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except PhonothequeError:
            temporary.unlink()
            _prune(target.parent, self._to)
            raise
        except OSError as error:
            raise refusal(str(target), error) from error
        size_bytes = target.stat().st_size
        self._count(size_bytes)
        return size_bytes

    def _link_packs(self) -> None:
        """Make packs be found where volumes are: one web seed is right for all torrents."""
        packs, folder = self._to / PACKS, self._to / VOLUMES
        folder.mkdir(exist_ok=True)
        for pack in sorted(packs.iterdir()) if packs.is_dir() else ():
            if not (folder / pack.name).is_symlink():
                (folder / pack.name).symlink_to(f"../packs/{pack.name}")

    def _count(self, size_bytes: int) -> None:
        self.done.files += 1
        self.done.size_bytes += size_bytes

    def _save(self) -> None:
        new = self._to / f"{RECORD}.new"
        new.write_bytes(msgspec.json.encode(self._record))
        os.replace(new, self._to / RECORD)


def _turn(name: str) -> int:
    """When a file of `published/` may be seen: content, then pages, then what is signed."""
    if name == _LAST:
        return 3
    if name.startswith("metadata/"):
        return 2
    return 0 if _is_frozen(name) or is_twin(name) else 1


def _is_frozen(name: str) -> bool:
    """Whether bytes under this name never change. A damaged twin is made anew under its name."""
    if is_twin(name):
        return False
    return name.startswith("packs/") or ("/" not in name and name.endswith(_IMMUTABLE))


def _is_same(source: Path, target: Path, *, is_frozen: bool) -> bool:
    """Whether a copy is there already. What never changes is known by its length."""
    if not target.is_file() or target.stat().st_size != source.stat().st_size:
        return False
    return is_frozen or _digest(source) == _digest(target)


def _digest(path: Path) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _prune(folder: Path, top: Path) -> None:
    """Remove folders that nothing is in any more."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
