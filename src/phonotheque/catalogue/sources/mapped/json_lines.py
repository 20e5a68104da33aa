"""JSON lines: an object on each line, its values as texts.

Laws: a line that is no object is refused; a number, a truth or a text becomes the text it is
written as, a number that is not whole that of the nearest double; a list becomes its items with
`LIST_MARK` between; what is null or lacking is null. What is not wanted is passed over unread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.gathering import NO_JSON
from phonotheque.catalogue.sources.mapped.texts import Texts, lines_of
from phonotheque.catalogue.sources.reading.lines import Stretch

LIST_MARK = "\x1f"
"""Stands between the items of a list: the unit separator, which no text has."""

NO_OBJECT = "not a JSON object"

Row: TypeAlias = Any
"""An object of which the wanted members are attributes, called `m0`, `m1` ..."""


def parse_json_lines(stretch: Stretch, wanted: Sequence[str], refusals: Refusals) -> Texts:
    """Read the objects of a stretch.

    Args:
        stretch: Whole lines; blank ones are passed over.
        wanted: Names of values; a dot leads into an object: "artist.name".
        refusals: Where lines that are none are noted.
    """
    decode, getters = _reader(tuple(wanted))
    rows: list[Row] = []
    places: list[int] = []
    is_text = _is_text(stretch.data)
    for place, written in enumerate(stretch.data.removesuffix(b"\n").split(b"\n")):
        if not written.strip():
            continue
        try:
            row = decode(written)
            if not is_text:
                written.decode()
        except NO_JSON:
            refusals.row(stretch.line + place, NO_OBJECT, written)
            continue
        rows.append(row)
        places.append(place)
    columns = {name: _column([get(row) for row in rows]) for name, get in getters.items()}
    return Texts(
        columns, np.array(places, np.int64) + stretch.line, _raw(stretch, places, is_text=is_text)
    )


def _is_text(data: bytes) -> bool:
    """Whether it is UTF-8: what is passed over unread is not looked at otherwise."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _raw(stretch: Stretch, places: Sequence[int], *, is_text: bool) -> pa.Array:
    """The lines that were read, as they are written."""
    if is_text:
        lines = lines_of(stretch.data)
        return lines if len(lines) == len(places) else lines.take(pa.array(places, pa.int64()))
    written = stretch.data.split(b"\n")
    return pa.array([written[place].decode().removesuffix("\r") for place in places], pa.string())


@cache
def _reader(
    wanted: tuple[str, ...],
) -> tuple[Callable[[bytes], Row], dict[str, Callable[[Row], Any]]]:
    """Return what decodes a line, and what takes each wanted value out of a row.

    A name with a dot may be a member of that name, or lead into an object; the former goes first.
    """
    members = dict.fromkeys([*wanted, *(name.partition(".")[0] for name in wanted)])
    attributes = {member: f"m{number}" for number, member in enumerate(members)}
    row = msgspec.defstruct(
        "Row",
        [(attribute, Any, None) for attribute in attributes.values()],
        rename={attribute: member for member, attribute in attributes.items()},
        gc=False,
    )
    getters = {name: _getter(name, attributes) for name in wanted}
    return msgspec.json.Decoder(row).decode, getters


def _getter(name: str, attributes: dict[str, str]) -> Callable[[Row], Any]:
    own = attrgetter(attributes[name])
    first, *path = name.split(".")
    if not path:
        return own
    outer = attrgetter(attributes[first])

    def get(row: Row) -> Any:
        value = own(row)
        return _at(outer(row), path) if value is None else value

    return get


def _at(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array([value or None for value in values], pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # not all are texts
        if set(map(type, values)) <= {int, type(None)}:
            values = [None if value is None else str(value) for value in values]
            return pa.array(values, pa.string())
        return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return LIST_MARK.join(text for item in value if (text := _text(item))) or None
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    return str(value)
