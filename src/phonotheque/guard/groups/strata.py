"""Tracks sorted into cells of like popularity and genre, so that like is held against like.

People who dig deep in one genre meet each other at its rare tracks, and people who hear hits meet
at hits: how often two members of a group should meet is known only among tracks of one kind. A cell
is one genre and one octave of popularity.

Law: a track is on one half of two, by a hash of its number alone; what is trimmed on one half is
tested on the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import smoothed_plays

_OCTAVES = 16


class Strata(NamedTuple):
    """Where each track stands.

    Attributes:
        cell: Of each track.
        share: Its share of the trusted plays of its cell, among the tracks of its half.
        half: On which half it is.
        album: Number of its album.
        cells: How many there are.
    """

    cell: npt.NDArray[np.int32]
    share: npt.NDArray[np.float64]
    half: npt.NDArray[np.bool_]
    album: npt.NDArray[np.int32]
    cells: int

    def genre(self, tracks: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Return the genre of each of some tracks."""
        return self.cell[tracks] // _OCTAVES


def halves(tracks: int) -> npt.NDArray[np.bool_]:
    """Return on which half each track is."""
    numbers = np.arange(tracks, dtype=np.uint64)
    return (numbers * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40) & np.uint64(1)).astype(bool)


def stratify(
    plays: npt.NDArray[np.uint32],
    genres: npt.NDArray[np.int32],
    album_of: npt.NDArray[np.int32] | None = None,
) -> Strata:
    """Sort tracks by their plays.

    Args:
        plays: By trusted accounts, of each track.
        genres: Of each track; all 0 where none is known: groups must then not be grown, as honest
            people of rare tastes would look like one.
        album_of: Album of each track, of which half of what is unknown is taken; each alone else.
    """
    smoothed = smoothed_plays(plays, album_of)
    octave = np.clip(np.floor(np.log2(smoothed)) + 2, 0, _OCTAVES - 1).astype(np.int32)
    cell = (octave + _OCTAVES * genres).astype(np.int32)
    cells = int(genres.max() + 1) * _OCTAVES
    half = halves(len(plays))
    share = np.zeros(len(plays))
    for one in (False, True):
        mine = half == one
        together = np.bincount(cell[mine], smoothed[mine], cells)
        share[mine] = smoothed[mine] / together[cell[mine]]
    alone = np.arange(len(plays), dtype=np.int32)
    return Strata(cell, share, half, alone if album_of is None else album_of, cells)
