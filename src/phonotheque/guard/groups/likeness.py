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

from phonotheque.guard.groups.meetings import Copies, Flags, Floats
from phonotheque.guard.groups.strata import Strata

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
    albums = int(strata.album.max(initial=0)) + 1
    pairs, first = np.unique(
        copies.member.astype(np.int64) * albums + strata.album[copies.track], return_index=True
    )
    who = pairs // albums
    genre = strata.genre(copies.track[first]).astype(np.int64)
    genres = int(genre.max(initial=0)) + 1
    of_genre, counts = np.unique(who * genres + genre, return_counts=True)
    count = np.bincount(who, minlength=copies.members)
    alike = np.bincount(of_genre // genres, counts * (counts - 1), copies.members)
    same = alike / np.maximum(count * (count - 1), 1)
    tracks = np.bincount(copies.member, minlength=copies.members)
    of_an_album = np.maximum(tracks / np.maximum(count, 1), 1.0)
    place = np.digitize(same, _SAME_GENRE) * (len(_OF_AN_ALBUM) + 1)
    return Looks(place + np.digitize(of_an_album, _OF_AN_ALBUM), of_an_album)


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
