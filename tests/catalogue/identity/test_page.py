"""The page on identity says what the code does."""

import re
from pathlib import Path

from phonotheque.catalogue.identity.reasons import (
    CONFIDENCE,
    LENGTH_TOLERANCE_MS,
    MOST_ALIKE,
    SURE_ENOUGH,
)

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "identity-of-music.md"


def test_every_reason_stands_on_the_page():
    """The table has all reasons in their order, with their confidence and whether they join."""
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|.*\| ([0-9.]+) \| (yes|no) \|$", text, re.MULTILINE)
    said = [(reason, float(figure), joins == "yes") for reason, figure, joins in rows]
    assert said == [
        (reason.value, figure, figure >= SURE_ENOUGH) for reason, figure in CONFIDENCE.items()
    ]


def test_the_bounds_stand_on_the_page():
    """So do the bound of joining, the tolerance of lengths, and how many alike are too many."""
    text = PAGE.read_text(encoding="utf-8")
    assert f"From **{SURE_ENOUGH:.2f}** on" in text
    assert f"within {LENGTH_TOLERANCE_MS // 1000} s" in text
    assert f"more than {MOST_ALIKE} rows" in text
