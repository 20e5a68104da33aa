"""A file of audio as blocks of samples, at the rate and with the channels that somebody wants.

Laws: runs in a limited child, like everything that decodes; one or two channels come out, more are
mixed down (the middle and the surround at -3 dB, as ITU-R BS.775 has it) so that nothing exceeds
full scale; a stream that changes its rate or channels midway goes on without a seam; what does not
decode is stepped over; what is no number is silence. Memory is bounded whatever the length.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from phonotheque.audio.containers import sniff_file
from phonotheque.audio.decoding import opened, refused, translated
from phonotheque.audio.measure import opened_by_sndfile
from phonotheque.audio.measure.by_sndfile import packed_frame
from phonotheque.audio.measure.packets import PacketWalk
from phonotheque.audio.measure.parts import Parts
from phonotheque.audio.measure.planes import finite
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
        for block in _blocks_of_ffmpeg(file):
            count += 1
            yield block
        if not count:
            raise refused("FFmpeg decodes no sound from it")
    except MalformedError as first:
        if count:  # what came so far is told; where the container breaks off the sound ends
            return
        try:
            for block in _blocks_of_sndfile(file):
                count += 1
                yield block
        except MalformedError as second:
            raise refused(f"{first.wrong}; {second.wrong}") from first
        if not count:
            raise


def _blocks_of_ffmpeg(file: BinaryIO) -> Iterator[AudioFrame]:
    container = sniff_file(file)
    if container is None:
        raise refused("its bytes begin no audio container that is known here")
    parts = Parts()
    with opened(file, container) as audio, translated():
        for _ in PacketWalk(audio, parts, None).iter_steps():
            yield from parts.iter_blocks()
        yield from parts.iter_last()


def _blocks_of_sndfile(file: BinaryIO) -> Iterator[AudioFrame]:
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
    own_hz = count = 0
    for block in itertools.chain(blocks, (None,)):
        if resampler is None:
            if block is None:
                return
            layout = "mono" if block.layout.nb_channels == 1 else "stereo"
            options = {"rematrix_maxval": "1.0"}
            own_hz = block.sample_rate
            resampler = av.AudioResampler("flt", layout, rate_hz or own_hz, options=options)
        with translated():
            frames = resampler.resample(block)
        for samples in _unpacked(frames):
            count += len(samples)
            yield samples
    if not count:  # at a few samples a second FFmpeg's resampler gives nothing, and says nothing
        raise refused(
            f"nothing is left of its {own_hz:,} samples a second at {rate_hz or own_hz:,}"
        )


def _unpacked(frames: Iterable[AudioFrame]) -> Iterator[Samples]:
    for frame in frames:
        if not frame.samples:
            continue
        (packed,) = frame.to_ndarray()
        yield finite(packed).reshape(frame.samples, -1)
