"""Masters to files: the four formats that a netlabel would hand in, with tags.

Laws: the same samples and tags give the same bytes on one machine and one FFmpeg; no date, no
random serial number and no name of a tool is written. Vorbis is coded by libsndfile and then put
into a new Ogg stream by FFmpeg, because libsndfile draws its serial number by chance.

Not here: how loud a master is (`phonotheque.demo.mastering`), reading tags
(`phonotheque.audio.tags`), access copies for listening.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from phonotheque.demo.waves import Samples

_FRAMES_AT_ONCE = 1 << 16
"""libsndfile's Vorbis coder keeps a whole write on the stack; this many frames are safe."""


class Coding(StrEnum):
    """How a track is stored; the value says what a person would call it."""

    FLAC_16 = "FLAC, 16 bit"
    FLAC_24 = "FLAC, 24 bit"
    VORBIS = "Ogg Vorbis"
    MP3 = "MP3"
    OPUS = "Opus"

    @property
    def suffix(self) -> str:
        """The ending of the file's name, with its dot."""
        return _HOW[self].suffix

    @property
    def sample_rate_hz(self) -> int:
        """The rate this coding is made at here."""
        return _HOW[self].sample_rate_hz


@dataclass(frozen=True, slots=True)
class _How:
    """One row of the table below: container, encoder and what they are told."""

    suffix: str
    container: str
    sample_rate_hz: int
    encoder: str
    sample_format: str
    bit_rate_bps: int | None = None


_HOW = {
    Coding.FLAC_16: _How(".flac", "flac", 44100, "flac", "s16"),
    Coding.FLAC_24: _How(".flac", "flac", 48000, "flac", "s32"),
    Coding.VORBIS: _How(".ogg", "ogg", 44100, "libsndfile", "flt"),
    Coding.MP3: _How(".mp3", "mp3", 44100, "libmp3lame", "fltp", 192_000),
    Coding.OPUS: _How(".opus", "ogg", 48000, "libopus", "flt", 112_000),
}


@dataclass(frozen=True, slots=True)
class WrittenTags:
    """What the label writes into a file.

    Attributes:
        date: "2024-03-01".
        isrc: Twelve characters without hyphens, or None.
        licence: A URL, or None: the maker's claim.
    """

    title: str
    artist: str
    album: str
    album_artist: str
    track_number: int
    track_total: int
    date: str
    genre: str
    label: str
    catalogue_number: str
    isrc: str | None = None
    licence: str | None = None

    def vorbis_comments(self) -> dict[str, str]:
        """Return fields for FLAC and Ogg, named as MusicBrainz Picard names them."""
        return _present(
            title=self.title,
            artist=self.artist,
            album=self.album,
            ALBUMARTIST=self.album_artist,
            TRACKNUMBER=str(self.track_number),
            TRACKTOTAL=str(self.track_total),
            date=self.date,
            genre=self.genre,
            LABEL=self.label,
            CATALOGNUMBER=self.catalogue_number,
            ISRC=self.isrc,
            LICENSE=self.licence,
        )

    def id3(self) -> dict[str, str]:
        """Return what FFmpeg turns into ID3v2.4 frames: four letters are a frame, else TXXX."""
        return _present(
            title=self.title,
            artist=self.artist,
            album=self.album,
            album_artist=self.album_artist,
            track=f"{self.track_number}/{self.track_total}",
            date=self.date,
            genre=self.genre,
            publisher=self.label,
            CATALOGNUMBER=self.catalogue_number,
            TSRC=self.isrc,
            LICENSE=self.licence,
        )


def _present(**fields: str | None) -> dict[str, str]:
    return {name: text for name, text in fields.items() if text is not None}


def encode(path: Path, samples: Samples, coding: Coding, tags: WrittenTags) -> None:
    """Write a new file.

    Args:
        path: Where; its folder exists.
        samples: (frames, 2) at the coding's sample rate, within -1.0 to 1.0.
    """
    fields = tags.id3() if coding is Coding.MP3 else tags.vorbis_comments()
    options = {"fflags": "+bitexact"}
    with av.open(str(path), "w", format=_HOW[coding].container, options=options) as out:
        if coding is Coding.VORBIS:
            _rewrap_vorbis(out, samples, fields)
        else:
            _encode_stream(out, samples, coding, fields)


def _encode_stream(
    out: Any, samples: NDArray[np.float32], coding: Coding, fields: dict[str, str]
) -> None:
    """Code samples with FFmpeg into an open container."""
    how = _HOW[coding]
    stream = out.add_stream(how.encoder, rate=how.sample_rate_hz, layout="stereo")
    stream.codec_context.format = how.sample_format
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    if coding is Coding.MP3:  # LAME takes three times as long at its best quality
        stream.codec_context.options = {"compression_level": "7"}
    if how.bit_rate_bps:
        stream.codec_context.bit_rate = how.bit_rate_bps
    _set_tags(out, stream, fields)
    frame = av.AudioFrame.from_ndarray(
        _as_format(samples, how.sample_format), format=how.sample_format, layout="stereo"
    )
    frame.sample_rate = how.sample_rate_hz
    frame.time_base = Fraction(1, how.sample_rate_hz)
    frame.pts = 0
    fifo = av.AudioFifo()
    fifo.write(frame)
    step = stream.codec_context.frame_size or 4096
    while (piece := fifo.read(step, partial=True)) is not None:
        out.mux(stream.encode(piece))
    out.mux(stream.encode(None))


def _set_tags(out: Any, stream: Any, fields: dict[str, str]) -> None:
    """Write fields where the container looks for them: Ogg in its stream, others in front."""
    (stream if out.format.name == "ogg" else out).metadata.update(fields)


def _as_format(samples: NDArray[np.float32], sample_format: str) -> NDArray[Any]:
    """Return samples laid out as FFmpeg names it: "p" means one channel after the other."""
    if sample_format == "fltp":
        return np.ascontiguousarray(samples.T)
    flat: NDArray[Any] = samples.reshape(1, -1)
    if sample_format == "s16":
        return np.rint(flat * np.float32(32767)).astype(np.int16)
    if sample_format == "s32":  # FLAC keeps the upper 24 bits
        return np.rint(flat.astype(np.float64) * 8388607).astype(np.int32) * 256
    return np.ascontiguousarray(flat)


def _rewrap_vorbis(out: Any, samples: NDArray[np.float32], fields: dict[str, str]) -> None:
    """Code samples with libsndfile and copy the packets into an open Ogg container."""
    drawn = io.BytesIO()
    rate_hz = Coding.VORBIS.sample_rate_hz
    with soundfile.SoundFile(drawn, "w", rate_hz, 2, "VORBIS", format="OGG") as file:
        for first in range(0, len(samples), _FRAMES_AT_ONCE):
            file.write(samples[first : first + _FRAMES_AT_ONCE])
    drawn.seek(0)
    with av.open(drawn, "r", format="ogg") as source:
        stream = out.add_stream_from_template(source.streams.audio[0])
        stream.metadata.clear()
        _set_tags(out, stream, fields)
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
