"""Sources that are documents in JSON: what they share, and their batches, decoded one by one.

Laws: those of the port; a document that cannot be decoded is refused, and the next one is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from phonotheque.catalogue.sources.gathering import NO_JSON, Gathering
from phonotheque.catalogue.sources.port import Batch, Terms
from phonotheque.catalogue.sources.reading.json_files import JsonFiles, JsonText

UNREADABLE = "not a document in JSON"
OTHER_SHAPE = "a document of another shape"

Add = Callable[[Gathering, int, Any], None]
"""Writes the rows of a document that stands in a line."""


@dataclass(frozen=True)
class JsonSource:
    """Documents as a source.

    Attributes:
        terms: Who says it.
        files: The documents.
        decoder: What reads one.
        adder: Makes what writes rows of documents, anew for each reading.
        rows_per_batch: About how many rows make a batch.
    """

    terms: Terms
    files: JsonFiles
    decoder: msgspec.json.Decoder[Any]
    adder: Callable[[], Add]
    rows_per_batch: int

    @property
    def size_bytes(self) -> int:
        """Length of all files."""
        return self.files.size_bytes

    def state(self) -> str:
        """Names, lengths and times of all files."""
        return f"{self.files.state()}\n{self.rows_per_batch}"

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all rows, or those after a place.

        Raises:
            MalformedError: A file is damaged.
            UnavailableError: It cannot be read.
        """
        return json_batches(self.files, self.decoder, self.adder(), self.rows_per_batch, after)


def json_batches(
    files: JsonFiles, decoder: msgspec.json.Decoder[Any], add: Add, rows_per_batch: int, after: str
) -> Iterator[Batch]:
    """Give all batches, or those after a place.

    What comes before the place is read again, because what was met is known only so.

    Args:
        files: The documents.
        decoder: What reads one.
        add: What makes rows of it; it sees all documents in their order.
        rows_per_batch: About how many rows make a batch.
        after: The place; "" for the beginning.
    """
    done = int(after) if after else 0
    number, making, last = 0, Gathering(""), None
    for text in chain(files, (None,)):
        is_next = text is None or last is None or text.root != last.root
        if last is not None and (is_next or making.count >= rows_per_batch):
            number += 1
            making.refusals.where = last.root  # what is counted is counted by what was given
            if number > done:
                yield making.batch(str(number), last.done_bytes)
            making = Gathering("")
        if text is not None:
            making.refusals.where = text.where
            _take(making, text, decoder, add)
        last = text


def _take(making: Gathering, text: JsonText, decoder: msgspec.json.Decoder[Any], add: Add) -> None:
    making.read += 1
    if text.refused:
        making.refusals.row(text.line, text.refused, text.data[:800])
        return
    try:
        text.data.decode()
        document = decoder.decode(text.data)
    except msgspec.ValidationError:
        making.refusals.row(text.line, OTHER_SHAPE, text.data[:800])
    except NO_JSON:
        making.refusals.row(text.line, UNREADABLE, text.data[:800])
    else:
        add(making, text.line, document)
