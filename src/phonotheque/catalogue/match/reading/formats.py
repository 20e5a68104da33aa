"""Which format a list has: by what stands in it, never by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, assert_never

import msgspec

from phonotheque.catalogue.match.entry import Entry
from phonotheque.catalogue.match.reading.documents import read_document, read_json_lines
from phonotheque.catalogue.match.reading.format import Format
from phonotheque.catalogue.match.reading.lines import Source
from phonotheque.catalogue.match.reading.playlists import is_path, read_m3u, read_text
from phonotheque.catalogue.match.reading.spreadsheets import (
    begins_table,
    read_spreadsheet,
    says_separator,
)
from phonotheque.catalogue.match.reading.xspf import read_xspf
from phonotheque.catalogue.match.reading.zips import MAGIC, read_zipped
from phonotheque.errors import BadRequestError
from phonotheque.music.decoding import UNDECODABLE

_HOLDERS = ("playlist", "playlists", "payload", "recenttracks", "scrobbles", "listens", "tracks")
"""Keys that a document has and no line of JSON: under them are its tracks."""

_LOOKED_AT = 20
"""Lines by which paths are told from text."""


_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]")
"""What no text has, but for the end of file of DOS and the escape of old Japanese encodings."""
_MOST_CONTROLS = 100
"""One letter in so many: a tag that was damaged leaves a few in the line of one song."""


def _is_binary(beginning: str) -> bool:
    controls = sum(1 for _ in _CONTROLS.finditer(beginning))
    return "\0" in beginning or controls * _MOST_CONTROLS > len(beginning)


def format_of(beginning: str) -> Format:
    """Tell the format of a list by its beginning."""
    text = beginning.lstrip()
    lines = [line.strip() for line in text.split("\n", _LOOKED_AT) if line.strip()][:_LOOKED_AT]
    if not lines:
        return Format.TEXT
    if lines[0].startswith("<"):
        return Format.XSPF
    if lines[0].startswith(("{", "[{", "[")) and (found := _of_json(lines)) is not None:
        return found
    marked = [line.startswith(("#EXTM3U", "#EXTINF")) for line in lines]
    if not marked[0] and (says_separator(lines[0]) or begins_table(lines[0])):
        return Format.CSV
    if any(marked):
        return Format.M3U
    paths = sum(map(is_path, lines))
    return Format.M3U if paths * 2 > len(lines) else Format.TEXT


def _of_json(lines: list[str]) -> Format | None:
    """Tell a document from lines of objects; None when it is neither.

    Lines are told by those behind the first, which may be the broken one. A document over several
    lines has objects on some of them, too, but most end with a comma or are brackets.
    """
    if lines[0] not in ("{", "[") and sum(map(_is_object, lines[1:])) * 2 > len(lines) - 1:
        return Format.LISTENS
    try:
        first = msgspec.json.decode(lines[0])
    except UNDECODABLE:
        begins = lines[0] in ("{", "[") or lines[0].startswith(('{"', "[{", '{ "', "[ {"))
        return Format.JSPF if begins else None
    if isinstance(first, list) or any(
        isinstance(first.get(name), list | dict) for name in _HOLDERS
    ):
        return Format.JSPF
    return Format.LISTENS


def _is_object(line: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except UNDECODABLE:
        return False


def read_list(stream: BinaryIO, file: str, chosen: Format | None = None) -> Iterator[Entry]:
    """Give an entry for each line, track or row of a list, in bounded memory.

    Args:
        stream: A zip, too, if it can be sought in.
        file: Its name, for messages.
        chosen: Its format; told by what stands in it when not given.

    Raises:
        BadRequestError: It is no list, or not in this format.
    """
    source = Source(stream)
    if source.begins_with(MAGIC):
        return read_zipped(stream, file, lambda one, name: _read(Source(one), name, chosen))
    return _read(source, file, chosen)


def _read(source: Source, file: str, chosen: Format | None) -> Iterator[Entry]:
    beginning = source.beginning()
    if _is_binary(beginning):
        todo = "Give a playlist, a history or a table as text, or a zip of them."
        raise BadRequestError(file, "it is no list: it has bytes that no text has", todo)
    found = chosen or format_of(beginning)
    match found:
        case Format.M3U:
            return read_m3u(source)
        case Format.JSPF:
            return read_document(source, file)
        case Format.XSPF:
            return read_xspf(source, file)
        case Format.LISTENS:
            return read_json_lines(source)
        case Format.CSV:
            return read_spreadsheet(source, file)
        case Format.TEXT:
            return read_text(source)
        case _:
            assert_never(found)
