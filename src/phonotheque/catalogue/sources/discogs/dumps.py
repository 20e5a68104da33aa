"""The files of a dump of Discogs: which of the four each one is, told by how it begins.

Laws: the name of a file decides nothing but the month, and of two dumps of one kind the later month
is read first, because of two elements of one number the first is taken. In a folder what is no dump
is passed over, but a packed file that is damaged where it begins is told of, since it may be one; a
file that was named itself must be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.sources.discogs.elements import KINDS, Kind, end_of_run
from phonotheque.catalogue.sources.reading.stream import Limits, Stream
from phonotheque.errors import BadRequestError

_LOOKED_AT_BYTES = 4096
_FORMAT = "Give discogs_YYYYMMDD_releases.xml.gz and its like, or a folder with such files."
_MONTH = re.compile(r"discogs_([0-9]{4})([0-9]{2})([0-9]{2})_")
_BEFORE = re.compile(rb"\xef\xbb\xbf|\s+|<\?[^<>]*\?>|<!--.*?-->|<!DOCTYPE.*?(?=<[a-z])", re.DOTALL)
_FIRST = re.compile(rb"<(artist|label|master|release)(?:s?\s*>|\s)")


@dataclass(frozen=True, slots=True)
class DumpFile:
    """A file of a dump.

    Attributes:
        as_of: Date of the dump, ISO; "" when its name has none.
        state: What tells it from a changed one.
    """

    path: Path
    kind: Kind
    as_of: str
    size_bytes: int
    state: str


def dump_files(paths: Sequence[Path], limits: Limits) -> tuple[DumpFile, ...]:
    """Return all files of a dump in the order in which they are read.

    Raises:
        BadRequestError: There is none, or a file that was named is none.
    """
    found = [one for path in paths for one in _files(path, limits)]
    if not found:
        named = ", ".join(map(str, paths)) or "dump"
        raise BadRequestError(named, "there is no dump of Discogs", _FORMAT)
    found.sort(key=lambda one: str(one.path))
    found.sort(key=lambda one: one.as_of, reverse=True)
    return tuple(sorted(found, key=lambda one: KINDS.index(one.kind)))


def _files(path: Path, limits: Limits) -> Iterator[DumpFile]:
    if path.is_dir():
        for file in sorted(one for one in path.rglob("*") if one.is_file()):
            if (kind := _kind_of(file, limits)) is not None:
                yield _file(file, kind)
        return
    kind = _kind_of(path, limits)
    if kind is None:
        raise BadRequestError(str(path), "it does not begin as a dump of Discogs does", _FORMAT)
    yield _file(path, kind)


def _kind_of(path: Path, limits: Limits) -> Kind | None:
    with Stream(path, limits) as stream:
        begins = stream.peek(_LOOKED_AT_BYTES)
    first = _FIRST.match(begins, end_of_run(_BEFORE, begins))
    if first is None:
        return None
    return next(kind for kind in KINDS if kind.name == first[1].decode())


def _file(path: Path, kind: Kind) -> DumpFile:
    stat = path.stat()
    month = _MONTH.match(path.name)
    as_of = "-".join(month.groups()) if month else ""
    state = f"{kind.name} {path.name} {stat.st_size} {stat.st_mtime_ns}"
    return DumpFile(path, kind, as_of, stat.st_size, state)
