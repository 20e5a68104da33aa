"""A MusicBrainz dump as it lies on the disk: tar archives, or folders that were unpacked.

Laws: the tables come in the order of the archive, or of their names in a folder, the same at every
reading; what tells the schema may stand anywhere.
Not here: what the tables mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.sources.musicbrainz.schema import Layout, layout_of, parse_columns
from phonotheque.catalogue.sources.reading.archives import is_archive, iter_members
from phonotheque.catalogue.sources.reading.stream import Limits, Readable, Stream
from phonotheque.disk import refusal
from phonotheque.errors import BadRequestError, MalformedError

_ABOUT = ("SCHEMA_SEQUENCE", "REPLICATION_SEQUENCE", "TIMESTAMP", "columns.tsv")
_MOST_ABOUT = 1 << 20
_DUMP = "mbdump/"
_NO_FORM = "Give mbdump.tar.* as it was downloaded, or a folder with mbdump/ in it."


@dataclass(frozen=True, slots=True)
class DumpTable:
    """A table of a dump, to be read before the next one is asked for.

    Attributes:
        where: Which path of the dump it is in, from 0.
        name: Its name.
        data: Its rows.
        done_bytes: How much of the dump is before it; packed where the dump is.
        is_packed: Whether it is in an archive, so that its own place says nothing of `done_bytes`.
    """

    where: int
    name: str
    data: Readable
    done_bytes: int
    is_packed: bool

    def done(self) -> int:
        """How much of the dump was read by now."""
        own = self.data.packed_position if self.is_packed else self.data.position
        return self.done_bytes + own


class Dump:
    """The files of one dump.

    Args:
        paths: Archives and folders.
        limits: How much an archive may unpack to.

    Raises:
        BadRequestError: A path is not there.
    """

    def __init__(self, paths: Sequence[Path], limits: Limits) -> None:
        self._paths = tuple(paths)
        self._limits = limits
        for path in self._paths:
            if not path.exists():
                raise BadRequestError(str(path), "there is no such file or folder", _NO_FORM)
        if not self._paths:
            raise BadRequestError("dump", "no file or folder was given", _NO_FORM)
        self.label = str(self._paths[0])

    def size_bytes(self, tables: frozenset[str]) -> int:
        """How much there is to read of some tables; archives are read whole."""
        return sum(
            sum(file.stat().st_size for file in _files(path) if file.name in tables)
            if path.is_dir()
            else path.stat().st_size
            for path in self._paths
        )

    def state(self) -> str:
        """What tells this dump from another: names, sizes and times of its files."""
        files = [
            file for path in self._paths for file in (_files(path) if path.is_dir() else [path])
        ]
        files += [path / name for path in self._paths for name in _ABOUT if (path / name).is_file()]
        found = ((file, file.stat()) for file in files)
        return "\n".join(f"{file} {stat.st_size} {stat.st_mtime_ns}" for file, stat in found)

    def tables(self, wanted: frozenset[str]) -> Iterator[DumpTable]:
        """Give the wanted tables, one after the other.

        Raises:
            MalformedError: An archive is damaged, or is none.
        """
        done = 0
        for where, path in enumerate(self._paths):
            if path.is_dir():
                for file in _files(path):
                    if file.name in wanted:
                        with Stream(file, self._limits) as stream:
                            yield DumpTable(where, file.name, stream, done, is_packed=False)
                        done += file.stat().st_size
                continue
            with Stream(path, self._limits) as stream:
                _want_archive(stream)
                for member in iter_members(stream):
                    name = member.name.removeprefix(_DUMP)
                    if member.name.startswith(_DUMP) and name in wanted:
                        yield DumpTable(where, name, member, done, is_packed=True)
            done += path.stat().st_size

    def about(self) -> dict[str, bytes]:
        """Return the small files that tell the schema and the date."""
        found: dict[str, bytes] = {}
        for path in self._paths:
            if path.is_dir():
                for name in _ABOUT:
                    for file in (path / name, path.parent / name):
                        if file.is_file() and name not in found:
                            found[name] = file.read_bytes()[:_MOST_ABOUT]
            elif "SCHEMA_SEQUENCE" not in found:
                found |= self._about_archive(path)
        return found

    def _about_archive(self, path: Path) -> dict[str, bytes]:
        """Read the small files of an archive. They come first, so that little is unpacked."""
        found: dict[str, bytes] = {}
        with Stream(path, self._limits) as stream:
            _want_archive(stream)
            for member in iter_members(stream):
                if member.name in _ABOUT:
                    found[member.name] = member.read(_MOST_ABOUT)
                elif member.name.startswith(_DUMP) and "SCHEMA_SEQUENCE" in found:
                    break
        return found


def _want_archive(stream: Stream) -> None:
    if not is_archive(stream):
        raise stream.malformed("it is no tar archive", _NO_FORM)


def _files(path: Path) -> list[Path]:
    """The files of tables in a folder, in order of their names."""
    inner = path / "mbdump"
    folder = inner if inner.is_dir() else path
    try:
        return sorted(file for file in folder.iterdir() if file.is_file())
    except OSError as error:
        raise refusal(str(folder), error) from error


def layout_from(about: dict[str, bytes], where: str) -> Layout:
    """Return the columns of the tables, from what a dump says of itself.

    Raises:
        BadRequestError: It is no dump.
        MalformedError: It does not say its schema, or one that is not known.
    """
    if not about:
        raise BadRequestError(where, "there is no dump of MusicBrainz in it", _NO_FORM)
    if "columns.tsv" in about:
        return parse_columns(about["columns.tsv"], f"{where}/columns.tsv")
    text = about.get("SCHEMA_SEQUENCE", b"").strip()
    if not re.fullmatch(rb"[0-9]{1,9}", text):
        raise MalformedError(
            where,
            "it has no SCHEMA_SEQUENCE, so the order of its columns is not known",
            f"{_NO_FORM} A columns.tsv beside mbdump/ tells the order, too.",
        )
    return layout_of(int(text), where)


def date_from(about: dict[str, bytes]) -> str:
    """Return the date of a dump, or "" when it does not tell."""
    text = about.get("TIMESTAMP", b"")[:10].decode("ascii", "replace")
    return text if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else ""
