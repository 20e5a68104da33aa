"""Mixes to files: mastering, and the four formats that a netlabel would hand in, with tags.

Laws: no sample that is coded is above `CEILING`; the same samples and tags give the same bytes on
one machine and one FFmpeg; no date, no random serial number and no name of a tool is written.
Vorbis is coded by libsndfile and then put into a new Ogg stream by FFmpeg, because libsndfile
draws its serial number by chance.

Not here: reading tags (`phonotheque.audio.tags`), access copies for listening.
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
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from phonotheque.demo.synth import Samples

_FRAMES_AT_ONCE = 1 << 16
"""libsndfile's Vorbis coder keeps a whole write on the stack; this many frames are safe."""

LOUDNESS_LUFS = -16.0
"""A comfortable level for listening at home, where quiet and loud pieces meet in one queue."""

CEILING = 10 ** (-2.0 / 20)
"""-2 dBFS, so that what a lossy codec adds stays under -1 dBFS."""


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


def mastered(mix: Samples, rate_hz: int) -> Samples:
    """Return a mix at `LOUDNESS_LUFS`, under `CEILING`, silent in its first and last frame.

    Args:
        mix: (frames, 2), of any level, faded at both ends.
    """
    out = _limited(mix * np.float32(10 ** ((LOUDNESS_LUFS - loudness_lufs(mix, rate_hz)) / 20)))
    out[[0, -1]] = 0.0
    return out


def loudness_lufs(samples: Samples, rate_hz: int) -> float:
    """Return the gated loudness of (frames, 2), without the overlap of blocks.

    Silence counts as `LOUDNESS_LUFS`: there is nothing to correct.

    Source: ITU-R BS.1770-5, annex 1; the filters are applied as weights on the spectrum.
    """
    block = min(round(0.4 * rate_hz), len(samples))
    blocks = samples[: len(samples) // block * block].reshape(-1, block, 2)
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(block, 1 / rate_hz) / 48000)
    weight = np.ones(len(turn))
    for above, below in _K_WEIGHTING:
        weight *= np.abs(np.polyval(above[::-1], turn) / np.polyval(below[::-1], turn)) ** 2
    spectrum = np.abs(np.fft.rfft(blocks, axis=1)) ** 2
    power = 2 * (spectrum.sum(axis=2) @ weight) / block**2
    heard = power[power > 10**-6.93]  # the absolute gate, -70 LUFS
    if not len(heard):
        return LOUDNESS_LUFS
    heard = heard[heard > 0.1 * heard.mean()]
    return float(-0.691 + 10 * np.log10(heard.mean()))


_K_WEIGHTING = (
    (
        (1.53512485958697, -2.69169618940638, 1.19839281085285),
        (1.0, -1.69065929318241, 0.73248077421585),
    ),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)
"""Numerators and denominators in powers of 1/z at 48 kHz. Source: BS.1770-5, tables 1 and 2."""


def _limited(mix: Samples, block: int = 64, reach: int = 8) -> Samples:
    """Hold a mix under the ceiling by a gain that sees peaks coming, 12 ms before and after.

    The gain of a block is a mean of minima, each taken over a window one block wider than the mean
    reaches: so it is never above what any sample in it or beside it allows.
    """
    frames = len(mix)
    padded = np.pad(np.abs(mix).max(axis=1), (0, -frames % block))
    allowed = np.minimum(1.0, CEILING / np.maximum(padded.reshape(-1, block).max(axis=1), 1e-9))
    edge = np.pad(allowed, 2 * reach + 1, constant_values=1.0)
    least = sliding_window_view(edge, 2 * reach + 3).min(axis=1)
    gains = np.convolve(least, np.full(2 * reach + 1, 1 / (2 * reach + 1)), mode="valid")
    places = np.arange(len(gains)) * block + block / 2
    return mix * np.interp(np.arange(frames), places, gains)[:, None].astype(np.float32)
