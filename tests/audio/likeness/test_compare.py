"""Two fingerprints side by side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audio.likeness.fingerprints import copied, music, rain
from tests.audio.likeness.sounds import tune

from phonotheque.audio.fingerprint import Words, fingerprint
from phonotheque.audio.likeness.compare import (
    LEAST_WORDS,
    NOWHERE,
    Match,
    compare,
    find,
    is_plain,
)
from phonotheque.music.likeness import Likeness

SEEDS = st.integers(0, 2**32)
ANY_WORDS = st.one_of(
    st.builds(music, SEEDS, st.integers(1, 400)),
    st.builds(rain, SEEDS, st.integers(10, 400)),
    st.lists(st.integers(0, 2**32 - 1), max_size=150).map(lambda one: np.array(one, np.uint32)),
    st.lists(st.sampled_from([0, 1, 2**20, 2**31]), max_size=150).map(
        lambda one: np.array(one, np.uint32)
    ),
)


@given(SEEDS, st.integers(0, 948 - LEAST_WORDS))
def test_a_part_is_found_where_it_was_cut(seed: int, first: int) -> None:
    """A fingerprint without its first k words fits on the whole at k, without a differing bit."""
    words = music(seed)
    assert compare(words[first:], words) == Match(0.0, first, 948 - first)


@given(SEEDS, st.integers(0, 400), st.integers(0, 400), st.floats(0.0, 0.12))
def test_a_poor_copy_is_found_where_it_was_cut(
    seed: int, first: int, last: int, share: float
) -> None:
    """So it is with a copy of which bits differ and both ends are missing."""
    words, poor = music(seed), copied(music(seed), share, seed)
    match = compare(poor[first : 948 - last // 2], words[: 948 - last])
    differing = np.unpackbits((words ^ poor)[first : 948 - last].view(np.uint8)).mean()
    assert match == Match(pytest.approx(differing), first, 948 - last - first)


@given(ANY_WORDS, ANY_WORDS)
def test_the_order_of_two_does_not_matter(one: Words, other: Words) -> None:
    """The other way round, all is the same but the sign of the offset."""
    match = compare(one, other)
    assert compare(other, one) == Match(match.bit_errors, -match.offset_words, match.words)


@given(ANY_WORDS, ANY_WORDS)
def test_a_match_is_what_counting_says(one: Words, other: Words) -> None:
    """The share of differing bits and the overlap are those at the offset that is named."""
    match = compare(one, other)
    if match == NOWHERE:
        return
    pairs = [
        (int(word), int(other[at + match.offset_words]))
        for at, word in enumerate(one)
        if 0 <= at + match.offset_words < len(other)
    ]
    assert match.words == len(pairs) >= LEAST_WORDS
    differing = sum((ours ^ theirs).bit_count() for ours, theirs in pairs)
    assert match.bit_errors == pytest.approx(differing / (32 * len(pairs)))


@given(st.builds(music, SEEDS, st.integers(0, LEAST_WORDS - 1)))
def test_less_than_ten_seconds_fit_nothing(words: Words) -> None:
    """A short fingerprint does not even fit on itself, and is found by nobody."""
    assert compare(words, words) == NOWHERE
    assert is_plain(words)
    assert find(words, [(1, words)]) == []
    assert find(music(1), [(1, words)]) == []


def test_strangers_are_far_apart() -> None:
    """No two of forty pieces of made-up music differ in less than a quarter of their bits."""
    pieces = [music(seed) for seed in range(40)]
    matches = [compare(one, other) for at, one in enumerate(pieces) for other in pieces[:at]]
    assert min(match.bit_errors for match in matches) > 0.25


def test_steady_noise_is_refused() -> None:
    """Hiss, hum and silence are plain, with their real fingerprints; music is not."""
    count = 30 * 11_025
    drawn = np.random.default_rng(1)
    silence = np.zeros(count, np.int16)
    hum = (8_000 * np.sin(np.arange(count) * 50 * 2 * np.pi / 11_025)).astype(np.int16)
    almost_silent = drawn.integers(-1, 2, count).astype(np.int16) * (np.arange(count) % 9 == 0)
    for sound in (silence, hum, almost_silent.astype(np.int16)):
        assert is_plain(fingerprint(sound))
    assert not is_plain(fingerprint(tune(30, 1)))


def test_what_is_plain_is_never_found() -> None:
    """Rain fits on rain and is linked to none."""
    assert find(rain(1), [(1, rain(1)), (2, rain(2))]) == []
    assert find(music(1), [(1, rain(1))]) == []


def test_two_endings_in_silence_are_no_likeness() -> None:
    """Where only the silence of two recordings lies on silence, they fit nowhere."""
    silence = np.full(300, 0x256DF977, np.uint32)
    one, other = (np.concatenate([music(seed, 400), silence]) for seed in (1, 2))
    assert find(one, [(1, other)]) == []
    assert find(one, [(1, copied(one, 0.03))])[0].likeness is Likeness.SAME


def test_a_crowd_of_equal_beginnings_does_not_cost_the_square() -> None:
    """Two hours of one word against two hours of it give no vote, and no memory is asked for."""
    drone = np.zeros(60_000, np.uint32)
    assert compare(drone, drone) == NOWHERE


def test_what_is_found_comes_in_order_of_likeness() -> None:
    """The most alike first, strangers left out, each with its number, place and judgement."""
    words = music(3)
    others = [
        (11, music(4)),
        (12, copied(words, 0.2, 1)),
        (13, copied(words[30:], 0.04, 2)),
        (14, copied(words, 0.12, 3)),
        (15, copied(words[:100], 0.01, 4)),
    ]
    found = find(words, others)
    assert [(one.number, one.likeness) for one in found] == [
        (15, Likeness.LIKELY),
        (13, Likeness.SAME),
        (14, Likeness.LIKELY),
        (12, Likeness.RELATED),
    ]
    assert found[1].match.offset_words == -30


def test_a_piece_that_ends_as_it_began_is_judged_by_the_whole() -> None:
    """Its end on its beginning fits, too, even a little better; the whole on the whole wins."""
    intro = music(8, 100)
    piece = np.concatenate([intro, music(9, 600), intro])
    poor = copied(piece, 0.05)
    poor[-100:] = copied(intro, 0.03)
    on_the_intro = compare(poor[-100:], intro)
    match = compare(poor, piece)
    assert on_the_intro.bit_errors < match.bit_errors
    assert (match.offset_words, match.words) == (0, 800)


def test_music_in_loops_is_the_same_as_its_copy() -> None:
    """Where many places fit nearly as well, one with plenty in common is taken."""
    looped = np.tile(music(8, 180), 5)
    assert find(looped, [(1, copied(looped, 0.05))])[0].likeness is Likeness.SAME


def test_a_real_tune_is_found_in_its_recording() -> None:
    """The fingerprint of the last 40 of 60 seconds lies 20 seconds into the whole."""
    whole = tune(60, 9)
    match = compare(fingerprint(whole[20 * 11_025 :]), fingerprint(whole))
    assert match.offset_words == round(20 * 11_025 / 1_365)
    assert match.bit_errors < 0.09
