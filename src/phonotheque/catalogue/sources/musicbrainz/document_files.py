"""Files of MusicBrainz's JSON dumps: which documents each has, of which hour, what follows what.

A full dump and an hourly one look alike: what is in a folder `json-dump-N`, as MusicBrainz lays the
hourly ones out, is hourly; so is the later of two files of one kind.

Laws: hourly dumps follow the full one hour by hour (`sequence`); an hour in which no document of a
kind changed has no file of that kind, and is there when it has one of any kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.sources.musicbrainz.documents import DECODERS
from phonotheque.catalogue.sources.musicbrainz.sequence import (
    REPLICATION,
    Increment,
    Stand,
    in_order,
    number_in,
)
from phonotheque.catalogue.sources.reading.archives import is_archive, iter_members
from phonotheque.catalogue.sources.reading.stream import Limits, Stream
from phonotheque.errors import BadRequestError, ConflictError

FOLDER = "mbdump/"
ABOUT_BYTES = 1 << 10
_GIVE = "Give release.tar.xz and its like, as downloaded, or a folder with such files."

_HOUR = re.compile(r"json-dump-([0-9]{1,9})")
_KIND = re.compile(r"(artist|label|release-group|recording|release)(?:\.jsonl?)?(?:\.[a-z0-9]+)?")


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A file of documents of one kind.

    Attributes:
        kind: Which kind: "release"; also one that is not read.
        sequence: Number of its hour; None when it does not tell.
        as_of: Its date, ISO; "" when it does not tell.
    """

    path: Path
    kind: str
    sequence: int | None
    as_of: str
    size_bytes: int
    modified_ns: int

    @property
    def is_read(self) -> bool:
        """Whether documents of its kind are read."""
        return self.kind in DECODERS

    @property
    def is_hourly(self) -> bool:
        """Whether it lies where hourly dumps do."""
        return _HOUR.fullmatch(self.path.parent.name) is not None


def no_documents(paths: Sequence[Path]) -> BadRequestError:
    """Return the error that says that no file of documents is among some paths."""
    named = ", ".join(map(str, paths)) or "dump"
    return BadRequestError(named, "there is no JSON dump of MusicBrainz", _GIVE)


def document_files(paths: Sequence[Path], limits: Limits) -> list[DocumentFile]:
    """Return all files of documents in some files and folders, each once.

    Raises:
        BadRequestError: A path is not there.
        MalformedError: An archive is damaged at its beginning.
    """
    found: dict[Path, DocumentFile] = {}
    for path in paths:
        if not path.exists():
            raise BadRequestError(str(path), "there is no such file or folder", _GIVE)
        files = [path]
        if path.is_dir():
            files = sorted(one for one in path.rglob("*") if one.is_file())
        for file in files:
            for one in _file(file.absolute(), limits):
                found[one.path] = one
    return list(found.values())


def _file(path: Path, limits: Limits) -> Iterator[DocumentFile]:
    """The file, when it has documents."""
    stat = path.stat()
    with Stream(path, limits) as stream:
        if not is_archive(stream):
            match = _KIND.fullmatch(path.name)
            if match and stream.peek(1) == b"{":
                yield DocumentFile(path, match[1], None, "", stat.st_size, stat.st_mtime_ns)
            return
        about: dict[str, bytes] = {}
        for member in iter_members(stream):
            kind = member.name.removeprefix(FOLDER)
            if kind != member.name:
                day = about.get("TIMESTAMP", b"")[:10].decode("ascii", "replace")
                number = number_in(about, REPLICATION)
                yield DocumentFile(path, kind, number, day, stat.st_size, stat.st_mtime_ns)
                return
            about[member.name] = member.read(ABOUT_BYTES)


def hours_of(files: Sequence[DocumentFile]) -> list[Increment]:
    """Return the hours of hourly dumps, each once.

    Raises:
        BadRequestError: Two files have documents of one kind and hour.
        ConflictError: A file is of another hour than its folder, or of none.
    """
    hours: dict[int, Increment] = {}
    met: dict[tuple[str, int], Path] = {}
    for one in files:
        named = _HOUR.fullmatch(one.path.parent.name)
        if one.sequence is None or (named and int(named[1]) != one.sequence):
            raise ConflictError(
                str(one.path),
                f"it says it is increment {one.sequence or 'none'}",
                "Fetch it again, into the folder of its hour.",
            )
        if (one.kind, one.sequence) in met:
            raise BadRequestError(
                str(one.path),
                f"it is increment {one.sequence}, and so is {met[one.kind, one.sequence]}",
                "Give each once.",
            )
        met[one.kind, one.sequence] = one.path
        hours[one.sequence] = Increment(one.path, one.sequence, None, one.as_of)
    return list(hours.values())


def last_hour(files: Sequence[DocumentFile]) -> int | None:
    """Return the hour at which documents stand; None when nothing tells.

    Raises:
        BadRequestError: An hourly dump was given twice.
        ConflictError: An hourly dump does not follow.
    """
    full = [one for one in files if one.is_read and not one.is_hourly]
    first: dict[str, int] = {}
    for one in full:
        first[one.kind] = min(_hour(one), first.get(one.kind, _hour(one)))
    later = [one for one in files if one.is_hourly]
    later += [one for one in full if _hour(one) > first[one.kind]]
    stands = set(first.values())
    at = stands.pop() if len(stands) == 1 else 0
    ordered = in_order(Stand("the full dump", at or None), hours_of(later))
    return ordered[-1].sequence if ordered else at or None


def _hour(one: DocumentFile) -> int:
    return one.sequence or 0
