"""Listens as columns, whatever they came as; who listened is veiled while they are read.

Laws: a user becomes a number that says nothing without a key which was drawn for this run and is
never written anywhere; the same user has the same number within a run, two users have two (they
meet once in 2**64 pairs); no refusal shows anything of a listen, because it may name its user.

Where a listen was matched with MusicBrainz (`mbid_mapping`), that is believed before what the
listener's program sent.

Source: listenbrainz.readthedocs.io, "Data Dumps" and "JSON Documentation".
Not here: counting (`counting`).
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.gathering import NO_JSON

LISTENS = pa.schema(
    [
        ("second", pa.int64()),  # when it was heard, in Unix seconds
        ("user", pa.int64()),  # veiled
        ("msid", pa.string()),  # ListenBrainz's own name of what was heard
        ("recording_mbid", pa.string()),
        ("release_mbid", pa.string()),
        ("artist_mbids", pa.list_(pa.string())),
        ("artist_name", pa.string()),
        ("release_name", pa.string()),
        ("recording_name", pa.string()),
    ]
)
"""Columns of listens, in the form in which they are counted."""

NOT_JSON = "not a listen in JSON"
NOTHING_HEARD = "a listen that names no recording"


class Veil:
    """Hides users for the length of one run."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def hide(self, users: pa.Array) -> pa.Array:
        """Return a number for each user; null stays null."""
        encoded = users.dictionary_encode()
        hidden = [self._hidden(user) for user in encoded.dictionary.to_pylist()]
        return pa.array(hidden, pa.int64()).take(encoded.indices)

    def _hidden(self, user: object) -> int:
        digest = hashlib.blake2b(repr(user).encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big", signed=True)


# -- Parquet -------------------------------------------------------------------------------------

_PARQUET = {
    "listened_at": "second",
    "user_id": "user",
    "recording_msid": "msid",
    "recording_mbid": "recording_mbid",
    "release_mbid": "release_mbid",
    "artist_credit_mbids": "artist_mbids",
    "artist_name": "artist_name",
    "release_name": "release_name",
    "recording_name": "recording_name",
}
PARQUET_COLUMNS = tuple(_PARQUET)
"""Columns of a Parquet dump that are read; all others stay where they are."""


def from_parquet(batch: pa.RecordBatch, veil: Veil) -> pa.Table:
    """Make listens of rows of a Parquet dump.

    Raises:
        pa.ArrowInvalid: A column has values that it cannot have.
    """
    batch.validate(full=True)  # a changed bit can make text that is no text
    columns = {}
    for column, name in _PARQUET.items():
        values = batch.column(column)
        if name == "user":
            columns[name] = veil.hide(values)
        elif name == "second" and pa.types.is_timestamp(values.type):
            columns[name] = values.cast(pa.timestamp("s"), safe=False).cast(pa.int64())
        else:
            columns[name] = values.cast(LISTENS.field(name).type)
    return pa.table(columns, schema=LISTENS)


# -- JSON lines ----------------------------------------------------------------------------------


class _Mapping(msgspec.Struct):
    recording_mbid: Any = None
    release_mbid: Any = None
    artist_mbids: Any = None


class _Sent(_Mapping):
    recording_msid: Any = None


class _Track(msgspec.Struct):
    artist_name: str | None = None
    track_name: str | None = None
    release_name: str | None = None
    additional_info: _Sent | None = None
    mbid_mapping: _Mapping | None = None


class _Listen(msgspec.Struct):
    track_metadata: _Track
    recording_msid: str | None = None
    timestamp: int | None = None
    listened_at: int | None = None
    user_id: int | str | None = None
    user_name: str | None = None


_listen = msgspec.json.Decoder(_Listen)


def from_lines(
    data: bytes, line: int, veil: Veil, refusals: Refusals
) -> tuple[pa.Table, list[int], int]:
    """Make listens of lines of JSON.

    Args:
        data: Whole lines.
        line: Number of the first.
        veil: Hides who listened.
        refusals: Told of lines that are no listens.

    Returns:
        The listens, the number of the line of each, and how many lines were read.
    """
    rows: list[tuple[Any, ...]] = []
    lines = []
    read = 0
    for number, text in enumerate(data.split(b"\n"), start=line):
        if not text.strip():
            continue
        read += 1
        try:
            rows.append(_row(_listen.decode(text)))
            lines.append(number)
        except NO_JSON:
            refusals.row(number, NOT_JSON)
    columns = zip(*rows, strict=True) if rows else ((),) * len(LISTENS)
    named = dict(zip(LISTENS.names, (list(column) for column in columns), strict=True))
    named["user"] = veil.hide(pa.array(named["user"], pa.string())).to_pylist()
    return pa.table(named, schema=LISTENS), lines, read


def _row(listen: _Listen) -> tuple[Any, ...]:
    track = listen.track_metadata
    sent = track.additional_info or _Sent()
    mapped = track.mbid_mapping
    known = mapped if mapped and _text(mapped.recording_mbid) else sent
    second = listen.listened_at if listen.timestamp is None else listen.timestamp
    user = listen.user_name if listen.user_id is None else listen.user_id
    mbids = known.artist_mbids if isinstance(known.artist_mbids, list) else []
    return (
        _second(second),
        None if user is None else str(user),
        _text(listen.recording_msid) or _text(sent.recording_msid),
        _text(known.recording_mbid),
        _text(known.release_mbid),
        [mbid for mbid in mbids if _text(mbid)] or None,
        track.artist_name,
        track.release_name,
        track.track_name,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _second(value: int | None) -> int | None:
    return value if value is not None and abs(value) < 1 << 40 else None


# -- when ----------------------------------------------------------------------------------------

FIRST_SECOND = 1_033_430_400
"""1 October 2002: before the first program sent listens to anybody, so ListenBrainz takes none."""

LAST_SECOND = 4_102_444_800
"""1 January 2100."""

BAD_TIME = "a listen before October 2002 or after 2099: counted, but in no month"


def months(seconds: pa.Array) -> tuple[pa.Array, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return the month of each listen as 100 times the year and the month, and which have none."""
    plain = seconds.fill_null(0).to_numpy(zero_copy_only=False)
    bad = (plain < FIRST_SECOND) | (plain >= LAST_SECOND)
    when = pa.array(np.where(bad, FIRST_SECOND, plain)).cast(pa.timestamp("s"))
    numbers = pc.add(pc.multiply(pc.year(when), 100), pc.month(when)).cast(pa.int32())
    return pc.if_else(pa.array(~bad), numbers, pa.scalar(None, pa.int32())), bad
