"""Opening a file of audio for decoding, so that its bytes can reach nothing but the decoder.

Laws: a decoder gets an open file, never a path; one demuxer, the one that was sniffed; no protocol;
one thread; what FFmpeg says about bad bytes is said once more, in our words.

Not here: decoding (`phonotheque.audio.measure`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

import av
import av.error
import av.logging
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer

from phonotheque.audio.integrity.tails import find_tail
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
_TAILED = ("mp3", "flac")
"""Whose demuxers take some or all tags at the end for sound."""

_BUFFER_BYTES = 256 * 1024  # PyAV's 32 KiB calls back into Python eight times as often


FOREIGN_ERRORS = (av.error.FFmpegError, ValueError, IndexError, OverflowError)
"""What PyAV raises when bytes make no sense."""


@dataclass(frozen=True, slots=True)
class OpenedAudio:
    """A file open for one decode. Valid only inside `opened`.

    Attributes:
        container: FFmpeg's container.
        stream: The first audio stream.
        codec: Its decoder, one thread.
        file: What is read, as it was handed over.
    """

    container: InputContainer
    stream: AudioStream
    codec: AudioCodecContext
    file: BinaryIO


@contextmanager
def opened(
    file: BinaryIO, container: str, options: Mapping[str, str] | None = None
) -> Iterator[OpenedAudio]:
    """Open `file` with the one demuxer that `container` names; close it on leaving.

    Args:
        file: Seekable; its position is moved; stays open.
        container: One of `CONTAINERS`, as sniffed.
        options: FFmpeg's options for the decoder.

    Raises:
        MalformedError: No demuxer or decoder makes sense of the bytes.
    """
    file.seek(0)
    names = _FORMAT_NAMES.get(container, _DEMUXERS[container])
    with translated():
        source = av.open(
            _without_tail(file) if container in _TAILED else file,
            mode="r",
            format=_DEMUXERS[container],
            metadata_errors="surrogateescape",  # tags are not always UTF-8; they are not read here
            options={"format_whitelist": names, "protocol_whitelist": "none"},
            buffer_size=_BUFFER_BYTES,
        )
    with source:
        yield _first_sound(source, file, options or {})


def _first_sound(source: InputContainer, file: BinaryIO, options: Mapping[str, str]) -> OpenedAudio:
    with translated():
        if not source.streams.audio:
            raise refused("it holds no audio stream")
        stream = source.streams.audio[0]
        codec = stream.codec_context
        if codec is None:  # a codec that FFmpeg can name but not decode: AC-4, MPEG-H
            raise refused("FFmpeg has no decoder for its codec")
        codec.thread_count = 1
        codec.options = dict(options)
        return OpenedAudio(source, stream, codec, file)


class Range:
    """A part of a file as a file of its own: what stands around it does not exist.

    Args:
        file: Seekable; its position is moved.
        start: First byte of the part.
        end: The byte behind its last.
    """

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file, self._start, self._end = file, start, end

    def read(self, size: int) -> bytes:
        """Read up to the end."""
        return self._file.read(max(0, min(size, self._end - self._file.tell())))

    def tell(self) -> int:
        """Say where in the part it stands."""
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within the part."""
        if whence == io.SEEK_CUR:
            offset += self.tell()
        elif whence == io.SEEK_END:
            offset += self._end - self._start
        return self._file.seek(self._start + max(0, offset)) - self._start


def _without_tail(file: BinaryIO) -> BinaryIO:
    """Hide tags at the end: a copy that differs in them alone has the same packets."""
    size_bytes = file.seek(0, io.SEEK_END)
    end = find_tail(file, 0).start
    file.seek(0)
    return file if end in (0, size_bytes) else cast(BinaryIO, Range(file, 0, end))


@contextmanager
def translated() -> Iterator[None]:
    """Say what PyAV raises inside the block in our words.

    Raises:
        MalformedError: FFmpeg makes no sense of the bytes.
    """
    try:
        yield
    except FOREIGN_ERRORS as error:
        raise refused(f"FFmpeg says: {words_of(error)}") from error


def refused(wrong: str) -> MalformedError:
    """Say that a reader could make no sense of the bytes."""
    return MalformedError("audio", wrong, "The bytes are kept; another reader may know them.")


def words_of(error: Exception) -> str:
    """Return what FFmpeg says, in lower case and without addresses or file names."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()[:200]
