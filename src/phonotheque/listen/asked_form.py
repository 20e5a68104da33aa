"""Whether somebody asks for a page, to read it, or for values, to use them; pure.

Law: a page is for who names pages and prefers no values; whoever takes anything, as programs and
players do, gets values.

Source: RFC 9110, 12.5.1 (`Accept`).
"""

from __future__ import annotations

_PAGE = "text/html"
_VALUES = ("application/json", "application/problem+json")
_MOST_RANGES = 32


def prefers_page(accept: str) -> bool:
    """Read an `Accept`; what cannot be read in it is not asked for."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(",")[:_MOST_RANGES]:
        kind, *parameters = (text.strip() for text in part.split(";"))
        weights[kind] = _weight(parameters)
    page = weights.get(_PAGE, 0.0)
    return page > 0 and all(weights.get(kind, 0.0) <= page for kind in _VALUES)


def _weight(parameters: list[str]) -> float:
    told = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        weight = float(told)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
