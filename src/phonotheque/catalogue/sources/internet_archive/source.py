"""Items of the Internet Archive as a source: JSON lines, or a folder with a file for each.

Nothing is fetched: what is read is what somebody got from archive.org/metadata/IDENTIFIER. The
Archive says nowhere under which licence its metadata stand, so their licence is unknown; that of
the music is each item's own.

Not kept: derivatives, pictures and texts, CRC-32 and times of files, reviews, descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from phonotheque.catalogue.sources.internet_archive.documents import DECODER
from phonotheque.catalogue.sources.internet_archive.rows import ItemRows
from phonotheque.catalogue.sources.json_batches import json_batches
from phonotheque.catalogue.sources.port import Batch, Terms
from phonotheque.catalogue.sources.reading.json_files import JsonFiles
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Limits

_TERMS = Terms(
    name="internet-archive", title="Internet Archive", origin="https://archive.org/details/audio"
)


class InternetArchive:
    """Items as a source.

    Args:
        paths: Files, packed or not, or folders of them.
        limits: How much a file may unpack to.
        rows_per_batch: About how many rows make a batch.

    Raises:
        BadRequestError: There is no item.
    """

    def __init__(
        self, paths: Sequence[Path], *, limits: Limits = DEFAULT, rows_per_batch: int = 100_000
    ) -> None:
        self._files = JsonFiles(paths, "items of the Internet Archive", limits)
        self._rows_per_batch = rows_per_batch
        self.terms: Terms = _TERMS

    @property
    def size_bytes(self) -> int:
        """Length of all files."""
        return self._files.size_bytes

    def state(self) -> str:
        """Names, lengths and times of all files."""
        return f"{self._files.state()}\n{self._rows_per_batch}"

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all rows, or those after a place.

        Raises:
            MalformedError: A file is damaged.
            UnavailableError: It cannot be read.
        """
        return json_batches(self._files, DECODER, ItemRows().add, self._rows_per_batch, after)
