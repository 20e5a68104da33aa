"""Items as the metadata API gives them: of each only what is read.

What an item says was typed by whoever uploaded it: nearly every value may be a text, a list of
texts or a number, whatever the field.

Source: archive.org/developers/metadata-schema and /md-read.html.
"""

from __future__ import annotations

import msgspec

Value = str | int | float | list[str | int | float] | None
"""What stands in a field."""


class Metadata(msgspec.Struct):
    """What is said of an item."""

    identifier: str | None = None
    title: Value = None
    creator: Value = None
    date: Value = None
    mediatype: Value = None
    collection: Value = None
    licenseurl: Value = None
    rights: Value = None
    subject: Value = None


class File(msgspec.Struct):
    """A file of an item. `length` is in seconds or as a clock shows it."""

    name: str
    source: Value = None
    format: Value = None
    size: Value = None
    md5: Value = None
    sha1: Value = None
    title: Value = None
    creator: Value = None
    artist: Value = None
    album: Value = None
    track: Value = None
    length: Value = None
    private: str | bool | None = None


class Item(msgspec.Struct):
    """An item. One that is withdrawn has `is_dark`; one that never was has nothing."""

    metadata: Metadata | None = None
    files: list[File] | None = None
    is_dark: bool | None = None


DECODER: msgspec.json.Decoder[Item] = msgspec.json.Decoder(Item)


def texts_of(value: Value) -> list[str]:
    """Return all texts of a field; a number as it is written."""
    many = value if isinstance(value, list) else [value]
    return [str(one) for one in many if one is not None]


def text_of(value: Value) -> str | None:
    """Return the first text of a field."""
    return next(iter(texts_of(value)), None)
