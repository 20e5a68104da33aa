"""What somebody asks for in a header: each wish with its weight, and whether he asks for a page, to
read it, or for values, to use them; pure.

Law: a page is for who names pages and prefers no values; whoever takes anything, as programs and
players do, gets values.

Source: RFC 9110, 12.4.2 (weights), 12.5.1 (`Accept`).
"""

from __future__ import annotations

_PAGE = "text/html"
_VALUES = ("application/json", "application/problem+json")
_MOST_WISHES = 32


def wishes(header: str) -> dict[str, float]:
    """Return the weight of each thing that is named, in small letters and in order, from 0 (not
    wanted) to 1; a weight that no standard allows is 0."""
    weights: dict[str, float] = {}
    for part in header.lower().split(",")[:_MOST_WISHES]:
        wish, *parameters = (text.strip() for text in part.split(";"))
        weights[wish] = _weight(parameters)
    return weights


def prefers_page(accept: str) -> bool:
    """Read an `Accept`; what cannot be read in it is not asked for."""
    weights = wishes(accept)
    page = weights.get(_PAGE, 0.0)
    return page > 0 and all(weights.get(kind, 0.0) <= page for kind in _VALUES)


def _weight(parameters: list[str]) -> float:
    told = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        weight = float(told)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
