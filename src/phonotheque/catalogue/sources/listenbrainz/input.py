"""The files of a ListenBrainz dump, known by what they begin with, read a stretch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.listenbrainz.boiling import boil
from phonotheque.catalogue.sources.listenbrainz.listens import (
    FIRST_SECOND,
    LAST_SECOND,
    LISTENS,
    PARQUET_COLUMNS,
    Veil,
    from_lines,
    from_parquet,
)
from phonotheque.catalogue.sources.reading.archives import Member, is_archive, iter_members
from phonotheque.catalogue.sources.reading.lines import TOO_LONG, Lines, LongLine
from phonotheque.catalogue.sources.reading.stream import Readable, Stream
from phonotheque.errors import BadRequestError, MalformedError

_PARQUET = b"PAR1"
_PEEKED_BYTES = 1 << 16
_MOST_MEMBER_BYTES = 512 << 20
"""A Parquet file within an archive has to be held; ListenBrainz makes them of about 128 MB."""

_MOST_GROUP_BYTES = 4 << 30
"""Most that a row group may say it unpacks to; usual ones have some 100 MB."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file.

    Attributes:
        form: "parquet", "tar", "listens" or "popularity".
    """

    path: Path
    size_bytes: int
    modified_ns: int
    form: str

    @property
    def is_popularity(self) -> bool:
        """Whether it holds counts that ListenBrainz made."""
        return self.form == "popularity"


@dataclass(frozen=True, slots=True)
class Part:
    """Some listens, boiled down.

    Attributes:
        heard: Rows of `HEARD`.
        named: Rows of `NAMED`.
        read: How many listens were read.
        last_day: ISO date of the last of them; "" when none has a date.
        done_bytes: How much of all files was read.
    """

    heard: pa.Table
    named: pa.Table
    read: int
    last_day: str
    done_bytes: int
    refusals: Refusals


def inputs_of(paths: Sequence[Path]) -> tuple[Input, ...]:
    """Find the files of a dump, in order of name, those of each path after one another.

    In a folder only what looks like data is taken; a file that is named must be data.

    Raises:
        BadRequestError: There is no data, or there are listens beside counts made of them.
    """
    found = []
    for path in paths:
        if path.is_dir():
            files = sorted(one for one in path.rglob("*") if one.is_file())
            found += [one for file in files if (one := _input(file))]
        elif one := _input(path):
            found.append(one)
        else:
            raise MalformedError(
                str(path),
                "it is neither Parquet nor an archive nor lines of JSON",
                "Name a dump of listens or of popularity.",
            )
    if not found:
        raise BadRequestError(
            ", ".join(map(str, paths)), "there is no dump of ListenBrainz", "Check the path."
        )
    if len({one.is_popularity for one in found}) > 1:
        raise BadRequestError(
            ", ".join(map(str, paths)),
            "it has listens and counts of listens, which would count twice",
            "Name the one or the other.",
        )
    return tuple(found)


def _input(path: Path) -> Input | None:
    with Stream(path) as stream:
        head = stream.peek(_PEEKED_BYTES)
        if head.startswith(_PARQUET):
            form = "parquet"
        elif is_archive(stream):
            form = "tar"
        elif head.lstrip()[:1] in (b"{", b"["):
            form = "popularity" if b'"total_listen_count"' in head else "listens"
        else:
            return None
    about = path.stat()
    return Input(path, about.st_size, about.st_mtime_ns, form)


def iter_listens(inputs: Sequence[Input], at_once: int) -> Iterator[Part]:
    """Read all listens, some at a time, veiled and boiled down.

    Raises:
        MalformedError: A file is damaged, or is not what it seems.
    """
    veil, before = Veil(), 0
    for one in inputs:
        if one.form == "parquet":
            parts = _of_parquet(one.path, one.path.name, one.path, at_once, veil)
            for part in parts:
                yield _moved(part, before)
        else:
            with Stream(one.path) as stream:
                for part in _of_stream(stream, one, at_once, veil):
                    yield _moved(part, before)
        before += one.size_bytes


def _moved(part: Part, before: int) -> Part:
    done = before + part.done_bytes
    return Part(part.heard, part.named, part.read, part.last_day, done, part.refusals)


def _of_stream(stream: Stream, one: Input, at_once: int, veil: Veil) -> Iterator[Part]:
    if one.form != "tar":
        yield from _of_lines(stream, one.path.name, at_once, veil)
        return
    for member in iter_members(stream):
        opened = _Opened(member)
        head = opened.head
        if head == _PARQUET:
            place = f"{one.path.name}/{member.name}"
            file = pa.BufferReader(_whole(opened, place))
            parts = _of_parquet(file, member.name, Path(place), at_once, veil)
        elif head[:1] == b"{":
            parts = _of_lines(opened, member.name, at_once, veil)
        else:
            continue  # TIMESTAMP, COPYING, README
        for part in parts:
            done = stream.packed_position
            yield Part(part.heard, part.named, part.read, part.last_day, done, part.refusals)


class _Opened:
    """A file within an archive of which the beginning was looked at."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._held = self.head = member.read(len(_PARQUET))
        self.name = member.name
        self.size = member.size

    @property
    def position(self) -> int:
        return self._member.position - len(self._held)

    @property
    def packed_position(self) -> int:
        return self._member.packed_position

    def read(self, size: int) -> bytes:
        held, self._held = self._held[:size], self._held[size:]
        return held + self._member.read(size - len(held))

    def skip(self, count: int) -> None:
        self._member.skip(count - len(self._held))
        self._held = b""


def _whole(opened: _Opened, place: str) -> bytes:
    if opened.size > _MOST_MEMBER_BYTES:
        raise MalformedError(
            place,
            f"a Parquet file of {opened.size:,} bytes within an archive has to be held in memory",
            "Unpack the archive and name its folder.",
        )
    return opened.read(opened.size)


# -- lines ---------------------------------------------------------------------------------------


_LISTEN_BYTES = 160
"""So long at least is a listen in JSON."""


def _of_lines(readable: Readable, where: str, at_once: int, veil: Veil) -> Iterator[Part]:
    for stretch in Lines(readable, stretch_bytes=at_once * _LISTEN_BYTES):
        refusals = Refusals(where)
        if isinstance(stretch, LongLine):
            refusals.row(stretch.line, TOO_LONG)
            yield _part(LISTENS.empty_table(), [], refusals, (1, readable.packed_position))
            continue
        listens, lines, read = from_lines(stretch.data, stretch.line, veil, refusals)
        yield _part(listens, lines, refusals, (read, readable.packed_position))


# -- Parquet -------------------------------------------------------------------------------------


def _of_parquet(
    source: Path | pa.BufferReader, where: str, place: Path, at_once: int, veil: Veil
) -> Iterator[Part]:
    line, size = 1, place.stat().st_size if isinstance(source, Path) else 0
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            _check(file, place)
            count = max(file.metadata.num_rows, 1)
            for batch in file.iter_batches(at_once, columns=list(PARQUET_COLUMNS)):
                listens = from_parquet(batch, veil)
                line_after = line + len(batch)
                done = size * (line_after - 1) // count
                lines = range(line, line_after)
                yield _part(listens, lines, Refusals(where), (len(batch), done))
                line = line_after
    except (pa.ArrowException, OSError, UnicodeDecodeError, KeyError) as error:
        raise MalformedError(
            f"{place}, row {line:,}",
            f"it is Parquet that is damaged: {str(error).splitlines()[0][:200]}",
            "Fetch the file again and compare its digest with the publisher's.",
        ) from error


def _check(file: pq.ParquetFile, place: Path) -> None:
    if lacking := [name for name in PARQUET_COLUMNS if name not in file.schema_arrow.names]:
        raise MalformedError(
            str(place),
            f"it has no column {', '.join(lacking)}",
            "Name a dump of listens of ListenBrainz.",
        )
    groups = (file.metadata.row_group(n) for n in range(file.metadata.num_row_groups))
    if any(group.total_byte_size > _MOST_GROUP_BYTES for group in groups):
        raise MalformedError(
            str(place),
            f"a row group says that it unpacks to more than {_MOST_GROUP_BYTES:,} bytes",
            "Fetch the file again and compare its digest with the publisher's.",
        )


def _part(
    listens: pa.Table, lines: Sequence[int], refusals: Refusals, counts: tuple[int, int]
) -> Part:
    heard, named = boil(listens, lines, refusals)
    read, done_bytes = counts
    return Part(heard, named, read, _last_day(listens["second"]), done_bytes, refusals)


def _last_day(seconds: Any) -> str:
    known = seconds.filter(
        pc.and_(pc.greater_equal(seconds, FIRST_SECOND), pc.less(seconds, LAST_SECOND))
    )
    last = pc.max(known).as_py()
    return "" if last is None else datetime.fromtimestamp(last, UTC).date().isoformat()
