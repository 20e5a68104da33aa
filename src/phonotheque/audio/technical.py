"""How the sound of a file is stored, by two readers: FFmpeg (PyAV) first, libsndfile second.

Laws: a file is readable only when its first sound has been decoded; a header alone proves nothing;
what the container does not state is None. Fields that FFmpeg lacks come from the header itself.
"""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from phonotheque.audio import decoding
from phonotheque.audio.containers import skip_id3
from phonotheque.audio.decoding import OpenedAudio, refused
from phonotheque.audio.mpeg import read_declared_ms
from phonotheque.audio.riff import SoundHeader, read_header
from phonotheque.errors import MalformedError
from phonotheque.music.facts import Technical

_PROOF_FRAMES = 3
_PROOF_PACKETS = 64  # sound may begin behind a few damaged packets, not behind hundreds
_PROOF_SAMPLES = 4096
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


def read_technical(file: BinaryIO, container: str) -> Technical:
    """Read how the sound is stored, proving it by decoding the first of it.

    Args:
        file: Seekable; its position is moved.
        container: One of `CONTAINERS`, as sniffed.

    Raises:
        MalformedError: Neither reader can decode any sound.
    """
    try:
        return read_with_ffmpeg(file, container)
    except MalformedError as first:
        try:
            return read_with_sndfile(file, container)
        except MalformedError as second:
            raise refused(f"{first.wrong}; {second.wrong}") from first


def read_with_ffmpeg(file: BinaryIO, container: str) -> Technical:
    """Read with PyAV. See `read_technical`."""
    header = read_header(file, container) if container in _HEADED else SoundHeader()
    depth_in_block = _wavpack_depth(file) if container == "wavpack" else None
    mp3_ms = read_declared_ms(file, skip_id3(file)) if container == "mp3" else None
    size_bytes = file.seek(0, io.SEEK_END)
    with decoding.opened(file, container) as audio:
        frames = decoding.iter_frames(audio, _PROOF_PACKETS)
        if not any(frame.samples for frame, _ in zip(frames, range(_PROOF_FRAMES), strict=False)):
            raise refused("FFmpeg decodes no sound from its first packets")
        is_dsf = container == "dsf"  # FFmpeg counts bytes of one-bit samples, the header samples
        stated_ms = header.duration_ms if is_dsf else mp3_ms
        duration_ms = _sane_ms(stated_ms) or _duration_ms(audio) or _sane_ms(header.duration_ms)
        return Technical(
            container=container,
            codec=audio.codec.codec.canonical_name,
            duration_ms=duration_ms,
            sample_rate_hz=(header.sample_rate_hz if is_dsf else None)
            or audio.codec.sample_rate
            or header.sample_rate_hz,
            channels=audio.codec.channels or header.channels,
            bit_rate_bps=_bit_rate_bps(audio, size_bytes, duration_ms),
            bit_depth=_bit_depth(audio, header, depth_in_block),
        )


def read_with_sndfile(file: BinaryIO, container: str) -> Technical:
    """Read with libsndfile, the second opinion. See `read_technical`."""
    import soundfile

    size_bytes = file.seek(0, io.SEEK_END)
    file.seek(0)
    try:
        with soundfile.SoundFile(_ForLibsndfile(file)) as sound:
            if not len(sound.read(_PROOF_SAMPLES, dtype="float32", always_2d=True)):
                raise refused("libsndfile decodes no sound from its beginning")
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
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OverflowError) as error:
        words = str(getattr(error, "error_string", error))  # the whole text names an address
        raise refused(f"libsndfile says: {words.lower()[:200].rstrip('.')}") from error


class _ForLibsndfile:
    """A file whose seeks never raise: libsndfile asks damaged files for places before their start.

    Its callbacks cannot pass an exception on; it would be printed, and the seek taken as done.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.tell, self.read, self.readinto = file.tell, file.read, file.readinto  # type: ignore[attr-defined]

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, or stay where the place cannot be."""
        try:
            return self._file.seek(offset, whence)
        except (ValueError, OverflowError):
            return self._file.tell()


def _duration_ms(audio: OpenedAudio) -> int | None:
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


def _bit_depth(audio: OpenedAudio, header: SoundHeader, wavpack_depth: int | None) -> int | None:
    """Bits of a sample as they were before coding; None for lossy codecs.

    FFmpeg's own field for it (`bits_per_raw_sample`) is not in PyAV: it is read where FFmpeg does.
    """
    codec, extra = audio.codec.codec.canonical_name, bytes(audio.codec.extradata or b"")
    if codec.startswith("dsd_"):
        return 1
    if codec == "flac" and len(extra) >= 34:  # STREAMINFO. Source: RFC 9639, 8.2
        return ((extra[12] & 1) << 4 | extra[13] >> 4) + 1
    if codec == "alac" and len(extra) >= 18:  # ALACSpecificConfig behind a 12-byte atom header
        return extra[17]
    if codec == "wavpack":
        return wavpack_depth
    linear = re.fullmatch(r"pcm_[sfu](8|16|24|32|64)(?:le|be)?(?:_planar)?", codec)
    if linear is None:
        return None
    stored = int(linear[1])
    return header.bit_depth if 0 < (header.bit_depth or 0) <= stored else stored


def _wavpack_depth(file: BinaryIO) -> int | None:
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
