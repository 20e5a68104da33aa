"""Rows in order to a plan: words for numbers."""

import numpy as np
import pyarrow as pa

from phonotheque.publish.planning.numbering import Numbering
from phonotheque.publish.planning.tables import PLAN
from phonotheque.publish.planning.words import MEANINGS, Status, Wish


def batch(*reasons):
    """Rows that are kept and not shared, each with its reason."""
    rows = len(reasons)
    number = Status.HELD_NOT_SHARED.number
    columns = {name: pa.array([None] * rows, PLAN.field(name).type) for name in PLAN.names}
    columns |= {
        "status": pa.array([number] * rows, pa.int8()),
        "reason": pa.array(reasons, pa.int32()),
        "tier": pa.array([0] * rows, pa.int8()),
        "form": pa.array([0] * rows, pa.int8()),
    }
    return pa.record_batch(list(columns.values()), list(columns))


def test_each_reason_stands_once_in_a_dictionary():
    """Copies may give a reason in the very words of a status: one word then, or Arrow would write
    a dictionary of memory that nobody filled, another one each time."""
    meant = MEANINGS[Status.HELD_NOT_SHARED]
    numbering = Numbering(Wish(), ["It is under embargo.", meant], 0)
    (table,) = numbering.tables([batch(0, 1, None)])
    reasons = table.column("reason")
    assert reasons.to_pylist() == ["It is under embargo.", meant, meant]
    for name in ("reason", "status", "tier", "form"):
        words = np.array(table.column(name).chunk(0).dictionary.to_pylist())
        assert len(set(words)) == len(words)
