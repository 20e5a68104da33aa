"""From a recording that is held to rows of the catalogue's tables.

Laws: one recording, one row, however many copies; the copy that came in first among those that are
held names it; a tag is cleaned (Unicode form C, no control characters) and stands without e-mail
addresses, for a catalogue is handed on; else it is never rewritten.

Who is who: an artist is an MBID where the tags give one for each name, else a name: two artists of
one name are one row here, until somebody gives them MBIDs. What a release is: its MBID, else its
title with who made it (or the folder that it came in), its barcode and its catalogue number.

Not here: reading a register (`register`), which licence governs (`phonotheque.music`).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace

from phonotheque.catalogue.gids import gid_of, key_of
from phonotheque.catalogue.sources.gathering import Gathering
from phonotheque.catalogue.sources.holdings.values import (
    HELD,
    NAME,
    REMOVED,
    UNKNOWN_ARTIST,
    UNKNOWN_ARTIST_MBID,
    Copy,
    HeldRecording,
    Like,
    language_code,
    title_of_path,
)
from phonotheque.catalogue.sources.met import MetKeys
from phonotheque.catalogue.sources.values import barcode, clean
from phonotheque.music.email_addresses import without_email_addresses
from phonotheque.music.facts import Tags
from phonotheque.music.identifiers import Mbid
from phonotheque.music.licence import parse_licence


@dataclass(slots=True)
class HoldingRows:
    """Writes rows into `gathering`, which may be another one from time to time."""

    gathering: Gathering
    _met: defaultdict[str, MetKeys] = field(default_factory=lambda: defaultdict(MetKeys))
    _gone: list[tuple[Copy, str, Mbid | None]] = field(default_factory=list)

    def add(self, recording: HeldRecording) -> None:
        """Write all rows of a recording."""
        self.gathering.read += 1
        source_id, line = recording.copies[0].sha256.hex, recording.line
        held = [copy for copy in recording.copies if copy.state != REMOVED]
        named = (held or recording.copies)[0]
        mbid = self._mbid_of(line, named.tags, "recording")
        if not held:
            last = max(recording.copies, key=lambda copy: copy.removed_at)
            self._gone.append((last, source_id, mbid))
            return
        key = key_of(source_id)
        sound = [self._with_sound_length(line, copy) for copy in recording.copies]
        first = next(copy for copy in sound if copy.state != REMOVED)
        self._recording(line, key, source_id, first, mbid)
        self._of_recording(line, key, first.tags)
        self._popularity(key, recording)
        self._rights(key, held)
        releases: set[int] = set()
        for copy in sound:
            self._file(key, copy)
            if copy.state != REMOVED:
                self._track(line, key, copy, releases)

    def finish(self) -> None:
        """Write the tombstones, when it is known which identifiers live on."""
        for copy, source_id, mbid in self._gone:
            lives = mbid is not None and not self._is_new("mbid", key_of(mbid.uuid))
            gid = gid_of(NAME, "recording", source_id, None if lives else _raw(mbid))
            self.gathering.add(
                "removal",
                entity_type="recording",
                gid=gid.bytes,
                reason=clean(copy.removed_because),
                decided_at=copy.removed_at[:10] or None,
            )

    def _with_sound_length(self, line: int, copy: Copy) -> Copy:
        return replace(copy, length_ms=self.gathering.length(line, copy.length_ms))

    def _is_new(self, kind: str, key: int) -> bool:
        return self._met[kind].meet(key)

    def _recording(
        self, line: int, key: int, source_id: str, copy: Copy, mbid: Mbid | None
    ) -> None:
        """The recording. An MBID names the first that claims it; others are linked, not merged."""
        is_first = mbid is not None and self._is_new("mbid", key_of(mbid.uuid))
        if mbid and not is_first:
            self.gathering.add(
                "external_id",
                entity_type="recording",
                entity=key,
                scheme="musicbrainz",
                value=mbid.uuid,
            )
        self.gathering.add(
            "recording",
            key=key,
            source_id=source_id,
            mbid=_raw(mbid) if is_first else None,
            title=_title(copy),
            artist_credit=self._credit(line, copy.tags.artists, _mbids(copy.tags, "artist")),
            length=copy.length_ms,
            language=language_code(copy.tags.languages),
        )

    def _popularity(self, key: int, recording: HeldRecording) -> None:
        """How often it was heard here."""
        if recording.plays:
            self.gathering.add(
                "popularity",
                entity_type="recording",
                entity=key,
                measure="plays",
                period="all",
                total_listen_count=recording.plays,
                total_user_count=recording.listeners or None,
            )

    def add_likeness(self, like: Like) -> None:
        """Write that two recordings sound alike."""
        self.gathering.add(
            "likeness",
            one=key_of(like.one.hex),
            other=key_of(like.other.hex),
            likeness=like.likeness,
            bit_errors=like.bit_errors,
        )

    def _of_recording(self, line: int, key: int, tags: Tags) -> None:
        """ISRCs and genres, each once."""
        codes = [self.gathering.isrc(line, text) for text in tags.isrcs]
        for code in dict.fromkeys(codes):
            if code:
                self.gathering.add("isrc", recording=key, isrc=code)
        genres = dict.fromkeys(_told(genre.lower()) for genre in tags.genres)
        for name in genres:
            if name:
                self.gathering.add(
                    "tag", entity_type="recording", entity=key, name=name, kind="genre", count=1
                )

    def _rights(self, key: int, copies: list[Copy]) -> None:
        """What governs each copy, each licence once.

        A licence to everybody is named as one only when it holds now, everywhere and without an
        end; else its words stand alone, because a reader would take it for leave to copy.
        """
        stated = set()
        for copy in copies:
            statement = copy.sharing.statement
            if statement is None or not statement.licence:
                continue
            licence = parse_licence(statement.licence)
            is_true = copy.sharing.allowed or not licence.may_redistribute
            stated.add((licence.uri if is_true else "", _told(statement.licence) or ""))
        for uri, raw in sorted(stated - {("", "")}):
            self.gathering.add(
                "rights", entity_type="recording", entity=key, licence=uri or None, raw=raw or None
            )

    def _file(self, key: int, copy: Copy) -> None:
        is_held = copy.state == HELD
        self.gathering.add(
            "file",
            recording=key,
            sha256=copy.sha256.raw,
            codec=copy.codec,
            size_bytes=copy.size_bytes,
            length=copy.length_ms,
            state=copy.state,
            is_free=is_held and copy.sharing.allowed,
        )
        self.gathering.add(
            "external_id",
            entity_type="recording",
            entity=key,
            scheme="sha256",
            value=copy.sha256.hex,
        )

    # -- where it stands -------------------------------------------------------------------------

    def _track(self, line: int, recording: int, copy: Copy, releases: set[int]) -> None:
        """A recording's place on the release that its tags name; each release once."""
        tags = copy.tags
        title = _told(tags.album)
        if title is None:
            return
        mbid = self._mbid_of(line, tags, "release")
        source_id = mbid.uuid if mbid else _release_id(copy, title)
        key = key_of(source_id)
        if key in releases:
            return
        releases.add(key)
        if self._is_new("release", key):
            self._release(line, (key, source_id, title), mbid, copy)
        disc = _small(tags.disc_number) or 1
        if self._is_new("medium", key_of(f"{disc} of {source_id}")):
            self.gathering.add("medium", release=key, position=disc)
        number = _small(tags.track_number)
        self.gathering.add(
            "track",
            recording=recording,
            release=key,
            medium_position=disc,
            position=number,
            number=str(number) if number else None,
            length=copy.length_ms,
        )

    def _release(
        self, line: int, named: tuple[int, str, str], mbid: Mbid | None, copy: Copy
    ) -> None:
        key, source_id, title = named
        tags = copy.tags
        by_album = tags.album_artists, _mbids(tags, "album_artist")
        by_track = tags.artists, _mbids(tags, "artist")
        credit = self._credit(line, *(by_album if tags.album_artists else by_track))
        self.gathering.add(
            "release",
            key=key,
            source_id=source_id,
            mbid=_raw(mbid),
            title=title,
            artist_credit=credit,
            release_group=self._group(line, title, credit, tags),
            date=self.gathering.date(line, tags.date),
            barcode=barcode(tags.barcode),
        )
        number = _told(tags.catalogue_number)
        name = _told(tags.label)
        label = self._label(name) if name else None
        if number or name:
            self.gathering.add("release_label", release=key, label=label, catalog_number=number)

    def _group(self, line: int, title: str, credit: int, tags: Tags) -> int | None:
        """The group of a release, which only an MBID can tell."""
        mbid = self._mbid_of(line, tags, "release_group")
        if mbid is None:
            return None
        key = key_of(mbid.uuid)
        if self._is_new("release_group", key):
            self.gathering.add(
                "release_group",
                key=key,
                source_id=mbid.uuid,
                mbid=_raw(mbid),
                title=title,
                artist_credit=credit,
            )
        return key

    def _label(self, name: str) -> int:
        source_id = f"label {name}"
        key = key_of(source_id)
        if self._is_new("label", key):
            self.gathering.add("label", key=key, source_id=source_id, name=name)
        return key

    # -- who made it -----------------------------------------------------------------------------

    def _credit(self, line: int, names: tuple[str, ...], mbids: tuple[str, ...]) -> int:
        """The credit of these artists, in their order; of nobody known when there are none.

        MBIDs count only when there is one for each name: else nobody can tell whose they are.
        """
        named = tuple(name for name in map(_told, names) if name)
        known: tuple[Mbid | None, ...] = (None,) * len(named)
        if len(mbids) == len(named) == len(names):
            known = tuple(self.gathering.mbid(line, text) for text in mbids)
        if not named:
            named, known = (UNKNOWN_ARTIST,), (Mbid(UNKNOWN_ARTIST_MBID),)
        artists = [_artist_id(*pair) for pair in zip(named, known, strict=True)]
        source_id = "credit " + "\n".join(
            f"{artist}\t{name}" for artist, name in zip(artists, named, strict=True)
        )
        source_id = _short(source_id)
        key = key_of(source_id)
        if self._is_new("artist_credit", key):
            self.gathering.add(
                "artist_credit", key=key, source_id=source_id, name=_JOIN.join(named)
            )
            for position, (name, mbid) in enumerate(zip(named, known, strict=True)):
                self._credited(key, (position, len(named)), name, mbid)
        return key

    def _credited(self, credit: int, place: tuple[int, int], name: str, mbid: Mbid | None) -> None:
        position, count = place
        source_id = _artist_id(name, mbid)
        artist = key_of(source_id)
        if self._is_new("artist", artist):
            self.gathering.add(
                "artist", key=artist, source_id=source_id, mbid=_raw(mbid), name=name
            )
        self.gathering.add(
            "artist_credit_name",
            artist_credit=credit,
            position=position,
            artist=artist,
            name=name,
            join_phrase=_JOIN if position < count - 1 else "",
        )

    def _mbid_of(self, line: int, tags: Tags, kind: str) -> Mbid | None:
        """The MBID of a kind; None when tags give none, or several: then nobody can tell which."""
        given = dict.fromkeys(_mbids(tags, kind))
        return self.gathering.mbid(line, next(iter(given))) if len(given) == 1 else None


_JOIN = "; "
"""What stands between artists that a file names one by one: it says nothing of how they belong
together."""


def _mbids(tags: Tags, kind: str) -> tuple[str, ...]:
    return tuple(mbid for known, mbid in tags.musicbrainz if known == kind)


def _artist_id(name: str, mbid: Mbid | None) -> str:
    return mbid.uuid if mbid else f"artist {name}"


def _release_id(copy: Copy, title: str) -> str:
    """What a release without an MBID is known by: short, and telling nobody's folders."""
    tags = copy.tags
    makers = "\n".join(tags.album_artists)
    whose = makers or f"{copy.deposit}\n{copy.path.rpartition('/')[0]}"
    numbers = f"{barcode(tags.barcode) or ''}\n{_told(tags.catalogue_number) or ''}"
    return _short(f"release {title}\n{whose}\n{numbers}")


def _short(source_id: str) -> str:
    """The kind of thing, and 128 bits of the SHA-256 of what it is known by."""
    return f"{source_id.partition(' ')[0]} {hashlib.sha256(source_id.encode()).hexdigest()[:32]}"


def _told(text: str | None) -> str | None:
    """A text of a tag as the catalogue has it; None where there is nothing to tell."""
    cleaned = clean(text)
    return cleaned and (without_email_addresses(cleaned) or None)


def _title(copy: Copy) -> str:
    named = _told(copy.tags.title) or _told(title_of_path(copy.path, copy.extension))
    return named or copy.sha256.hex[:12]


def _raw(mbid: Mbid | None) -> bytes | None:
    return bytes.fromhex(mbid.uuid.replace("-", "")) if mbid else None


def _small(number: int | None) -> int | None:
    """A number on a sleeve: 1 to 9999, else it is none."""
    return number if number and 1 <= number <= 9999 else None
