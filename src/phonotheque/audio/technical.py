"""How the sound of a file is stored, as its headers say, by two readers: FFmpeg and libsndfile.

Laws: what the container does not state is None; fields that FFmpeg lacks come from the header
itself; rate and channels are those of the first sound that was decoded, not those of a promise.

Not here: decoding (`phonotheque.audio.measure`), the order of readers (`phonotheque.audio.facts`).
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import BinaryIO

from soundfile import SoundFile

from phonotheque.audio.containers import skip_id3
from phonotheque.audio.decoding import OpenedAudio, translated
from phonotheque.audio.integrity.mp3_header import HEADER_BYTES, read_promise
from phonotheque.audio.measure.samples_md5 import STREAMINFO_BYTES, bits_of_streaminfo
from phonotheque.audio.mpeg import parse_header
from phonotheque.audio.riff import SoundHeader, read_header
from phonotheque.music.facts import Technical

_HEADED = ("wav", "rf64", "w64", "aiff", "dsf")
_LONGEST_MS = 10 * 366 * 86_400_000  # ten years: a longer length is damage, not a fact
_SNDFILE_CODECS = {
    "VORBIS": "vorbis",
    "OPUS": "opus",
    "MPEG_LAYER_I": "mp1",
    "MPEG_LAYER_II": "mp2",
    "MPEG_LAYER_III": "mp3",
    "ULAW": "pcm_mulaw",
    "ALAW": "pcm_alaw",
    "IMA_ADPCM": "adpcm_ima_wav",
    "MS_ADPCM": "adpcm_ms",
    "PCM_S8": "pcm_s8",
    "PCM_U8": "pcm_u8",
    "FLOAT": "pcm_f32",
    "DOUBLE": "pcm_f64",
    "PCM_16": "pcm_s16",
    "PCM_24": "pcm_s24",
    "PCM_32": "pcm_s32",
}


@dataclass(frozen=True, slots=True)
class Headers:
    """What was read from a file's own headers before FFmpeg sees it.

    Attributes:
        container: One of `CONTAINERS`.
        size_bytes: Length of the file.
        sound: Of WAV and its kin; all None elsewhere.
        promised_ms: Length that the first frame of an MP3 promises.
        wavpack_bits: Bits per sample of the first WavPack block.
    """

    container: str
    size_bytes: int
    sound: SoundHeader
    promised_ms: int | None = None
    wavpack_bits: int | None = None


def read_headers(file: BinaryIO, container: str) -> Headers:
    """Read what FFmpeg does not tell.

    Args:
        file: Seekable; its position is moved.
        container: One of `CONTAINERS`, as sniffed.
    """
    return Headers(
        container=container,
        size_bytes=file.seek(0, io.SEEK_END),
        sound=read_header(file, container) if container in _HEADED else SoundHeader(),
        promised_ms=_promised_ms(file) if container == "mp3" else None,
        wavpack_bits=_wavpack_bits(file) if container == "wavpack" else None,
    )


def declared_ms(audio: OpenedAudio, headers: Headers) -> int | None:
    """Return the length that the container states; None where FFmpeg would only guess.

    Raises:
        MalformedError: FFmpeg makes no sense of the bytes.
    """
    match headers.container:
        case "mp3":
            return _sane_ms(headers.promised_ms)
        case "dsf":  # FFmpeg counts bytes of one-bit samples, the header samples
            return _sane_ms(headers.sound.duration_ms)
        case "flac":
            return _streaminfo_ms(bytes(audio.codec.extradata or b""))
    with translated():
        stream = audio.stream
        if stream.duration and stream.time_base:
            return _sane_ms(round(stream.duration * stream.time_base * 1000))
    return _sane_ms(headers.sound.duration_ms)


def technical_of(audio: OpenedAudio, headers: Headers, rate_hz: int, channels: int) -> Technical:
    """Say how the sound is stored.

    Args:
        audio: Opened; its packets may be used up.
        headers: Of the same file.
        rate_hz: Of the first sound that came out of the decoder.
        channels: The same.

    Raises:
        MalformedError: FFmpeg makes no sense of the bytes.
    """
    with translated():
        is_dsf = headers.container == "dsf"  # decoded at an eighth of its rate
        duration_ms = declared_ms(audio, headers) or _guessed_ms(audio)
        return Technical(
            container=headers.container,
            codec=audio.codec.codec.canonical_name,
            duration_ms=duration_ms,
            sample_rate_hz=(headers.sound.sample_rate_hz if is_dsf else None) or rate_hz,
            channels=channels,
            bit_rate_bps=_bit_rate_bps(audio, headers.size_bytes, duration_ms),
            bit_depth=bit_depth_of(audio, headers),
        )


def technical_by_sndfile(sound: SoundFile, container: str, size_bytes: int) -> Technical:
    """Say how the sound is stored, by libsndfile."""
    duration_ms = _sane_ms(sound.frames * 1000 // (sound.samplerate or 1))
    codec, bit_depth = _sndfile_codec(sound.format, sound.subtype)
    return Technical(
        container=container,
        codec=codec,
        duration_ms=duration_ms,
        sample_rate_hz=sound.samplerate or None,
        channels=sound.channels or None,
        bit_rate_bps=size_bytes * 8000 // duration_ms if duration_ms else None,
        bit_depth=bit_depth,
    )


def bit_depth_of(audio: OpenedAudio, headers: Headers) -> int | None:
    """Return the bits of a sample as they were before coding; None for lossy codecs.

    FFmpeg's own field for it (`bits_per_raw_sample`) is not in PyAV: it is read where FFmpeg does.
    """
    codec, extra = audio.codec.codec.canonical_name, bytes(audio.codec.extradata or b"")
    if codec.startswith("dsd_"):
        return 1
    if codec == "flac":
        return bits_of_streaminfo(extra)
    if codec == "alac" and len(extra) >= 18:  # ALACSpecificConfig behind a 12-byte atom header
        return extra[17]
    if codec == "wavpack":
        return headers.wavpack_bits
    linear = re.fullmatch(r"pcm_[sfu](8|16|24|32|64)(?:le|be)?(?:_planar)?", codec)
    if linear is None:
        return None
    stored = int(linear[1])
    return headers.sound.bit_depth if 0 < (headers.sound.bit_depth or 0) <= stored else stored


def _streaminfo_ms(extra: bytes) -> int | None:
    """Source: RFC 9639, 8.2: 20 bits of rate, 36 bits of samples; 0 samples are "unknown"."""
    if len(extra) < STREAMINFO_BYTES:
        return None
    packed = int.from_bytes(extra[10:18], "big")
    rate_hz, samples = packed >> 44, packed & (1 << 36) - 1
    return _sane_ms(samples * 1000 // rate_hz) if rate_hz else None


def _guessed_ms(audio: OpenedAudio) -> int | None:
    stream, container = audio.stream, audio.container
    if stream.duration and stream.time_base:
        return _sane_ms(round(stream.duration * stream.time_base * 1000))
    return _sane_ms(container.duration // 1000) if container.duration else None


def _sane_ms(duration_ms: int | None) -> int | None:
    return duration_ms if duration_ms is not None and 0 < duration_ms < _LONGEST_MS else None


def _bit_rate_bps(audio: OpenedAudio, size_bytes: int, duration_ms: int | None) -> int | None:
    """The codec's statement, but Vorbis only states an aim; else the mean over the file."""
    is_mean = audio.codec.name != "vorbis"
    stated = (audio.codec.bit_rate if is_mean else None) or audio.container.bit_rate
    if stated and stated > 0:
        return int(stated)
    return size_bytes * 8000 // duration_ms if duration_ms else None


def _promised_ms(file: BinaryIO) -> int | None:
    """FFmpeg's own figure falls back to a guess when tags behind the sound are long."""
    file.seek(skip_id3(file))
    frame = file.read(HEADER_BYTES)
    header = parse_header(frame)
    promise = read_promise(frame, header) if header is not None else None
    return promise.declared_ms if promise is not None else None


def _wavpack_bits(file: BinaryIO) -> int | None:
    """Source: WavPack 4/5 file format, block header `flags`: bytes per sample, unused bits."""
    file.seek(0)
    block = file.read(28)
    flags = int.from_bytes(block[24:28], "little")
    if len(block) < 28 or flags & 0x8:  # hybrid: lossy without its correction file
        return None
    return 8 * ((flags & 3) + 1) - (flags >> 13 & 0x1F)


def _sndfile_codec(form: str, subtype: str) -> tuple[str, int | None]:
    """FFmpeg's name for what libsndfile found, and the bits of a sample when it is lossless."""
    digits = re.search(r"[0-9]+", subtype.removeprefix("PCM_S").removeprefix("PCM_U"))
    bits = int(digits[0]) if digits and subtype.startswith("PCM_") else None
    bits = {"FLOAT": 32, "DOUBLE": 64}.get(subtype, bits)
    if form == "FLAC":
        return "flac", bits
    codec = _SNDFILE_CODECS.get(subtype, subtype.lower())
    if bits is not None and bits > 8:
        codec += "be" if form == "AIFF" else "le"
    return codec, bits
