"""Handing objects out as a tree with human names.

Laws: the archive is only read; copies are reflinks where the file system can, and hard links only
when asked for; names are safe on every file system in use (Windows, macOS, Linux, FAT): no
character or name that one of them forbids, at most 120 bytes a part, no two names that differ only
in case or in Unicode form; every copy is verified against its name before it gets its name.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from phonotheque.archive.opening import Archive
from phonotheque.disk import refusal
from phonotheque.errors import ConflictError, DigestMismatchError, NotHeldError
from phonotheque.music.facts import Tags
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_TAIL = re.compile(r"[\s.]+\Z")
_PART_BYTES = 120  # leaves room for a number and an ending within 255 bytes on every file system
_FICLONE = 0x40049409  # linux/fs.h: share the blocks of two files, copying on write


@dataclass(frozen=True, slots=True)
class Copy:
    """An object and where its copy goes, below the export's folder."""

    held: Held
    path: str


def safe_part(text: str) -> str:
    """One part of a path that every file system takes."""
    known = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    part = _cut(_FORBIDDEN.sub("_", known).lstrip())
    if not part or part.startswith(".") or _RESERVED.fullmatch(part):
        part = _cut(f"_{part}")
    return part


def _cut(text: str) -> str:
    """At most 120 bytes, ending in neither a dot nor a space, which Windows drops."""
    return _TAIL.sub("", text.encode()[:_PART_BYTES].decode("utf-8", "ignore"))


def human_path(held: Held, tags: Tags, path: str) -> str:
    """Artist/Release/01 Title.flac from tags; the path it came with where they say too little."""
    ending = f".{held.extension}" if held.extension else ""
    artist = next(iter(tags.album_artists or tags.artists), "")
    if held.role is Role.RECORDING and tags.title and artist:
        number = f"{tags.track_number:02d} " if tags.track_number else ""
        disc = f"{tags.disc_number}-" if tags.disc_number and (tags.disc_total or 0) > 1 else ""
        parts = [artist, tags.album or "Single recordings", f"{disc}{number}{tags.title}"]
    else:
        *folders, name = path.split("/")
        stem = name[: -len(ending)] if ending and name.lower().endswith(ending) else name
        parts = ["As deposited", *folders, stem]
    return "/".join(safe_part(part) for part in parts) + ending


def plan_copies(archive: Archive, objects: Iterable[Held]) -> list[Copy]:
    """Choose a name for each object; equal names get a number, in order of digest."""
    taken: dict[str, int] = {}
    copies = []
    for held in sorted(objects, key=lambda held: held.sha256):
        path = archive.index.accessions(held.sha256)[0].path
        wanted = human_path(held, archive.index.tags(held.sha256), path)
        key = unicodedata.normalize("NFKC", wanted).casefold()
        taken[key] = taken.get(key, 0) + 1
        if taken[key] > 1:
            stem, dot, ending = wanted.rpartition(".")
            number = f" ({held.sha256.hex[:8]})"
            wanted = f"{stem}{number}{dot}{ending}" if dot else f"{wanted}{number}"
        copies.append(Copy(held, wanted))
    return copies


def export_tree(
    archive: Archive, copies: Iterable[Copy], to: Path, *, is_linked: bool
) -> Iterator[Copy]:
    """Write copies, each whole and verified before it gets its name; yields each when done.

    Args:
        archive: Where the objects are.
        copies: What goes where.
        to: A folder outside the archive; made when absent. A copy that is there is kept.
        is_linked: Make hard links: no space used, but the copy *is* the archive's file.

    Raises:
        ConflictError: `to` lies in the archive.
        DigestMismatchError: An object is damaged; its copy was not made.
    """
    if to.resolve().is_relative_to(archive.root):
        raise ConflictError(str(to), "it lies inside the archive", "Choose a folder outside it.")
    for copy in copies:
        target = to / copy.path
        try:
            if not _is_there(target, copy.held):
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy(archive, copy.held, target, is_linked=is_linked)
        except OSError as error:
            raise refusal(str(target), error) from error
        yield copy


def _is_there(target: Path, held: Held) -> bool:
    """Whether the copy was made before. Another file of that name is never overwritten."""
    if not os.path.lexists(target):
        return False
    if target.is_file() and target.stat().st_size == held.size_bytes:
        with open(target, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == held.sha256.hex:
                return True
    raise ConflictError(str(target), "another file has this name", "Export to a new folder.")


def _copy(archive: Archive, held: Held, target: Path, *, is_linked: bool) -> None:
    name = ObjectName(held.sha256, held.extension)
    if archive.store.size(name) is None:
        raise NotHeldError(name.path, "its file is missing", "Run `phono verify`; bring it again.")
    source = archive.root / name.path
    temporary = target.with_name(f".{held.sha256.hex[:16]}.part")
    temporary.unlink(missing_ok=True)
    if is_linked:
        os.link(source, temporary)
        _prove(temporary, held)
    else:
        with open(source, "rb") as reading, open(temporary, "xb") as writing:
            if not _shared(reading.fileno(), writing.fileno()):
                shutil.copyfileobj(reading, writing, 1 << 20)
                writing.flush()
            os.fsync(writing.fileno())
        _prove(temporary, held)
    os.replace(temporary, target)


def _shared(source: int, target: int) -> bool:
    """Try to share the file's blocks; not every file system can."""
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY):
            return False
        raise
    return True


def _prove(path: Path, held: Held) -> None:
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != held.sha256.hex:
        path.unlink()
        raise DigestMismatchError(
            ObjectName(held.sha256, held.extension).path,
            f"its bytes hash to {found}",
            "Run `phono verify`; the damaged object was not exported.",
        )
