"""Whole recordings of every format, made here, and the decode that damage is judged with."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import soundfile
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from phonotheque.audio import decoding
from phonotheque.audio.decoded import Decoded
from phonotheque.audio.integrity import DECODER_OPTIONS
from phonotheque.audio.measure import Wanted, measure
from phonotheque.audio.technical import declared_ms, read_headers

RATE_HZ = 44100
SHORT_S = 8
_MD5_AT = 26  # in a FLAC whose first block is STREAMINFO: 4 + 4 + 18
_ONLY_MD5 = Wanted(payload=False, loudness=False, levels=False, cutoff=False, fingerprint=False)


@dataclass(frozen=True, slots=True)
class Whole:
    """A file as its encoder wrote it."""

    name: str
    container: str
    codec: str
    data: bytes


def make_whole(seconds: int = SHORT_S) -> Iterator[Whole]:
    """Make one recording in every format. A format whose encoder is absent is left out."""
    sound = _sound(seconds)
    yield Whole("Ogg Vorbis", "ogg", "vorbis", _by_sndfile(sound, "OGG", "VORBIS"))
    yield Whole("Ogg Opus", "ogg", "opus", _by_ffmpeg(sound, "libopus", "ogg", rate_hz=48000))
    yield Whole("Ogg FLAC", "ogg", "flac", _by_ffmpeg(sound, "flac", "ogg"))
    mp3 = ("libmp3lame", "mp3", "s16p")
    yield Whole("MP3, checksum of LAME", "mp3", "mp3", _by_ffmpeg(sound, *mp3))
    without = _by_ffmpeg(sound, *mp3, options={"write_xing": "0", "id3v2_version": "0"})
    yield Whole("MP3, no header", "mp3", "mp3", without)
    flac = _by_sndfile(sound, "FLAC", "PCM_16")
    yield Whole("FLAC, MD5", "flac", "flac", flac)
    blank = flac[:_MD5_AT] + bytes(16) + flac[_MD5_AT + 16 :]
    yield Whole("FLAC, no MD5", "flac", "flac", blank)
    wav = _by_sndfile(sound, "WAV", "PCM_16")
    if shutil.which("wavpack"):
        yield Whole("WavPack, checksums of blocks", "wavpack", "wavpack", _by_wavpack(wav))
    plain = _by_ffmpeg(sound, "wavpack", "wv", "s16p")
    yield Whole("WavPack, of samples only", "wavpack", "wavpack", plain)
    yield Whole("WAV", "wav", "pcm_s16le", wav)
    yield Whole("AIFF", "aiff", "pcm_s16be", _by_sndfile(sound, "AIFF", "PCM_16"))
    yield Whole("AAC in M4A", "mp4", "aac", _by_ffmpeg(sound, "aac", "ipod", "fltp"))
    yield Whole("ALAC in M4A", "mp4", "alac", _by_ffmpeg(sound, "alac", "ipod", "s16p"))


def decode_facts(
    file: BinaryIO, container: str, *, is_checking: bool = True
) -> tuple[str, Decoded]:
    """Decode a file; return its codec and what the decoder saw.

    Args:
        file: Seekable.
        container: As sniffed.
        is_checking: Whether the decoder is asked to compare checksums.

    Raises:
        MalformedError: No sound came out.
    """
    headers = read_headers(file, container)
    with decoding.opened(file, container) as audio:
        audio.codec.options = DECODER_OPTIONS if is_checking else {}
        stated_ms = declared_ms(audio, headers)
        measured = measure(audio, declared_ms=stated_ms, wanted=_ONLY_MD5)
        return audio.codec.codec.canonical_name, measured.decoded


def _sound(seconds: int) -> NDArray[np.float32]:
    """Chords under noise that comes and goes: neither silence nor white noise; a row a sample."""
    rng = np.random.default_rng(seconds)
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 277.2, 329.6))
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 0.5 * time_s)
    noise = rng.normal(0, 0.05, (len(time_s), 2)) * swell[:, None]
    return (0.1 * np.asarray(chord)[:, None] + noise).clip(-1, 1).astype(np.float32)


def _by_sndfile(sound: NDArray[np.float32], form: str, subtype: str) -> bytes:
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", RATE_HZ, 2, subtype, format=form) as file:
        for start in range(0, len(sound), RATE_HZ):  # libvorbis overflows its stack on long blocks
            file.write(sound[start : start + RATE_HZ])
    return out.getvalue()


def _by_ffmpeg(
    sound: NDArray[np.float32],
    codec: str,
    form: str,
    sample_format: str = "s16",
    *,
    rate_hz: int = RATE_HZ,
    options: dict[str, str] | None = None,
) -> bytes:
    out = io.BytesIO()
    frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="flt", layout="stereo")
    frame.sample_rate = RATE_HZ
    with av.open(out, "w", format=form, options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate_hz)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = "stereo"
        stream.codec_context.format = sample_format
        resampler = av.AudioResampler(sample_format, "stereo", rate_hz, frame_size=1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        # The last packet of FLAC is empty and only carries a new header, which Ogg refuses.
        container.mux([packet for packet in stream.encode(None) if packet.size])
    return out.getvalue()


def _by_wavpack(wav: bytes) -> bytes:
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        source, target = Path(name) / "a.wav", Path(name) / "a.wv"
        source.write_bytes(wav)
        subprocess.run(["wavpack", "-q", source, "-o", target], check=True)
        return target.read_bytes()
