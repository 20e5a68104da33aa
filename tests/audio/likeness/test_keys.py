"""Keys are chosen by the words' values alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.audio.likeness.fingerprints import copied, music, rain

from phonotheque.audio.likeness.compare import LEAST_WORDS
from phonotheque.audio.likeness.keys import KEY_SPACE, ONE_IN, keys_of

SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.integers(0, 400), st.integers(0, 400))
def test_a_part_has_the_keys_of_its_words(seed: int, first: int, last: int) -> None:
    """Whatever is cut from either end, the keys left are exactly those of the words left."""
    words = music(seed)
    part = words[first : 948 - last]
    ours, whole = set(keys_of(part).tolist()), set(keys_of(words).tolist())
    assert ours <= whole
    assert len(ours) > 0 or len(part) < 2 * LEAST_WORDS


@given(SEEDS)
def test_the_place_of_a_word_does_not_matter(seed: int) -> None:
    """The same words in any order have the same keys."""
    words = music(seed)
    shuffled = np.random.default_rng(seed).permutation(words)
    assert keys_of(shuffled).tolist() == keys_of(words).tolist()


@given(SEEDS)
def test_keys_rise_and_fit_their_space(seed: int) -> None:
    """Each once, in order, below the limit that makes them one in nine."""
    keys = keys_of(music(seed)).tolist()
    assert keys == sorted(set(keys))
    assert not keys or keys[-1] < KEY_SPACE


def test_one_word_in_nine_is_a_key() -> None:
    """Over many fingerprints, the share of words that are kept is the share that was meant."""
    pieces = [music(seed) for seed in range(60)]
    words = sum(len(np.unique(piece >> np.uint32(4))) for piece in pieces)
    keys = sum(len(keys_of(piece)) for piece in pieces)
    assert abs(keys * ONE_IN / words - 1) < 0.1


def test_the_last_four_bits_do_not_count() -> None:
    """What the two most fragile filters say changes no key."""
    words = music(5)
    assert keys_of(words ^ np.uint32(15)).tolist() == keys_of(words).tolist()


def test_a_poor_copy_shares_keys() -> None:
    """With a twelfth of all bits differing, in bursts, plenty of keys are left."""
    words = music(6)
    assert len(np.intersect1d(keys_of(words), keys_of(copied(words, 0.08)))) > 20


def test_what_is_plain_has_no_keys() -> None:
    """Rain and what is too short are not looked up at all."""
    assert len(keys_of(rain(1))) == len(keys_of(music(1, LEAST_WORDS - 1))) == 0


def test_the_keys_of_a_word_never_change() -> None:
    """Frozen: another rule would make every index on disk a stranger to new queries."""
    words = np.arange(1, 200, dtype=np.uint32) * np.uint32(0x01234567)
    assert keys_of(words)[:5].tolist() == FROZEN


FROZEN = [1629869, 3259738, 3491058, 5120927, 5352247]
