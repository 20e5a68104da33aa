"""Counts that ListenBrainz made itself: lines of JSON with an MBID and two numbers.

A line is one count, or a list of them as the web service answers: `{"recording_mbid": ...,
"total_listen_count": 7, "total_user_count": 3}`, likewise for artists, releases, release groups.

Source: listenbrainz.readthedocs.io, "Popularity API".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.gathering import NO_JSON, Gathering
from phonotheque.catalogue.sources.listenbrainz.input import Input
from phonotheque.catalogue.sources.met import MetKeys
from phonotheque.catalogue.sources.port import Batch
from phonotheque.catalogue.sources.reading.lines import TOO_LONG, Lines, LongLine
from phonotheque.catalogue.sources.reading.stream import Stream
from phonotheque.catalogue.sources.values import BAD_MBID, clean
from phonotheque.music.identifiers import Mbid


class _Count(msgspec.Struct):
    total_listen_count: int | None
    total_user_count: int | None = None
    recording_mbid: str | None = None
    artist_mbid: str | None = None
    release_mbid: str | None = None
    release_group_mbid: str | None = None
    recording_name: str | None = None
    artist_name: str | None = None
    release_name: str | None = None
    release_group_name: str | None = None


_counts = msgspec.json.Decoder(_Count | list[_Count])
_KINDS = ("recording", "release", "release_group", "artist")
"""An artist comes last: counts of other things may name the artist as well."""

NO_COUNT = "not a count in JSON"
NOT_COUNTED = "a count of nothing, or below nothing"
AGAIN = "a second count of the same"


def iter_popularity(inputs: Sequence[Input], as_of: str, rows_per_batch: int) -> Iterator[Batch]:
    """Give all counts; a batch is of one file.

    Raises:
        MalformedError: A file is damaged.
    """
    met, before, number = MetKeys(), 0, 0
    for one in inputs:
        with Stream(one.path) as stream:
            counts = _Counts(one.path.name, as_of, met)
            for line, text in _lines(stream, counts):
                counts.add(line, text)
                if counts.gathering.count >= rows_per_batch:
                    number += 1
                    done = before + stream.packed_position
                    yield counts.gathering.batch(f"counts {number}", done)
                    counts.gathering = Gathering(one.path.name)
            number += 1
            yield counts.gathering.batch(f"counts {number}", before + one.size_bytes)
        before += one.size_bytes


def _lines(stream: Stream, counts: _Counts) -> Iterator[tuple[int, bytes]]:
    for stretch in Lines(stream):
        if isinstance(stretch, LongLine):
            counts.gathering.read += 1
            counts.gathering.refusals.row(stretch.line, TOO_LONG, stretch.sample)
            continue
        for line, text in enumerate(stretch.data.split(b"\n"), start=stretch.line):
            if text.strip():
                yield line, text


class _Counts:
    """Makes rows of counts."""

    def __init__(self, where: str, as_of: str, met: MetKeys) -> None:
        self.gathering = Gathering(where)
        self._as_of = as_of or None
        self._met = met

    def add(self, line: int, text: bytes) -> None:
        """Make rows of a line."""
        self.gathering.read += 1
        try:
            found = _counts.decode(text)
        except NO_JSON:
            self.gathering.refusals.row(line, NO_COUNT, text[:800])
            return
        for one in found if isinstance(found, list) else [found]:
            self._add(line, one)

    def _add(self, line: int, count: _Count) -> None:
        kind = next((kind for kind in _KINDS if getattr(count, f"{kind}_mbid")), "")
        written = getattr(count, f"{kind}_mbid") if kind else ""
        try:
            mbid = Mbid.parse(written)
        except ValueError:
            self.gathering.refusals.row(line, BAD_MBID, written)
            return
        listens, users = count.total_listen_count, count.total_user_count
        if listens is None or not 0 < listens < 1 << 62:
            self.gathering.refusals.row(line, NOT_COUNTED, str(listens))
            return
        key = key_of(mbid.uuid)
        if not self._met.meet(key_of(f"{kind} {mbid.uuid}")):
            self.gathering.refusals.row(line, AGAIN, mbid.uuid)
            return
        name = clean(getattr(count, f"{kind}_name"))
        named = {"name" if kind == "artist" else "title": name}
        raw = bytes.fromhex(mbid.uuid.replace("-", ""))
        self.gathering.add(kind, key=key, mbid=raw, **named)
        self.gathering.add(
            "popularity",
            entity_type=kind,
            entity=key,
            measure="listens",
            period="all",
            total_listen_count=listens,
            total_user_count=users if users and 0 < users <= listens else None,
            as_of=self._as_of,
        )
