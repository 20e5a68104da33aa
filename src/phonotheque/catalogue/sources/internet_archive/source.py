"""Items of the Internet Archive as a source: JSON lines, or a folder with a file for each.

Nothing is fetched: what is read is what somebody got from archive.org/metadata/IDENTIFIER. The
Archive says nowhere under which licence its metadata stand, so their licence is unknown; that of
the music is each item's own.

Not kept: derivatives, pictures and texts, CRC-32 and times of files, reviews, descriptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from phonotheque.catalogue.sources.internet_archive.documents import DECODER
from phonotheque.catalogue.sources.internet_archive.rows import ItemRows
from phonotheque.catalogue.sources.json_batches import JsonSource
from phonotheque.catalogue.sources.port import Terms
from phonotheque.catalogue.sources.reading.json_files import JsonFiles
from phonotheque.catalogue.sources.reading.stream import DEFAULT, Limits

_TERMS = Terms(
    name="internet-archive", title="Internet Archive", origin="https://archive.org/details/audio"
)


class InternetArchive(JsonSource):
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
        files = JsonFiles(paths, "items of the Internet Archive", limits)
        super().__init__(_TERMS, files, DECODER, lambda: ItemRows().add, rows_per_batch)
