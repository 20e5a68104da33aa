"""What an import of MusicBrainz was made of, kept beside its rows, so that increments can follow.

An increment is not put into rows that lie there: the rows are made anew from the full dump and all
increments, as a new generation. So an import that stops changes nothing, and there is one way to
make a row; the price is that the dump and the increments stay where they lie.

Laws: files that are away, or are not what they were, are named, and nothing is made of the rest.
"""

from __future__ import annotations

import hashlib
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
    """A file as it was when it was read."""

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
        """
        for file in self.files:
            path = Path(file.path)
            if not path.exists() or file_of(path) != file:
                raise ConflictError(
                    file.path, "it was imported, and is away or has changed since", _TODO
                )
        return [Path(file.path) for file in self.files]

    def want_dump(self, state: str) -> None:
        """Raise `ConflictError` when the full dump is not what it was."""
        if digest_of(state) != self.dump_state:
            raise ConflictError(self.dump[0], "the dump has changed since it was imported", _TODO)

    def dump_paths(self) -> list[Path]:
        """Return the paths of the full dump.

        Raises:
            ConflictError: One is away.
        """
        for path in self.dump:
            if not Path(path).exists():
                raise ConflictError(path, "the dump that was imported is away", _TODO)
        return [Path(path) for path in self.dump]


def said(sequence: int | None, what: str) -> str:
    """Say how far an import is, and which increment comes next; "" when nothing tells."""
    if sequence is None:
        return ""
    return f"It stands at {sequence}. {what} {sequence + 1} comes next."


def file_of(path: Path) -> File:
    """Return how a file is now."""
    stat = path.stat()
    return File(str(path), stat.st_size, stat.st_mtime_ns)


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
    where, todo = f"{FOLDER}/{name}/{generation}", f"Import {name} again, from a full dump."
    data = read_standing(disk, name, generation)
    if data is None:
        raise ConflictError(where, "it does not say what it was made of", todo)
    try:
        return msgspec.json.decode(data, type=Standing)
    except UNDECODABLE as error:
        raise MalformedError(where, str(error), todo) from error
