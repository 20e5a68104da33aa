"""libchromaprint behind one function, as an oracle for tests; and sounds made of whole numbers."""

from __future__ import annotations

import ctypes
import ctypes.util

import numpy as np
import pytest
from numpy.typing import NDArray

_ALGORITHM_TEST2 = 1


def load_chromaprint() -> ctypes.CDLL:
    """Return the library, or skip the test that asks for it."""
    name = ctypes.util.find_library("chromaprint")
    if name is None:
        pytest.skip("libchromaprint is not on this machine")
    library = ctypes.CDLL(name)
    library.chromaprint_new.restype = ctypes.c_void_p
    library.chromaprint_get_version.restype = ctypes.c_char_p
    return library


def chromaprint(library: ctypes.CDLL, samples: NDArray[np.int16]) -> list[int]:
    """Return the words that libchromaprint gives for mono samples at 11,025 Hz."""
    context = ctypes.c_void_p(library.chromaprint_new(_ALGORITHM_TEST2))
    fed = np.ascontiguousarray(samples)
    words, count = ctypes.POINTER(ctypes.c_uint32)(), ctypes.c_int()
    try:
        assert library.chromaprint_start(context, 11_025, 1)
        assert library.chromaprint_feed(context, fed.ctypes.data_as(ctypes.c_void_p), len(fed))
        assert library.chromaprint_finish(context)
        found = ctypes.byref(words), ctypes.byref(count)
        assert library.chromaprint_get_raw_fingerprint(context, *found)
        return words[: count.value]
    finally:
        library.chromaprint_dealloc(words)
        library.chromaprint_free(context)


def tune(seconds: float, seed: int, *, noise: int = 0) -> NDArray[np.int16]:
    """Return a tune of four voices, six notes a second, the same on every machine.

    Waves are triangles of an integer phase and notes are drawn by a linear congruence (Knuth's
    MMIX): no sine, no library's random numbers, nothing that may be rounded otherwise elsewhere.
    """
    count = round(seconds * 11_025)
    state = seed * 2 + 1
    sound = np.zeros(count, np.int64)
    for voice in range(4):
        for first in range(0, count, 1_837 * (voice + 1)):
            state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
            step = (_SCALE[(state >> 33) % 7] << (voice % 3)) * 2**32 // 11_025_000
            length = min(1_837 * (voice + 1), count - first)
            phase = np.arange(length, dtype=np.int64) * step % 2**32
            fading = 7_000 - 5_000 * np.arange(length, dtype=np.int64) // length
            sound[first : first + length] += np.abs((phase >> 16) - 32_768) * fading // 32_768
            sound[first : first + length] -= fading // 2
    if noise:
        hissing = np.arange(count, dtype=np.uint64) * np.uint64(6_364_136_223_846_793_005)
        hissing ^= hissing >> np.uint64(29)
        hissing *= np.uint64(1_442_695_040_888_963_407)
        sound += (hissing >> np.uint64(40)).astype(np.int64) % (2 * noise) - noise
    return np.clip(sound, -32_768, 32_767).astype(np.int16)


_SCALE = (110_000, 123_471, 138_591, 146_832, 164_814, 184_997, 207_652)
"""An A major scale in millihertz."""
