"""Refusals of a query: what was typed, what is wrong with it, what to type instead."""

from __future__ import annotations

from collections.abc import Iterable

from phonotheque.catalogue.query.parsed import Field
from phonotheque.errors import BadRequestError

_SHOWN = 60
_NEAR_ENOUGH = 70.0
"""Share of equal letters in percent from which on a name may have been meant."""


def refusal(written: str, wrong: str, todo: str) -> BadRequestError:
    """Return the error for a part of a query, of which at most 60 characters are shown."""
    shown = written if len(written) <= _SHOWN else f"{written[: _SHOWN - 3]}..."
    return BadRequestError(shown, wrong, todo)


def unknown_field(written: str, name: str) -> BadRequestError:
    """Return the error for a name before a colon that no field has."""
    near = guess(nearest(name.lower(), [*Field, *ALIASES]))
    fields = ", ".join(Field)
    words = "For the words themselves put them in quotes."
    return refusal(written, f"there is no field {name!r}", f"{near}Fields: {fields}. {words}")


ALIASES = {
    "album": Field.RELEASE,
    "catalog": Field.CATALOGUE,
    "license": Field.LICENCE,
    "mbid": Field.GID,
}
"""Other names of fields."""


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the name that is most like the one given; "" when none is."""
    from rapidfuzz import fuzz, process  # only where something is wrong

    found = process.extractOne(name, list(names), scorer=fuzz.ratio, score_cutoff=_NEAR_ENOUGH)
    return found[0] if found else ""


def guess(*names: str) -> str:
    """Return a question for `todo`, with a space after it; "" without names."""
    given = [name for name in names if name]
    return f"Did you mean {' or '.join(given)}? " if given else ""
