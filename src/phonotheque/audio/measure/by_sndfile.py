"""The pass by the second decoder, libsndfile: for files that FFmpeg refuses or dies on.

The same meters hear the same blocks. What libsndfile does not give is left out: there are no
packets to name, so a failure has a time but no byte; no MD5 of samples. The payload hash is that of
the Ogg packets where the container is Ogg, and so the one FFmpeg would give; elsewhere it is the
hash of the decoded samples as 32-bit floating point: equal for copies that differ in tags alone,
but never equal to the hash of a copy that FFmpeg reads.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import av
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from phonotheque.audio.decoded import Decoded
from phonotheque.audio.decoding import refused
from phonotheque.audio.measure import ogg_packets
from phonotheque.audio.measure.meters import Measured, Meters
from phonotheque.audio.measure.parts import BLOCK_VALUES, Parts
from phonotheque.audio.measure.wanted import Wanted
from phonotheque.music.sound import Damage

_ERRORS = (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OverflowError)
_LAYOUTS = {1: "mono", 2: "stereo"}


@contextmanager
def opened_by_sndfile(file: BinaryIO) -> Iterator[soundfile.SoundFile]:
    """Open `file` with libsndfile; close that view of it on leaving.

    Raises:
        MalformedError: libsndfile makes no sense of it.
    """
    file.seek(0)
    try:
        sound = soundfile.SoundFile(_ForLibsndfile(file))
    except _ERRORS as error:
        raise refused(_said(error)) from error
    with sound:
        yield sound


def measure_by_sndfile(
    sound: soundfile.SoundFile,
    file: BinaryIO,
    container: str,
    *,
    bit_depth: int | None = None,
    wanted: Wanted = Wanted(),  # noqa: B008  # frozen
) -> Measured:
    """Decode all of `sound` and measure what comes out.

    Args:
        sound: Just opened on `file`.
        file: Seekable; read again for its Ogg packets when the decode is over.
        container: One of `CONTAINERS`, as sniffed.
        bit_depth: Bits of a sample, None when it is lossy.
        wanted: What to measure.

    Raises:
        MalformedError: Not one sample came out.
    """
    parts, meters, failures = Parts(), Meters(wanted, bit_depth), list[Damage]()
    samples_hash = hashlib.sha256()
    for samples in _iter_samples(sound, failures):
        if wanted.payload and container != "ogg":
            samples_hash.update(samples.astype("<f4", copy=False))
        parts.write(packed_frame(samples, sound.samplerate))
        for block in parts.iter_blocks():
            meters.add(block)
    for block in parts.iter_last():
        meters.add(block)
    if not parts.samples:
        wrong = f": {failures[0].what}" if failures else ""
        raise refused(f"libsndfile decodes no sound from it{wrong}")
    payload = samples_hash.hexdigest() if wanted.payload else ""
    if wanted.payload and container == "ogg":
        payload = ogg_packets.payload_sha256(file)
    length_ms = parts.length_ms
    decoded = Decoded(
        samples=parts.samples,
        sample_rate_hz=parts.rate_hz,
        decoded_ms=length_ms,
        declared_ms=_declared_ms(sound),
        failures=tuple(failures),
        failure_count=len(failures),
    )
    return meters.result(decoded, payload, parts.channels)


def _iter_samples(sound: soundfile.SoundFile, failures: list[Damage]) -> Iterator[Any]:
    """Give arrays of shape (samples, channels), at most a block long, up to the first error."""
    at_once = max(1, BLOCK_VALUES // max(2, sound.channels))
    done = 0
    while True:
        try:
            samples = sound.read(at_once, dtype="float32", always_2d=True)
        except _ERRORS as error:
            at_ms = done * 1000 // sound.samplerate if sound.samplerate else None
            failures.append(Damage(_said(error), None, at_ms))
            return
        if not len(samples):
            return
        done += len(samples)
        yield samples


def packed_frame(samples: NDArray[np.float32], rate_hz: int) -> AudioFrame:
    """Return samples of shape (frames, channels) as a frame of packed floats."""
    channels = samples.shape[1]
    layout = _LAYOUTS.get(channels, f"{channels} channels")
    packed = np.ascontiguousarray(samples).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
    frame.sample_rate = rate_hz
    return frame


def _declared_ms(sound: soundfile.SoundFile) -> int | None:
    frames, rate_hz = sound.frames, sound.samplerate
    return frames * 1000 // rate_hz if rate_hz and 0 < frames < 1 << 62 else None


def _said(error: Exception) -> str:
    words = str(getattr(error, "error_string", error))  # the whole text names an address
    return f"libsndfile says: {words.lower()[:200].rstrip('.')}"


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
