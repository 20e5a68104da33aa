"""What can be asked with a request, each with its meaning, range and an example."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import BadRequestError
from phonotheque.listen.values import Choice, Facet, Order, Pool
from phonotheque.music.identifiers import Gtin, Isrc

MOST_OF_A_PAGE = 200
MOST_OF_AN_ANSWER = 100
MOST_AT_ONCE = 1_000
"""Identifiers of one look-up."""
MOST_IN_AN_ADDRESS = 50
"""Identifiers of a look-up whose address names them: proxies cut long ones."""
MAX_TEXT = 4_096
_MAX_NAME = 200
_MAX_CODE = 64

SOME_GID = "6d9e1f6c-2f8e-5b7e-9d0a-0c6f8f1f2a11"
SOME_ISRC = "XXKNC2100101"
SOME_BARCODE = "04006381333931"

Text = Annotated[
    str,
    Query(
        max_length=MAX_TEXT,
        description="What to find, in the query language: words, `artist:name`, `year:1987-1993`, "
        "`licence:cc-by`, an ISRC, a barcode, a gid.",
        examples=["low water", "artist:kestrel year:2019"],
    ),
]
Kinds = Annotated[
    Kind | None,
    Query(
        description="What is searched for, unless the query says it; recordings when neither does.",
        examples=["release"],
    ),
]
Typing = Annotated[
    bool, Query(description="Whether the last word may go on, as while somebody types.")
]
AnswerLimit = Annotated[int, Query(ge=1, le=MOST_OF_AN_ANSWER, description="How many at most.")]
PageLimit = Annotated[int, Query(ge=1, le=MOST_OF_A_PAGE, description="Entries of a page.")]
After = Annotated[
    str | None,
    Query(
        max_length=20,
        pattern="^[0-9]{1,15}$",
        description="`after` of the page before. Absent for the first page.",
        examples=["128"],
    ),
]
Gid = Annotated[UUID, Path(description="A gid, or an MBID.", examples=[SOME_GID])]
IsrcText = Annotated[
    str,
    Path(
        max_length=_MAX_CODE,
        description="An ISRC, with or without hyphens, in any case.",
        examples=[SOME_ISRC],
    ),
]
BarcodeText = Annotated[
    str,
    Path(
        max_length=_MAX_CODE,
        description="A GTIN-8, -12, -13 or -14, with or without spaces and hyphens.",
        examples=[SOME_BARCODE],
    ),
]
Held = Annotated[bool | None, Query(description="Only what this archive has (`false`: has not).")]
Facets = Annotated[Facet, Path(description="By what to browse.", examples=["genre"])]


class Listed(BaseModel):
    """Which list is meant; what is given must all hold."""

    model_config = ConfigDict(extra="forbid")

    artist: UUID | None = Field(None, description="Only what names this artist, by gid.")
    genre: str | None = Field(
        None, max_length=_MAX_NAME, description="A genre.", examples=["ambient"]
    )
    year_from: int | None = Field(None, ge=1800, le=2099, description="Not before this year.")
    year_to: int | None = Field(None, ge=1800, le=2099, description="Not after this year.")
    licence: str | None = Field(
        None,
        max_length=_MAX_NAME,
        description="A licence: its address, its SPDX id, or a family such as `cc-by-sa`.",
        examples=["cc-by-sa"],
    )
    country: str | None = Field(
        None, pattern="^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2.", examples=["PT"]
    )
    collection: str | None = Field(
        None, max_length=_MAX_NAME, description="Only what was deposited in it."
    )
    held: bool | None = Field(None, description="Only what this archive has (`false`: has not).")
    free: bool | None = Field(None, description="Only what everybody may copy (`false`: may not).")
    order: Order = Field(
        Order.HEARD, description="`heard`: the most heard first; `new`: what came in last first."
    )
    after: str | None = Field(
        None,
        pattern="^[0-9]{1,15}$",
        description="`after` of the page before. Absent for the first page.",
        examples=["128"],
    )
    limit: int = Field(50, ge=1, le=MOST_OF_A_PAGE, description="Entries of a page.")

    def choice(self, kind: Kind, label: UUID | None = None) -> Choice:
        """Return which list that is.

        Raises:
            BadRequestError: The years end before they begin.
        """
        first, last = self.year_from, self.year_to
        if first is not None and last is not None and first > last:
            raise BadRequestError(
                f"the years {first} to {last}",
                "end before they begin",
                "Give the earlier one first.",
            )
        return Choice(
            kind=kind,
            order=self.order,
            artist=self.artist,
            label=label,
            genre=self.genre,
            years=None if first is None and last is None else (first, last),
            licence=self.licence,
            country=self.country,
            collection=self.collection,
            is_held=self.held,
            is_free=self.free,
        )


class ListedAlbums(Listed):
    """Which list of albums is meant."""

    label: UUID | None = Field(None, description="Only albums of this label, by gid.")


class Asked(BaseModel):
    """What is drawn, and from where in the order of the draw."""

    model_config = ConfigDict(extra="forbid")

    licence: str | None = Field(
        None, max_length=_MAX_NAME, description="Only of this licence, as in lists."
    )
    free: bool = Field(True, description="Only what everybody may copy.")
    min_score: int | None = Field(
        None, ge=0, le=100, description="Only what is at least so popular."
    )
    never_heard: bool = Field(False, description="Only what nobody is known to have heard.")
    spoken_word: bool = Field(False, description="With what is speech.")
    seed: str = Field("", max_length=64, description="The same seed draws the same order.")
    after: int = Field(0, ge=0, le=10**12, description="`after` of the draw before.")
    limit: int = Field(20, ge=1, le=MOST_OF_AN_ANSWER, description="How many at most.")

    @property
    def pool(self) -> Pool:
        """What is drawn from."""
        return Pool(
            licence=self.licence,
            is_free=self.free,
            min_score=self.min_score,
            is_never_heard=self.never_heard,
            with_spoken_word=self.spoken_word,
        )


def isrc(text: str) -> Isrc:
    """Read an ISRC.

    Raises:
        BadRequestError: It is none.
    """
    try:
        return Isrc.parse(text)
    except ValueError as error:
        todo = "Give two letters, three letters or digits, and seven digits."
        raise BadRequestError(f"isrc {text[:40]!r}", "it is no ISRC", todo) from error


def barcode(text: str) -> Gtin:
    """Read a barcode.

    Raises:
        BadRequestError: It is none.
    """
    try:
        return Gtin.parse(text)
    except ValueError as error:
        todo = "Give 8, 12, 13 or 14 digits, the last of which checks the others."
        raise BadRequestError(f"barcode {text[:40]!r}", "it is no barcode", todo) from error
