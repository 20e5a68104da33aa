"""Lists in JSON: JSPF, exports of listens, objects with the columns of a table.

Laws: a file that is one document is bounded, since it is read whole; lines of JSON are not; what
has not the form that it should says nothing and breaks nothing.

Source: xspf.org/jspf; musicbrainz.org/doc/jspf (the ListenBrainz extension); ListenBrainz's
"Data dumps" and export documentation (listens as lines of JSON).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from phonotheque.catalogue.match.entry import Entry, Said, entry_of, refused
from phonotheque.catalogue.match.reading.columns import parse_length, said_in_object
from phonotheque.catalogue.match.reading.lines import Source
from phonotheque.catalogue.match.reading.playlists import TOO_LONG
from phonotheque.errors import BadRequestError
from phonotheque.music.decoding import UNDECODABLE

LARGEST = 64_000_000
"""Bytes of a document that is read whole."""

_IS_RECORDING = "/recording/"


def read_json_lines(source: Source) -> Iterator[Entry]:
    """Give an entry for each line: a listen, or an object with named values."""
    for line in source.lines():
        if line.text is None:
            yield refused(line.number, TOO_LONG)
        elif line.text.strip():
            try:
                record = msgspec.json.decode(line.text)
            except UNDECODABLE as error:
                yield refused(line.number, f"it is no JSON: {error}")
            else:
                yield _entry(line.number, record)


def read_document(source: Source, file: str) -> Iterator[Entry]:
    """Give an entry for each track of a JSPF, or for each object of a list.

    Raises:
        BadRequestError: It is too large, no JSON, or has no tracks.
    """
    whole = bytearray()
    for chunk in source.chunks():
        whole += chunk
        if len(whole) > LARGEST:
            todo = "Give it as lines of JSON, or in parts."
            raise BadRequestError(file, f"it is larger than {LARGEST:,} bytes", todo)
    try:
        found = msgspec.json.decode(whole.decode(source.encoding or "utf-8"))
    except UNDECODABLE as error:
        todo = "Export it again, or say what it is with --format."
        raise BadRequestError(file, f"it is no JSON: {error}", todo) from error
    for number, record in enumerate(_records(found, file), start=1):
        yield _entry(number, record)


def _records(found: Any, file: str) -> Iterable[Any]:
    if isinstance(found, dict):
        playlist = found.get("playlist")
        inner = playlist if isinstance(playlist, dict) else found
        for name in ("track", "tracks", "payload", "listens", "items"):
            if isinstance(inner.get(name), list):
                tracks: list[Any] = inner[name]
                return tracks
        if isinstance(inner.get("payload"), dict):
            return _records(inner["payload"], file)
    elif isinstance(found, list):
        return found
    raise BadRequestError(file, "it has no list of tracks", "Give a JSPF or a list of objects.")


def _entry(number: int, record: Any) -> Entry:
    if not isinstance(record, dict):
        return refused(number, "it is no object")
    listen = record.get("track_metadata")
    return entry_of(number, said_in_listen(listen) if isinstance(listen, dict) else _said(record))


def said_in_listen(metadata: dict[str, Any]) -> Said:
    """Return what the metadata of a listen say; what was sent with it before what was mapped."""
    more = _object(metadata.get("additional_info"))
    mapped = _object(metadata.get("mbid_mapping")).get("recording_mbid")
    length_ms = parse_length(str(more.get("duration_ms") or ""), "ms")
    length_ms = length_ms or parse_length(str(more.get("duration") or ""), "s")
    mbids = (more.get("recording_mbid"), mapped)
    return Said(
        _text(metadata.get("artist_name")),
        _text(metadata.get("track_name")),
        _text(metadata.get("release_name")),
        length_ms,
        tuple(dict.fromkeys(filter(None, map(_text, mbids)))),
        tuple(filter(None, [_text(more.get("isrc"))])),
    )


def _said(record: dict[str, Any]) -> Said:
    """Return what a track of a JSPF says, or an object with the names of columns."""
    identifiers = record.get("identifier")
    listed = identifiers if isinstance(identifiers, list) else [identifiers]
    found = said_in_object({name: record[name] for name in record if name != "identifier"})
    texts = [_text(one) for one in listed[:8]]
    mbids = tuple(text for text in texts if _IS_RECORDING in text or text.startswith("urn:uuid:"))
    isrcs = tuple(text[5:] for text in texts if text.startswith("isrc:"))
    return found._replace(mbids=mbids or found.mbids, isrcs=isrcs or found.isrcs)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
