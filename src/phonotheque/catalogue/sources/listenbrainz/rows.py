"""From counts and names to rows of the catalogue's tables. Pure, by column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.sources.columns import keys
from phonotheque.catalogue.sources.listenbrainz.counting import ARTIST, CREDIT, RECORDING, RELEASE
from phonotheque.catalogue.sources.shaping import table_of

_TABLES = {RECORDING: "recording", ARTIST: "artist", RELEASE: "release", CREDIT: "artist_credit"}
_NAME_COLUMNS = {"recording": "title", "release": "title"}


def rows_of(counts: pa.Table, names: pa.Table, last_day: str) -> dict[str, pa.Table]:
    """Make the rows of a range of entities.

    Args:
        counts: kind, key, month, listens, users.
        names: Columns of `NAMED`, one row for each entity.
        last_day: ISO date of the last listen that was counted; "" when none has a date.
    """
    rows = {"popularity": _popularity(counts, last_day)}
    for kind, table in _TABLES.items():
        part = names.filter(pc.equal(names["kind"], kind))
        columns = {
            "key": part["key"],
            "source_id": part["source_id"],
            "mbid": part["mbid"],
            _NAME_COLUMNS.get(table, "name"): part["name"],
        }
        if kind == RECORDING:
            columns["artist_credit"] = part["credit"]
        if kind == CREDIT:
            rows["artist_credit_name"] = _credited(part)
        rows[table] = table_of(table, columns)
    return {name: table for name, table in rows.items() if table.num_rows}


def _popularity(counts: pa.Table, last_day: str) -> pa.Table:
    kinds = np.array([_TABLES[n] for n in range(len(_TABLES))])[counts["kind"].to_numpy()]
    year = pc.divide(counts["month"], 100)
    month = pc.utf8_slice_codeunits(counts["month"].cast(pa.string()), 4, 6)
    period = pc.binary_join_element_wise(year.cast(pa.string()), month, "-")
    as_of = pa.scalar(last_day or None, pa.string())
    return table_of(
        "popularity",
        {
            "entity_type": pa.array(kinds.tolist(), pa.string()),
            "entity": counts["key"],
            "measure": _repeated(pa.scalar("listens"), counts.num_rows),
            "period": pc.fill_null(period, "all"),
            "total_listen_count": counts["listens"],
            "total_user_count": _users(counts),
            "as_of": _repeated(as_of, counts.num_rows),
        },
    )


def _users(counts: pa.Table) -> pa.Array:
    """Nobody heard what was heard: then it is not known by how many."""
    return pc.if_else(pc.equal(counts["users"], 0), pa.scalar(None, pa.int64()), counts["users"])


def _repeated(value: pa.Scalar, count: int) -> pa.Array:
    return pa.nulls(count, value.type) if value.as_py() is None else pa.repeat(value, count)


def _credited(credits: pa.Table) -> pa.Table:
    """Artists of credits. Of several it is not known how each is named there, nor the joins."""
    known = credits.filter(pc.field("mbids").is_valid())
    lists = pc.split_pattern(known["mbids"].combine_chunks(), " ")
    row, flat = pc.list_parent_indices(lists), lists.flatten()
    parents = row.to_numpy()
    starts = np.flatnonzero(np.diff(parents, prepend=-1))
    counts = np.diff(np.append(starts, len(parents)))
    position = np.arange(len(parents)) - np.repeat(starts, counts)
    is_alone = pa.array(np.repeat(counts == 1, counts))
    nothing = pa.scalar(None, pa.string())
    return table_of(
        "artist_credit_name",
        {
            "artist_credit": known["key"].take(row),
            "position": pa.array(position, pa.int32()),
            "artist": keys(flat),
            "name": pc.if_else(is_alone, known["name"].take(row), nothing),
            "join_phrase": pc.if_else(is_alone, pa.scalar(""), nothing),
        },
    )
