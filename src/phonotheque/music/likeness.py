"""Are two recordings the same one? The bands in which fingerprints are judged.

Laws: a judgement depends on the share of differing bits, the length compared and plainness alone;
more differing bits never make two recordings more alike; what cannot be judged is not judged.
A judgement links recordings, it never merges them: both are kept, and a person may look.

The bands were measured. 100 tracks in six lossy codings, some cut to 30 seconds: copies differ in
3.5 % of bits (median), at most 8.3 %. 59,400 pairs of different tracks: at least 27.9 %. Between
them lie a mix without its guitar (9 to 22 %), another master (11 %), a cut version (14 %).

Not here: fingerprints and their comparison (`phonotheque.audio.likeness`).
"""

from __future__ import annotations

from enum import StrEnum

WORDS_PER_SECOND = 11_025 / 1_365
"""A fingerprint has one word for each 0.124 s."""

SAME_BELOW = 0.09
"""Share of differing bits. The worst of 600 copies had 0.083."""

LIKELY_BELOW = 0.15
"""Another master had 0.11, a cut version 0.14; no pair of strangers came near."""

RELATED_BELOW = 0.25
"""A mix without one instrument had up to 0.224; pairs of strangers begin at 0.279. Music made of
the same few sounds (two games' jingles, rain and ocean) can lie here: somebody should listen."""

LONG_LEAST_WORDS = 240
"""29.7 seconds. Songs may share an intro or a sample; hardly half a minute. And the shorter the
overlap, the better some place fits by chance: a steam engine fits on a waterfall with 0.247 over 12
seconds, so `RELATED` asks for this length, too."""

PLAIN_BELOW = 0.15
"""Share of distinct 16-bit prefixes among the words of a fingerprint. Music has 0.2 to 0.9. Below
this are rain, hiss, hum and silence, which resemble each other: rain and rain 0.083, two rooms
0.068, rain and ocean 0.22."""


class Likeness(StrEnum):
    """How two recordings stand to each other, by their sound."""

    SAME = "same"
    LIKELY = "likely"
    RELATED = "related"
    DIFFERENT = "different"
    UNJUDGED = "unjudged"

    @property
    def is_link(self) -> bool:
        """Whether two recordings of this likeness are worth a link."""
        return self in (Likeness.SAME, Likeness.LIKELY, Likeness.RELATED)


def judge(bit_errors: float, words: int, is_plain: bool) -> Likeness:  # noqa: FBT001
    """Judge a comparison of two fingerprints.

    Args:
        bit_errors: Share of differing bits where they overlap at their best, 0 to 1.
        words: How many words overlap there; 0 when nothing fits anywhere.
        is_plain: Whether either of them is too plain, or too short, to tell anything.

    Raises:
        ValueError: Not a share, or not a number of words.
    """
    if not 0 <= bit_errors <= 1 or words < 0:
        raise ValueError(f"{bit_errors} of the bits of {words} words cannot differ")
    if is_plain:
        return Likeness.UNJUDGED
    is_long = words >= LONG_LEAST_WORDS
    if words and bit_errors < SAME_BELOW and is_long:
        return Likeness.SAME
    if words and bit_errors < LIKELY_BELOW:
        return Likeness.LIKELY
    if bit_errors < RELATED_BELOW and is_long:
        return Likeness.RELATED
    return Likeness.DIFFERENT
