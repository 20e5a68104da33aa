"""Made-up fingerprints: music is words that change and come again; a copy has some bits flipped."""

from __future__ import annotations

import numpy as np

from phonotheque.audio.fingerprint import Words


def music(seed: int, words: int = 948) -> Words:
    """Return words that change by a few bits from one to the next, like those of music."""
    rng = np.random.default_rng([7, seed])
    flips = rng.integers(0, 1 << 32, (words, 3), np.uint32)
    changes = flips[:, 0] & flips[:, 1] & flips[:, 2]  # four bits of 32
    changes[:1] = flips[:1, 0]
    found: Words = np.bitwise_xor.accumulate(changes)
    return found


def copied(words: Words, share: float, seed: int = 0) -> Words:
    """Return a copy in which a share of the bits differ, in bursts, as a codec makes them."""
    rng = np.random.default_rng([8, seed])
    is_hit = rng.random(len(words)) < min(1.0, 4 * share)
    bits = rng.random((len(words), 32)) < share / min(1.0, 4 * share) if share else 0
    masks = np.packbits(bits & is_hit[:, None], axis=1).view(">u4").reshape(-1) if share else 0
    return (words ^ masks).astype(np.uint32)


def rain(seed: int, words: int = 948) -> Words:
    """Return a fingerprint as of steady noise: the same few beginnings over and over."""
    rng = np.random.default_rng([9, seed])
    beginnings = np.random.default_rng(9).integers(0, 1 << 16, words // 10, np.uint32)
    chosen = beginnings[rng.integers(0, len(beginnings), words)]
    return chosen << np.uint32(16) | rng.integers(0, 1 << 16, words, np.uint32)
