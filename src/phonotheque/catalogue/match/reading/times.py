"""When something was played, as exports write it: the day of it in UTC.

Laws: what is no instant is none; a day without a time of day is no instant, because a column called
"date" may as well be that of a release; midnight is an instant as any other, but for a column that
may hold days: there midnight to the second without a zone is a day, as spreadsheets write one;
nothing finer than a day is given on.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_EPOCH = date(1970, 1, 1)
_DAY_S = 86_400
_LATEST_S = 253_402_300_799
"""The last second of the year 9999."""
_EARLIEST_S = 100_000_000
"""In 1973: less is a day such as 20190301, a length in ms, or of a player without a clock."""
_MS_FROM = 100_000_000_000
"""A bare number from here on is in milliseconds: as seconds it would be of the year 5138."""
_NUMBER = re.compile(r"\d{6,16}(?:\.\d{1,9})?", re.ASCII)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?", re.ASCII
)
_DAY_IN_A_CELL = re.compile(r"\d{4}-\d\d-\d\d[T ]00:00:00(?:[.,]0+)?", re.ASCII)
_WORDY = re.compile(r"(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4}),? (\d{1,2}):(\d\d)", re.ASCII)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def day_of_instant(text: str) -> date | None:
    """Return the day of an instant: "2021-03-04T10:20:30Z", "4 Mar 2021, 10:20", "1614853230".

    A zone that is not said is taken for UTC. Numbers are seconds or milliseconds since 1970.
    """
    text = text.strip()[:40]
    if _NUMBER.fullmatch(text):
        return day_of_second(float(text))
    if _ISO.fullmatch(text):
        return _of_iso(text)
    if found := _WORDY.fullmatch(text):
        return _of_words(*found.groups()[:3])
    return None


def day_if_instant(text: str) -> date | None:
    """Return the day of an instant that stands where a day without a time may stand, too."""
    return None if _DAY_IN_A_CELL.fullmatch(text.strip()) else day_of_instant(text)


def day_of_second(seconds: float) -> date | None:
    """Return the day of a number of seconds, or of milliseconds, since 1970-01-01 in UTC."""
    if not _EARLIEST_S <= seconds <= _LATEST_S * 1_000:  # before dividing: JSON has any number
        return None
    if seconds >= _MS_FROM:
        seconds /= 1_000
    return _EPOCH + timedelta(days=int(seconds // _DAY_S))


def day_of_text(text: str) -> date | None:
    """Return a day that is written as one, or that of an instant."""
    text = text.strip()
    return _of_iso(text) if _DAY.fullmatch(text) else day_of_instant(text)


def _of_iso(text: str) -> date | None:
    try:
        found = datetime.fromisoformat(text.replace("UTC", "Z").replace(" Z", "Z"))
        at = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.date() if at.date() > _EPOCH else None


def _of_words(day: str, month: str, year: str) -> date | None:
    try:
        found = date(int(year), _MONTHS.index(month.lower()) + 1, int(day))
    except ValueError:
        return None
    return found if found > _EPOCH else None
