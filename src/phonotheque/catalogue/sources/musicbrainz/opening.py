"""Which source reads what was given of MusicBrainz: tables or documents, full or increments.

What a file is, is told by what is in it. Increments that come without a full dump follow the import
that serves; of a folder those that are in it already are passed over, for they stay where they lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from phonotheque.catalogue.sources.musicbrainz.document_files import (
    DocumentFile,
    document_files,
    hours_of,
)
from phonotheque.catalogue.sources.musicbrainz.dump import Dump
from phonotheque.catalogue.sources.musicbrainz.json_dump import MusicBrainzJson
from phonotheque.catalogue.sources.musicbrainz.packet import head_of, is_packet
from phonotheque.catalogue.sources.musicbrainz.sequence import in_order
from phonotheque.catalogue.sources.musicbrainz.standing import (
    DOCUMENTS,
    TABLES,
    Standing,
    said,
    standing_of,
)
from phonotheque.catalogue.sources.musicbrainz.tables import CORE, MusicBrainzTables
from phonotheque.catalogue.sources.port import Source
from phonotheque.catalogue.sources.reading.archives import is_archive, iter_members
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Stream
from phonotheque.disk import Disk, refusal
from phonotheque.errors import BadRequestError, ConflictError

_MOST_SNIFFED = 100
"""Files of a folder that are looked at to tell tables from documents."""

_NAMED = {TABLES: "database dump", DOCUMENTS: "JSON dumps"}
_FULL_FIRST = "Import the full dump first, or give it along."


def open_musicbrainz(paths: Sequence[Path], disk: Disk) -> Source:
    """Return the source that reads some files.

    Args:
        paths: A full dump, increments, or both.
        disk: The folder of the catalogue.

    Raises:
        BadRequestError: They do not go together, or there is nothing that increments could follow.
        ConflictError: An increment does not follow.
        MalformedError: A file is damaged where it begins.
        DiskFailedError: A file or folder cannot be read.
    """
    try:
        return _opened(paths, disk)
    except OSError as error:  # as where a folder on the way to a file may not be entered
        raise refusal(str(error.filename or paths[0]), error) from error


def _opened(paths: Sequence[Path], disk: Disk) -> Source:
    looked_into = [one for path in paths for one in _with_packets(path)]
    packets = [path for path, is_one in looked_into if is_one]
    others = [path for path, is_one in looked_into if not is_one]
    has_documents = any(map(_has_documents, others))
    if packets and has_documents:
        raise BadRequestError(
            str(packets[0]),
            "a replication packet cannot follow JSON dumps",
            "Give it along with mbdump.tar.*, or hourly JSON dumps along with full ones.",
        )
    if packets and not others:
        return _after_tables(paths, packets, disk)
    if not has_documents:
        return MusicBrainzTables(others, packets=packets)
    files = document_files(others, DEFAULT)
    if files and all(one.is_hourly for one in files):
        return _after_documents(paths, files, disk)
    return MusicBrainzJson(others)


def _after_tables(given: Sequence[Path], packets: Sequence[Path], disk: Disk) -> Source:
    standing = _standing(disk, TABLES, packets[0])
    dump = standing.dump_paths()
    standing.want_dump(Dump(dump, DEFAULT).state())
    before = standing.paths()
    new = _new(given, packets, before, standing)
    in_order(standing.stand(), [head_of(path) for path in new])
    return MusicBrainzTables(dump, packets=[*before, *new])


def _after_documents(given: Sequence[Path], files: Sequence[DocumentFile], disk: Disk) -> Source:
    standing = _standing(disk, DOCUMENTS, files[0].path)
    before = standing.paths()
    new = _new(given, [one.path for one in files], before, standing)
    in_order(standing.stand(), hours_of([one for one in files if one.path in new]))
    return MusicBrainzJson([*before, *new])


def _new(
    given: Sequence[Path], found: Sequence[Path], before: Sequence[Path], standing: Standing
) -> list[Path]:
    """Leave out of what was found what was imported before, unless it was given by its own name.

    Raises:
        ConflictError: Nothing is left.
    """
    named = {path.absolute() for path in given}
    known = {path.resolve() for path in before}
    new = [path for path in found if path.absolute() in named or path.resolve() not in known]
    if not new:
        raise ConflictError(
            str(given[0]),
            "all increments there are in it already",
            said(standing.sequence, "Increment"),
        )
    return new


def _standing(disk: Disk, form: str, path: Path) -> Standing:
    """What was imported, which has to be of a form."""
    found = standing_of(disk, CORE.name)
    if found is None:
        raise BadRequestError(
            str(path), "nothing was imported that an increment could follow", _FULL_FIRST
        )
    if found.form != form:
        raise ConflictError(
            str(path),
            f"it follows the {_NAMED[form]}, and what was imported is of the {_NAMED[found.form]}",
            _FULL_FIRST,
        )
    return found


def _with_packets(path: Path) -> Iterator[tuple[Path, bool]]:
    """A path, and whether it is a packet; a folder of packets is all of them."""
    if not path.is_dir():
        yield path, is_packet(path)
        return
    packets = [one for one in sorted(path.glob("replication-*")) if one.is_file()]
    packets = [one for one in packets if is_packet(one)]
    if packets:
        yield from ((one, True) for one in packets)
    if not packets or (path / "mbdump").is_dir():
        yield path, False


def _has_documents(path: Path) -> bool:
    """Whether a dump of MusicBrainz has documents in JSON, not tables."""
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.is_file())
        return any(map(_has_documents, files[:_MOST_SNIFFED]))
    with Stream(path) as stream:
        if not is_archive(stream):
            return stream.peek(1) == b"{"
        for member in iter_members(stream):
            if member.name.startswith("mbdump/"):
                return member.read(1) == b"{"
    return False
