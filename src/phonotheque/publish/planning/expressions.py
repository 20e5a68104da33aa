"""How a plan follows from its tables: written once in Ibis, run on DuckDB and on Spark.

Laws: every known recording has one row that is first, and every copy has one row; equal listens are
in the same tier; the order is total, so that two engines give the same rows in the same order; sums
are whole numbers and each share is one division of two of them, so that they agree to the last bit.

Tiers. `before` is the sum of listens of all recordings that were heard more often. A recording is
in the first tier whose share is above before / total: a tier is the smallest number of the most
heard that reach its share together.
"""

from __future__ import annotations

import ibis
import pyarrow as pa
from ibis.expr.types import Column, Table

from phonotheque.publish.planning.tables import HELD, KNOWN
from phonotheque.publish.planning.words import TIERS, Form, Order, Status, Tier, Wish

MOST_LISTENS = 10**10
"""A recording counts with at most so many listens: more is a mistake of a source, and the sum over
256 million recordings stays within 64 bits."""

UNCOUNTED = 1 << 61
"""Place in the order of what has no listens, and the first one of what is not held among that: the
last, since no line of a register has such a number."""

TIER_TABLE = pa.schema(
    [("heard", pa.int64()), ("share", pa.float64()), ("tier", pa.int8())],
)
"""For each number of listens that occurs: the share of all listens that recordings heard at least
as often have together, and their tier."""


def unbound(name: str, schema: pa.Schema) -> Table:
    """Return a table that has a name and columns, and no engine yet."""
    return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)


def _known() -> Table:
    known = unbound("known", KNOWN)
    within = ibis.ifelse(known.listens > MOST_LISTENS, MOST_LISTENS, known.listens)
    return known.mutate(listens=ibis.ifelse(known.listens < 0, 0, within))


def tiers() -> Table:
    """Return the tier of each number of listens, from `known`. Small: equal numbers are one row."""
    known = _known()
    counted = known.filter(known.listens.notnull())
    heard = counted.group_by(heard=counted.listens).agg(n=counted.count())
    heard = heard.mutate(together=(heard.heard * heard.n).cast("int64"))
    falling = ibis.window(order_by=ibis.desc(heard.heard), preceding=None, following=0)
    sums = heard.mutate(
        through=heard.together.sum().over(falling).cast("int64"),
        total=heard.together.sum().over(ibis.window()).cast("int64"),
    )
    sums = sums.filter(sums.total > 0)
    total = sums.total.cast("float64")
    shares = sums.mutate(
        share=sums.through.cast("float64") / total,
        before=(sums.through - sums.together).cast("float64") / total,
    )
    cases = [
        (shares.before < tier.value, ibis.literal(number, "int8"))
        for number, tier in enumerate(TIERS)
        if tier.value is not None and tier is not Tier.REST
    ]
    rest = ibis.literal(TIERS.index(Tier.REST), "int8")
    return shares.select("heard", "share", tier=ibis.cases(*cases, else_=rest))


def planned(wish: Wish, lowest: Tier) -> Table:
    """Return the rows of a plan in their order, words as numbers, from `known`, `held`, `tiers`.

    Args:
        wish: What is asked for; its space is not looked at here (`numbering`).
        lowest: Tier of what has no listens: REST, or ALL where nothing has any.
    """
    known, tier_of = _known(), unbound("tiers", TIER_TABLE)
    copies = _copies()
    rows = known.outer_join(copies, known.id == copies.recording)
    rows = rows.left_join(tier_of, rows.listens == tier_of.heard)
    rows = rows.mutate(
        recording=ibis.coalesce(rows.id, rows.recording),
        rank=ibis.coalesce(rows["rank"], rows.recording),  # above all ranks
        is_first=ibis.coalesce(rows.is_first, True),
        tier=ibis.coalesce(rows.tier, ibis.literal(TIERS.index(lowest), "int8")),
        status=ibis.coalesce(rows.status, ibis.literal(Status.WANTED.number, "int8")),
    )
    rows = _as_access_copies(rows.mutate(status=_asked_for(rows, wish)), wish)
    return rows.order_by(_keys(rows, wish.order)).select(
        "recording", "object", "is_first", "status", "reason", "tier", "form", "size_bytes",
        "listens", "share", "release",
    )  # fmt: skip


def shared_bytes() -> Table:
    """Return one row and column, from `held`: bytes of the copies that are shared."""
    held = unbound("held", HELD)
    by_copy = ibis.ifelse(held.is_copy_shared, held.copy_bytes, 0)
    shared = ibis.ifelse(held.status == Status.SHARED.number, held.size_bytes, by_copy)
    return held.agg(size_bytes=shared.sum())


def _copies() -> Table:
    """Return `held`, with which copy speaks for its recording and which are lesser ones.

    Of copies that are shared or may be, those that are not the best and wait give way: bytes that
    sound the same are not published twice. What is shared already stays as it is.
    """
    held = unbound("held", HELD)
    shared, waiting = Status.SHARED.number, Status.TO_SHARE.number
    ranking = ibis.window(  # one for all, so that the rows are put in order once
        group_by=held.recording,
        order_by=[held.status, ibis.desc(held.quality), held.object],
        preceding=None,
        following=0,
    )
    is_shared = held.status == shared
    held = held.mutate(
        turn=held.object.count().over(ranking),
        shared=ibis.ifelse(is_shared, 1, 0).sum().over(ranking),
        best=ibis.ifelse(is_shared, held.quality, -1).max().over(ranking),
    )
    is_best = (held.turn == held.shared + 1) & (held.quality > held.best)
    lesser = ibis.literal(Status.BETTER_COPY_HELD.number, "int8")
    status = ibis.ifelse((held.status == waiting) & ~is_best, lesser, held.status)
    return held.mutate(status=status, is_first=held.turn == 1).select(*HELD.names, "is_first")


def _asked_for(rows: Table, wish: Wish) -> Column:
    """Return the status, where a tier was not asked for that it is below the threshold."""
    left = [n for n, tier in enumerate(TIERS) if tier not in wish.tiers and tier is not Tier.ALL]
    if not left:
        return rows.status
    waits = rows.status.isin([Status.TO_SHARE.number, Status.WANTED.number])
    below = ibis.literal(Status.BELOW_THRESHOLD.number, "int8")
    return ibis.ifelse(waits & rows.tier.isin(left), below, rows.status)


def _as_access_copies(rows: Table, wish: Wish) -> Table:
    """Say which rows are shared as an access copy, and what that changes about them.

    What is shared as it was received stays so, and what would not get smaller is left as it is.
    """
    original, access = (ibis.literal(number, "int8") for number in range(len(Form)))
    tiers = [number for number, tier in enumerate(TIERS) if tier in wish.access_copies]
    if not tiers:
        return rows.mutate(form=original)
    is_small = rows.copy_bytes < rows.size_bytes
    is_access = (rows.status == Status.TO_SHARE.number) & rows.tier.isin(tiers) & is_small
    shared = ibis.literal(Status.SHARED.number, "int8")
    return rows.mutate(
        form=ibis.ifelse(is_access, access, original),
        size_bytes=ibis.ifelse(is_access, rows.copy_bytes, rows.size_bytes),
        status=ibis.ifelse(is_access & rows.is_copy_shared, shared, rows.status),
    )


def _keys(rows: Table, order: Order) -> list[Column]:
    """Return what rows are sorted by. No key is null: engines put nulls at different ends.

    What nobody counted comes as it came in: an album stays together, which ids would scatter. Where
    nothing is held the rank stands in the place of the object, not as a third key: sorting is a
    third of the work, and two keys take a tenth of it less.
    """
    popular = [
        ibis.ifelse(rows.listens.notnull(), rows["rank"], UNCOUNTED),
        ibis.coalesce(rows.object, rows["rank"] + UNCOUNTED),
    ]
    match order:
        case Order.POPULARITY:
            return popular
        case Order.NEWEST:
            newest = [ibis.desc(ibis.coalesce(rows.object, -1)), ibis.desc(_year(rows))]
            return newest + popular
        case Order.AT_RISK:
            return _risks(rows) + popular


def _year(rows: Table) -> Column:
    return ibis.coalesce(rows.year.cast("int32"), -1)


def _risks(rows: Table) -> list[Column]:
    """Held before not held, fewer copies in other hands first, then what decays.

    What nobody counted has none: better one copy too many.
    """
    is_held = rows.object.notnull() & (rows.status != Status.REMOVED.number)
    return [
        ibis.desc(is_held),
        ibis.coalesce(rows.elsewhere, 0) + ibis.coalesce(rows.seeders, 0),
        ibis.desc(ibis.coalesce(rows.is_decaying, False)),
    ]
