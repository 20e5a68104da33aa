"""Coverage as joins and sums: written once in Ibis, run on DuckDB and on Spark.

Laws: every known recording is counted once in a table, but by source, where each source counts
what it knows; sums are whole numbers, so that two engines agree to the last.

A *holder* is this archive, or the host of the address at which a source says that a file can be
had; where a source gives no address, the source itself. A recording is *rare* when it has exactly
one. What nobody is known to hold is not rare but missing everywhere.
"""

from __future__ import annotations

import ibis
import pyarrow as pa
from ibis.expr.types import Column, Table

from phonotheque.catalogue import cards
from phonotheque.catalogue.build.subjects import CANONICAL_SCHEMA
from phonotheque.catalogue.coverage.words import By, Pixel
from phonotheque.catalogue.tables import snapshot_schema

READS = ("recording_card", "release_card", "recording", "canonical", "file")
"""Views that the expressions name."""

MOST_LISTENS = 10**10
"""A recording counts with at most so many listens: more is a mistake of a source, and the sum over
256 million stays within 64 bits."""

_OF_CARDS = (
    "id", "release", "year", "country", "licence", "is_held", "is_free", "listens", "isrc",
)  # fmt: skip
_OF_FILES = ("source", "recording", "address", "state")

_OF_RELEASES = ("id", "title", "credit", "year", "label", "is_held", "is_free")
_OF_NAMES = ("id", "source", "key", "source_id", "mbid")
ON_MAP = ("title", "credit", "year", "source", "key", "source_id", "mbid")
"""What a map tells of each release, and what its gid is made of."""

_REGISTRANT_LETTERS = 5
_HERE = "here"
_HELD, _ELSEWHERE = "held", "elsewhere"


def counted(by: By | None) -> Table:
    """Return a row for each group: `group` and the columns of `words.COUNTS`.

    Args:
        by: None for one row of all recordings.
    """
    rows = recordings(by)
    rows = rows.mutate(listens=ibis.least(ibis.coalesce(rows.listens, 0), MOST_LISTENS))
    sums = rows.group_by("group").agg(
        known=rows.count(),
        held=rows.count(where=rows.is_held),
        free=rows.count(where=rows.is_free),
        missing=rows.count(where=~rows.is_held),
        rare=rows.count(where=rows.is_rare),
        listens=rows.listens.sum().cast("int64"),
        listens_held=ibis.coalesce(rows.listens.sum(where=rows.is_held), 0).cast("int64"),
    )
    return sums.order_by(_order(by))


def recordings(by: By | None) -> Table:
    """Return a row for each recording (by source: and source): group, flags, listens."""
    card = _table("recording_card", cards.SCHEMA, _OF_CARDS)
    held_by = holders()
    rows = card.left_join(held_by, card.id == held_by.holds)
    rows = rows.mutate(is_rare=ibis.coalesce(rows.is_single, False))
    match by:
        case None:
            rows = rows.mutate(group=ibis.literal(None, "string"))
        case By.SOURCE:
            knows = _known_to()
            rows = rows.join(knows, rows.id == knows.known).mutate(group=knows.source)
        case By.LABEL:
            release = _table("release_card", cards.SCHEMA, ("id", "label"))
            release = release.select(on="id", name="label")
            rows = rows.left_join(release, rows.release == release.on).mutate(group=release.name)
        case By.REGISTRANT:
            rows = rows.mutate(group=rows.isrc.substr(0, _REGISTRANT_LETTERS))
        case By.YEAR | By.COUNTRY | By.LICENCE:
            rows = rows.mutate(group=rows[by.value])
    return rows.select("group", "is_held", "is_free", "is_rare", "listens")


def holders() -> Table:
    """Return `holds`, the id of a recording that somebody holds, and whether that is one alone;
    `least` and `most` are the first and the last of its holders by name."""
    file = _table("file", snapshot_schema("file"), _OF_FILES)
    file = file.filter(file.state.isin([_HELD, _ELSEWHERE]))
    host = file.address.split("/")[2].nullif("")
    place = ibis.coalesce(host, file.source.cast("string"))
    holder = ibis.ifelse(file.state == _HELD, ibis.literal(_HERE), place)
    held = _as_canonical(file.select("recording", holder=holder))
    grouped = held.group_by(holds=held.recording).agg(
        least=held.holder.min(), most=held.holder.max()
    )
    return grouped.mutate(is_single=grouped.least == grouped.most)


def on_map(by: By) -> Table:
    """Return a row for each release in the order of a map: group, class, what a record shows.

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
    card = _table("recording_card", cards.SCHEMA, ("id", "release", "isrc"))
    card = card.filter(card.release.notnull())
    held_by = holders()
    rows = card.left_join(held_by, card.id == held_by.holds)
    registrant = rows.isrc.substr(0, _REGISTRANT_LETTERS)
    rows = rows.mutate(registrant=registrant)
    return rows.group_by(on=rows.release).agg(
        least=rows.least.min(), most=rows.most.max(), registrant=rows.registrant.min()
    )


def _known_to() -> Table:
    """Return each source with each recording that it knows, once."""
    own = _table("recording", snapshot_schema("recording"), ("id", "source"))
    own = own.select("source", recording="id")
    link = _links()
    linked = ibis.union(link.select("id"), link.select(id="canonical"))
    # Only what is linked can meet itself: the rest, which is most, needs no comparing.
    alone = own.anti_join(linked, own.recording == linked.id).select("source", known="recording")
    some = own.semi_join(linked, own.recording == linked.id)
    some = some.left_join(link, some.recording == link.id)
    known = ibis.coalesce(some.canonical, some.recording)
    return ibis.union(alone, some.select("source", known=known).distinct())


def _as_canonical(rows: Table) -> Table:
    """Return rows with the recording that speaks for theirs."""
    link = _links()
    joined = rows.left_join(link, rows.recording == link.id)
    return joined.select("holder", recording=ibis.coalesce(joined.canonical, joined.recording))


def _links() -> Table:
    link = _table("canonical", CANONICAL_SCHEMA, tuple(CANONICAL_SCHEMA.names))
    return link.filter(link.entity_type == "recording").select("id", "canonical")


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
