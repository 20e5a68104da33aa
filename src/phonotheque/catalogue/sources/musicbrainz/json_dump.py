"""MusicBrainz from its JSON dumps: `release.tar.xz` and its like, full and hourly.

A dump has one document on a line; documents hold others, down to the ISRCs of the recordings on the
media of a release. A full dump is read together with the hourly ones that follow it: of two
documents of one entity the newer is taken (`REPLICATION_SEQUENCE` tells).

Laws: those of the port; kinds are read in an order in which each stands before those that hold it.
Which entities were met is kept in 8 bytes each: some 400 MB for all of MusicBrainz.
An hourly dump does not say what was deleted or merged: that takes a new full dump.

Not kept: the source's rows (each would be the whole document again), annotations, ratings, tags
and genres (they stand under another licence), aliases and relations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from phonotheque.catalogue.sources.gathering import NO_JSON, Gathering
from phonotheque.catalogue.sources.musicbrainz.document_files import (
    ABOUT_BYTES,
    FOLDER,
    DocumentFile,
    document_files,
    last_hour,
    no_documents,
)
from phonotheque.catalogue.sources.musicbrainz.document_rows import DocumentRows
from phonotheque.catalogue.sources.musicbrainz.documents import DECODERS
from phonotheque.catalogue.sources.musicbrainz.standing import (
    DOCUMENTS,
    Standing,
    encode_standing,
    files_of,
    said,
)
from phonotheque.catalogue.sources.musicbrainz.tables import CORE
from phonotheque.catalogue.sources.port import Batch, Terms
from phonotheque.catalogue.sources.reading.archives import Member, is_archive, iter_members
from phonotheque.catalogue.sources.reading.lines import STRETCH_BYTES, TOO_LONG, Lines, LongLine
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Limits, Readable, Stream
from phonotheque.errors import MalformedError

_SCHEMA = b"1"

NOT_A_DOCUMENT = "not a document in JSON"
WRONG_SHAPE = "a document of another shape"


class MusicBrainzJson:
    """JSON dumps as a source.

    Args:
        paths: Archives, unpacked files, or folders of them.
        limits: How much an archive may unpack to.
        rows_per_batch: About how many rows make a batch.
        stretch_bytes: About how much is read at once.

    Raises:
        BadRequestError: There is no dump, or an hourly one was given twice.
        ConflictError: An hourly dump does not follow.
        MalformedError: An archive is damaged at its beginning.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        limits: Limits = DEFAULT,
        rows_per_batch: int = 200_000,
        stretch_bytes: int = STRETCH_BYTES,
    ) -> None:
        self._limits = limits
        self._rows_per_batch = rows_per_batch
        self._stretch_bytes = stretch_bytes
        found = document_files(paths, limits)
        self._files = sorted((one for one in found if one.is_read), key=_order)
        if not self._files:
            raise no_documents(paths)
        self._last = last_hour(found)
        self._kept = [one.path for one in found if one.is_read or one.is_hourly]
        as_of = max(one.as_of for one in found)
        self.terms: Terms = replace(
            CORE, origin="https://musicbrainz.org/doc/Development/JSON_Data_Dumps", as_of=as_of
        )

    @property
    def size_bytes(self) -> int:
        """Length of all files."""
        return sum(one.size_bytes for one in self._files)

    def state(self) -> str:
        """Names, lengths and times of all files, in the order they are read."""
        parts = [
            f"{one.kind} {one.path.name} {one.size_bytes} {one.modified_ns}" for one in self._files
        ]
        return "\n".join([*parts, f"{self._rows_per_batch} {self._stretch_bytes}"])

    def standing(self) -> bytes:
        """What hourly dumps that follow need to know."""
        files = files_of(self._kept)
        return encode_standing(Standing(form=DOCUMENTS, sequence=self._last, files=files))

    def stands_at(self) -> str:
        """Which hourly dump comes next."""
        return said(self._last, "Hourly dump")

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all rows, or those after a place.

        What comes before the place is read again, because what was met is known only so.

        Raises:
            MalformedError: A dump is damaged, or has a form that is not known.
            UnavailableError: It cannot be read.
        """
        done = int(after) if after else 0
        for number, (gathering, done_bytes) in enumerate(self._gathered(), start=1):
            if number > done:
                yield gathering.batch(str(number), done_bytes)

    def _gathered(self) -> Iterator[tuple[Gathering, int]]:
        rows, before = DocumentRows(Gathering("")), 0
        for one in self._files:
            where = FOLDER + one.kind
            rows.gathering = Gathering(where)
            with _opened(one, self._limits) as data:
                for at in self._stretches(data, one.kind, rows):
                    if rows.gathering.count >= self._rows_per_batch:
                        yield rows.gathering, before + at
                        rows.gathering = Gathering(where)
            before += one.size_bytes
            if rows.gathering.read:
                yield rows.gathering, before

    def _stretches(self, data: Readable, kind: str, rows: DocumentRows) -> Iterator[int]:
        """Write the rows of each line; give after each how much of the file was read."""
        for stretch in Lines(data, stretch_bytes=self._stretch_bytes):
            if isinstance(stretch, LongLine):
                rows.gathering.read += 1
                rows.gathering.refusals.row(stretch.line, TOO_LONG, stretch.sample)
                continue
            for line, text in enumerate(stretch.data.split(b"\n"), start=stretch.line):
                if text.strip():
                    _add(rows, kind, line, text)
                    yield data.packed_position


def _add(rows: DocumentRows, kind: str, line: int, text: bytes) -> None:
    rows.gathering.read += 1
    try:
        document = DECODERS[kind].decode(text)
    except msgspec.ValidationError:
        rows.gathering.refusals.row(line, WRONG_SHAPE, text[:800])
    except NO_JSON:
        rows.gathering.refusals.row(line, NOT_A_DOCUMENT, text[:800])
    else:
        rows.add(line, document)


def _order(one: DocumentFile) -> tuple[int, int, str]:
    """By kind, then the newest first: of two documents of one entity the first is taken."""
    return list(DECODERS).index(one.kind), -(one.sequence or 0), str(one.path)


@contextmanager
def _opened(one: DocumentFile, limits: Limits) -> Iterator[Readable]:
    """Open the documents of a file; what follows them in an archive is read, and checked."""
    with Stream(one.path, limits) as stream:
        if not is_archive(stream):
            yield stream
            return
        is_found = False
        for member in iter_members(stream):
            if member.name == FOLDER + one.kind and not is_found:
                is_found = True
                yield member
            elif member.name == "JSON_DUMPS_SCHEMA_NUMBER":
                _check_schema(member, one.path)
        if not is_found:
            raise stream.malformed(f"{FOLDER}{one.kind} is not in it any more")


def _check_schema(member: Member, path: Path) -> None:
    number = member.read(ABOUT_BYTES).strip()
    if number != _SCHEMA:
        raise MalformedError(
            str(path),
            f"its documents have form {number[:20]!r}; form 1 is known",
            "Install a newer Phonotheque.",
        )
