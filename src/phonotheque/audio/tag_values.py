"""From texts found under many names to one `Tags`: pure, and bounded whatever the file says.

Laws: every text is Unicode without NUL or surrogates, at most 64 KiB of UTF-8; every list has at
most 256 values, each once, in the order of the file; all texts of a file together at most 1 MiB.

Not here: reading the file (`phonotheque.audio.tags`), the names (`phonotheque.audio.tag_names`).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Hashable, Iterable
from typing import TypeVar

from phonotheque.audio.pictures import sniff_mime
from phonotheque.audio.tag_names import MUSICBRAINZ_KINDS, Field
from phonotheque.music.facts import Picture, ReplayGain, Tags

_Value = TypeVar("_Value", bound=Hashable)

MAX_TEXT_BYTES = 64 * 1024
MAX_VALUES = 256
MAX_ALL_TEXTS_BYTES = 1024 * 1024  # 256 values of 64 KiB in ten lists would be 160 MiB

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_NUMBERS = re.compile(r"\s*([0-9]{1,6})?\s*(?:(?:/|of)\s*([0-9]{1,6}))?\s*", re.IGNORECASE)
_NUMBER = re.compile(
    r"\s*([+-]?[0-9]{0,6}(?:[.,][0-9]{1,12})?(?:e[+-]?[0-9]{1,2})?)\s*(?:dB|LU)?\s*", re.IGNORECASE
)
_R128_TO_REPLAYGAIN_DB = 5.0  # R128 tags aim at -23 LUFS, ReplayGain 2.0 at -18 LUFS
_MAX_GAIN_DB = 100.0
_MAX_PEAK = 1000.0  # float masters exceed 1.0; beyond this nothing was meant


def clean(text: str) -> str:
    """Return `text` as it may stand in a record: no NUL, no surrogate, bounded, stripped."""
    encoded = text[:MAX_TEXT_BYTES].encode("utf-8", "ignore")
    bounded = encoded[:MAX_TEXT_BYTES].decode("utf-8", "ignore")
    return bounded.replace("\0", "").strip()


def decode_text(raw: bytes) -> str:
    """Read text of unknown encoding: UTF-8 where it is, else Windows-1252, which is never refused.

    The bytes end at the first NUL, as in all chunks of RIFF.
    """
    raw = raw[:MAX_TEXT_BYTES].partition(b"\0")[0]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


class TagFindings:
    """What one reader found so far. Grows only within the bounds; the rest is dropped."""

    def __init__(self) -> None:
        self._texts: dict[Field, list[str]] = {}
        self._pictures: list[Picture] = []
        self._broadcast: list[tuple[str, str]] = []
        self._room_bytes = MAX_ALL_TEXTS_BYTES

    def add(self, field: Field, text: str) -> None:
        """Take a text under a field, if it says anything new."""
        text = clean(text)
        texts = self._texts.setdefault(field, [])
        if text and text not in texts and len(texts) < MAX_VALUES and self._has_room(text):
            texts.append(text)

    def add_broadcast(self, name: str, text: str) -> None:
        """Take a pair of `Tags.broadcast`."""
        text = clean(text)
        if text and len(self._broadcast) < MAX_VALUES and self._has_room(text):
            self._broadcast.append((clean(name), text))

    def add_picture(self, data: bytes, mime: str, kind: int) -> None:
        """Take a picture by its own bytes. An empty one is none."""
        if not data or len(self._pictures) >= MAX_VALUES:
            return
        digest = hashlib.sha256(data).hexdigest()
        known_kind = kind if 0 <= kind <= 20 else 0
        picture = Picture(digest, len(data), sniff_mime(data, clean(mime)), known_kind)
        if picture not in self._pictures:
            self._pictures.append(picture)

    def fill_from(self, other: TagFindings) -> None:
        """Take from `other` the fields of which nothing is known yet."""
        for field, texts in other._texts.items():
            if not self._texts.get(field):
                for text in texts:
                    self.add(field, text)
        self._pictures = self._pictures or other._pictures
        self._broadcast = self._broadcast or other._broadcast

    def tags(self) -> Tags:
        """Return what was found as one value."""
        track_number, track_total = self._numbers(Field.TRACK, Field.TRACK_TOTAL)
        disc_number, disc_total = self._numbers(Field.DISC, Field.DISC_TOTAL)
        return Tags(
            title=self._first(Field.TITLE),
            artists=self._artists(),
            album=self._first(Field.ALBUM),
            album_artists=self._all(Field.ALBUM_ARTIST),
            track_number=track_number,
            track_total=track_total,
            disc_number=disc_number,
            disc_total=disc_total,
            date=self._first(Field.DATE) or self._first(Field.YEAR),
            label=self._first(Field.LABEL),
            catalogue_number=self._first(Field.CATALOGUE_NUMBER),
            isrcs=_unique(i for text in self._all(Field.ISRC) for i in parse_isrcs(text)),
            barcode=self._first(Field.BARCODE),
            musicbrainz=self._musicbrainz(),
            genres=self._all(Field.GENRE),
            languages=self._all(Field.LANGUAGE),
            comments=self._all(Field.COMMENT),
            licence=self._licence(),
            copyright=self._first(Field.COPYRIGHT),
            replaygain=self._replaygain(),
            pictures=tuple(self._pictures),
            broadcast=tuple(self._broadcast),
        )

    def _has_room(self, text: str) -> bool:
        need = len(text.encode())
        if need > self._room_bytes:
            return False
        self._room_bytes -= need
        return True

    def _all(self, field: Field) -> tuple[str, ...]:
        return tuple(self._texts.get(field, ()))

    def _first(self, field: Field) -> str | None:
        return next(iter(self._texts.get(field, ())), None)

    def _artists(self) -> tuple[str, ...]:
        """ARTISTS names each one where ARTIST is the joined credit; the finer of the two."""
        credit, names = self._all(Field.ARTIST), self._all(Field.ARTISTS)
        return names if len(names) > len(credit) else credit

    def _numbers(self, number: Field, total: Field) -> tuple[int | None, int | None]:
        first, second = parse_numbers(self._first(number) or "")
        own_total, _ = parse_numbers(self._first(total) or "")
        return first, own_total or second or None

    def _musicbrainz(self) -> tuple[tuple[str, str], ...]:
        return _unique(
            (kind, mbid)
            for field, kind in MUSICBRAINZ_KINDS.items()
            for text in self._all(field)
            for mbid in _UUID.findall(text.lower())  # older ID3 joins several with "/" or ";"
        )

    def _licence(self) -> str | None:
        """Prefer the URL: it names one licence, a text only describes it."""
        claims = self._all(Field.LICENCE)
        urls = (text for text in claims if text.lower().startswith(("http://", "https://")))
        return next(urls, claims[0] if claims else None)

    def _replaygain(self) -> ReplayGain:
        return ReplayGain(
            track_gain_db=self._gain_db(Field.TRACK_GAIN, Field.R128_TRACK_GAIN),
            track_peak=parse_peak(self._first(Field.TRACK_PEAK) or ""),
            album_gain_db=self._gain_db(Field.ALBUM_GAIN, Field.R128_ALBUM_GAIN),
            album_peak=parse_peak(self._first(Field.ALBUM_PEAK) or ""),
        )

    def _gain_db(self, replaygain: Field, r128: Field) -> float | None:
        gain_db = parse_gain_db(self._first(replaygain) or "")
        if gain_db is None:
            gain_db = parse_r128_gain_db(self._first(r128) or "")
        return gain_db


class PictureSearch(TagFindings):
    """Looks for one picture in what a reader finds, and keeps its bytes alone.

    Args:
        sha256: Of the picture, 64 hexadecimal digits.

    Attributes:
        data: The picture; None until it is met.
    """

    def __init__(self, sha256: str) -> None:
        super().__init__()
        self._sha256 = sha256
        self.data: bytes | None = None

    def add(self, field: Field, text: str) -> None:
        """Pass over a text."""

    def add_broadcast(self, name: str, text: str) -> None:
        """Pass over a pair."""

    def add_picture(self, data: bytes, mime: str, kind: int) -> None:
        """Keep the picture if it is the one."""
        del mime, kind
        if self.data is None and hashlib.sha256(data).hexdigest() == self._sha256:
            self.data = data


def parse_numbers(text: str) -> tuple[int | None, int | None]:
    """Read "3", "3/12" or "3 of 12" as (number, total); anything else as (None, None)."""
    match = _NUMBERS.fullmatch(text)
    if match is None:
        return None, None
    number, total = match.groups()
    return int(number) if number else None, int(total) if total else None


def parse_isrcs(text: str) -> tuple[str, ...]:
    """Read the recording codes in a text; what does not parse stands as it was written.

    Source: ISO 3901. Codes are written with hyphens, with spaces, with "ISRC" in front, and
    several in one field.
    """
    for pieces in ([text], re.split(r"[;,/|\n]", text)):
        codes = [re.sub(r"[\s:-]", "", piece.upper()).removeprefix("ISRC") for piece in pieces]
        codes = [code for code in codes if code]
        if codes and all(_ISRC.fullmatch(code) for code in codes):
            return tuple(codes)
    return (text,)


def parse_gain_db(text: str) -> float | None:
    """Read "-7.03 dB". Source: ReplayGain 2.0 specification, "Metadata"."""
    value = _parse_float(text)
    return value if value is not None and abs(value) <= _MAX_GAIN_DB else None


def parse_r128_gain_db(text: str) -> float | None:
    """Read a gain in 1/256 dB towards -23 LUFS as one towards -18. Source: RFC 7845, 5.2.1."""
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,5}\s*", text):
        return None
    steps = int(text)
    return steps / 256 + _R128_TO_REPLAYGAIN_DB if -32768 <= steps <= 32767 else None


def parse_peak(text: str) -> float | None:
    """Read a peak as a fraction of full scale."""
    value = _parse_float(text)
    return value if value is not None and 0 <= value <= _MAX_PEAK else None


def _parse_float(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    if match is None or not any(digit.isdigit() for digit in match[1]):
        return None
    value = float(match[1].replace(",", "."))
    return value if math.isfinite(value) else None


def _unique(values: Iterable[_Value]) -> tuple[_Value, ...]:
    return tuple(dict.fromkeys(values))[:MAX_VALUES]
