"""Tables of MusicBrainz made into ours: which column becomes which, said once for each table.

Laws: keys are MusicBrainz's own row ids; what names a row that is not in the dump is null and is
counted, the row stays; the source's row is kept where a value of it was dropped, and nowhere else:
what else MusicBrainz has (gender, edits, label codes, aliases) can be had from it under the same
key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from phonotheque.catalogue.sources import columns, values
from phonotheque.catalogue.sources.columns import Mask
from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.musicbrainz.copy_text import Rows
from phonotheque.catalogue.sources.musicbrainz.first_pass import Lookups
from phonotheque.catalogue.sources.musicbrainz.lookups import Redirects, Words
from phonotheque.catalogue.sources.shaping import constant, table_of

Made: TypeAlias = dict[str, pa.Table]
Columns: TypeAlias = dict[str, pa.Array]

_DATES = ("year", "month", "day")


class _Work:
    """The rows of one stretch on their way; gathers where something was dropped."""

    def __init__(self, rows: Rows, lookups: Lookups, refusals: Refusals) -> None:
        self.rows = rows
        self.lookups = lookups
        self.count = len(rows.lines)
        self._refusals = refusals
        self._changed: Mask = np.zeros(self.count, np.bool_)

    def own(self, name: str) -> pa.Array:
        """A column as it is."""
        return self.rows.column(name)

    def text(self, name: str) -> pa.Array:
        """A text; nothing is null."""
        return columns.texts(self.own(name))

    def date(self, prefix: str) -> pa.Array:
        """A date of three columns."""
        year, month, day = (self.own(f"{prefix}_{part}") for part in _DATES)
        made, dropped = columns.dates(year, month, day)
        self.drop(dropped, values.BAD_DATE, year, month, day)
        return made

    def length(self) -> pa.Array:
        """A length in ms."""
        made, dropped = columns.lengths(self.own("length"))
        self.drop(dropped, values.BAD_LENGTH, self.own("length"))
        return made

    def mbid(self) -> pa.Array:
        """The identifier of the entity."""
        made, dropped = columns.mbids(self.own("gid"))
        self.drop(dropped, values.BAD_MBID, self.own("gid"))
        return made

    def word(self, name: str, words: Words, what: str) -> pa.Array:
        """What a number stands for."""
        made, absent = words.of(self.own(name))
        self.drop(absent, f"its {what} is not in the dump", self.own(name))
        return made

    def drop(self, dropped: Mask, reason: str, *written: pa.Array) -> None:
        """Note that a value was left out of some rows."""
        places = np.flatnonzero(dropped)
        if not len(places):
            return
        self._changed |= dropped
        self._refusals.values(
            self.rows.lines[places].tolist(),
            reason,
            lambda n: "-".join(str(column[int(places[n])]) for column in written),
            len(places),
        )

    def table(self, name: str, made: Columns) -> pa.Table:
        """Make the table; rows of which something was dropped keep how they were written."""
        return table_of(name, made | {"raw_row": self.rows.raw(self._changed)})


def _artist(work: _Work) -> Columns:
    return {
        "key": work.own("id"),
        "mbid": work.mbid(),
        "name": work.text("name"),
        "sort_name": work.text("sort_name"),
        "type": work.word("type", work.lookups.words["artist_type"], "type"),
        "area": work.word("area", work.lookups.words["area"], "area"),
        "begin_date": work.date("begin_date"),
        "end_date": work.date("end_date"),
        "disambiguation": work.text("comment"),
    }


def _artist_credit(work: _Work) -> Columns:
    return {"key": work.own("id"), "mbid": work.mbid(), "name": work.text("name")}


def _artist_credit_name(work: _Work) -> Columns:
    return {
        "artist_credit": work.own("artist_credit"),
        "position": work.own("position"),
        "artist": work.own("artist"),
        "name": work.text("name"),
        "join_phrase": work.own("join_phrase"),  # its spaces are meant
    }


def _label(work: _Work) -> Columns:
    return {
        "key": work.own("id"),
        "mbid": work.mbid(),
        "name": work.text("name"),
        "area": work.word("area", work.lookups.words["area"], "area"),
        "disambiguation": work.text("comment"),
    }


def _release_group(work: _Work) -> Columns:
    types = work.lookups.words["release_group_primary_type"]
    return {
        "key": work.own("id"),
        "mbid": work.mbid(),
        "title": work.text("name"),
        "artist_credit": work.own("artist_credit"),
        "primary_type": work.word("type", types, "type"),
        "secondary_types": work.lookups.secondary_types.of(work.own("id"))[0],
        "disambiguation": work.text("comment"),
    }


def _release(work: _Work) -> Columns:
    words = work.lookups.words
    (year, month, day), area = work.lookups.issues.of(work.own("id"))
    country, absent = words["area"].of(area)
    work.drop(absent, "its country is not in the dump", area)
    return {
        "key": work.own("id"),
        "mbid": work.mbid(),
        "title": work.text("name"),
        "artist_credit": work.own("artist_credit"),
        "release_group": work.own("release_group"),
        "date": columns.dates(year, month, day)[0],
        "country": country,
        "status": work.word("status", words["release_status"], "status"),
        "barcode": columns.barcodes(work.own("barcode")),
        "language": work.word("language", words["language"], "language"),
        "script": work.word("script", words["script"], "script"),
        "disambiguation": work.text("comment"),
    }


def _medium(work: _Work) -> Columns:
    return {
        "release": work.own("release"),
        "position": work.own("position"),
        "format": work.word("format", work.lookups.words["medium_format"], "format"),
        "title": work.text("name"),
    }


def _recording(work: _Work) -> Columns:
    return {
        "key": work.own("id"),
        "mbid": work.mbid(),
        "title": work.text("name"),
        "artist_credit": work.own("artist_credit"),
        "length": work.length(),
        "disambiguation": work.text("comment"),
    }


def _track(work: _Work) -> Columns:
    release, medium_position, absent = work.lookups.media.of(work.own("medium"))
    work.drop(absent, "its medium is not in the dump", work.own("medium"))
    return {
        "recording": work.own("recording"),
        "release": release,
        "medium_position": medium_position,
        "position": work.own("position"),
        "number": work.text("number"),
        "title": work.text("name"),
        "artist_credit": work.own("artist_credit"),
        "length": work.length(),
    }


def _isrc(work: _Work) -> Columns:
    made, dropped = columns.isrcs(work.own("isrc"))
    work.drop(dropped, values.BAD_ISRC, work.own("isrc"))
    return {"recording": work.own("recording"), "isrc": made}


def _release_label(work: _Work) -> Columns:
    return {
        "release": work.own("release"),
        "label": work.own("label"),
        "catalog_number": work.text("catalog_number"),
    }


def _tag(entity: str) -> Callable[[_Work], Columns]:
    def made(work: _Work) -> Columns:
        name = work.word("tag", work.lookups.words["tag"], "tag").cast(pa.string())
        encoded = name.dictionary_encode()
        is_genre = [word in work.lookups.genres for word in encoded.dictionary.to_pylist()]
        kinds = pa.array(["genre" if genre else "other" for genre in is_genre], pa.string())
        return {
            "entity_type": constant(entity, work.count, pa.string()),
            "entity": work.own(entity),
            "name": encoded,
            "kind": kinds.take(encoded.indices),
            "count": work.own("count"),
        }

    return made


@dataclass(frozen=True, slots=True)
class Reading:
    """How a table of MusicBrainz is read.

    Attributes:
        table: The table of ours that its rows become.
        wanted: Its columns that are read.
        make: What makes our columns.
        needed: Column of ours without which a row is nothing.
    """

    table: str
    wanted: tuple[str, ...]
    make: Callable[[_Work], Columns]
    needed: str = ""


def _date_columns(prefix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}_{part}" for part in _DATES)


_NAMED = ("id", "gid", "name")
READINGS: Mapping[str, Reading] = {
    "artist": Reading(
        "artist",
        (
            *(*_NAMED, "sort_name", "type", "area", "comment"),
            *(*_date_columns("begin_date"), *_date_columns("end_date")),
        ),
        _artist,
    ),
    "artist_credit": Reading("artist_credit", _NAMED, _artist_credit),
    "artist_credit_name": Reading(
        "artist_credit_name",
        ("artist_credit", "position", "artist", "name", "join_phrase"),
        _artist_credit_name,
    ),
    "label": Reading("label", (*_NAMED, "area", "comment"), _label),
    "release_group": Reading(
        "release_group", (*_NAMED, "artist_credit", "type", "comment"), _release_group
    ),
    "release": Reading(
        "release",
        (
            *(*_NAMED, "artist_credit", "release_group", "status"),
            *("language", "script", "barcode", "comment"),
        ),
        _release,
    ),
    "medium": Reading("medium", ("id", "release", "position", "format", "name"), _medium),
    "recording": Reading("recording", (*_NAMED, "artist_credit", "length", "comment"), _recording),
    "track": Reading(
        "track",
        ("recording", "medium", "position", "number", "name", "artist_credit", "length"),
        _track,
    ),
    "isrc": Reading("isrc", ("recording", "isrc"), _isrc, "isrc"),
    "release_label": Reading(
        "release_label", ("release", "label", "catalog_number"), _release_label
    ),
    **{
        f"{entity}_tag": Reading("tag", (entity, "tag", "count"), _tag(entity), "name")
        for entity in ("artist", "label", "recording", "release", "release_group")
    },
}
"""Every table of MusicBrainz that becomes rows of ours."""


NO_KEY = "a row without its number"


def make_rows(reading: Reading, rows: Rows, lookups: Lookups, refusals: Refusals) -> Made:
    """Make our rows of a stretch of a table, and of the identifiers that were given up for them."""
    if "id" in reading.wanted and rows.column("id").null_count:
        rows = _with_keys(rows, refusals)
    work = _Work(rows, lookups, refusals)
    made = reading.make(work)
    table = work.table(reading.table, made)
    if reading.needed:
        table = table.filter(table.column(reading.needed).is_valid())
    found = {reading.table: table}
    redirects = lookups.redirects.get(reading.table)
    if redirects is not None and len(redirects.keys):
        found["gid_redirect"] = _redirected(reading.table, redirects, made)
    return found


def _with_keys(rows: Rows, refusals: Refusals) -> Rows:
    """Refuse rows of an entity that have no number: nothing can name them."""
    known = rows.column("id").is_valid()
    mask = np.asarray(known.to_numpy(zero_copy_only=False), np.bool_)
    for line in rows.lines[~mask]:
        refusals.row(int(line), NO_KEY)
    return replace(rows, table=rows.table.filter(known), lines=rows.lines[mask])


def _redirected(entity: str, redirects: Redirects, made: Columns) -> pa.Table:
    """Make rows of the identifiers that were given up for some entities."""
    keys = np.asarray(made["key"].to_numpy(zero_copy_only=False), np.int64)
    which, places = redirects.to(keys)
    old = np.ascontiguousarray(redirects.old[which])
    columns_made = {
        "entity_type": constant(entity, len(which), pa.string()),
        "old_gid": pa.Array.from_buffers(pa.binary(16), len(which), [None, pa.py_buffer(old)]),
        "new_gid": made["mbid"].take(pa.array(places)),
    }
    return table_of("gid_redirect", columns_made)
