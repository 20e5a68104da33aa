"""What an import of MusicBrainz was made of, kept beside its rows, so that increments can follow.

An increment is not put into rows that lie there: the rows are made anew from the full dump and all
increments, as a new generation. So an import that stops changes nothing, and there is one way to
make a row; the price is that the dump and the increments stay where they lie.

Laws: files that are away, or are not what they were, are named, and nothing is made of the rest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from phonotheque.catalogue.sources.musicbrainz.sequence import Stand
from phonotheque.catalogue.sources.staging import FOLDER, current_generation, read_standing
from phonotheque.disk import Disk
from phonotheque.errors import ConflictError, MalformedError
from phonotheque.music.decoding import UNDECODABLE

TABLES, DOCUMENTS = "tables", "documents"

_TODO = "Put it back, or give the full dump along with all increments after it."


class File(msgspec.Struct, frozen=True):
    """A file as it was when it was read; its path is as `kept_path` keeps it."""

    path: str
    size_bytes: int
    modified_ns: int


class Standing(msgspec.Struct, frozen=True):
    """What an import was made of.

    Attributes:
        form: `TABLES` or `DOCUMENTS`.
        sequence: Number of the last hour that is in it; None when nothing tells.
        schema: Number of the schema of tables; None when nothing tells.
        dump: Paths of the full dump of tables.
        dump_state: Digest of what they were.
        files: All files of documents, or the packets that follow the dump, in their order.
    """

    form: str
    sequence: int | None
    schema: int | None = None
    dump: tuple[str, ...] = ()
    dump_state: str = ""
    files: tuple[File, ...] = ()

    def stand(self) -> Stand:
        """How far it is."""
        return Stand("what was imported", self.sequence, self.schema)

    def paths(self) -> list[Path]:
        """Return the paths of its files.

        Raises:
            ConflictError: One is away, or is not what it was.
            OSError: It cannot be seen whether one is there.
        """
        paths = [path_kept(file.path) for file in self.files]
        for path, file in zip(paths, self.files, strict=True):
            if not path.exists() or file_of(path) != file:
                raise ConflictError(
                    str(path), "it was imported, and is away or has changed since", _TODO
                )
        return paths

    def want_dump(self, state: str) -> None:
        """Raise `ConflictError` when the full dump is not what it was."""
        if digest_of(state) != self.dump_state:
            where = str(path_kept(self.dump[0]))
            raise ConflictError(where, "the dump has changed since it was imported", _TODO)

    def dump_paths(self) -> list[Path]:
        """Return the paths of the full dump.

        Raises:
            ConflictError: One is away.
            OSError: It cannot be seen whether one is there.
        """
        paths = list(map(path_kept, self.dump))
        for path in paths:
            if not path.exists():
                raise ConflictError(str(path), "the dump that was imported is away", _TODO)
        return paths


def said(sequence: int | None, what: str) -> str:
    """Say how far an import is, and which increment comes next; "" when nothing tells."""
    if sequence is None:
        return ""
    return f"It stands at {sequence}. {what} {sequence + 1} comes next."


def kept_path(path: Path) -> str:
    """Return a path as text that JSON can hold, and `path_kept` reads back.

    A byte that is no UTF-8 becomes NUL, which no path has, and its two hexadecimal digits.
    """
    return re.sub("[\udc80-\udcff]", lambda one: f"\0{ord(one[0]) & 0xFF:02x}", str(path))


def path_kept(text: str) -> Path:
    """Return the path that `kept_path` wrote."""
    return Path(re.sub("\0([0-9a-f]{2})", lambda one: chr(0xDC00 | int(one[1], 16)), text))


def file_of(path: Path) -> File:
    """Return how a file is now."""
    stat = path.stat()
    return File(kept_path(path), stat.st_size, stat.st_mtime_ns)


def files_of(paths: Sequence[Path]) -> tuple[File, ...]:
    """Return how files are now."""
    return tuple(map(file_of, paths))


def digest_of(state: str) -> str:
    """Return a digest of what tells a dump from another."""
    return hashlib.sha256(state.encode("utf-8", "surrogateescape")).hexdigest()


def encode_standing(standing: Standing) -> bytes:
    """Write it down."""
    return msgspec.json.format(msgspec.json.encode(standing), indent=2) + b"\n"


def standing_of(disk: Disk, name: str) -> Standing | None:
    """Return what the import that serves was made of; None where none does.

    Raises:
        MalformedError: It cannot be read.
        ConflictError: It was imported before this was kept.
    """
    generation = current_generation(disk, name)
    if generation is None:
        return None
    found = standing_in(disk, name, generation)
    if found is None:
        raise ConflictError(
            _where(name, generation), "it does not say what it was made of", _anew(name)
        )
    return found


def standing_in(disk: Disk, name: str, generation: str) -> Standing | None:
    """Return what a generation of a source was made of; None where it was not kept.

    Raises:
        MalformedError: It cannot be read.
    """
    data = read_standing(disk, name, generation)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=Standing)
    except UNDECODABLE as error:
        raise MalformedError(_where(name, generation), str(error), _anew(name)) from error


def _where(name: str, generation: str) -> str:
    return f"{FOLDER}/{name}/{generation}"


def _anew(name: str) -> str:
    return f"Import {name} again, from a full dump."
