"""What an archive says about a recording now: the tags of its file, with all corrections to them.

Laws: the newest correction of a field wins; one that no field can hold changes nothing; one that
was undone leaves what the file says; what is corrected of a recording is corrected of its access
copies. Not here: what is corrected of the catalogue (`catalogue_corrections`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags
from phonotheque.register.index import Index

_EDITS = """SELECT field, value, is_undone FROM edit WHERE sha256 = ?1
            OR sha256 = (SELECT parent FROM access_copy WHERE sha256 = ?1) ORDER BY seq"""
_KINDS = {one.name: one for one in msgspec.structs.fields(Tags)}
_STRUCTURED = ("musicbrainz", "replaygain", "pictures", "broadcast")

EDITABLE = tuple(name for name in _KINDS if name not in _STRUCTURED)
"""Fields that a person may correct."""

SEVERAL = frozenset(name for name, kind in _KINDS.items() if isinstance(kind.default, tuple))
"""Fields that hold several values."""


def edited(index: Index, sha256: Sha256) -> Tags:
    """Return the tags of an object as they are now."""
    tags = given = index.tags(sha256)
    for field, text, is_undone in index.db.execute(_EDITS, (sha256.raw,)):
        if not is_undone:
            tags = corrected(tags, field, text)
        elif field in _KINDS:
            tags = msgspec.structs.replace(tags, **{field: getattr(given, field)})
    return tags


def corrected(tags: Tags, field: str, text: str) -> Tags:
    """Return tags with one field corrected.

    Args:
        tags: What was said before.
        field: A field of `Tags`; any other changes nothing.
        text: The new value: a text, a number, a JSON list of texts where there may be several;
            "" takes the field away.
    """
    if field not in _KINDS:
        return tags
    try:
        return msgspec.structs.replace(tags, **{field: value_of(field, text)})
    except msgspec.ValidationError:
        return tags


def value_of(field: str, text: str) -> Any:
    """Read the value of a field.

    Raises:
        ValidationError: The field cannot hold it.
    """
    kind = _KINDS[field]
    if not text:
        return kind.default
    value: Any = text
    if text.startswith(("[", "{")):
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            value = text
    if field in SEVERAL:
        try:
            return msgspec.convert(value, kind.type, strict=False)
        except msgspec.ValidationError:
            value = (text,)
    return msgspec.convert(value if isinstance(value, tuple) else text, kind.type, strict=False)
