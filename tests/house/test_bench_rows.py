"""A figure below its floor fails `make bench`; one that cannot be measured here does not."""

from __future__ import annotations

import pytest
from bench.rows import Outcome, Row, Sense, exit_status, format_row


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (Row("r", 5.0, "MB"), Outcome.FIGURE),
        (Row("r", 5.0, "MB", 5.0), Outcome.HELD),
        (Row("r", 4.9, "MB", 5.0), Outcome.BROKEN),
        (Row("r", 0.1, "s", 0.1, sense=Sense.AT_MOST), Outcome.HELD),
        (Row("r", 0.11, "s", 0.1, sense=Sense.AT_MOST), Outcome.BROKEN),
        (Row("r", 1.0, "MB", 0.85, "peer", 0.85), Outcome.HELD),
        (Row("r", 1.0, "MB", 0.85, "peer", 0.84), Outcome.BROKEN),
        (Row("r", 1.0, "MB", 0.85, "peer: absent", None), Outcome.ABSENT),
        (Row("r", None, "MB", 5.0), Outcome.ABSENT),
        (Row("r", None, "MB"), Outcome.ABSENT),
    ],
)
def test_a_row_knows_how_it_stands_to_its_floor(row: Row, outcome: Outcome) -> None:
    """With a peer the ratio is judged, else the value; the floor itself is good enough."""
    assert row.outcome is outcome
    assert outcome.value in format_row(row)
    assert exit_status([Row("fine", 1.0, "MB"), row]) == int(outcome is Outcome.BROKEN)
