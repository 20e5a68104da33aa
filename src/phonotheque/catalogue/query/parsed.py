"""What a query means, as values.

Not here: how it is written (`terms`, `formatting`), how it is answered (`catalogue.search`,
`catalogue.lookup`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from phonotheque.catalogue.kinds import Kind

Years = tuple[int | None, int | None]
"""First and last year, both included; None is an open end. Never two open ends."""

FIRST_YEAR, LAST_YEAR = 1800, 2099
"""The years that can be asked for: those that the index tells apart."""


class Field(StrEnum):
    """What may stand before a colon."""

    ARTIST = "artist"
    TITLE = "title"
    RELEASE = "release"
    LABEL = "label"
    YEAR = "year"
    LICENCE = "licence"
    COUNTRY = "country"
    GENRE = "genre"
    HELD = "held"
    FREE = "free"
    KIND = "kind"
    ISRC = "isrc"
    BARCODE = "barcode"
    CATALOGUE = "catalogue"
    GID = "gid"
    ID = "id"


class Scheme(StrEnum):
    """In which index an identifier is looked up."""

    ISRC = "isrc"
    BARCODE = "barcode"
    CATALOGUE = "catalogue"
    GID = "gid"
    EXTERNAL = "id"


@dataclass(frozen=True, slots=True)
class Identifier:
    """Something that names a thing by itself.

    Attributes:
        value: In its one form: an ISRC of 12 capitals, a GTIN of 14 digits, a UUID in lower case;
            a catalogue number as it was typed; of another's identifier `scheme:value`.
    """

    scheme: Scheme
    value: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query. What nobody asked for is "", None or empty.

    Attributes:
        text: Words that may stand in title or credit.
        title: Words that must stand in the title or name.
        artist: Words that must stand in the credit.
        release: Words that must stand in the title of the release.
        label: Words that must stand in the name of the label.
        years: Of the first release.
        licences: Names as `licences.addresses_of` reads them; any of them will do.
        countries: ISO 3166-1 codes; any of them will do.
        genres: In lower case; any of them will do.
        identifier: What is looked up. Beside a text it is what the text may be: looked up first,
            and when nothing has it, searched for as words.
    """

    text: str = ""
    title: str = ""
    artist: str = ""
    release: str = ""
    label: str = ""
    years: Years | None = None
    licences: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    is_held: bool | None = None
    is_free: bool | None = None
    kind: Kind | None = None
    identifier: Identifier | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return self == Parsed()
