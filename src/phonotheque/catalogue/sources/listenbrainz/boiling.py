"""From listens to what is counted of them: which entities were heard, and under which names. Pure.

Laws: a recording is its MBID, else its MSID; artists and releases count only by MBID, because a
name alone is several artists' name. Everything is done by column; what has to be done by value is
done once for each distinct one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.columns import texts
from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.listenbrainz.counting import (
    ARTIST,
    CREDIT,
    HEARD,
    NAMED,
    RECORDING,
    RELEASE,
)
from phonotheque.catalogue.sources.listenbrainz.listens import BAD_TIME, NOTHING_HEARD, months
from phonotheque.catalogue.sources.values import BAD_MBID
from phonotheque.music.identifiers import Mbid

_NO_TEXT = pa.scalar(None, pa.string())


class Identities:
    """The identities that a column of MBIDs gives: text, key and 16 bytes of each; null for none.

    Attributes:
        bad: Where something stood that is no MBID.
    """

    def __init__(self, column: pa.Array) -> None:
        encoded = column.dictionary_encode()
        read = [_read(text) for text in encoded.dictionary.to_pylist()]
        which = encoded.indices

        def column_of(values: list[Any], kind: pa.DataType) -> pa.Array:
            return pa.array(values, kind).take(which)

        self.text = column_of(read, pa.string())
        self.key = column_of([text and key_of(text) for text in read], pa.int64())
        raw = [bytes.fromhex(text.replace("-", "")) if text else None for text in read]
        self.mbid = column_of(raw, pa.binary(16))
        self.bad = pc.and_(column.is_valid(), self.text.is_null())


def _read(text: str) -> str | None:
    try:
        return Mbid.parse(text).uuid
    except ValueError:
        return None


def boil(listens: pa.Table, lines: Sequence[int], refusals: Refusals) -> tuple[pa.Table, pa.Table]:
    """Make rows to be counted of listens.

    Args:
        listens: In the form of `LISTENS`.
        lines: Number of the line of each, for places.
        refusals: Told of listens that name nothing, and of times and MBIDs that are none; never
            with a sample: it could name who listened.

    Returns:
        Rows of `HEARD` and of `NAMED`.
    """
    found = _Entities(listens.combine_chunks())
    for bad in (found.recording.bad, found.release.bad, found.artists.bad):
        _tell(bad, lines, BAD_MBID, refusals)
    month, untimed = months(_array(listens, "second"))
    _tell(pa.array(untimed), lines, BAD_TIME, refusals)
    for place in _places(found.key.is_null()):
        refusals.row(lines[place], NOTHING_HEARD)
    if found.key.null_count:
        known = found.key.is_valid()
        listens, month = listens.filter(known), month.filter(known)
        found = _Entities(listens.combine_chunks())
    base = {"month": month, "user": _array(listens, "user")}
    return _all_heard(found, base), _all_named(found, listens)


class _Entities:
    """What listens are of. `key` is that of the recording, null where a listen names none."""

    def __init__(self, listens: pa.Table) -> None:
        self.recording = Identities(_array(listens, "recording_mbid"))
        self.msid = Identities(_array(listens, "msid"))
        self.key = pc.coalesce(self.recording.key, self.msid.key)
        self.release = Identities(_array(listens, "release_mbid"))
        self.artists = _Artists(_array(listens, "artist_mbids"))


def _all_heard(found: _Entities, base: dict[str, pa.Array]) -> pa.Table:
    by_artist = {name: column.take(found.artists.row) for name, column in base.items()}
    parts = [
        _heard(RECORDING, found.key, base),
        _heard(RELEASE, found.release.key, base),
        _heard(ARTIST, found.artists.key, by_artist),
    ]
    return pa.concat_tables(parts).filter(_HAS_KEY)


def _all_named(found: _Entities, listens: pa.Table) -> pa.Table:
    artists = found.artists
    credit = _Credits(texts(_array(listens, "artist_name")), artists, len(listens))
    by_msid = pc.if_else(found.recording.key.is_valid(), _NO_TEXT, found.msid.text)
    parts = [
        _named(
            RECORDING,
            found.key,
            source_id=by_msid,
            mbid=found.recording.mbid,
            name=texts(_array(listens, "recording_name")),
            credit=credit.key,
        ),
        _named(
            RELEASE,
            found.release.key,
            mbid=found.release.mbid,
            name=texts(_array(listens, "release_name")),
        ),
        _named(ARTIST, artists.key, mbid=artists.mbid, name=credit.alone),
        _named(CREDIT, credit.key, source_id=credit.id, name=credit.name, mbids=credit.mbids),
    ]
    return pa.concat_tables(parts).filter(_HAS_KEY)


_HAS_KEY = pc.field("key").is_valid()


class _Artists:
    """Artists of listens, each artist once for each listen, in the order of listens.

    Attributes:
        row: Which listen each is of.
        counts: How many each listen names.
        bad: Which listens name something that is no MBID.
    """

    def __init__(self, mbids: pa.Array) -> None:
        row, flat = pc.list_parent_indices(mbids), mbids.flatten()
        found = Identities(flat)
        pairs = pa.table({"row": row, "text": found.text, "at": pa.array(np.arange(len(flat)))})
        kept = (
            pairs.filter(pc.field("text").is_valid())
            .group_by(["row", "text"])
            .aggregate([("at", "min")])
        )
        at = np.sort(kept["at_min"].to_numpy())
        self.row = pc.cast(row, pa.int64()).take(pa.array(at))
        self.text, self.key, self.mbid = (
            one.take(pa.array(at)) for one in (found.text, found.key, found.mbid)
        )
        counts = np.bincount(self.row.to_numpy(), minlength=len(mbids))
        self.counts: npt.NDArray[np.int64] = counts
        bad = np.zeros(len(mbids), np.bool_)
        bad[row.to_numpy()[found.bad.to_numpy(zero_copy_only=False)]] = True
        self.bad = pa.array(bad)


class _Credits:
    """Credits of listens.

    Attributes:
        alone: For each artist of `artists` the name in the credit, when he is alone in it.
    """

    def __init__(self, name: pa.Array, artists: _Artists, count: int) -> None:
        self.name = name
        self.mbids = _joined(artists, count)
        whole = pc.binary_join_element_wise(
            name, self.mbids, "\n", null_handling="replace", null_replacement=""
        )
        whole = pc.if_else(name.is_valid(), whole, _NO_TEXT)
        encoded = whole.dictionary_encode()
        ids = [_credit_id(text) for text in encoded.dictionary.to_pylist()]
        self.id = pa.array(ids, pa.string()).take(encoded.indices)
        self.key = pa.array([key_of(one) for one in ids], pa.int64()).take(encoded.indices)
        is_alone = pa.array(artists.counts[artists.row.to_numpy()] == 1)
        self.alone = pc.if_else(is_alone, name.take(artists.row), _NO_TEXT)


def _joined(artists: _Artists, count: int) -> pa.Array:
    """MBIDs of the artists of each listen with spaces between; null where there are none."""
    rows = artists.row.to_numpy()
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    ends = pa.array(np.append(starts, len(rows)), pa.int32())
    texts_of = pc.binary_join(pa.ListArray.from_arrays(ends, artists.text), " ")
    which = np.full(count, -1)
    which[rows[starts]] = np.arange(len(starts))
    return texts_of.take(pa.array(which, mask=which < 0))


def _credit_id(text: str) -> str:
    """A short name of a credit: 128 bits of the SHA-256 of its name and artists."""
    return f"credit {hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _array(table: pa.Table, name: str) -> pa.Array:
    chunks = table[name]
    return chunks.combine_chunks() if chunks.num_chunks != 1 else chunks.chunk(0)


def _heard(kind: int, key: pa.Array, base: dict[str, pa.Array]) -> pa.Table:
    kinds = pa.array(np.full(len(key), kind, np.int8))
    return pa.table([kinds, key, base["month"], base["user"]], schema=HEARD)


def _named(kind: int, key: pa.Array, **columns: pa.Array) -> pa.Table:
    columns |= {"kind": pa.array(np.full(len(key), kind, np.int8)), "key": key}
    arrays = [columns.get(one.name, pa.nulls(len(key), one.type)) for one in NAMED]
    return pa.table(arrays, schema=NAMED)


def _tell(bad: pa.Array, lines: Sequence[int], reason: str, refusals: Refusals) -> None:
    places = _places(bad)
    refusals.values((lines[place] for place in places), reason, lambda _: "", len(places))


def _places(mask: pa.Array) -> list[int]:
    found: list[int] = np.flatnonzero(mask.to_numpy(zero_copy_only=False)).tolist()
    return found
