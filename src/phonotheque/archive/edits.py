"""What an archive says about a recording now: the tags of its file, with all corrections to them.

Laws: the newest correction of a field wins; one that no field can hold changes nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec

from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags
from phonotheque.register.index import Index

_EDITS = "SELECT field, value FROM edit WHERE sha256 = ? ORDER BY seq"


def edited(index: Index, sha256: Sha256) -> Tags:
    """Return the tags of an object as they are now."""
    tags = index.tags(sha256)
    for field, text in index.db.execute(_EDITS, (sha256.raw,)):
        tags = corrected(tags, field, text)
    return tags


def corrected(tags: Tags, field: str, text: str) -> Tags:
    """Return tags with one field corrected.

    Args:
        field: A field of `Tags`; any other changes nothing.
        text: The new value: a text, a number, a JSON list of texts where there may be several;
            "" takes the field away.
    """
    if field not in Tags.__struct_fields__:
        return tags
    kinds = {one.name: one for one in msgspec.structs.fields(Tags)}
    value: Any = text if text else kinds[field].default
    if text.startswith(("[", "{")):
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            value = text
    is_list = isinstance(kinds[field].default, tuple)
    candidates = [value, (value,)] if is_list else [value]
    for candidate in candidates:
        try:
            converted = msgspec.convert(candidate, kinds[field].type, strict=False)
        except msgspec.ValidationError:
            continue
        return msgspec.structs.replace(tags, **{field: converted})
    return tags
