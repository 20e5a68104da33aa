"""Opening a file of audio for decoding, so that its bytes can reach nothing but the decoder.

Laws: a decoder gets an open file, never a path; one demuxer, the one that was sniffed; no protocol;
one thread. Frames must be brought to a packed format before anyone touches their planes: PyAV 18
counts one plane too many for planar sound of exactly eight channels, and crashes.

What comes later (integrity, loudness, fingerprint, waveform) shares this one decode.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import av
import av.error
import av.logging
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from phonotheque.errors import MalformedError

av.logging.set_level(av.logging.PANIC)  # what is wrong is said in our words, not on standard error

_DEMUXERS = {
    "mp3": "mp3",
    "flac": "flac",
    "ogg": "ogg",
    "mp4": "mov",
    "wavpack": "wv",
    "wav": "wav",
    "rf64": "wav",
    "w64": "w64",
    "aiff": "aiff",
    "dsf": "dsf",
}
_FORMAT_NAMES = {"mp4": "mov,mp4,m4a,3gp,3g2,mj2"}
_BUFFER_BYTES = 256 * 1024  # PyAV's 32 KiB calls back into Python eight times as often


@dataclass(frozen=True, slots=True)
class OpenedAudio:
    """A file open for one decode. Valid only inside `opened`.

    Attributes:
        container: FFmpeg's container.
        stream: The first audio stream.
        codec: Its decoder, one thread.
    """

    container: InputContainer
    stream: AudioStream
    codec: AudioCodecContext


@contextmanager
def opened(file: BinaryIO, container: str) -> Iterator[OpenedAudio]:
    """Open `file` with the one demuxer that `container` names; close it on leaving.

    Args:
        file: Seekable; its position is moved; stays open.
        container: One of `CONTAINERS`, as sniffed.

    Raises:
        MalformedError: No demuxer or decoder makes sense of the bytes, here or inside the block.
    """
    file.seek(0)
    names = _FORMAT_NAMES.get(container, _DEMUXERS[container])
    try:
        with av.open(
            file,
            mode="r",
            format=_DEMUXERS[container],
            metadata_errors="surrogateescape",  # tags are not always UTF-8; they are not read here
            options={"format_whitelist": names, "protocol_whitelist": "none"},
            buffer_size=_BUFFER_BYTES,
        ) as source:
            if not source.streams.audio:
                raise refused("it holds no audio stream")
            stream = source.streams.audio[0]
            codec = stream.codec_context
            if codec is None:  # a codec that FFmpeg can name but not decode: AC-4, MPEG-H
                raise refused("FFmpeg has no decoder for its codec")
            codec.thread_count = 1
            yield OpenedAudio(source, stream, codec)
    except (av.error.FFmpegError, ValueError, IndexError, OverflowError) as error:
        raise refused(f"FFmpeg says: {_words(error)}") from error


def iter_frames(audio: OpenedAudio, packets_at_most: int | None = None) -> Iterator[AudioFrame]:
    """Decode lazily, packet by packet; a packet that does not decode is stepped over."""
    for count, packet in enumerate(audio.container.demux(audio.stream)):
        if packets_at_most is not None and count >= packets_at_most:
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue


def refused(wrong: str) -> MalformedError:
    """Say that a reader could make no sense of the bytes."""
    return MalformedError("audio", wrong, "The bytes are kept; another reader may know them.")


def _words(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()[:200]
