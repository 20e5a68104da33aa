"""The first pass over a MusicBrainz dump: the tables that others name by number.

What a track is on is told by `medium`, where a release was issued by `release_country`; both are
needed before tracks and releases can be told, and may come after them. So the dump is gone through
twice, and what the first pass keeps is arrays of numbers: some 300 MB for all of MusicBrainz in
2026 (media 50, issues 60, identifiers given up 80, the rest areas and types), whatever the number
of recordings and tracks. A dump that is packed is unpacked twice; unpack it beforehand where that
costs more than the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from phonotheque.catalogue.sources import columns
from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.musicbrainz.changes import Changes
from phonotheque.catalogue.sources.musicbrainz.copy_text import Form, Rows, parse
from phonotheque.catalogue.sources.musicbrainz.dump import Dump
from phonotheque.catalogue.sources.musicbrainz.lookups import (
    Issues,
    Keys,
    Media,
    Redirects,
    Words,
    plain,
)
from phonotheque.catalogue.sources.musicbrainz.schema import Layout, form_of
from phonotheque.catalogue.sources.reading.lines import TOO_LONG, Lines, LongLine, Stretch
from phonotheque.catalogue.sources.values import BAD_DATE

_NAMES = {
    "artist_type": "name",
    "area": "name",
    "language": "iso_code_3",
    "medium_format": "name",
    "release_group_primary_type": "name",
    "release_group_secondary_type": "name",
    "release_status": "name",
    "script": "iso_code",
    "genre": "name",
}
REDIRECTED = ("artist", "label", "recording", "release", "release_group")
"""Entities whose identifiers may have been given up for others."""

_PARTS = ("date_year", "date_month", "date_day")
_ONLY_HERE: Mapping[str, tuple[str, ...]] = {
    **{table: ("id", name) for table, name in _NAMES.items()},
    "iso_3166_1": ("area", "code"),
    "release_country": ("release", "country", *_PARTS),
    "release_unknown_country": ("release", *_PARTS),
    "release_group_secondary_type_join": ("release_group", "secondary_type"),
    **{f"{entity}_gid_redirect": ("gid", "new_id") for entity in REDIRECTED},
}
DUMP, PACKETS = "mbdump", "packets"
"""Where rows are from, for places: a row of packets has the number of its key's place."""

_MEDIUM = ("id", "release", "position")
_TAG = ("id", "name")

Found: TypeAlias = dict[str, list[dict[str, Any]]]
"""Columns of each stretch of each table."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """What the first pass found.

    Attributes:
        words: By table; the words of `area` are country codes where there is one.
        media: Of which release each medium is.
        issues: When and where each release was first issued.
        redirects: By entity.
        secondary_types: Of release groups, joined.
        genres: Names of tags that are genres.
        read: Rows that were read of tables that the second pass does not read.
        refusals: What of them could not be used.
    """

    words: Mapping[str, Words]
    media: Media
    issues: Issues
    redirects: Mapping[str, Redirects]
    secondary_types: Words
    genres: frozenset[str]
    read: int
    refusals: tuple[Refusals, ...]


def wanted_here(*, has_tags: bool) -> Mapping[str, tuple[str, ...]]:
    """Return the tables that the first pass reads, each with the columns it wants."""
    return {**_ONLY_HERE, "medium": _MEDIUM} | ({"tag": _TAG} if has_tags else {})


def read_lookups(
    dump: Dump, layout: Layout, changes: Changes, *, has_tags: bool, stretch_bytes: int
) -> Lookups:
    """Read the tables that others name by number.

    Args:
        dump: Where they are.
        layout: Their columns.
        changes: What was changed since; each table is wanted with its key.
        has_tags: Whether tags are read.
        stretch_bytes: About how much is read at once.

    Raises:
        MalformedError: An archive is damaged, or a table of keys lacks a column.
    """
    wanted = wanted_here(has_tags=has_tags)
    known = frozenset(wanted) & frozenset(layout) - _unnamed(layout)
    found: Found = {}
    refusals: list[Refusals] = []
    read = 0

    def take(name: str, where: str, lines: Iterable[Stretch | LongLine]) -> None:
        nonlocal read
        noted = Refusals(f"{where}/{name}")
        kept = found.setdefault(name, [])
        count = 0
        for stretch in lines:  # a table that is not there may have any columns
            form = form_of(layout, name, wanted[name], dump.label)
            count += 1 if isinstance(stretch, LongLine) else stretch.lines
            for rows in _rows(stretch, form, noted):
                left = changes.left(name, rows).rows if where == DUMP else rows
                kept.append(_kept(left, form, noted))
        if name != "medium":  # it is read again, and refused then
            refusals.append(noted)
            read += count

    for table in dump.tables(known):
        take(table.name, DUMP, Lines(table.data, stretch_bytes=stretch_bytes))
    for name in sorted(known):
        take(name, PACKETS, changes.added(name, stretch_bytes))
    return _assembled(found, read, tuple(refusals))


def _unnamed(layout: Layout) -> frozenset[str]:
    """Tables of words whose column of words is not in the dump: it says none of them."""
    return frozenset(
        table for table, name in _NAMES.items() if table in layout and name not in layout[table]
    )


def _rows(stretch: Stretch | LongLine, form: Form, refusals: Refusals) -> Iterator[Rows]:
    if isinstance(stretch, LongLine):
        refusals.row(stretch.line, TOO_LONG, stretch.sample)
    else:
        yield parse(stretch, form, refusals)


def _kept(rows: Rows, form: Form, refusals: Refusals) -> dict[str, Any]:
    """The columns of a stretch, as small as they can be held: it is let go of with its text."""
    kept: dict[str, Any] = {}
    if _PARTS[0] in form.wanted:
        kept["days"] = _days(rows, refusals)
    for name in form.wanted:
        if name in _PARTS:
            continue
        column = rows.column(name)
        if name == "gid":
            kept[name] = _uuids(column)
        elif pa.types.is_string(column.type):
            kept[name] = column.to_pylist()
        else:
            numbers, known = plain(column)
            limits = np.iinfo(np.int32)
            kept[name] = np.where(known, np.clip(numbers, 0, limits.max), 0).astype(np.int32)
    return kept


def _days(rows: Rows, refusals: Refusals) -> Keys:
    """Dates as one number each: year * 10,000 + month * 100 + day, 0 for an unknown part."""
    year, month, day = (rows.column(name) for name in _PARTS)
    texts, dropped = columns.dates(year, month, day)
    places = np.flatnonzero(dropped)
    refusals.values(
        rows.lines[places].tolist(),
        BAD_DATE,
        lambda n: "-".join(str(part[int(places[n])]) for part in (year, month, day)),
        len(places),
    )
    encoded = texts.dictionary_encode()
    packed = [int(text.replace("-", "").ljust(8, "0")) for text in encoded.dictionary.to_pylist()]
    which = encoded.indices.fill_null(len(packed)).to_numpy(zero_copy_only=False)
    days: Keys = np.array([*packed, 0], np.int32)[which]
    return days


def _uuids(column: pa.Array) -> npt.NDArray[np.uint8]:
    packed = columns.mbids(column)[0].fill_null(bytes(16))
    return np.frombuffer(packed.buffers()[1], np.uint8)[: 16 * len(packed)].reshape(-1, 16)


def _assembled(found: Found, read: int, refusals: tuple[Refusals, ...]) -> Lookups:
    names = {table: _named(found, table, "id", name) for table, name in _NAMES.items()}
    countries = _named(found, "iso_3166_1", "area", "code")
    names["area"] |= countries
    names["tag"] = {key: name.lower() for key, name in _named(found, "tag", "id", "name").items()}
    genres = frozenset(name.lower() for name in names.pop("genre").values())
    return Lookups(
        {table: Words(named) for table, named in names.items()},
        _media(found),
        _issues(found),
        {entity: _redirects(found, f"{entity}_gid_redirect") for entity in REDIRECTED},
        Words(_secondary_types(found, names["release_group_secondary_type"])),
        genres,
        read,
        refusals,
    )


def _named(found: Found, table: str, key: str, name: str) -> dict[int, str]:
    return {
        number: text
        for part in found.get(table, ())
        for number, text in zip(part[key].tolist(), part[name], strict=True)
        if text
    }


def _joined(found: Found, table: str, name: str) -> Keys:
    parts = [part[name] for part in found.get(table, ())]
    return np.concatenate(parts) if parts else np.zeros(0, np.int32)


def _media(found: Found) -> Media:
    keys, releases, positions = (_joined(found, "medium", name) for name in _MEDIUM)
    order = np.argsort(keys, kind="stable")
    most = np.iinfo(np.int16).max
    return Media(keys[order], releases[order], np.minimum(positions[order], most).astype(np.int16))


def _issues(found: Found) -> Issues:
    """Of each release the earliest date and its country; what has no date comes last."""
    tables = ("release_country", "release_unknown_country")
    releases, days = (
        np.concatenate([_joined(found, table, name) for table in tables])
        for name in ("release", "days")
    )
    countries = _joined(found, "release_country", "country")
    areas = np.concatenate([countries, np.zeros(len(releases) - len(countries), np.int32)])
    year, month, day = days // 10_000, days // 100 % 100, days % 100
    late = [np.where(part == 0, 9_999, part) for part in (day, month, year)]
    order = np.lexsort((areas, *late, releases))
    first = order[np.unique(releases[order], return_index=True)[1]]
    return Issues(releases[first], days[first], areas[first])


def _redirects(found: Found, table: str) -> Redirects:
    keys = _joined(found, table, "new_id")
    parts = [part["gid"] for part in found.get(table, ())]
    old = np.concatenate(parts) if parts else np.zeros((0, 16), np.uint8)
    order = np.argsort(keys, kind="stable")
    return Redirects(keys[order], old[order])


def _secondary_types(found: Found, names: Mapping[int, str]) -> dict[int, str]:
    """The secondary types of each release group, in the order of their numbers."""
    table = "release_group_secondary_type_join"
    groups, types = (_joined(found, table, name) for name in ("release_group", "secondary_type"))
    typed: dict[int, list[str]] = {}
    for place in np.lexsort((types, groups)):
        name = names.get(int(types[place]))
        if name:
            typed.setdefault(int(groups[place]), []).append(name)
    return {group: "; ".join(named) for group, named in typed.items()}
