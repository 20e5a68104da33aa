"""Values as every source has them, made good or dropped: dates, lengths, barcodes, ISRCs, texts.

Each value has a law, a function of one value; columns of many rows are done without a step of
Python for each row: what is usual by Arrow or numpy, the rest by the law, each distinct value once.

Laws: a value is never guessed, what cannot be meant is dropped with a reason; whatever comes out
stays as it is when it goes through again; a column gives what the law gives for each of its values.

A `Dropped` names the reason; its words are the same for all of a kind, because they are counted.
Source: ISO 8601 (dates), ISO 3901 (ISRC), GS1 General Specifications 7.9 (barcodes), UAX 15 (NFC).
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from functools import lru_cache
from typing import NamedTuple

from phonotheque.music.identifiers import Gtin, Isrc

MOST_LENGTH_MS = 7 * 24 * 3_600_000
"""Longest length that is believed: a week. The longest recordings that were issued last days."""

FIRST_YEAR = 1000
LAST_YEAR = 2200
"""Years that are believed: of music and of those who made it; four digits."""

BAD_DATE = "no such date"
BAD_LENGTH = "not a length between 1 ms and 7 days"
NO_NUMBER = "not a number"
BAD_ISRC = "not an ISRC"
BAD_MBID = "not a MusicBrainz identifier"


class Made(NamedTuple):
    """A value that was made good: `value` is None when nothing is known or it was dropped;
    `dropped` says why something was, and is "" when nothing was.
    """

    value: str | None
    dropped: str = ""


_DATE = re.compile(
    r"\s*([0-9?]{4})(?:([-/.])([0-9?]{1,2})(?:\2([0-9?]{1,2})(?:[T ][0-9:.Z+-]*)?)?)?\s*"
)


def parse_date(text: str | None) -> Made:
    """Read a date of which the month or the day may be unknown.

    Reads ISO dates and instants ("2001-03-09", "2001-03", "2001", "2001-03-09T10:00:00Z"), with
    slashes or dots between as well; zeros and question marks stand for what is unknown.

    Returns:
        ISO text of 4, 7 or 10 characters: as much as can be believed.
    """
    if text is None or not text.strip():
        return Made(None)
    match = _DATE.fullmatch(text) if text.isascii() else None
    if match is None:
        return Made(None, BAD_DATE)
    year, month, day = (_number(match[group]) for group in (1, 3, 4))
    return partial_date(year, month, day)


def _number(digits: str | None) -> int | None:
    return None if digits is None or "?" in digits else int(digits)


@lru_cache(maxsize=65_536)
def partial_date(year: int | None, month: int | None, day: int | None) -> Made:
    """Make a date of its parts; None and 0 are unknown.

    A part that cannot be is dropped with all after it: 31 February is February. A day without a
    month, or anything without a year, says nothing that can be kept; a year 0 is dropped, too.
    """
    if not year:
        return Made(None, BAD_DATE if year == 0 or month or day else "")
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return Made(None, BAD_DATE)
    if not month:
        return Made(f"{year:04}", BAD_DATE if day else "")
    if not 1 <= month <= 12:
        return Made(f"{year:04}", BAD_DATE)
    if not day:
        return Made(f"{year:04}-{month:02}")
    if not 1 <= day <= monthrange(year, month)[1]:
        return Made(f"{year:04}-{month:02}", BAD_DATE)
    return Made(f"{year:04}-{month:02}-{day:02}")


_CLOCK = re.compile(r"\s*(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-5][0-9](?:\.[0-9]{1,6})?)\s*")


@lru_cache(maxsize=65_536)
def clock_ms(text: str | None) -> Made:
    """Read a length that is written as a clock shows it: "4:05", "1:02:03", "3:41.5".

    Returns:
        Its ms in decimal, whether they can be believed or not.
    """
    if text is None or not text.strip():
        return Made(None)
    match = _CLOCK.fullmatch(text) if text.isascii() else None
    if match is None:
        return Made(None, BAD_LENGTH)
    hours, minutes, seconds = int(match[1] or 0), int(match[2]), float(match[3])
    return Made(str(round(((hours * 60 + minutes) * 60 + seconds) * 1000)))


def length_ms(value: float | None) -> tuple[int | None, str]:
    """Return a length in ms that can be believed, and why it was dropped, or "" for nothing."""
    if value is None:
        return None, ""
    if not 1 <= value <= MOST_LENGTH_MS:  # also not a number
        return None, BAD_LENGTH
    return round(value), ""


def barcode(text: str | None) -> str | None:
    """Return a barcode as GTIN-14 where it is one, else as it is written; None for a blank one."""
    if text is None or not text.strip():
        return None
    try:
        return Gtin.parse(text.strip()).digits
    except ValueError:
        return clean(text)


def isrc(text: str | None) -> Made:
    """Return an ISRC in 12 capitals, however it is written."""
    if text is None or not text.strip():
        return Made(None)
    try:
        return Made(Isrc.parse(text).code)
    except ValueError:
        return Made(None, BAD_ISRC)


_CONTROLS: dict[int, str] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), ""),
    **dict.fromkeys((*range(0x09, 0x0E), 0x85), " "),
}


def clean(text: str | None) -> str | None:
    """Return a text in Unicode normal form C, without control characters and outer spaces.

    Tabs and ends of lines become spaces; a text of nothing becomes None.
    """
    if text is None:
        return None
    if not text.isprintable():  # translating is slow, and what is printable has no controls
        text = text.translate(_CONTROLS)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.strip() or None
