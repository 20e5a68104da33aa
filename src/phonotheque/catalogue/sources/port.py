"""The port of every source: rows in batches, in an order that can be gone on with.

Laws (`tests/catalogue/sources/contract.py` proves them of each source): a source gives only tables
of `phonotheque.catalogue.tables` in their imported form; what cannot be used is refused with a
place and a reason, and counted; `batches(after=place)` gives exactly what came after that place;
memory does not grow with the input; the same input gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Terms:
    """Who says it, and on what terms it may be passed on.

    Attributes:
        name: Short name, lower case: letters, digits and hyphens.
        title: Name for people.
        licence: Canonical address of the licence of the data (not of the music); "" unknown.
        attribution: Whom to name, as text; "" when nobody asks.
        origin: Where it came from: an address.
        as_of: Date of the data, ISO.
    """

    name: str
    title: str
    licence: str = ""
    attribution: str = ""
    origin: str = ""
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row, or a value of one, that could not be used.

    Attributes:
        place: Where it stands: "mbdump/recording, line 17".
        reason: Why, in words that are the same for all of a kind: they are counted.
        is_row: Whether the whole row was left out; false when only a value was.
        sample: The beginning of what was refused, at most 200 characters.
    """

    place: str
    reason: str
    is_row: bool
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was refused for one reason.

    Attributes:
        where: Table or file of the source.
        reason: The reason, as in `Refusal`.
        is_row: Whether whole rows were left out, or values.
        count: How many.
    """

    where: str
    reason: str
    is_row: bool
    count: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A stretch of a source.

    Attributes:
        rows: By name of table, in its imported form.
        read: Rows of the source that were read for it, whether used or not.
        place: Where the next batch begins; opaque; "" never.
        done_bytes: How much of `Source.size_bytes` has been read by its end.
        refused: How many rows were left out.
        refusals: The first of them, at most 100 for each batch, values among them.
        tally: All of them, counted by reason.
    """

    rows: dict[str, pa.Table]
    read: int
    place: str
    done_bytes: int = 0
    refused: int = 0
    refusals: tuple[Refusal, ...] = ()
    tally: tuple[Tally, ...] = ()


class Source(Protocol):
    """Something that rows can be read from."""

    @property
    def terms(self) -> Terms:
        """Who says it, and on what terms."""

    @property
    def size_bytes(self) -> int:
        """Length of the input, for progress; 0 when it is not known."""

    def state(self) -> str:
        """Return what tells this input from a changed one: sizes, times, a digest."""

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all batches, or those after a place.

        Raises:
            MalformedError: The input as a whole cannot be what it is said to be.
            UnavailableError: It cannot be read.
        """


@runtime_checkable
class Followed(Protocol):
    """A source of which increments may be imported later."""

    def standing(self) -> bytes:
        """What they need to know of what was read; kept beside the rows."""

    def stands_at(self) -> str:
        """The same for people, in a sentence; "" when nothing is known."""
