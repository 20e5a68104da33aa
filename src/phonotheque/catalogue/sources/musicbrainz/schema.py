"""The tables of a MusicBrainz dump that are read, and the order of their columns.

A dump says nothing of columns: their order is that of the schema whose number, the schema sequence,
stands in the dump's file `SCHEMA_SEQUENCE`. An unknown number is refused, because a column may have
been put between others. A file `columns.tsv` (table, tab, columns with commas) goes before.

Source: musicbrainz-server, `admin/sql/CreateTables.sql` and
`admin/sql/updates/schema-change/*.all.sql` (facts about an interface; no code is copied).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import pyarrow as pa

from phonotheque.catalogue.sources.musicbrainz.copy_text import Form
from phonotheque.errors import MalformedError

_DATES = "begin_date_year,begin_date_month,begin_date_day,end_date_year,end_date_month,end_date_day"
_REDIRECT = "gid,new_id,created"
_TYPE = "id,name,parent,child_order,description,gid"
_TAG = "tag,count,last_updated"

_LATEST = {
    "area": f"id,gid,name,type,edits_pending,last_updated,{_DATES},ended,comment",
    "artist": (
        f"id,gid,name,sort_name,{_DATES},type,area,gender,comment,edits_pending,last_updated,"
        "ended,begin_area,end_area"
    ),
    "artist_credit": "id,name,artist_count,ref_count,created,edits_pending,gid",
    "artist_credit_name": "artist_credit,position,artist,name,join_phrase",
    "artist_gid_redirect": _REDIRECT,
    "artist_tag": f"artist,{_TAG}",
    "artist_type": _TYPE,
    "genre": "id,gid,name,comment,edits_pending,last_updated",
    "iso_3166_1": "area,code",
    "isrc": "id,recording,isrc,edits_pending,created",
    "label": (
        f"id,gid,name,{_DATES},label_code,type,area,comment,edits_pending,last_updated,ended"
    ),
    "label_gid_redirect": _REDIRECT,
    "label_tag": f"label,{_TAG}",
    "language": "id,iso_code_2t,iso_code_2b,iso_code_1,name,frequency,iso_code_3",
    "medium": "id,release,position,format,name,edits_pending,last_updated,track_count,gid",
    "medium_format": "id,name,parent,child_order,year,has_discids,description,gid",
    "recording": "id,gid,name,artist_credit,length,comment,edits_pending,last_updated,video",
    "recording_gid_redirect": _REDIRECT,
    "recording_tag": f"recording,{_TAG}",
    "release": (
        "id,gid,name,artist_credit,release_group,status,packaging,language,script,barcode,"
        "comment,edits_pending,quality,last_updated"
    ),
    "release_country": "release,country,date_year,date_month,date_day",
    "release_gid_redirect": _REDIRECT,
    "release_group": "id,gid,name,artist_credit,type,comment,edits_pending,last_updated",
    "release_group_gid_redirect": _REDIRECT,
    "release_group_primary_type": _TYPE,
    "release_group_secondary_type": _TYPE,
    "release_group_secondary_type_join": "release_group,secondary_type,created",
    "release_group_tag": f"release_group,{_TAG}",
    "release_label": "id,release,label,catalog_number,last_updated",
    "release_status": _TYPE,
    "release_tag": f"release,{_TAG}",
    "release_unknown_country": "release,date_year,date_month,date_day",
    "script": "id,iso_code,iso_number,name,frequency",
    "tag": "id,name,ref_count",
    "track": (
        "id,gid,recording,medium,position,number,name,artist_credit,length,edits_pending,"
        "last_updated,is_data_track"
    ),
}
"""Columns by schema sequence 31 (2026)."""

_WITH_ISRC_SOURCE = _LATEST | {"isrc": "id,recording,isrc,source,edits_pending,created"}
_BY_SEQUENCE: dict[int, Mapping[str, str]] = {
    29: _WITH_ISRC_SOURCE
    | {"medium": "id,release,position,format,name,edits_pending,last_updated,track_count"},
    30: _WITH_ISRC_SOURCE,
    31: _LATEST,
}
"""Schema sequence 30 (2025) gave media identifiers, 31 (2026) dropped the source of an ISRC."""

SEQUENCES = tuple(_BY_SEQUENCE)
"""The schema sequences that are known."""

TAG_TABLES = ("artist_tag", "label_tag", "recording_tag", "release_group_tag", "release_tag")
"""Tables of mbdump-derived, which stands under CC BY-NC-SA 3.0."""

DERIVED_TABLES = (*TAG_TABLES, "tag")

Layout: TypeAlias = Mapping[str, tuple[str, ...]]
"""The columns of each table."""


def layout_of(sequence: int, where: str) -> Layout:
    """Return the columns of each table at a schema sequence.

    Raises:
        MalformedError: The sequence is not known.
    """
    known = _BY_SEQUENCE.get(sequence)
    if known is None:
        numbers = ", ".join(str(number) for number in _BY_SEQUENCE)
        raise MalformedError(
            where,
            f"the dump has schema sequence {sequence}; known are {numbers}",
            "Install a newer Phonotheque, or put a columns.tsv beside mbdump/.",
        )
    return {table: tuple(columns.split(",")) for table, columns in known.items()}


def parse_columns(data: bytes, where: str) -> Layout:
    """Read a `columns.tsv`: on each line a table, a tab, and its columns with commas between.

    Raises:
        MalformedError: A line is not so.
    """
    layout: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        table, tab, columns = line.partition("\t")
        if not line.strip():
            continue
        if not tab or not all(columns.split(",")):
            raise MalformedError(
                f"{where}, line {number}",
                "it is not a table, a tab and columns with commas between",
                "Write it as: isrc<tab>id,recording,isrc",
            )
        layout[table.strip()] = tuple(name.strip() for name in columns.split(","))
    return layout


_TEXTS = frozenset(
    (
        *("gid", "name", "sort_name", "comment", "join_phrase", "number"),
        *("barcode", "catalog_number", "code", "isrc", "iso_code", "iso_code_3"),
    )
)
"""Columns of texts; all others that are wanted hold numbers."""


def form_of(layout: Layout, table: str, wanted: tuple[str, ...], where: str) -> Form:
    """Return how a table is read.

    Raises:
        MalformedError: It lacks a column that is wanted.
    """
    names = layout[table]
    for column in wanted:
        if column not in names:
            raise MalformedError(
                where, f"table {table} has no column {column}", "Correct columns.tsv."
            )
    types = {name: pa.string() if name in _TEXTS else pa.int64() for name in wanted}
    return Form(names, types)
