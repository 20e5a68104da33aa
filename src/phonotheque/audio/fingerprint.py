"""What a recording sounds like, as 32-bit words: Chromaprint's fingerprint, computed with numpy.

The sound is cut into frames of 4,096 samples, one every 1,365 (0.124 s); each frame becomes 12
numbers, the energy of each note of the scale over all octaves; five frames are blended and brought
to one length; sixteen filters look at the image that results and give two bits each.

Laws: the words are those of libchromaprint 1.5.1 for the same samples (mono, 11,025 Hz); the same
samples give the same words; what is too short for one word gives none.

Source: Chromaprint 1.5.1, algorithm TEST2; Ke, Hoiem and Sukthankar, "Computer Vision for Music
Identification" (CVPR 2005); Jang et al., "Pairwise Boosted Audio Fingerprint" (2009) for filters
and quantizers. Chromaprint computes in single precision, this in double: where a result lies within
that of a threshold, a bit may differ; none did in 336,623 words of real music (11.8 hours).

Not here: decoding and resampling, comparing fingerprints (`phonotheque.audio.likeness`), AcoustID's
own packing into base64.
"""

from __future__ import annotations

import sys
from typing import TypeAlias

import numpy as np
from numpy.fft import rfft  # numpy loads it at first use: too late in a child without files
from numpy.typing import NDArray

from phonotheque.audio.fingerprint_filters import FILTERS, WIDEST_FRAMES, Area, Filter
from phonotheque.errors import MalformedError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Words: TypeAlias = NDArray[np.uint32]
"""A fingerprint: one word for each step of 0.124 s."""

SAMPLE_RATE_HZ = 11_025
"""What the samples must be at. It keeps all below 3,520 Hz, where the notes are, and no more."""

FRAME_SAMPLES = 4_096
STEP_SAMPLES = FRAME_SAMPLES // 3
WORDS_PER_SECOND = SAMPLE_RATE_HZ / STEP_SAMPLES
"""8.08: how many words a second of sound gives."""

FINGERPRINTED_S = 120
"""How much of a recording is fingerprinted, from its start: what AcoustID and fpcalc take."""

_NOTES = 12
_LOWEST_HZ, _HIGHEST_HZ = 28, 3_520  # a piano's A0, and A7
_OCTAVES_FROM_HZ = 440 / 16  # A0: note 0 is an A
_BLEND = (0.25, 0.75, 1.0, 0.75, 0.25)
_QUIETEST = 0.01  # frames with less than this are silence: their notes are noise
_FRAMES_AT_ONCE = 16  # 0.5 MB of doubles: stays in the processor's cache
_MOST_WORDS = 1 << 20  # 36 hours; nothing of ours is longer, and a forged length costs 4 MiB


def words_of_samples(samples: int) -> int:
    """Return how many words a sound of so many samples gives."""
    frames = (samples - FRAME_SAMPLES) // STEP_SAMPLES + 1
    return max(0, frames - (len(_BLEND) - 1) - (WIDEST_FRAMES - 1))


def fingerprint(samples: NDArray[np.int16]) -> Words:
    """Compute the fingerprint of a sound.

    Args:
        samples: Mono at 11,025 Hz, one dimension. Callers give the first `FINGERPRINTED_S` seconds.

    Returns:
        One word for each 1,365 samples but for the last 28,666 (2.6 s), oldest first: 948 words
        for 120 s; none for less than 2.7 s.

    Cost: about 16 ms for 120 s.
    """
    if samples.dtype != np.int16 or samples.ndim != 1:
        raise TypeError(f"samples are one row of int16, not {samples.ndim} of {samples.dtype}")
    if not words_of_samples(len(samples)):
        return np.zeros(0, np.uint32)
    summed = _summed(_normalised(_blended(_chroma(samples))))
    words = np.zeros(len(summed) - WIDEST_FRAMES, np.uint32)
    for one in FILTERS:
        words = words << np.uint32(2) | _two_bits(summed, one)
    return words


def _bins() -> tuple[int, int]:
    """Return the first bin of the spectrum that counts, and the one after the last."""
    first, end = (round(hz * FRAME_SAMPLES / SAMPLE_RATE_HZ) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    return first, end


def _notes() -> NDArray[np.int64]:
    """Return the note, 0 to 11, of each bin that counts."""
    hz = np.arange(*_bins()) * SAMPLE_RATE_HZ / FRAME_SAMPLES
    octaves = np.log(hz / _OCTAVES_FROM_HZ) / np.log(2)
    notes: NDArray[np.int64] = (_NOTES * (octaves - np.floor(octaves))).astype(np.int64)
    return notes


def _window() -> NDArray[np.float64]:
    """Return a Hamming window that also brings samples to -1.0 to 1.0."""
    turn = np.arange(FRAME_SAMPLES) * 2 * np.pi / (FRAME_SAMPLES - 1)
    return (0.54 - 0.46 * np.cos(turn)) / np.iinfo(np.int16).max


_FIRST_BIN, _END_BIN = _bins()
_NOTE_OF_BIN = _notes()
_RUNS = np.flatnonzero(np.diff(_NOTE_OF_BIN, prepend=-1))  # where a new note begins
_NOTE_OF_RUN = _NOTE_OF_BIN[_RUNS]
_WINDOW = _window()


def _chroma(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the energy of each note in each frame, shape (frames, 12)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::STEP_SAMPLES]
    runs = np.empty((len(frames), len(_RUNS)))
    for first in range(0, len(frames), _FRAMES_AT_ONCE):
        end = first + _FRAMES_AT_ONCE
        spectrum = rfft(frames[first:end] * _WINDOW)[:, _FIRST_BIN:_END_BIN]
        energy = spectrum.real**2 + spectrum.imag**2
        np.add.reduceat(energy, _RUNS, axis=1, out=runs[first:end])
    return np.stack([runs[:, note == _NOTE_OF_RUN].sum(axis=1) for note in range(_NOTES)], axis=1)


def _blended(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blend each five frames that follow one another; there are four fewer afterwards."""
    count = len(chroma) - len(_BLEND) + 1
    blended = np.zeros((count, _NOTES))
    for later, share in enumerate(_BLEND):
        blended += share * chroma[later : later + count]
    return blended


def _normalised(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the notes of each frame to length 1: how loud it was does not matter any more."""
    norm = np.sqrt((chroma**2).sum(axis=1, keepdims=True))
    shares = np.zeros_like(chroma)
    np.divide(chroma, norm, out=shares, where=norm >= _QUIETEST)
    return shares


def _summed(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums over all frames and notes before each, so that any area is four look-ups."""
    summed = np.zeros((len(image) + 1, _NOTES + 1))
    np.cumsum(np.cumsum(image, axis=1), axis=0, out=summed[1:, 1:])
    return summed


def _two_bits(summed: NDArray[np.float64], one: Filter) -> Words:
    """Apply a filter at every frame and return its result, 0 to 3, as a Gray code."""
    count = len(summed) - WIDEST_FRAMES

    def within(area: Area) -> NDArray[np.float64]:
        before = summed[area.frame : area.frame + count]
        after = summed[area.frame_end : area.frame_end + count]
        high = after[:, area.note_end] - before[:, area.note_end]
        low = after[:, area.note] - before[:, area.note]
        found: NDArray[np.float64] = high - low
        return found

    chosen, others = (sum(map(within, areas), np.zeros(count)) for areas in one.areas())
    result = np.log((1 + chosen) / (1 + others))
    level = np.zeros(count, np.uint32)
    for threshold in one.thresholds:
        level += result >= threshold
    return level ^ level >> np.uint32(1)


def encode_fingerprint(words: Words) -> bytes:
    """Pack a fingerprint: about 2.1 KB for the 948 words of 120 s.

    Neighbours are alike, so each word is taken as its difference (exclusive or) from the one
    before; first bytes of all words stand together, then second ones, and so on, little-endian; the
    whole is one Zstandard frame (RFC 8878) that states its length.
    """
    changed = words.astype("<u4")
    changed[1:] ^= changed[:-1].copy()
    planes = np.ascontiguousarray(changed.view(np.uint8).reshape(-1, 4).T)
    return zstd.compress(planes.tobytes(), level=_LEVEL)


_LEVEL = 12  # as small as level 19 in half the time; 4 % smaller than level 3


def decode_fingerprint(data: bytes) -> Words:
    """Unpack a fingerprint.

    Raises:
        MalformedError: These are not the bytes of a packed fingerprint, or not all of them.
    """
    try:
        unpacker = zstd.ZstdDecompressor()
        planes = unpacker.decompress(data, max_length=4 * _MOST_WORDS + 1)
    except zstd.ZstdError as error:
        raise _malformed(str(error).lower().rstrip(".")) from error
    if not unpacker.eof or unpacker.unused_data:
        raise _malformed("it is cut short, too long, or has something behind it")
    if len(planes) % 4:
        raise _malformed(f"{len(planes)} bytes are no whole number of words")
    bytes_of_words = np.frombuffer(planes, np.uint8).reshape(4, -1).T
    changed = np.ascontiguousarray(bytes_of_words).view("<u4").reshape(-1)
    return np.bitwise_xor.accumulate(changed).astype(np.uint32)


def _malformed(wrong: str) -> MalformedError:
    return MalformedError(
        "a packed fingerprint", wrong, "Compute it again from the recording with `phono rebuild`."
    )
