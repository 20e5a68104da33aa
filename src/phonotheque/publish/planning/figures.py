"""Sums over a plan that is written, in Ibis as the plan is: what coverage and curve are made of.

Law: listens and recordings are counted where a recording's first row stands, bytes at every copy.
"""

from __future__ import annotations

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from phonotheque.publish.planning.expressions import unbound
from phonotheque.publish.planning.tables import PLAN
from phonotheque.publish.planning.words import PLANNED, Order, Status

POINTS = 1000
"""So many steps has a curve at most, and one more for what nobody counted."""

_PLAIN = pa.schema(
    [one.with_type(pa.string()) if pa.types.is_dictionary(one.type) else one for one in PLAN]
)


def _plan() -> Table:
    return unbound("plan", _PLAIN)


def _planned(plan: Table) -> ibis.expr.types.BooleanColumn:
    return plan.status.isin(list(map(str, PLANNED)))


def totals() -> Table:
    """Return sums by tier and status, from `plan`.

    Returns:
        tier, status, recordings (first rows), counted (those of known listens), lacking (those of
        them that are not held), listens, size_bytes.
    """
    plan = _plan()
    return plan.group_by("tier", "status").agg(
        recordings=plan.count(where=plan.is_first),
        counted=plan.count(where=plan.is_first & plan.listens.notnull()),
        lacking=plan.count(where=plan.object.isnull() & plan.listens.notnull()),
        listens=_sum(plan.listens, plan.is_first),
        size_bytes=_sum(plan.size_bytes, None),
    )


def releases() -> Table:
    """Return one row, from `plan`: releases that are known; of which all or some is planned."""
    plan = _plan()
    first = plan.filter(plan.is_first & plan.release.notnull())
    shared = first.status == str(Status.SHARED)
    each = first.group_by("release").agg(
        recordings=first.count(),
        planned=first.count(where=_planned(first)),
        shared=first.count(where=shared),
    )
    return each.agg(
        known=each.count(),
        whole=each.count(where=each.planned == each.recordings),
        some=each.count(where=each.planned > 0),
        whole_shared=each.count(where=each.shared == each.recordings),
        some_shared=each.count(where=each.shared > 0),
    )


def steps(order: Order, rows: int) -> Table:
    """Return steps of the curve, from `plan`, in order: step, bytes and listens that it adds.

    A step is a thousandth of all listens in order of popularity, else a thousandth of all rows.
    """
    plan = _plan()
    if order is Order.POPULARITY:
        step = (plan.share * POINTS).floor().cast("int64")
        plan = plan.mutate(step=ibis.coalesce(step, POINTS + 1))
    else:
        plan = plan.mutate(step=((plan.place - 1) * POINTS / max(rows, 1)).floor().cast("int64"))
    planned = plan.filter(_planned(plan))
    return (
        planned.group_by("step")
        .agg(
            size_bytes=_sum(planned.size_bytes, None),
            listens=_sum(planned.listens, planned.is_first),
        )
        .order_by("step")
    )


def _sum(
    column: ibis.expr.types.NumericColumn, where: ibis.expr.types.BooleanColumn | None
) -> ibis.expr.types.Scalar:
    return ibis.coalesce(column.sum(where=where), 0)
