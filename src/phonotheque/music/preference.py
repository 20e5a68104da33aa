"""Which of several copies of one recording is the best, and the reason in words.

Laws: the order is total and does not depend on the order in which copies are given; the reason
named is the first question on which the best copy and the next one differ. Nothing is thrown away
on its account: it is advice for people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from phonotheque.music.facts import Technical
from phonotheque.music.sound import Integrity, IntegrityVerdict, Sound

FULL_SHARE = 0.98
"""A copy this near to the longest one is not called shorter: encoders pad, rippers trim."""

_TRANSCODE_SHARE = 0.8
"""A lossless copy without anything above this share of its band hints at a lossy ancestor: MP3 at
128 kbit/s ends at 16 kHz of 22.05."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is known of one copy.

    Attributes:
        name: Names the copy; breaks a tie.
        is_exact: Whether its bytes were the registered ones when last looked at.
        first_seq: When it came in; the earlier one is preferred among equals.
    """

    name: str
    is_exact: bool
    technical: Technical | None
    integrity: Integrity | None
    sound: Sound | None
    first_seq: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The best copy and why: "it is whole", "it is lossless", ..."""

    best: Copy
    reason: str


def choose(copies: Sequence[Copy]) -> Choice:
    """Choose the best of one or more copies.

    Raises:
        ValueError: There are none.
    """
    longest_ms = max(length_ms(copy) for copy in copies)
    questions = _questions(longest_ms)

    def merit(copy: Copy) -> tuple[float, ...]:
        return tuple(ask(copy) for ask, _ in questions)

    ranked = sorted(copies, key=lambda copy: (*merit(copy), copy.name), reverse=True)
    best = ranked[0]
    if len(ranked) == 1:
        return Choice(best, "it is the only one")
    for ask, reason in questions:
        if ask(best) != ask(ranked[1]):
            return Choice(best, reason)
    return Choice(best, "they are equals")


COMPLETE = 1 << 56
"""Added to the merit of a copy that is complete beside the longest one (`is_complete`)."""


def is_complete(length_ms: int, longest_ms: int) -> bool:
    """Whether a copy of this length is not called shorter than the longest one."""
    return length_ms >= FULL_SHARE * longest_ms


def merit(copy: Copy) -> int:
    """Return how good a copy is as one number of 59 bits, for tables of very many of them.

    Of copies that are exact and complete the higher one is what `choose` chooses; among equals it
    takes the one that came in first. Whether a copy is complete only its group can tell: `COMPLETE`
    is added by who knows it.
    """
    value = 0
    for bits, part in (
        (2, _soundness(copy)),
        (1, 0),  # COMPLETE
        (2, _fidelity(copy)),
        (6, _technical(copy, "bit_depth")),
        (24, _technical(copy, "sample_rate_hz")),
        (16, _MOST_CLIPPED - min(_clipped(copy), _MOST_CLIPPED)),
        (8, _rate_step(copy)),
    ):
        value = value << bits | min(max(int(part), 0), (1 << bits) - 1)
    return value


_MOST_CLIPPED = (1 << 16) - 1

_Question = tuple[Callable[[Copy], float], str]


def _questions(longest_ms: int) -> tuple[_Question, ...]:
    """What is asked of each copy, the weightiest first; more is better."""
    return (
        (lambda copy: copy.is_exact, "its stored bytes are exact"),
        (_soundness, "the other is damaged or cannot be proven whole"),
        (lambda copy: is_complete(length_ms(copy), longest_ms), "it is complete"),
        (_fidelity, "it is lossless, with nothing that hints at a lossy ancestor"),
        (lambda copy: _technical(copy, "bit_depth"), "it has more bits to a sample"),
        (lambda copy: _technical(copy, "sample_rate_hz"), "it has more samples to a second"),
        (lambda copy: -_clipped(copy), "fewer of its samples are clipped"),
        (_rate_step, "it has more bits to a second"),
        (lambda copy: -copy.first_seq, "it came in first"),
    )


def _soundness(copy: Copy) -> float:
    verdict = copy.integrity.verdict if copy.integrity else IntegrityVerdict.UNKNOWN
    return {
        IntegrityVerdict.WHOLE: 2.0,
        IntegrityVerdict.UNKNOWN: 1.0,
        IntegrityVerdict.DAMAGED: 0.0,
    }[verdict]


def _fidelity(copy: Copy) -> float:
    if not _is_lossless(copy):
        return 0.0
    cutoff = copy.sound.cutoff_hz if copy.sound else None
    nyquist = _technical(copy, "sample_rate_hz") / 2
    return 1.0 if cutoff is not None and cutoff < _TRANSCODE_SHARE * nyquist else 2.0


def _is_lossless(copy: Copy) -> bool:
    return copy.technical is not None and copy.technical.bit_depth is not None


def _rate_step(copy: Copy) -> float:
    """Bit rate of a lossy copy in steps of a fifth: tags alone change the mean by a little."""
    rate_bps = _technical(copy, "bit_rate_bps")
    return 0.0 if _is_lossless(copy) or not rate_bps else round(4 * math.log2(rate_bps))


def _technical(copy: Copy, field: str) -> float:
    return float((getattr(copy.technical, field) if copy.technical else None) or 0)


def _clipped(copy: Copy) -> float:
    return float(copy.sound.clipped_samples if copy.sound else 0)


def length_ms(copy: Copy) -> int:
    """Return how long a copy is: as decoded, else as its container says, else 0."""
    if copy.sound is not None:
        return copy.sound.decoded_ms
    return (copy.technical.duration_ms or 0) if copy.technical else 0
