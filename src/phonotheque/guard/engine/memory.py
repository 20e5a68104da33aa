"""What a guard remembers: 728 bytes an account, 4 bytes a track, whatever they did.

Laws: nothing here names a person or a piece of music: accounts and tracks are numbers; no list of
what somebody heard is kept, only a sketch that can say "new to this account" with an error of about
3 %; arrays lie side by side, so that a snapshot is a plain copy.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeGuard

import numpy as np
import numpy.typing as npt

REGISTERS = 512
"""Of the sketch of what an account has had: HyperLogLog, one byte each."""

GENRE_PLACES = 64
"""Places that genres are counted in: genres that share one are not told apart."""

(
    PLAYS, COPIES, DISTINCT, BITS, COLD, IN_SEQUENCE, PLAYED_S, RUN_S, LONGEST_RUN_S, CHANCE,
    TOO_FAST, HOUR_BITS, DAY_BITS, MONTH_BITS, HOUR_PEAK, DAY_PEAK, MONTH_PEAK, NON_HITS, RATED,
    SKIPS,
) = range(20)  # fmt: skip
"""Columns of `Accounts.numbers`: plays; whole copies; tracks that were new (estimated); surprise
bits of all time; new tracks that hardly anybody plays; plays of the track after the last one;
seconds heard; seconds of the run without a break of half an hour, and of the longest one; chance
that one more unknown track changes the sketch; plays that began before half of the last one could
have been heard; surprise bits that fade within an hour, a day, a month, and the highest each ever
was; share of non-hits among the last 64 new tracks, and of how many; plays that were skipped."""

CLOCKS_S = (3_600.0, 86_400.0, 30 * 86_400.0)
"""Time constants of the three fading sums of surprise."""


class Events(NamedTuple):
    """What happened, in order; columns of one length.

    Attributes:
        account, track: Their numbers, int32.
        second: Since 1970 in UTC, int64.
        played_ms: How much of it was heard, int32.
        copied: Whether the whole track left: heard for a minute or more, or fetched whole.
    """

    account: npt.NDArray[np.int32]
    track: npt.NDArray[np.int32]
    second: npt.NDArray[np.int64]
    played_ms: npt.NDArray[np.int32]
    copied: npt.NDArray[np.bool_]


class Accounts(NamedTuple):
    """A row for each account; changed in place.

    Attributes:
        registers: Of the sketches, uint8, (accounts, 512).
        hours: Plays by hour of the day in UTC, uint16, (accounts, 24); they stop at 65,535.
        numbers: float32, (accounts, 20), columns as named above.
        genres: Albums of non-hits that were new, by place of their genre, uint8, (accounts, 64); a
            row is halved when one of it would pass 255.
        last_track: int32.
        last_album: Of the last new non-hit, int32.
        last_second: The latest of all plays, int64, since 1970 in UTC: one that is told late does
            not set it back, or all that follows would fade by the same time once more.
        crossed_at: Second of the first event that brought the score to a challenge, int64; 0 for
            none.
    """

    registers: npt.NDArray[np.uint8]
    hours: npt.NDArray[np.uint16]
    numbers: npt.NDArray[np.float32]
    genres: npt.NDArray[np.uint8]
    last_track: npt.NDArray[np.int32]
    last_album: npt.NDArray[np.int32]
    last_second: npt.NDArray[np.int64]
    crossed_at: npt.NDArray[np.int64]

    @property
    def bytes_each(self) -> int:
        """Bytes of one account."""
        return sum(array.nbytes for array in self) // max(1, len(self.last_track))


class Music(NamedTuple):
    """What is known of tracks; `plays` changes in place.

    Attributes:
        plays: Whole copies of each track by accounts that are trusted, uint32.
        rating: Of each track, float32: log2 of (mean plays in its genre / its plays).
        bits: Surprise of a track by its number of plays, float32; the last one for all more.
        rare: Below so many plays a track is one that hardly anybody plays.
        genre: Of each track, int32; all 0 where none is known.
        album: Of each track, int32.
    """

    plays: npt.NDArray[np.uint32]
    rating: npt.NDArray[np.float32]
    bits: npt.NDArray[np.float32]
    rare: float
    genre: npt.NDArray[np.int32]
    album: npt.NDArray[np.int32]


def new_accounts(count: int) -> Accounts:
    """Return accounts that did nothing yet."""
    numbers = np.zeros((count, 20), np.float32)
    numbers[:, CHANCE] = 1
    return Accounts(
        np.zeros((count, REGISTERS), np.uint8), np.zeros((count, 24), np.uint16), numbers,
        np.zeros((count, GENRE_PLACES), np.uint8), np.full(count, -2, np.int32),
        np.full(count, -1, np.int32), np.zeros(count, np.int64), np.zeros(count, np.int64),
    )  # fmt: skip


def with_room(accounts: Accounts, count: int) -> Accounts:
    """Return accounts with room for so many, twice what there was at least when it grows."""
    there = len(accounts.last_track)
    if count <= there:
        return accounts
    columns: list[Any] = list(new_accounts(max(count, 2 * there)))
    for new, old in zip(columns, accounts, strict=True):
        new[:there] = old
    return Accounts(*columns)


def new_music(
    tracks: int,
    genre: npt.NDArray[np.int32] | None = None,
    album: npt.NDArray[np.int32] | None = None,
) -> Music:
    """Return tracks that nobody heard yet: none of them surprises.

    Args:
        tracks: How many.
        genre: Of each; none known if it is left out.
        album: Of each; every track alone if it is left out.
    """
    return Music(
        np.zeros(tracks, np.uint32), np.zeros(tracks, np.float32), surprise_table(0.0), 0.0,
        np.zeros(tracks, np.int32) if genre is None else genre.astype(np.int32),
        np.arange(tracks, dtype=np.int32) if album is None else album.astype(np.int32),
    )  # fmt: skip


def appended(old: npt.NDArray[Any], more: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a column with more behind it; `old` must not be used any more.

    Cost: of what is new. The room behind a column is doubled when it is used up.
    """
    there, count = len(old), len(old) + len(more)
    room = old.base
    if not _is_room(room, old) or len(room) < count:
        room = np.empty(2 * count, old.dtype)
        room[:there] = old
    room[there:count] = more
    return room[:count]


def _is_room(room: Any, column: npt.NDArray[Any]) -> TypeGuard[npt.NDArray[Any]]:
    """Whether a column is the beginning of this array."""
    is_like = isinstance(room, np.ndarray) and room.ndim == 1 and room.dtype == column.dtype
    return is_like and room.ctypes.data == column.ctypes.data


def with_more(music: Music, genres: npt.NDArray[np.int32], albums: npt.NDArray[np.int32]) -> Music:
    """Return tracks with new ones behind them that nobody heard yet; the old ones must not be used
    any more."""
    count = len(genres)
    more = (
        np.zeros(count, np.uint32), np.zeros(count, np.float32), genres.astype(np.int32),
        albums.astype(np.int32),
    )  # fmt: skip
    columns = (music.plays, music.rating, music.genre, music.album)
    plays, rating, genre, album = map(appended, columns, more)
    return music._replace(plays=plays, rating=rating, genre=genre, album=album)


def surprise_table(mean_plays: float, entries: int = 1 << 16) -> npt.NDArray[np.float32]:
    """Return the surprise of a new track by its number of plays.

    `max(0, log2((mean + 1) / (plays + 1)))` bits: what the track tells about somebody who goes
    through all tracks alike, beside somebody who listens as all others do. Tracks that everybody
    plays tell nothing, so that to play them hides nothing.
    """
    plays = np.arange(entries)
    return np.maximum(0, np.log2((mean_plays + 1) / (plays + 1))).astype(np.float32)


def heaviest(music: Music) -> float:
    """Return the surprise of a track that nobody plays, as the next rating will have it."""
    return float(np.log2(music.plays.mean() + 1)) if len(music.plays) else 0.0


def smoothed_plays(
    plays: npt.NDArray[np.uint32], album_of: npt.NDArray[np.int32] | None = None
) -> npt.NDArray[np.float64]:
    """Return plays of each track, never 0: half a play more, or half of its album's mean."""
    smoothed = plays.astype(np.float64) + 0.5
    if album_of is not None:
        sizes = np.maximum(np.bincount(album_of), 1)
        smoothed = smoothed + 0.5 * (np.bincount(album_of, plays) / sizes)[album_of]
    return smoothed


def rated(music: Music) -> Music:
    """Return the same tracks with surprise and rating as their plays stand now."""
    plays = music.plays.astype(np.float64)
    mean = float(plays.mean())
    smoothed = smoothed_plays(music.plays, music.album)
    sizes = np.bincount(music.genre)
    in_genre = 1.5 * np.bincount(music.genre, plays) / np.maximum(sizes, 1) + 0.5
    rating = (np.log2(in_genre)[music.genre] - np.log2(smoothed)).astype(np.float32)
    return music._replace(rating=rating, bits=surprise_table(mean, len(music.bits)), rare=mean / 8)
