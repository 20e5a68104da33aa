"""Lists in JSON: JSPF, exports of listens and streams, objects with the columns of a table.

Laws: a file that is one document is bounded, since it is read whole, and its tracks are cut out one
after the other; lines of JSON are not; what has not the form that it should says nothing and breaks
nothing.

Source: xspf.org/jspf; musicbrainz.org/doc/jspf (the ListenBrainz extension); ListenBrainz's
"Data dumps" and export documentation (listens as lines of JSON); Spotify, "Understanding your
data" (what its extended streaming history has); the scrobbles that Maloja, Last.fm's API and
programs on top of it give.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from phonotheque.catalogue.match.entry import Entry, Plays, Said, entry_of, refused
from phonotheque.catalogue.match.reading.columns import parse_length, said_in_object
from phonotheque.catalogue.match.reading.json_cutting import Text, begin_of, elements, members
from phonotheque.catalogue.match.reading.lines import LONGEST, Source
from phonotheque.catalogue.match.reading.playlists import TOO_LONG
from phonotheque.catalogue.match.reading.times import day_of_second
from phonotheque.errors import BadRequestError
from phonotheque.music.decoding import UNDECODABLE

LARGEST = 256_000_000
"""Bytes of a document that is read whole: a million plays of a service. It takes as much memory,
twice as much in another encoding than UTF-8, and some 30 MB for the track that is read."""

_HOLDERS = (
    *("playlist", "playlists", "recenttracks", "track", "tracks", "payload", "listens", "items"),
    "scrobbles",
)
"""Under which keys a list of tracks is, or an object that has it."""
_DEEPEST = 4
_ON_PAGES = ("track", "items")
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
    whole = _whole(source, file)
    try:
        msgspec.json.decode(whole, type=msgspec.Raw)
        tracks = _list_in(whole, begin_of(whole), _DEEPEST)
    except UNDECODABLE as error:
        todo = "Export it again, or say what it is with --format."
        raise BadRequestError(file, f"it is no JSON: {error}", todo) from error
    if tracks is None:
        raise BadRequestError(file, "it has no list of tracks", "Give a JSPF or a list of objects.")
    number = 0
    for begin, end in _tracks_in(whole, tracks):
        if end - begin > LONGEST:
            number += 1
            yield refused(number, TOO_LONG)
            continue
        try:
            record = msgspec.json.decode(whole[begin:end])
        except UNDECODABLE as error:
            number += 1
            yield refused(number, f"it is no JSON: {error}")
            continue
        for one in _on_page(record):
            number += 1
            yield _entry(number, one)


def _whole(source: Source, file: str) -> Text:
    whole = bytearray()
    for chunk in source.chunks():
        whole += chunk
        if len(whole) > LARGEST:
            todo = "Give it as lines of JSON, or in parts."
            raise BadRequestError(file, f"it is larger than {LARGEST:,} bytes", todo)
    return whole.decode(source.encoding, "replace").encode() if source.encoding else whole


def _list_in(text: Text, begin: int, depth: int) -> int | None:
    """Return where the list of tracks begins: a value itself, or what an object holds."""
    if text[begin] == ord("["):
        return begin
    if text[begin] != ord("{") or not depth:
        return None
    held = (value for name, value in members(text, begin) if name in _HOLDERS)
    inner = (_list_in(text, value, depth - 1) for value in held)
    return next((found for found in inner if found is not None), None)


def _tracks_in(text: Text, begin: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each track, or page; those of a long page one by one."""
    for one, end in elements(text, begin):
        page = None
        if end - one > LONGEST and text[one] == ord("{"):
            held = (value for name, value in members(text, one) if name in _ON_PAGES)
            page = next((value for value in held if text[value] == ord("[")), None)
        if page is None:
            yield one, end
        else:
            yield from elements(text, page)


def _on_page(record: Any) -> Iterable[Any]:
    """Give the tracks of an object that is a page or a playlist of several; else itself."""
    if isinstance(record, dict):
        for name in _ON_PAGES:
            inner = record.get(name)
            if isinstance(inner, list):
                return inner
    return (record,)


def _entry(number: int, record: Any) -> Entry:
    if not isinstance(record, dict):
        return refused(number, "it is no object")
    listen, track = record.get("track_metadata"), record.get("track")
    if isinstance(listen, dict):
        said = said_in_listen(listen)._replace(plays=_play_at(record.get("listened_at")))
    elif isinstance(track, dict):  # what is around it says when it was heard
        said = _said(track)
        said = said._replace(plays=said_in_object({**record, "track": ""}).plays or said.plays)
    else:
        said = _said(record)
    return entry_of(number, said)


def _play_at(second: Any) -> Plays | None:
    if not isinstance(second, int | float):
        return None
    day = day_of_second(second)
    return Plays(1, day, day)


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
