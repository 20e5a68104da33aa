"""Handing objects out as a tree with human names.

Laws: the archive is only read; copies are reflinks where the file system can, and hard links only
when asked for; every copy is verified against its name before it gets its name; what is damaged or
missing is left out and named, and the rest is copied all the same.

Names (`phonotheque.archive.keeping.export_names`) are the same on every file system in use.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from phonotheque.archive.keeping.export_names import Copy
from phonotheque.archive.opening import Archive
from phonotheque.disk import refusal
from phonotheque.errors import (
    ConflictError,
    DigestMismatchError,
    IntegrityError,
    NotHeldError,
    PhonothequeError,
)
from phonotheque.register.cases import refuse_removed
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName
from phonotheque.store.reflink import share_blocks


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of one copy; `error` says why it was left out."""

    copy: Copy
    error: PhonothequeError | None = None


def export_tree(
    archive: Archive, copies: Iterable[Copy], to: Path, *, is_linked: bool
) -> Iterator[Exported]:
    """Write copies, each whole and verified before it gets its name; yields each when done.

    What is damaged, missing or in conflict with a file that is there is left out, and yielded with
    the error that says why.

    Args:
        archive: Where the objects are.
        copies: What goes where.
        to: A folder outside the archive; made when absent. A copy that is there is kept.
        is_linked: Make hard links: no space used, but the copy *is* the archive's file.

    Raises:
        ConflictError: `to` lies in the archive.
        UnavailableError: The disk that is copied to refused; nothing more was tried.
    """
    if to.resolve().is_relative_to(archive.root):
        raise ConflictError(str(to), "it lies inside the archive", "Choose a folder outside it.")
    for copy in copies:
        target = to / copy.path
        try:
            if not _is_there(target, copy.held):
                target.parent.mkdir(parents=True, exist_ok=True)
                copy_object(archive, copy.held, target, is_linked=is_linked)
        except (ConflictError, IntegrityError, NotHeldError) as error:
            yield Exported(copy, error)
        except (FileExistsError, NotADirectoryError):  # a file stands in a folder's place
            yield Exported(copy, _taken(target.parent))
        except OSError as error:
            raise refusal(str(target), error) from error
        else:
            yield Exported(copy)


def _is_there(target: Path, held: Held) -> bool:
    """Whether the copy was made before. Another file of that name is never overwritten."""
    if not os.path.lexists(target):
        return False
    if target.is_file() and target.stat().st_size == held.size_bytes:
        with open(target, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == held.sha256.hex:
                return True
    raise _taken(target)


def _taken(target: Path) -> ConflictError:
    return ConflictError(str(target), "another file has this name", "Export to a new folder.")


def copy_object(archive: Archive, held: Held, target: Path, *, is_linked: bool) -> None:
    """Copy an object to a path, whole and proven before it gets its name.

    Raises:
        NotHeldError: It was removed, or its file is missing.
        IntegrityError: It cannot be read, or is not what its name says; nothing stays of the copy.
        OSError: The disk that is copied to refused.
    """
    refuse_removed(archive.index, held)
    name = ObjectName(held.sha256, held.extension)
    if archive.store.size(name) is None:
        raise NotHeldError(name.path, "its file is missing", "Run `phono verify`; bring it again.")
    source = archive.root / name.path
    temporary = target.with_name(f".{held.sha256.hex[:16]}.part")
    temporary.unlink(missing_ok=True)
    try:
        if is_linked:
            os.link(source, temporary)
        else:
            with open(temporary, "xb") as writing:
                _fill(archive, name, writing)
                os.fsync(writing.fileno())
        _prove(temporary, held)
    except IntegrityError:
        temporary.unlink(missing_ok=True)
        raise
    os.replace(temporary, target)


def _fill(archive: Archive, name: ObjectName, writing: BinaryIO) -> None:
    """Copy an object's bytes. A refusal to read is the object's fault, to write the target's."""
    try:
        with archive.store.open(name) as reading:
            if share_blocks(reading.fileno(), writing.fileno()):
                return
            while block := reading.read(1 << 20):
                try:
                    writing.write(block)
                except OSError as error:
                    raise refusal(writing.name, error) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        todo = "Run `phono verify`; look at the disk."
        raise IntegrityError(name.path, f"it cannot be read: {reason}", todo) from error
    writing.flush()


def _prove(path: Path, held: Held) -> None:
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != held.sha256.hex:
        raise DigestMismatchError(
            ObjectName(held.sha256, held.extension).path,
            f"its bytes hash to {found}",
            "Run `phono verify`; the damaged object was not exported.",
        )
