"""By what coverage is counted, and what its columns mean."""

from __future__ import annotations

from enum import Enum, StrEnum


class By(StrEnum):
    """What recordings are told apart by."""

    SOURCE = "source"
    LABEL = "label"
    YEAR = "year"
    COUNTRY = "country"
    LICENCE = "licence"
    REGISTRANT = "registrant"

    @property
    def meaning(self) -> str:
        """What a group is."""
        return _MEANINGS[self]


_MEANINGS = {
    By.SOURCE: "Source that knows the recording; several may, so sums are more than all.",
    By.LABEL: "First label of the first release that the recording is on.",
    By.YEAR: "Year of the first release.",
    By.COUNTRY: "ISO 3166-1 code of the first release's country, else of the artist's.",
    By.LICENCE: "Address of the licence.",
    By.REGISTRANT: "First five characters of the first ISRC: who gave it.",
}

MAP_ORDERS = (By.YEAR, By.LABEL, By.REGISTRANT)
"""What releases can be put in the order of, on a map."""

COUNTS = {
    "known": "Recordings that any source names.",
    "held": "Of these, this archive has a file.",
    "free": "Of these, everybody may copy them unchanged.",
    "missing": "Of these, this archive has no file.",
    "rare": "Of these, exactly one holder is known: this archive, or one place elsewhere.",
    "listens": "How often they were heard, where somebody counted.",
    "listens_held": "How often those that are held were heard.",
}
"""What is counted of each group."""


class Pixel(Enum):
    """What a release is on a map; what comes first in `coverage.expressions` goes before."""

    NOTHING = 0
    MISSING = 1
    FREE = 2
    HELD = 3
    HELD_FREE = 4
    RARE = 5

    @property
    def meaning(self) -> str:
        """In words, as the key beside a map has it."""
        return _PIXELS[self]


_PIXELS = {
    Pixel.NOTHING: "no release",
    Pixel.MISSING: "missing",
    Pixel.FREE: "missing, free to copy",
    Pixel.HELD: "held",
    Pixel.HELD_FREE: "held and free",
    Pixel.RARE: "rare: missing, one holder known",
}
