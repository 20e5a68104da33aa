"""XSPF: a playlist in XML, read as it streams in.

Laws: a document type declaration is refused before anything in it is read, so nothing is expanded
and nothing is fetched; the text of one element is bounded.

Source: xspf.org/spec, version 1 (a track's title, creator, album, duration in ms, identifier,
location).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from xml.parsers import expat

from phonotheque.catalogue.match.entry import Entry, Said, entry_of
from phonotheque.catalogue.match.reading.columns import parse_length
from phonotheque.catalogue.match.reading.lines import Source
from phonotheque.catalogue.match.reading.playlists import from_path
from phonotheque.errors import BadRequestError

_KEPT = ("title", "creator", "album", "duration", "identifier", "location")
_MOST_TEXT = 10_000
_MOST_OF_ONE = 8
_SPACE = " "


class _Refused(Exception):  # noqa: N818  # never leaves this module
    """What expat's callbacks raise to stop it."""


class _Reader:
    """Takes what expat tells, and keeps the tracks that are whole."""

    def __init__(self) -> None:
        self.tracks: list[dict[str, list[str]]] = []
        self._track: dict[str, list[str]] | None = None
        self._text: list[str] | None = None
        self._letters = 0

    def begin(self, name: str, _: dict[str, str]) -> None:
        name = name.rpartition(_SPACE)[2]
        if name == "track":
            self._track = {}
        self._text, self._letters = ([] if name in _KEPT else None), 0

    def text(self, data: str) -> None:
        if self._text is not None and self._letters < _MOST_TEXT:
            self._text.append(data[: _MOST_TEXT - self._letters])
            self._letters += len(data)

    def end(self, name: str) -> None:
        name = name.rpartition(_SPACE)[2]
        if self._track is not None and self._text is not None and name in _KEPT:
            some = self._track.setdefault(name, [])
            if len(some) < _MOST_OF_ONE:
                some.append("".join(self._text).strip())
        self._text = None
        if name == "track" and self._track is not None:
            self.tracks.append(self._track)
            self._track = None

    def refuse(self, *_: object) -> None:
        raise _Refused


def read_xspf(source: Source, file: str) -> Iterator[Entry]:
    """Give an entry for each track.

    Raises:
        BadRequestError: It is no XML, says that it is written in what cannot be read, or has a
            document type declaration.
    """
    encoding = "utf-8" if source.encoding else None  # else what its first line says
    parser, reader = expat.ParserCreate(encoding, _SPACE), _Reader()
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = reader.refuse
    count = 0
    for chunk in _chunks(source):
        _parse(parser, chunk, file)
        for track in reader.tracks:
            count += 1
            yield entry_of(count, _said(track))
        reader.tracks.clear()
    _parse(parser, None, file)


def _parse(parser: expat.XMLParserType, chunk: bytes | None, file: str) -> None:
    """Parse some bytes, or see at their end whether all was closed."""
    try:
        parser.Parse(chunk or b"", chunk is None)
    except _Refused:
        wrong = "it has a document type declaration, which no playlist needs"
        raise BadRequestError(file, wrong, "Take the DOCTYPE out, or export it again.") from None
    except expat.ExpatError as error:
        raise BadRequestError(file, f"it is no XML: {error}", "Export it again.") from error
    except (ValueError, LookupError) as error:  # so it tells of an encoding that it lacks
        wrong = f"its encoding cannot be read: {error}"
        raise BadRequestError(file, wrong, "Export it again, in UTF-8.") from error


def _chunks(source: Source) -> Iterator[bytes]:
    """Give the bytes behind any mark; those of wide letters, which expat lacks, in UTF-8."""
    if not source.encoding:
        yield from source.chunks()
        return
    decoder = codecs.getincrementaldecoder(source.encoding)("replace")
    for chunk in source.chunks():
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", True).encode()


def _said(track: dict[str, list[str]]) -> Said:
    def first(name: str) -> str:
        return next(iter(track.get(name, ())), "")

    identifiers = track.get("identifier", ())
    said = Said(
        first("creator"),
        first("title"),
        first("album"),
        parse_length(first("duration"), "ms"),
        tuple(one for one in identifiers if "/recording/" in one),
        tuple(one[5:] for one in identifiers if one.startswith("isrc:")),
    )
    if said.title or said.mbids or said.isrcs or not first("location"):
        return said
    return from_path(first("location"))._replace(length_ms=said.length_ms)
