"""Discogs from its dumps in XML: four files a month, each packed or not.

Laws: those of the port; artists, labels and masters are read before the releases that mention them,
whichever of them there are; of two elements of one number the first is taken, the others refused.
Memory is a batch and 8 bytes for each entity: some 250 MB for all of Discogs.

Not kept: the source's rows (each would be the whole element again); see `records` for the rest.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.discogs.dumps import DumpFile, dump_files
from phonotheque.catalogue.sources.discogs.elements import (
    MOST_ELEMENT_BYTES,
    Elements,
    Piece,
    Unread,
    parse,
)
from phonotheque.catalogue.sources.discogs.records import Record, key_of_record, read_element
from phonotheque.catalogue.sources.discogs.rows import Gathered, Met
from phonotheque.catalogue.sources.met import MetKeys
from phonotheque.catalogue.sources.port import Batch, Terms
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Limits, Stream

ELEMENTS_PER_BATCH = 2_000
"""About 7 MB of releases: enough rows that what each batch costs is small."""

_MOST_HELD_BYTES = 32 << 20
"""A batch ends when its elements have so many bytes, however few they are."""

AGAIN = "a second element of the same number"


class Discogs:
    """Dumps as a source.

    Args:
        paths: Files of a dump, or folders of them.
        limits: How much a file may unpack to.
        elements_per_batch: How many elements make a batch.
        most_bytes: The longest element that is read.

    Raises:
        BadRequestError: There is no dump.
        MalformedError: A file is damaged at its beginning.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        limits: Limits = DEFAULT,
        elements_per_batch: int = ELEMENTS_PER_BATCH,
        most_bytes: int = MOST_ELEMENT_BYTES,
    ) -> None:
        self._limits = limits
        self._per_batch = elements_per_batch
        self._most_bytes = most_bytes
        self._files = dump_files(paths, limits)
        self.terms: Terms = Terms(
            name="discogs",
            title="Discogs",
            licence="https://creativecommons.org/publicdomain/zero/1.0/",
            attribution="Discogs",
            origin="https://data.discogs.com/",
            as_of=max(one.as_of for one in self._files),
        )

    @property
    def size_bytes(self) -> int:
        """Length of all files."""
        return sum(one.size_bytes for one in self._files)

    def state(self) -> str:
        """Names, lengths and times of all files, in the order they are read."""
        return "\n".join([*(one.state for one in self._files), f"{self._per_batch}"])

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all rows, or those after a place.

        What comes before the place is read again, because what was met is known only so.

        Raises:
            MalformedError: A dump is damaged, ends early, or declares a document type.
            UnavailableError: It cannot be read.
        """
        done = int(after) if after else 0
        met: Met = defaultdict(MetKeys)
        number = before = 0
        for file in self._files:
            with Stream(file.path, self._limits) as stream:
                for pieces in self._together(file, stream):
                    number += 1
                    made = _Making(file, met).batch(pieces, str(number))
                    if number > done:
                        yield replace(made, done_bytes=before + stream.packed_position)
            before += file.size_bytes

    def _together(self, file: DumpFile, stream: Stream) -> Iterator[list[Piece | Unread]]:
        """The elements of each batch."""
        pieces: list[Piece | Unread] = []
        held = 0
        for one in Elements(stream, file.kind, most_bytes=self._most_bytes):
            pieces.append(one)
            held += len(one.data) if isinstance(one, Piece) else 0
            if len(pieces) >= self._per_batch or held >= _MOST_HELD_BYTES:
                yield pieces
                pieces, held = [], 0
        if pieces:
            yield pieces


_TABLES = {"artist": "artist", "label": "label", "master": "release_group", "release": "release"}


class _Making:
    """A batch in the making."""

    def __init__(self, file: DumpFile, met: Met) -> None:
        self._file_kind = file.kind
        self._kind = _TABLES[file.kind.name]
        self._met = met
        self._refusals = Refusals(file.path.name)

    def batch(self, pieces: Sequence[Piece | Unread], place: str) -> Batch:
        """Make all rows of some elements."""
        with _no_search_for_cycles():
            gathered = Gathered()
            for record in self._first(list(self._records(pieces))):
                gathered.add(self._kind, record)
            tables = gathered.tables(self._met, self._refusals)
        return self._refusals.batch(tables, read=len(pieces), place=place, done_bytes=0)

    def _records(self, pieces: Sequence[Piece | Unread]) -> Iterator[Record]:
        for one in pieces:
            if isinstance(one, Unread):
                self._refusals.row(one.line, one.reason, one.sample)
                continue
            element = parse(one, self._file_kind)
            if isinstance(element, str):
                self._refusals.row(one.line, element, one.data[:800])
                continue
            record = read_element(one.line, element, self._refusals)
            if record is not None:
                yield record

    def _first(self, records: Sequence[Record]) -> Iterator[Record]:
        """Those of which the number was not met before."""
        keys = np.array([key_of_record(one) for one in records], np.int64)
        fresh = set(self._met[self._kind].first_of(keys).tolist())
        for place, record in enumerate(records):
            if place in fresh:
                yield record
            else:
                self._refusals.row(record.line, AGAIN, str(key_of_record(record)))


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Let Python not look for cycles meanwhile: a batch makes a million things and no cycle.

    Looking for them took a sixth of all time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
