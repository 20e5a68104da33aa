"""The fingerprint is Chromaprint's, and its packed form gives it back."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.audio.likeness.sounds import chromaprint, load_chromaprint, tune

from phonotheque.audio import fingerprint as module
from phonotheque.audio.fingerprint import (
    FINGERPRINTED_S,
    SAMPLE_RATE_HZ,
    decode_fingerprint,
    encode_fingerprint,
    fingerprint,
    words_of_samples,
)
from phonotheque.errors import MalformedError

WORDS = st.lists(st.integers(0, 2**32 - 1), max_size=300)
LEAST_SAMPLES = 4_096 + 19 * 1_365
"""The shortest sound that has a word: nineteen steps and a frame."""


def sounds() -> dict[str, NDArray[np.int16]]:
    """Sounds that strain each part: silence, hum, rails, clicks, hiss that is hardly there."""
    count = 20 * SAMPLE_RATE_HZ
    at = np.arange(count)
    return {
        "music": tune(20, 1),
        "music under noise": tune(20, 2, noise=3_000),
        "silence": np.zeros(count, np.int16),
        "loudest": np.full(count, 32_767, np.int16),
        "lowest": np.full(count, -32_768, np.int16),
        "square": np.where(at // 25 % 2, 32_767, -32_768).astype(np.int16),
        "clicks": np.where(at % 5_000, 0, 20_000).astype(np.int16),
        "last bit": (at * at // 7 % 3 - 1).astype(np.int16),
        "sound, then silence": np.where(at < count // 2, tune(20, 3), 0).astype(np.int16),
        "sweep": (9_000 * np.sin(at * at / 1.2e6)).astype(np.int16),
    }


@pytest.mark.parametrize(("name", "samples"), sounds().items(), ids=list(sounds()))
def test_words_equal_those_of_libchromaprint(name: str, samples: NDArray[np.int16]) -> None:
    """Fed the same samples, the library gives the same words, one for one."""
    assert fingerprint(samples).tolist() == chromaprint(load_chromaprint(), samples), name


@given(st.integers(0, 2**16), st.integers(3, 20_000), st.integers(0, 4))
def test_any_samples_give_the_words_of_libchromaprint(seed: int, loud: int, smooth: int) -> None:
    """So it is with noise of any level and colour."""
    samples = np.random.default_rng(seed).normal(0, loud, LEAST_SAMPLES + 40_000)
    for _ in range(smooth):
        samples = np.convolve(samples, [0.5, 0.5], "same")
    whole = np.clip(samples, -32_768, 32_767).astype(np.int16)
    assert fingerprint(whole).tolist() == chromaprint(load_chromaprint(), whole)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (0, 0),
        (1, 0),
        (LEAST_SAMPLES - 1, 0),
        (LEAST_SAMPLES, 1),
        (LEAST_SAMPLES + 1_364, 1),
        (LEAST_SAMPLES + 1_365, 2),
        (FINGERPRINTED_S * SAMPLE_RATE_HZ, 948),
    ],
)
def test_a_word_needs_2_7_seconds_and_each_further_one_a_step(samples: int, words: int) -> None:
    """The number of words follows from the number of samples alone; too few give none."""
    assert words_of_samples(samples) == words
    assert fingerprint(tune(120, 4)[:samples]).shape == (words,)


@given(st.integers(0, 60))
def test_words_depend_on_the_sound_near_them(cut_steps: int) -> None:
    """A sound that begins some whole steps later has the same words from there on."""
    samples = tune(15, 5)
    later = fingerprint(samples[cut_steps * 1_365 :])
    assert later.tolist() == fingerprint(samples)[cut_steps:].tolist()


@pytest.mark.parametrize(
    "samples",
    [np.zeros(50_000), np.zeros(50_000, np.int32), np.zeros((2, 50_000), np.int16)],
    ids=["floats", "wide", "stereo"],
)
def test_samples_of_another_kind_are_a_mistake(samples: NDArray[np.int16]) -> None:
    """Samples that would give a wrong fingerprint in silence are refused aloud."""
    with pytest.raises(TypeError, match="one row of int16"):
        fingerprint(samples)


def test_nothing_is_imported_at_work() -> None:
    """A child that may open no file computes and packs: all it needs was loaded with the module."""
    code = (
        "import sys, numpy as np; from phonotheque.audio.fingerprint import *;"
        "before = set(sys.modules); sound = np.arange(60_000).astype(np.int16);"
        "decode_fingerprint(encode_fingerprint(fingerprint(sound)));"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(WORDS)
def test_packing_keeps_every_word(words: list[int]) -> None:
    """Unpacking gives back what was packed."""
    packed = encode_fingerprint(np.array(words, np.uint32))
    found = decode_fingerprint(packed)
    assert found.dtype == np.uint32
    assert found.tolist() == words


def test_packing_leaves_the_words_alone() -> None:
    """The fingerprint that is packed is not changed by it."""
    words = fingerprint(tune(15, 6))
    before = words.copy()
    encode_fingerprint(words)
    assert words.tolist() == before.tolist()


def test_a_fingerprint_packs_to_two_thirds() -> None:
    """Packed, two minutes take less than two thirds of the 3.8 KB of the bare words."""
    words = fingerprint(tune(120, 7))
    assert len(encode_fingerprint(words)) < 2 / 3 * words.nbytes


@given(WORDS, st.integers(0, 10_000))
def test_a_packed_fingerprint_that_is_cut_short_is_refused(words: list[int], at: int) -> None:
    """Whatever is missing at the end, nothing is returned."""
    packed = encode_fingerprint(np.array(words, np.uint32))
    with pytest.raises(MalformedError):
        decode_fingerprint(packed[: at % len(packed)])


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_or_are_words(data: bytes) -> None:
    """Bytes from anywhere are a fingerprint or a `MalformedError`, nothing else."""
    try:
        words = decode_fingerprint(data)
    except MalformedError:
        return
    assert decode_fingerprint(encode_fingerprint(words)).tolist() == words.tolist()


def test_something_behind_a_packed_fingerprint_is_refused() -> None:
    """The bytes are one fingerprint, not a fingerprint and more."""
    with pytest.raises(MalformedError, match="behind"):
        decode_fingerprint(encode_fingerprint(fingerprint(tune(5, 8))) + b"x")


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_bytes_that_are_no_whole_number_of_words_are_refused(size: int) -> None:
    """A sound frame around the wrong number of bytes is no fingerprint."""
    with pytest.raises(MalformedError, match="no whole number"):
        decode_fingerprint(module.zstd.compress(bytes(size)))


def test_a_small_packet_that_swells_is_refused() -> None:
    """What would unpack to more than any recording has is given up at the limit."""
    with pytest.raises(MalformedError, match="too long"):
        decode_fingerprint(module.zstd.compress(bytes(1 << 26)))
