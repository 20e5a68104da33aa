"""Coverage as sums: written once in Ibis, run on DuckDB and on Spark.

Laws: every known recording is counted once in a table, but by source, where each source counts
what it knows; sums are whole numbers, so that two engines agree to the last.

A recording is *rare* when it has exactly one holder (`catalogue.census`). What nobody is known to
hold is not rare but missing everywhere.
"""

from __future__ import annotations

import ibis
import pyarrow as pa
from ibis.expr.types import BooleanColumn, Column, Table

from phonotheque.catalogue import cards, census
from phonotheque.catalogue.coverage.words import COUNTS, By, Pixel
from phonotheque.catalogue.tables import snapshot_schema

READS = ("census",)
"""Views that `counted` names."""

MOST_LISTENS = 10**10
"""A recording counts with at most so many listens: more is a mistake of a source, and the sum over
256 million stays within 64 bits."""

_COUNTED = ("first_holder", "last_holder", "is_held", "is_free", "listens")
_ON_RELEASES = ("release", "registrant", "first_holder", "last_holder")

_OF_RELEASES = ("id", "title", "credit", "year", "label", "is_held", "is_free")
_OF_NAMES = ("id", "source", "key", "source_id", "mbid")
ON_MAP = ("title", "credit", "year", "source", "key", "source_id", "mbid")
"""What a map tells of each release, and what its gid is made of."""


def counted(by: By | None) -> Table:
    """Return a row for each group: `group` and the columns of `words.COUNTS`.

    Sources and registrants are told by their numbers (`counting.names_of`).

    Args:
        by: None for one row of all recordings.
    """
    rows = _table("census", census.SCHEMA, (*_COUNTED, *([_column(by)] if by else [])))
    listens = ibis.least(ibis.coalesce(rows.listens, 0), MOST_LISTENS)
    rows = rows.mutate(
        group=rows[_column(by)] if by else ibis.literal(None, "string"),
        is_rare=_is_single(rows),
        listens=listens,
    )
    sums = rows.group_by("group").agg(
        known=rows.count(),
        held=rows.count(where=rows.is_held),
        free=rows.count(where=rows.is_free),
        rare=rows.count(where=rows.is_rare),
        listens=rows.listens.sum().cast("int64"),
        listens_held=ibis.coalesce(rows.listens.sum(where=rows.is_held), 0).cast("int64"),
    )
    sums = sums.mutate(missing=sums.known - sums.held)
    sums = sums.select("group", *COUNTS)
    if by is By.SOURCE:
        # Taken apart after counting: there are few sets of sources that know the same.
        sums = sums.mutate(group=sums.group.split(" ").unnest())
        sums = sums.group_by("group").agg(
            **{name: sums[name].sum().cast("int64") for name in COUNTS}
        )
    return sums.order_by(_order(by))


def _column(by: By) -> str:
    return "sources" if by is By.SOURCE else by.value


def _is_single(rows: Table) -> BooleanColumn:
    return ibis.coalesce(rows.first_holder == rows.last_holder, False)


def on_map(by: By) -> Table:
    """Return a row for each release in the order of a map: group, class, what a record shows.

    Registrants are told by their numbers, which come in the order of their names.

    A release is held and free as its card says; it is rare when it is not held and all that is
    known of its recordings is with one and the same holder.
    """
    card = _table("release_card", cards.SCHEMA, _OF_RELEASES)
    named = _table("release", snapshot_schema("release"), _OF_NAMES)
    named = named.rename(row="id")
    about = _of_recordings()
    rows = card.left_join(about, card.id == about.on).left_join(named, card.id == named.row)
    group = {By.YEAR: rows.year.cast("string"), By.LABEL: rows.label}.get(by, rows.registrant)
    is_rare = ~rows.is_held & ibis.coalesce(rows.least == rows.most, False)
    seen = ibis.cases(
        (is_rare, Pixel.RARE.value),
        (rows.is_held & rows.is_free, Pixel.HELD_FREE.value),
        (rows.is_held, Pixel.HELD.value),
        (rows.is_free, Pixel.FREE.value),
        else_=Pixel.MISSING.value,
    )
    rows = rows.mutate(group=group, pixel=seen.cast("int8"))
    near = [rows[name] for name in ("group", "label", "year", "credit", "id")]
    order = [key for one in near for key in (one.isnull(), one)]
    return rows.order_by(order).select("group", "pixel", *ON_MAP)


def _of_recordings() -> Table:
    """Return for each release with recordings: its holders, the first and last by name, and the
    registrant of its first ISRC."""
    rows = _table("census", census.SCHEMA, _ON_RELEASES)
    rows = rows.filter(rows.release.notnull())
    return rows.group_by(on=rows.release).agg(
        least=rows.first_holder.min(),
        most=rows.last_holder.max(),
        registrant=rows.registrant.min(),
    )


def _order(by: By | None) -> list[Column]:
    group = ibis._["group"]
    if by is By.YEAR:
        return [group.isnull(), group]
    return [ibis.desc(ibis._["known"]), group.isnull(), group]


def _table(name: str, schema: pa.Schema, columns: tuple[str, ...]) -> Table:
    """A table that has a name and the columns that are needed of it, and no engine yet."""
    fields = (schema.field(column) for column in columns)
    # Ibis has no name for bytes of one length.
    needed = pa.schema(
        [
            pa.field(f.name, pa.binary()) if pa.types.is_fixed_size_binary(f.type) else f
            for f in fields
        ]
    )
    return ibis.table(ibis.Schema.from_pyarrow(needed), name=name)
