"""Values as JSON, and the JSON Schema of the same values: one rule for both.

Laws: a value is written with all its fields, by their names, null where it is unknown; a gid is
text, a digest 64 hexadecimal digits, a tuple a list. The description of a field is what the
docstring of its class says of it, so that pages, code and API cannot tell different things.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from phonotheque.music.digest import Sha256

JsonSchema = dict[str, Any]

_SIMPLE: dict[type, JsonSchema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    UUID: {"type": "string", "format": "uuid"},
    Sha256: {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    NoneType: {"type": "null"},
}
_ATTRIBUTE = re.compile(r"^    (\w+(?:, \w+)*): (.+(?:\n {6,}.+)*)", re.MULTILINE)


def plain(value: Any) -> Any:
    """Return a value as lists, mappings and scalars."""
    if value is None or isinstance(value, str | int | float):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Sha256):
        return value.hex
    kind: type = type(value)
    return {name: plain(getattr(value, name)) for name in _names(kind)}


def encoded(value: Any) -> bytes:
    """Return a value as JSON."""
    kind: Any = type(value)
    return msgspec.json.encode(value if _is_plain(kind) else plain(value))


@cache
def _is_plain(kind: Any) -> bool:
    """Whether msgspec writes a type by itself as `plain` does, in a fifth of the time: that is so
    of all but digests, which it takes for values with a member."""
    if is_dataclass(kind) and kind is not Sha256:
        return all(map(_is_plain, get_type_hints(kind).values()))
    if get_origin(kind) in (Union, UnionType, tuple, list):
        return all(_is_plain(one) for one in get_args(kind) if one is not Ellipsis)
    return isinstance(kind, type) and (
        (kind in _SIMPLE and kind is not Sha256) or issubclass(kind, Enum)
    )


@cache
def _names(kind: type) -> tuple[str, ...]:
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no value that can be written")
    return tuple(field.name for field in fields(kind))


def schema_of(kind: Any, components: dict[str, JsonSchema]) -> JsonSchema:
    """Return the JSON Schema of a type, as in OpenAPI 3.1.

    Args:
        kind: A type of a value's field, or of a value.
        components: Schemas of values by name; what is met is added.
    """
    if kind in _SIMPLE:
        return dict(_SIMPLE[kind])
    origin, of = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(one, components) for one in of]}
    if origin in (tuple, list):
        return {"type": "array", "items": schema_of(of[0], components)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"type": "string", "enum": [one.value for one in kind]}
    name = kind.__name__
    if name not in components:
        components[name] = {}  # it may be met within itself
        components[name] = _schema_of_value(kind, components)
    return reference(kind)


def reference(kind: type) -> JsonSchema:
    """Return what stands for the schema of a value wherever it is used."""
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _schema_of_value(kind: type, components: dict[str, JsonSchema]) -> JsonSchema:
    hints, told = get_type_hints(kind), _told(kind)
    properties = {}
    for name in _names(kind):
        schema = schema_of(hints[name], components)
        if name in told:
            schema = {**schema, "description": told[name]}
        properties[name] = schema
    summary = cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    return {
        "type": "object",
        "description": summary,
        "properties": properties,
        "required": list(properties),
    }


def _told(kind: type) -> dict[str, str]:
    """What the docstring of a value says of its fields."""
    _, _, text = cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for names, words in _ATTRIBUTE.findall(text):
        sentence = " ".join(words.split())
        found |= dict.fromkeys(names.split(", "), sentence[:1].upper() + sentence[1:])
    return found
