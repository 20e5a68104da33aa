"""All facts of one file, read in this process. The order of readers lives here.

Laws: a file is opened once and decoded once; it is readable when at least some sound came out, for
a header alone proves nothing; bad bytes never raise, they make a file unreadable with a reason;
tags are read whether the sound can be decoded or not; an error of the disk is no fact about the
file and is passed on.

Called in a limited child (`phonotheque.audio.isolate`) for anything that came from outside:
a decoder can still crash, loop or eat memory, and only a process's end contains that.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

from phonotheque.audio import decoding
from phonotheque.audio.containers import sniff_file
from phonotheque.audio.decoded import Decoded
from phonotheque.audio.decoding import refused
from phonotheque.audio.fingerprint import encode_fingerprint
from phonotheque.audio.integrity import DECODER_OPTIONS, examine, judge, locate
from phonotheque.audio.measure import (
    Measured,
    Wanted,
    measure,
    measure_by_sndfile,
    opened_by_sndfile,
)
from phonotheque.audio.tag_values import clean
from phonotheque.audio.tags import read_tags
from phonotheque.audio.technical import (
    bit_depth_of,
    declared_ms,
    read_headers,
    technical_by_sndfile,
    technical_of,
)
from phonotheque.errors import MalformedError
from phonotheque.music.facts import AudioFacts, Readability, Tags, Technical
from phonotheque.music.sound import Integrity

_NO_CONTAINER = "its bytes begin no audio container that is known here"
_TOO_LARGE = "reading it takes more memory than is allowed"

_CHECKED_BY_DECODER = ("wavpack",)
"""Whose checksums only a decoder can compare. FLAC has a better one, over all samples."""

_Heard = tuple[Technical, Measured]
_Hear = Callable[[BinaryIO, str, Wanted], _Heard]


def read_facts(file: BinaryIO, wanted: Wanted = Wanted()) -> AudioFacts:  # noqa: B008  # frozen
    """Return everything that can be known about the file from its bytes.

    Args:
        file: Seekable; read from its beginning; its position is moved.
        wanted: What to measure.

    Raises:
        OSError: The disk failed and no library hid it (`facts_in_child` notices every failure).
    """
    return _read(file, _hear, wanted)


def read_facts_by_sndfile(file: BinaryIO) -> AudioFacts:
    """Return the facts without FFmpeg's demuxers and decoders: for files on which it died."""
    return _read(file, hear_by_sndfile, Wanted())


def read_facts_of_tags(file: BinaryIO) -> AudioFacts:
    """Return the tags alone: for files on which both decoders died."""
    return _read(file, _hear_nothing, Wanted())


def hear_by_ffmpeg(file: BinaryIO, container: str, wanted: Wanted) -> _Heard:
    """Decode a file with PyAV.

    Raises:
        MalformedError: No sound came out.
    """
    headers = read_headers(file, container)
    options = DECODER_OPTIONS if container in _CHECKED_BY_DECODER else None
    with decoding.opened(file, container, options) as audio:
        measured = measure(
            audio,
            declared_ms=declared_ms(audio, headers),
            bit_depth=bit_depth_of(audio, headers),
            wanted=wanted,
        )
        rate_hz, channels = measured.decoded.sample_rate_hz, measured.channels
        return technical_of(audio, headers, rate_hz, channels), measured


def hear_by_sndfile(file: BinaryIO, container: str, wanted: Wanted) -> _Heard:
    """Decode a file with libsndfile, the second opinion.

    Raises:
        MalformedError: No sound came out.
    """
    size_bytes = file.seek(0, io.SEEK_END)
    with opened_by_sndfile(file) as sound:
        technical = technical_by_sndfile(sound, container, size_bytes)
        depth = technical.bit_depth
        return technical, measure_by_sndfile(sound, file, container, bit_depth=depth, wanted=wanted)


def _hear(file: BinaryIO, container: str, wanted: Wanted) -> _Heard:
    try:
        return hear_by_ffmpeg(file, container, wanted)
    except MalformedError as first:
        try:
            return hear_by_sndfile(file, container, wanted)
        except MalformedError as second:
            raise refused(f"{first.wrong}; {second.wrong}") from first


def _hear_nothing(_file: BinaryIO, _container: str, _wanted: Wanted) -> _Heard:
    raise MalformedError("audio", "no decoder was tried", "The bytes are kept.")


def _read(file: BinaryIO, hear: _Hear, wanted: Wanted) -> AudioFacts:
    container = sniff_file(file)
    if container is None:
        return AudioFacts(Readability.UNREADABLE, reason=_NO_CONTAINER)
    tags = Tags()
    try:
        tags = read_tags(file, container)
        technical, measured = hear(file, container, wanted)
    except (MalformedError, MemoryError) as error:
        wrong = error.wrong if isinstance(error, MalformedError) else _TOO_LARGE
        integrity = _integrity(file, container) if wanted.integrity else None
        return AudioFacts(
            Readability.UNREADABLE, tags=tags, reason=clean(wrong), integrity=integrity
        )
    words = measured.fingerprint
    is_checked = container in _CHECKED_BY_DECODER and hear is not hear_by_sndfile
    return AudioFacts(
        Readability.READABLE,
        technical,
        tags,
        integrity=_integrity(file, container, technical, measured.decoded, is_checked=is_checked)
        if wanted.integrity
        else None,
        sound=measured.sound,
        fingerprint=encode_fingerprint(words) if len(words) else b"",
        waveform=measured.waveform,
    )


def _integrity(
    file: BinaryIO,
    container: str,
    technical: Technical | None = None,
    decoded: Decoded | None = None,
    *,
    is_checked: bool = False,
) -> Integrity:
    """Judge what the container says together with what the decoder saw, if one saw anything."""
    examined = examine(file, container, technical.codec if technical else "")
    examined = locate(file, examined, decoded)
    return judge(examined, decoded, technical, has_checking_decoder=is_checked)
