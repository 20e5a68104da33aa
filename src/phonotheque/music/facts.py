"""What a file of audio says about itself: technical facts, and the tags its makers wrote.

Laws: everything here was read, nothing guessed; text is Unicode without surrogates or NUL;
lists keep the order of the file. A fact that the file does not state is None or empty.

Not here: reading them (`phonotheque.audio`), judging rights (`phonotheque.music.rights`).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from phonotheque.music.sound import Integrity, Sound


class Readability(StrEnum):
    """Whether a decoder could make sense of the bytes. Bytes are kept either way."""

    READABLE = "readable"
    UNREADABLE = "unreadable"


class Picture(msgspec.Struct, frozen=True, omit_defaults=True):
    """A picture embedded in an audio file, named by its own bytes.

    Attributes:
        sha256: 64 hexadecimal digits, of the picture's bytes alone.
        size_bytes: Length of the picture.
        mime: Media type as sniffed from the bytes, else as declared, else "".
        kind: ID3v2 APIC picture type, 0 to 20 (3 is the front cover).
    """

    sha256: str
    size_bytes: int
    mime: str = ""
    kind: int = 0


class ReplayGain(msgspec.Struct, frozen=True, omit_defaults=True):
    """ReplayGain 2.0 as tagged: gains in dB, peaks as a fraction of full scale."""

    track_gain_db: float | None = None
    track_peak: float | None = None
    album_gain_db: float | None = None
    album_peak: float | None = None


class Technical(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the sound is stored.

    Attributes:
        container: One of `phonotheque.audio.CONTAINERS`: "mp3", "flac", "ogg", "mp4", "wavpack",
            "wav", "rf64", "w64", "aiff", "dsf".
        codec: FFmpeg's name of the codec: "vorbis", "opus", "flac", "pcm_s24le", ...
        duration_ms: Length as the container declares it, None when it does not.
        sample_rate_hz: Samples per second.
        channels: Number of channels.
        bit_rate_bps: Mean bits per second of the coded sound.
        bit_depth: Bits per sample for lossless codecs, None for lossy ones.
    """

    container: str
    codec: str
    duration_ms: int | None = None
    sample_rate_hz: int | None = None
    channels: int | None = None
    bit_rate_bps: int | None = None
    bit_depth: int | None = None


class Tags(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What the makers of a file wrote into it. Claims, not knowledge.

    Attributes:
        date: As written: "1999", "1999-12", "1999-12-31" or any other text.
        isrcs: Upper case without hyphens where they parse, as written where they do not.
        musicbrainz: Pairs of (kind, MBID): kind is "recording", "track", "release",
            "release_group", "artist", "album_artist" or "work".
        licence: The licence claim as written: a URL or a text.
        broadcast: Pairs of (field, text) from BWF `bext` and iXML.
    """

    title: str | None = None
    artists: tuple[str, ...] = ()
    album: str | None = None
    album_artists: tuple[str, ...] = ()
    track_number: int | None = None
    track_total: int | None = None
    disc_number: int | None = None
    disc_total: int | None = None
    date: str | None = None
    label: str | None = None
    catalogue_number: str | None = None
    isrcs: tuple[str, ...] = ()
    barcode: str | None = None
    musicbrainz: tuple[tuple[str, str], ...] = ()
    genres: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    licence: str | None = None
    copyright: str | None = None
    replaygain: ReplayGain = ReplayGain()
    pictures: tuple[Picture, ...] = ()
    broadcast: tuple[tuple[str, str], ...] = ()


class AudioFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that the first pass over a file found.

    Attributes:
        readability: "unreadable" when no reader understood the bytes, or all were killed.
        reason: Why it is unreadable; "" when it is readable.
        integrity: Whether the sound is whole; None when there is none to judge.
        sound: What the decode of the whole file measured; None when it did not decode.
        fingerprint: Of the first 120 s, encoded (`phonotheque.audio.fingerprint`); b"" for none.
        waveform: 400 points of 4 bytes: peak and mean level of the left channel, then of the
            right one, 0 to 255 of full scale; b"" for none.
    """

    readability: Readability
    technical: Technical | None = None
    tags: Tags = Tags()
    reason: str = ""
    integrity: Integrity | None = None
    sound: Sound | None = None
    fingerprint: bytes = b""
    waveform: bytes = b""
