"""Which source reads what was given of MusicBrainz: tables or documents, full or increments.

What a file is, is told by what is in it. Increments that come without a full dump follow the import
that serves.
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
    standing_of,
)
from phonotheque.catalogue.sources.musicbrainz.tables import CORE, MusicBrainzTables
from phonotheque.catalogue.sources.port import Source
from phonotheque.catalogue.sources.reading.archives import is_archive, iter_members
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Stream
from phonotheque.disk import Disk
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
    """
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
        return _after_tables(packets, disk)
    if not has_documents:
        return MusicBrainzTables(others, packets=packets)
    files = document_files(others, DEFAULT)
    if files and all(one.is_hourly for one in files):
        return _after_documents(files, disk)
    return MusicBrainzJson(others)


def _after_tables(packets: Sequence[Path], disk: Disk) -> Source:
    standing = _standing(disk, TABLES, packets[0])
    in_order(standing.stand(), [head_of(path) for path in packets])
    dump = standing.dump_paths()
    standing.want_dump(Dump(dump, DEFAULT).state())
    return MusicBrainzTables(dump, packets=[*standing.paths(), *packets])


def _after_documents(files: Sequence[DocumentFile], disk: Disk) -> Source:
    standing = _standing(disk, DOCUMENTS, files[0].path)
    in_order(standing.stand(), hours_of(files))
    return MusicBrainzJson([*standing.paths(), *(one.path for one in files)])


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
