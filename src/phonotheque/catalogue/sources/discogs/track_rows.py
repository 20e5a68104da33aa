"""Tracks of Discogs as recordings and their places, made column by column.

Laws: a recording, which Discogs does not have, is a track of one release: its number is that of the
release and four digits for the place of the track, from 0001, so that keys rise as releases do. A
medium is known where the place says it (2-07) or there is only one; positions run on within it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.sources import columns
from phonotheque.catalogue.sources.discogs.records import MOST_TRACKS, Track
from phonotheque.catalogue.sources.shaping import table_of

Integers = npt.NDArray[np.int64]

_PER_RELEASE = MOST_TRACKS + 1
_ON_MEDIUM = r"^\s*(?P<medium>[1-9][0-9]{0,2})-[0-9A-Za-z]"


def recording_key(release: int, place: int) -> int:
    """Return the key of the recording that is the n-th track of a release, from 1."""
    return release * _PER_RELEASE + place


@dataclass(frozen=True, slots=True)
class Listed:
    """Releases, one value for each, and the tracks of all of them in their order.

    Attributes:
        keys: Numbers of the releases.
        credits: Keys of their credits.
        media: How many media each has.
        counts: How many tracks each has.
    """

    keys: Sequence[int]
    credits: Sequence[int | None]
    media: Sequence[int]
    counts: Sequence[int]
    tracks: Sequence[Track]


def track_tables(listed: Listed, lengths: pa.Array) -> dict[str, pa.Table]:
    """Make recordings and their places.

    Args:
        listed: The tracks.
        lengths: Their lengths in ms.
    """
    number, title, _, credit, index = (
        zip(*listed.tracks, strict=True) if listed.tracks else [()] * 5
    )
    counts = np.array(listed.counts, np.int64)
    which = pa.array(np.repeat(np.arange(len(counts)), counts))
    place = np.arange(len(number)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    release = pa.array(listed.keys, pa.int64()).take(which)
    numbers = columns.texts(pa.array(number, pa.string()))
    printed, whole = _titles(pa.array(title, pa.string()), index)
    own = pa.array([None if one is None else one.key for one in credit], pa.int64())
    keys = pc.add(pc.multiply(release, _PER_RELEASE), pa.array(place))
    medium = _media(numbers, pa.array(listed.media, pa.int32()).take(which))
    recording = {
        "key": keys,
        "title": whole,
        "artist_credit": pc.coalesce(own, pa.array(listed.credits, pa.int64()).take(which)),
        "length": lengths,
    }
    track = {
        "recording": keys,
        "release": release,
        "medium_position": medium,
        "position": pa.array(_positions(np.asarray(release), np.asarray(medium.fill_null(0)))),
        "number": numbers,
        "title": printed,
        "length": lengths,
    }
    return {"recording": table_of("recording", recording), "track": table_of("track", track)}


def _titles(title: pa.Array, index: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """Titles as printed, where the recording has another, and those of recordings: "Suite: Air"."""
    own = columns.texts(title)
    if not any(index):
        return pa.nulls(len(own), pa.string()), own
    above = columns.texts(pa.array(index, pa.string()))
    whole = pc.coalesce(pc.binary_join_element_wise(above, own, ": "), own)
    return pc.if_else(above.is_valid(), own, pa.scalar(None, pa.string())), whole


def _media(numbers: pa.Array, media: pa.Array) -> pa.Array:
    """Which medium each track is on, null where nothing tells."""
    only = pc.if_else(pc.less_equal(media, 1), pa.scalar(1, pa.int32()), None)
    if not pc.any(pc.match_substring(numbers, "-")).as_py():
        return only
    told = pc.struct_field(pc.extract_regex(numbers, _ON_MEDIUM), 0)
    return pc.coalesce(told.cast(pa.int32()), only)


def _positions(release: Integers, medium: Integers) -> Integers:
    """Places from 1 on in each run of tracks of one medium."""
    rows = np.arange(len(release))
    if not len(rows):
        return rows
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = (release[1:] != release[:-1]) | (medium[1:] != medium[:-1])
    return rows - np.maximum.accumulate(np.where(begins, rows, 0)) + 1
