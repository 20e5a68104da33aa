"""From documents of MusicBrainz to rows: what stands within others is taken out, each once.

Laws: an entity is its MBID; the first document of it is taken, those within others pass in silence,
a second one of its own is refused; an artist credit, which has no identifier in the dumps, is who
is named in it and how.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.gathering import Gathering
from phonotheque.catalogue.sources.met import MetKeys
from phonotheque.catalogue.sources.musicbrainz.documents import (
    Area,
    Artist,
    Credited,
    Document,
    Label,
    LabelInfo,
    Medium,
    Recording,
    Release,
    ReleaseGroup,
    Track,
    Words,
)
from phonotheque.catalogue.sources.values import BAD_MBID, barcode, clean
from phonotheque.music.identifiers import Mbid

AGAIN = "a second document of the same, or an older one"


_MOST_RECENT = 64
"""Credits that are remembered by their text: neighbours on a release have few."""


@dataclass(slots=True)
class DocumentRows:
    """Writes rows into `gathering`, which may be another one from time to time."""

    gathering: Gathering
    _met: defaultdict[str, MetKeys] = field(default_factory=lambda: defaultdict(MetKeys))
    _recent: dict[str, int] = field(default_factory=dict)
    _line: int = 0

    def add(self, line: int, document: Document) -> None:
        """Write the rows of a document, and of all within it."""
        self._line = line
        kind = _KINDS[type(document)]
        key = self._key(document.id)
        if key is None:
            self.gathering.refusals.row(line, BAD_MBID, document.id)
        elif not self._met[kind].meet(key):
            self.gathering.refusals.row(line, AGAIN, document.id)
        else:
            self._write(key, document)

    def _write(self, key: int, document: Document) -> None:
        match document:
            case Artist():
                self._artist(key, document)
            case Label():
                self._label(key, document)
            case ReleaseGroup():
                self._group(key, document)
            case Recording():
                self._recording(key, document, self._credit(document.artist_credit))
            case Release():
                self._release(key, document)

    def _within(self, document: Document | None) -> int | None:
        """Write an entity that stands within another, when it was not met; return its key."""
        key = None if document is None else self._key(document.id)
        if document is None or key is None:
            if document is not None:
                self.gathering.refusals.value(self._line, BAD_MBID, document.id)
            return None
        if self._met[_KINDS[type(document)]].meet(key):
            self._write(key, document)
        return key

    @staticmethod
    def _key(written: str) -> int | None:
        found = _identity(written)
        return found and found[0]

    # -- entities --------------------------------------------------------------------------------

    def _artist(self, key: int, artist: Artist) -> None:
        span = artist.life_span
        self.gathering.add(
            "artist",
            key=key,
            mbid=_raw(artist.id),
            name=clean(artist.name),
            sort_name=clean(artist.sort_name),
            type=artist.type,
            area=_area(artist.country, artist.area),
            begin_date=self.gathering.date(self._line, span.begin) if span else None,
            end_date=self.gathering.date(self._line, span.end) if span else None,
            disambiguation=clean(artist.disambiguation),
        )

    def _label(self, key: int, label: Label) -> None:
        self.gathering.add(
            "label",
            key=key,
            mbid=_raw(label.id),
            name=clean(label.name),
            area=_area(label.country, label.area),
            disambiguation=clean(label.disambiguation),
        )

    def _group(self, key: int, group: ReleaseGroup) -> None:
        self.gathering.add(
            "release_group",
            key=key,
            mbid=_raw(group.id),
            title=clean(group.title),
            artist_credit=self._credit(group.artist_credit),
            primary_type=group.primary_type,
            secondary_types="; ".join(group.secondary_types or ()) or None,
            first_release_date=self.gathering.date(self._line, group.first_release_date),
            disambiguation=clean(group.disambiguation),
        )

    def _recording(self, key: int, recording: Recording, credit: int | None) -> None:
        self.gathering.add(
            "recording",
            key=key,
            mbid=_raw(recording.id),
            title=clean(recording.title),
            artist_credit=credit,
            length=self.gathering.length(self._line, recording.length),
            first_release_date=self.gathering.date(self._line, recording.first_release_date),
            disambiguation=clean(recording.disambiguation),
        )
        codes = [self.gathering.isrc(self._line, text) for text in recording.isrcs or ()]
        for code in dict.fromkeys(codes):
            if code:
                self.gathering.add("isrc", recording=key, isrc=code)

    def _release(self, key: int, release: Release) -> None:
        words = release.text_representation or Words()
        self.gathering.add(
            "release",
            key=key,
            mbid=_raw(release.id),
            title=clean(release.title),
            artist_credit=self._credit(release.artist_credit),
            release_group=self._within(release.release_group),
            date=self.gathering.date(self._line, release.date),
            country=release.country or None,
            status=release.status,
            barcode=barcode(release.barcode),
            language=words.language,
            script=words.script,
            disambiguation=clean(release.disambiguation),
        )
        self._labels(key, release.label_info or ())
        for place, medium in enumerate(release.media or (), start=1):
            self._medium(key, place, medium)

    def _labels(self, release: int, infos: Sequence[LabelInfo]) -> None:
        for info in infos:
            number, label = clean(info.catalog_number), self._within(info.label)
            if number or label is not None:
                self.gathering.add(
                    "release_label", release=release, label=label, catalog_number=number
                )

    # -- what is on a release --------------------------------------------------------------------

    def _medium(self, release: int, place: int, medium: Medium) -> None:
        position = medium.position or place
        self.gathering.add(
            "medium",
            release=release,
            position=position,
            format=medium.format,
            title=clean(medium.title),
        )
        before = [medium.pregap] if medium.pregap else []
        tracks = [*before, *(medium.tracks or ()), *(medium.data_tracks or ())]
        recordings = [track.recording for track in tracks]
        fresh = self._fresh(recordings)
        for track, key, is_fresh in zip(tracks, *fresh, strict=True):
            self._track((release, position), track, key, is_fresh=is_fresh)

    def _fresh(self, recordings: Sequence[Recording | None]) -> tuple[list[int | None], list[bool]]:
        """Keys of recordings, and whether each is met for the first time; looked up together."""
        keys = [self._key(one.id) if one else None for one in recordings]
        known = [key for key in keys if key is not None]
        answers = iter(self._met["recording"].meet_all(known))
        return keys, [next(answers) if key is not None else False for key in keys]

    def _track(
        self, place: tuple[int, int], track: Track, key: int | None, *, is_fresh: bool
    ) -> None:
        recording = track.recording
        if recording is None or key is None:
            self.gathering.refusals.value(self._line, NO_RECORDING, track.title or "")
            return
        own = credit = self._credit(recording.artist_credit)
        if track.artist_credit != recording.artist_credit:
            credit = self._credit(track.artist_credit)
        if is_fresh:
            self._recording(key, recording, own if own is not None else credit)
        title = clean(track.title)
        release, medium_position = place
        self.gathering.add(
            "track",
            recording=key,
            release=release,
            medium_position=medium_position,
            position=track.position,
            number=clean(track.number),
            title=title if title != clean(recording.title) else None,
            artist_credit=credit if credit != own else None,
            length=self.gathering.length(self._line, track.length),
        )

    # -- who is named ----------------------------------------------------------------------------

    def _credit(self, names: Sequence[Credited] | None) -> int | None:
        """Write a credit when it was not met; return its key, or None for nobody."""
        if not names:
            return None
        told = [f"{one.artist.id}\t{one.name}\t{one.joinphrase or ''}" for one in names]
        text = "\n".join(told)
        key = self._recent.get(text)
        if key is not None:
            return key
        key = key_of(text)
        if len(self._recent) >= _MOST_RECENT:
            self._recent.clear()
        self._recent[text] = key
        if not self._met["artist_credit"].meet(key):
            return key
        shown = "".join(f"{one.name}{one.joinphrase or ''}" for one in names)
        self.gathering.add("artist_credit", key=key, name=clean(shown))
        for position, one in enumerate(names):
            self.gathering.add(
                "artist_credit_name",
                artist_credit=key,
                position=position,
                artist=self._within(one.artist),
                name=clean(one.name),
                join_phrase=one.joinphrase or "",
            )
        return key


NO_RECORDING = "a track without a recording"

_KINDS: dict[type, str] = {
    Artist: "artist",
    Label: "label",
    ReleaseGroup: "release_group",
    Recording: "recording",
    Release: "release",
}


def _area(country: str | None, area: Area | None) -> str | None:
    """The code of a country where there is one, else the name of a place."""
    if country or area is None:
        return country or None
    codes: Any = area.iso_3166_1_codes
    return codes[0] if codes else clean(area.name)


@lru_cache(maxsize=4_096)
def _identity(written: str) -> tuple[int, bytes] | None:
    """Key and bytes of an MBID; None when it is none. An artist's stands on many tracks."""
    try:
        uuid = Mbid.parse(written).uuid
    except ValueError:
        return None
    return key_of(uuid), bytes.fromhex(uuid.replace("-", ""))


def _raw(written: str) -> bytes | None:
    found = _identity(written)
    return found and found[1]
