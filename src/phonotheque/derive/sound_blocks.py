"""A file of audio as blocks of samples, at the rate and with the channels that somebody wants.

Laws: runs in a limited child, like everything that decodes; one or two channels come out, more are
mixed down (the middle and the surround at -3 dB, as ITU-R BS.775 has it) so that nothing exceeds
full scale; a stream that changes its rate or channels midway goes on without a seam; what does not
decode is stepped over; what is no number is silence. Memory is bounded whatever the length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from phonotheque.audio.containers import sniff_file
from phonotheque.audio.decoding import FOREIGN_ERRORS, OpenedAudio, opened, refused, translated
from phonotheque.audio.measure import opened_by_sndfile
from phonotheque.audio.measure.parts import Parts
from phonotheque.errors import MalformedError

Samples = NDArray[np.float32]
"""Sound as (frames, channels), full scale 1.0."""

_SNDFILE_FRAMES = 1 << 16
_KNOWN_CHANNELS = 2  # libsndfile does not say what further ones are for


def iter_blocks(file: BinaryIO, rate_hz: int | None = None) -> Iterator[Samples]:
    """Decode a file lazily, block by block.

    FFmpeg decodes; where it finds no sound at all, libsndfile does: it plays some streams that
    FFmpeg refuses.

    Args:
        file: Seekable; its position is moved.
        rate_hz: What the blocks shall have; None for the file's own (that of its first part).

    Yields:
        Blocks of 1 or 2 channels, the same number in all of them, as the first part has.

    Raises:
        MalformedError: There is no sound that anybody can decode.
    """
    yield from _converted(_native_blocks(file), rate_hz)


def source_rate_hz(file: BinaryIO) -> int:
    """Return the sample rate of the sound, of its first part if it changes.

    Raises:
        MalformedError: There is no sound that anybody can decode.
    """
    return int(next(_native_blocks(file)).sample_rate)


def _native_blocks(file: BinaryIO) -> Iterator[AudioFrame]:
    """Blocks of the file's own form, at least one."""
    count = 0
    try:
        for block in _in_blocks(_frames_of_ffmpeg(file)):
            count += 1
            yield block
        if not count:
            raise refused("FFmpeg decodes no sound from it")
    except MalformedError as first:
        if count:  # what came so far is told; where the container breaks off the sound ends
            return
        try:
            for block in _in_blocks(_frames_of_sndfile(file)):
                count += 1
                yield block
        except MalformedError as second:
            raise refused(f"{first.wrong}; {second.wrong}") from first
        if not count:
            raise


def _in_blocks(frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
    parts = Parts()
    for frame in frames:
        with translated():
            parts.write(frame)
        yield from parts.iter_blocks()
    yield from parts.iter_last()


def _frames_of_ffmpeg(file: BinaryIO) -> Iterator[AudioFrame]:
    container = sniff_file(file)
    if container is None:
        raise refused("its bytes begin no audio container that is known here")
    with opened(file, container) as audio:
        yield from _decoded(audio)


def _decoded(audio: OpenedAudio) -> Iterator[AudioFrame]:
    """Every frame there is; a packet that does not decode is stepped over."""
    packets = audio.container.demux(audio.stream)
    while True:
        with translated():
            packet = next(packets, None)
        if packet is None:
            return
        try:
            frames = packet.decode()
        except FOREIGN_ERRORS:
            continue
        yield from (frame for frame in frames if isinstance(frame, AudioFrame))


def _frames_of_sndfile(file: BinaryIO) -> Iterator[AudioFrame]:
    with opened_by_sndfile(file) as sound:
        while True:
            try:
                block = sound.read(_SNDFILE_FRAMES, dtype="float32", always_2d=True)
            except (RuntimeError, ValueError):  # also libsndfile's own: the sound ends here
                return
            if not len(block):
                return
            yield packed_frame(block[:, :_KNOWN_CHANNELS], sound.samplerate)


def _converted(blocks: Iterable[AudioFrame], rate_hz: int | None) -> Iterator[Samples]:
    """Bring blocks of one form to packed floats, one or two channels, one rate."""
    resampler: av.AudioResampler | None = None
    for block in blocks:
        if resampler is None:
            layout = "mono" if block.layout.nb_channels == 1 else "stereo"
            options = {"rematrix_maxval": "1.0"}
            rate = rate_hz or block.sample_rate
            resampler = av.AudioResampler("flt", layout, rate, options=options)
        with translated():
            frames = resampler.resample(block)
        yield from _unpacked(frames)
    if resampler is not None:
        yield from _unpacked(resampler.resample(None))


def _unpacked(frames: Iterable[AudioFrame]) -> Iterator[Samples]:
    for frame in frames:
        if not frame.samples:
            continue
        packed = frame.to_ndarray().astype(np.float32, copy=False)
        samples: Samples = packed.reshape(frame.samples, -1)
        with np.errstate(over="ignore", invalid="ignore"):
            is_sane = bool(np.isfinite(np.add.reduce(samples, axis=None)))
        yield samples if is_sane else np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)


def packed_frame(samples: Samples, rate_hz: int, first: int | None = None) -> AudioFrame:
    """Return samples as a frame of packed floats; `first` is its place in frames, if it has one."""
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    flat = np.ascontiguousarray(samples, dtype=np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(flat, format="flt", layout=layout)
    frame.sample_rate = rate_hz
    frame.time_base = Fraction(1, rate_hz)
    frame.pts = first
    return frame
