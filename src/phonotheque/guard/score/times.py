"""Instants as logs write them, in seconds since 1970 in UTC.

Known are `17/May/2015:10:05:03 +0000` (the common log format), ISO 8601 with or without a zone (UTC
where none is said), and numbers of seconds, milliseconds, microseconds or nanoseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import numpy as np
import numpy.typing as npt

from phonotheque.guard.score.columns import of_words

NO_INSTANT = -1
_EARLIEST, _LATEST = 0, 1 << 32
_NINE = 9
_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
         b"Dec"), 1,
    )
}  # fmt: skip


def second_of(text: bytes) -> int:
    """Return the second of an instant; `NO_INSTANT` when it says none, or none of this time."""
    try:
        second = _second_of(text.strip(b"[] "))
    except (ValueError, KeyError, OverflowError):
        return NO_INSTANT
    return second if _EARLIEST <= second < _LATEST else NO_INSTANT


def seconds_of(texts: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """Return the seconds of many instants, as `second_of` does: quicker where all look alike."""
    if len(set(map(len, texts))) == 1:
        letters = np.frombuffer(b"".join(texts), np.uint8).reshape(len(texts), -1)
        alike = _seconds_of_alike(letters, texts[0])
        if alike is not None:
            return alike
    return np.fromiter(map(second_of, texts), np.int64, len(texts))


def _seconds_of_alike(letters: npt.NDArray[np.uint8], one: bytes) -> npt.NDArray[np.int64] | None:
    """Instants as `[17/May/2015:10:05:03 +0000]`, of which day and zone are the same for many."""
    begin = one.startswith(b"[")
    form = letters[:, begin:]
    if form.shape[1] < len("17/May/2015:10:05:03 +0000") or one[begin + 2 : begin + 3] != b"/":
        return None
    digits = form[:, [12, 13, 15, 16, 18, 19]].astype(np.int64) - ord("0")
    if ((digits < 0) | (digits > _NINE)).any() or (form[:, [14, 17]] != ord(":")).any():
        return None
    clock = digits @ np.array([36_000, 3_600, 600, 60, 10, 1])
    same = np.concatenate([form[:, :11], form[:, 20:26]], axis=1)
    days = of_words(same.view(f"V{same.shape[1]}").ravel().tolist())
    first = days.each(lambda day: second_of(day[:11] + b":00:00:00" + day[11:]), NO_INSTANT)
    return np.where(first == NO_INSTANT, NO_INSTANT, first + clock)


def _second_of(text: bytes) -> int:
    if text[2:3] == b"/" and text[6:7] == b"/":
        date, _, zone = text.partition(b" ")
        return _day(date[:11]) + _clock(date[12:]) - _offset_s(zone)
    if b"-" in text[1:]:
        moment = datetime.fromisoformat(text.decode("ascii"))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return _counted(text)


@cache
def _day(date: bytes) -> int:
    year, month, day = int(date[7:11]), _MONTHS[date[3:6].title()], int(date[:2])
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


def _clock(text: bytes) -> int:
    hours, minutes, seconds = text.split(b":")
    return int(hours) * 3_600 + int(minutes) * 60 + int(seconds)


def _offset_s(zone: bytes) -> int:
    if not zone:
        return 0
    sign = -1 if zone[:1] == b"-" else 1
    return sign * (int(zone[1:3]) * 3_600 + int(zone[3:5]) * 60)


def _counted(text: bytes) -> int:
    """A number since 1970, in the unit in which it is of this time."""
    number = float(text)
    if number != number or number < 0:
        raise ValueError
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        if number / unit < _LATEST:
            return int(number / unit)
    raise ValueError
