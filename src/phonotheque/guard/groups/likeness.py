"""How somebody goes through what is rare: how many genres, how much of each album.

A farm's accounts are made alike. Whoever looks as those do who are known for it belongs to them
sooner than who does not: people who hear whole discographies keep to few genres, people who let
everything be shuffled do not finish albums. Nobody says beforehand what a farm looks like: its own
accounts show it.

Law: looks alone accuse nobody; how far they count is bounded, for and against.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.groups.meetings import Copies, Flags, Floats, Numbers
from phonotheque.guard.groups.strata import Strata
from phonotheque.guard.jit import compiled

Counts = npt.NDArray[np.int64]

_SAME_GENRE = np.array([0.02, 0.05, 0.1, 0.2, 0.4])
_OF_AN_ALBUM = np.array([1.3, 2.0, 3.0, 5.0, 8.0])
_PLACES = (len(_SAME_GENRE) + 1) * (len(_OF_AN_ALBUM) + 1)
_MOST = 8.0


class Looks(NamedTuple):
    """How candidates go through what is rare; columns of one length.

    Attributes:
        place: Of like candidates: by the chance that two of their albums are of one genre (E. H.
            Simpson, "Measurement of diversity", Nature 163, 1949), and by tracks of an album.
        of_an_album: Tracks that they had of an album, in the mean; 1 at least.
    """

    place: npt.NDArray[np.int64]
    of_an_album: Floats


def looks_of(copies: Copies, strata: Strata) -> Looks:
    """Return how each candidate looks."""
    album, genre = strata.album[copies.track], strata.genre(copies.track)
    albums, alike = _counted(copies.begins, album, genre)
    same = alike / np.maximum(albums * (albums - 1), 1)
    of_an_album = np.maximum(np.diff(copies.begins) / np.maximum(albums, 1), 1.0)
    place = np.digitize(same, _SAME_GENRE) * (len(_OF_AN_ALBUM) + 1)
    return Looks(place + np.digitize(of_an_album, _OF_AN_ALBUM), of_an_album)


@compiled
def _counted(
    begins: Counts, album: Numbers, genre: Numbers
) -> tuple[Counts, Counts]:  # pragma: no cover - compiled
    """Return how many albums each candidate has, and twice how many pairs of them are of a genre.

    An album is of the genre of the first of its tracks that the candidate had.
    """
    members = len(begins) - 1
    albums, alike = np.zeros(members, np.int64), np.zeros(members, np.int64)
    last = np.full(album.max() + 1 if len(album) else 0, -1, np.int32)
    in_genre = np.zeros(genre.max() + 1 if len(genre) else 0, np.int64)
    for who in range(members):
        for row in range(begins[who], begins[who + 1]):
            if last[album[row]] != who:
                last[album[row]] = who
                albums[who] += 1
                alike[who] += 2 * in_genre[genre[row]]
                in_genre[genre[row]] += 1
        for row in range(begins[who], begins[who + 1]):
            in_genre[genre[row]] = 0
    return albums, alike


def likeness(looks: Looks, farm: Floats, people: Floats) -> Floats:
    """Return log odds of each candidate, by its looks, of being a farm's.

    Args:
        looks: Of the candidates.
        farm: How much each counts as one that shows what the farm looks like, 0 to 1.
        people: How much each counts as one that shows what people look like, 0 to 1.
    """
    of_farm = np.bincount(looks.place, farm, _PLACES) + 1
    of_people = np.bincount(looks.place, people, _PLACES) + 1
    odds = np.log(of_farm / of_farm.sum()) - np.log(of_people / of_people.sum())
    found: Floats = np.clip(odds, -_MOST, _MOST)[looks.place]
    return found


def showing(certain: Flags, likely: Floats, members: Flags, least: int) -> Floats:
    """Return how much each candidate counts as one that shows what the farm looks like.

    Args:
        certain: Who is known.
        likely: The chance of each to be one.
        members: Of the alarmed group: they count while fewer than `least` are known.
        least: See `members`.
    """
    shown = certain.astype(np.float64)
    if certain.sum() < least:
        shown[members & ~certain] = likely[members & ~certain]
    return shown
