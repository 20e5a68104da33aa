"""Items of the Internet Archive as rows: a release, its rights, and its original sound files.

Laws: an item is its identifier, a recording its item and the name of its file; of files only
originals that are sound are read, because derivatives are the same sound again; a licence is that
of the item, read by `music.licence`, and the words stay beside; an artist, who has no number there,
is the name as it is written.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.gathering import Gathering
from phonotheque.catalogue.sources.internet_archive.documents import (
    File,
    Item,
    Metadata,
    Value,
    text_of,
    texts_of,
)
from phonotheque.catalogue.sources.met import MetKeys
from phonotheque.catalogue.sources.values import BAD_LENGTH, clean, clock_ms
from phonotheque.music.licence import parse_licence

NO_ITEM = "an item without an identifier"
WITHDRAWN = "an item that was withdrawn"
NO_SOUND = "an item that is no sound"
AGAIN = "a second document of the same item"
NO_ONE_NAME = "an item whose identifier is a path"
NO_TITLE = "an item without a title"
CLOSED_FILE = "a file that is not open to all"
OUTSIDE = "a file whose name leads out of its item"
SAME_NAME = "a second file of the same name"
NO_LICENCE = "a licence that cannot be named"

_SOUND = frozenset(("audio", "etree"))
"""Types of media that have recordings; etree are concerts."""

_CODECS = {
    "aac": "aac",
    "aiff": "pcm_s16be",
    "apple lossless audio": "alac",
    "flac": "flac",
    "24bit flac": "flac",
    "flac 24bit": "flac",
    "m4a": "aac",
    "monkey's audio": "ape",
    "mpeg-4 audio": "aac",
    "ogg vorbis": "vorbis",
    "opus": "opus",
    "shorten": "shorten",
    "wave": "pcm_s16le",
    "wavpack": "wavpack",
    "windows media audio": "wmav2",
}
"""FFmpeg's names of codecs by the Archive's names of formats, in lower case."""

_STEPS = frozenset((".", ".."))
"""Parts of a path that name no file: an address with them leads elsewhere."""

_ADDRESS = "https://archive.org/download/"
_NUMBER = re.compile(r"\s*0*([1-9][0-9]{0,3})\s*(?:/\s*[0-9]{1,4}\s*)?")
_SECONDS = re.compile(r"\s*-?[0-9]{1,12}(?:\.[0-9]{1,9})?\s*")


class ItemRows:
    """Writes rows of items; remembers in 8 bytes each what was given."""

    def __init__(self) -> None:
        self._met: defaultdict[str, MetKeys] = defaultdict(MetKeys)

    def add(self, rows: Gathering, line: int, item: Item) -> None:
        """Write the rows of an item, or note why it cannot be used."""
        about = item.metadata or Metadata()
        identifier = clean(about.identifier)
        wrong = _wrong(item, about, identifier)
        if wrong or identifier is None:
            rows.refusals.row(line, wrong, identifier or "")
            return
        key = key_of(identifier)
        if not self._met["release"].meet(key):
            rows.refusals.row(line, AGAIN, identifier)
            return
        credit = self._credit(rows, texts_of(about.creator))
        rows.add(
            "release",
            key=key,
            source_id=identifier,
            title=clean(text_of(about.title)),
            artist_credit=credit,
            date=rows.date(line, text_of(about.date)),
        )
        rows.add(
            "external_id", entity_type="release", entity=key, scheme="archive.org", value=identifier
        )
        _rights(rows, line, key, about)
        _tags(rows, key, about)
        self._files(rows, line, (identifier, key, credit), item.files or ())

    def _files(
        self,
        rows: Gathering,
        line: int,
        of: tuple[str, int, int | None],
        files: Sequence[File],
    ) -> None:
        """Write the recordings of an item: one for each original sound file."""
        sounds = [(file, _codec(file)) for file in files if file.source == "original"]
        found = [(file, codec) for file, codec in sounds if codec is not None]
        albums = dict.fromkeys(text_of(file.album) or "" for file, _ in found)
        media = {title: place for place, title in enumerate(albums, 1)}
        places = dict.fromkeys(media, 0)
        names: set[str] = set()
        for file, codec in found:
            wrong = CLOSED_FILE if str(file.private).lower() == "true" else ""
            wrong = OUTSIDE if _STEPS.intersection(file.name.split("/")) else wrong
            if wrong or file.name in names:
                rows.refusals.value(line, wrong or SAME_NAME, file.name)
                continue
            names.add(file.name)
            album = text_of(file.album) or ""
            places[album] += 1
            self._recording(rows, line, of, file, codec)
            self._track(rows, of, file, (media[album], places[album]))
        for title, place in media.items():
            if len(media) > 1:
                rows.add("medium", release=of[1], position=place, title=clean(title))

    def _recording(
        self,
        rows: Gathering,
        line: int,
        of: tuple[str, int, int | None],
        file: File,
        codec: str | None,
    ) -> None:
        identifier, _, credit = of
        name = f"{identifier}/{file.name}"
        key = key_of(name)
        named = texts_of(file.artist) or texts_of(file.creator)
        length = _length(rows, line, file.length)
        rows.add(
            "recording",
            key=key,
            source_id=name,
            title=clean(text_of(file.title)) or clean(file.name.rpartition("/")[2]),
            artist_credit=self._credit(rows, named) if named else credit,
            length=length,
        )
        size = text_of(file.size) or ""
        rows.add(
            "file",
            recording=key,
            address=_ADDRESS + quote(name),
            codec=codec,
            size_bytes=int(size) if size.isdecimal() and len(size) <= 18 else None,
            length=length,
            state="elsewhere",
        )
        for scheme, digest in (("md5", file.md5), ("sha1", file.sha1)):
            if value := clean(text_of(digest)):
                rows.add(
                    "external_id", entity_type="recording", entity=key, scheme=scheme, value=value
                )

    def _track(
        self,
        rows: Gathering,
        of: tuple[str, int, int | None],
        file: File,
        place: tuple[int, int],
    ) -> None:
        number = clean(text_of(file.track))
        told = _NUMBER.fullmatch(number) if number else None
        rows.add(
            "track",
            recording=key_of(f"{of[0]}/{file.name}"),
            release=of[1],
            medium_position=place[0],
            position=int(told[1]) if told else place[1],
            number=number,
        )

    def _credit(self, rows: Gathering, written: Sequence[str]) -> int | None:
        """Write a credit of some names when it was not met; return its key."""
        names = [name for name in map(clean, written) if name]
        if not names:
            return None
        shown = ", ".join(names)
        key = key_of("\n".join(names))
        if not self._met["artist_credit"].meet(key):
            return key
        rows.add("artist_credit", key=key, name=shown)
        for position, name in enumerate(names):
            artist = key_of(name)
            if self._met["artist"].meet(artist):
                rows.add("artist", key=artist, source_id=name, name=name)
            rows.add(
                "artist_credit_name",
                artist_credit=key,
                position=position,
                artist=artist,
                name=name,
                join_phrase=", " if position + 1 < len(names) else "",
            )
        return key


def _wrong(item: Item, about: Metadata, identifier: str | None) -> str:
    """Why an item cannot be used; "" when it can."""
    if item.is_dark:
        return WITHDRAWN
    if identifier is None:
        return NO_ITEM
    if "/" in identifier or identifier in _STEPS:
        return NO_ONE_NAME
    if about.mediatype is not None and text_of(about.mediatype) not in _SOUND:
        return NO_SOUND
    return "" if clean(text_of(about.title)) else NO_TITLE


def _rights(rows: Gathering, line: int, key: int, about: Metadata) -> None:
    raw = clean(text_of(about.licenseurl)) or clean(text_of(about.rights))
    if raw is None:
        return
    licence = _licence_uri(raw)
    if not licence:
        rows.refusals.value(line, NO_LICENCE, raw)
    rows.add("rights", entity_type="release", entity=key, licence=licence or None, raw=raw)


@lru_cache(maxsize=1_024)
def _licence_uri(raw: str) -> str:
    return parse_licence(raw).uri


def _tags(rows: Gathering, key: int, about: Metadata) -> None:
    """Write subjects, of which a text may have several, and collections as tags."""
    subjects = [one for text in texts_of(about.subject) for one in text.split(";")]
    for kind, names in (("other", subjects), ("collection", texts_of(about.collection))):
        for name in dict.fromkeys(clean(one.lower()) for one in names):
            if name:
                rows.add("tag", entity_type="release", entity=key, name=name, kind=kind)


def _codec(file: File) -> str | None:
    """The codec of a sound file, None for what is none."""
    name = (text_of(file.format) or "").lower()
    return "mp3" if "mp3" in name.split() else _CODECS.get(name)


def _length(rows: Gathering, line: int, value: Value) -> int | None:
    """A length in ms, of seconds or of a clock."""
    text = text_of(value)
    if text is None or not text.strip():
        return None
    if _SECONDS.fullmatch(text):
        return rows.length(line, float(text) * 1000)
    made = clock_ms(text)
    if made.dropped:
        rows.refusals.value(line, BAD_LENGTH, text)
    return rows.length(line, float(made.value)) if made.value is not None else None
