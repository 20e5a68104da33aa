"""The best copy: a total order, and the reason that decided."""

import itertools

import pytest

from phonotheque.music.facts import Technical
from phonotheque.music.preference import Copy, choose, merit
from phonotheque.music.sound import Integrity, IntegrityVerdict, Sound

FLAC = Technical("flac", "flac", 60_000, 44_100, 2, 800_000, 16)
MP3 = Technical("mp3", "mp3", 60_000, 44_100, 2, 128_000)


def copy(name, technical=FLAC, *, verdict=IntegrityVerdict.WHOLE, ms=60_000, seq=1, **more):
    exact = more.pop("exact", True)
    sound = Sound(decoded_ms=ms, payload_sha256="", **more)
    return Copy(name, exact, technical, Integrity(verdict), sound, seq)


DECIDED = [
    (copy("b"), copy("a", exact=False), "exact"),
    (copy("b", MP3), copy("a", verdict=IntegrityVerdict.DAMAGED), "damaged"),
    (copy("b", MP3), copy("a", verdict=IntegrityVerdict.UNKNOWN), "proven"),
    (copy("b", MP3), copy("a", ms=30_000), "complete"),
    (copy("b"), copy("a", MP3), "lossless"),
    (copy("b"), copy("a", cutoff_hz=16_000), "lossy ancestor"),
    (copy("b", Technical("flac", "flac", 60_000, 44_100, 2, 9, 24)), copy("a"), "bits to a sample"),
    (copy("b", Technical("flac", "flac", 60_000, 96_000, 2, 9, 16)), copy("a"), "samples to a"),
    (copy("b"), copy("a", clipped_samples=9), "clipped"),
    (copy("b", Technical("mp3", "mp3", 1, 44_100, 2, 320_000)), copy("a", MP3), "bits to a second"),
    (copy("b", seq=1), copy("a", seq=2), "first"),
]


@pytest.mark.parametrize(("best", "other", "reason"), DECIDED)
def test_each_question_decides_when_those_before_it_do_not(best, other, reason):
    """The better copy wins in either order, and the reason names the question that decided."""
    for copies in ((best, other), (other, best)):
        choice = choose(copies)
        assert choice.best is best
        assert reason in choice.reason


def test_the_choice_does_not_depend_on_the_order():
    """However the copies are given, the same one is best for the same reason."""
    copies = [best for best, _, _ in DECIDED[:4]] + [other for _, other, _ in DECIDED[2:6]]
    copies = [Copy(str(i), *(getattr(c, f) for f in c.__slots__[1:])) for i, c in enumerate(copies)]
    choices = {choose(order) for order in itertools.permutations(copies[:5])}
    assert len(choices) == 1


def test_one_copy_is_the_best_of_one_and_none_is_no_question():
    """A single copy is chosen; asking about none is a mistake of the caller."""
    one = copy("a")
    assert choose([one]).best is one
    with pytest.raises(ValueError, match="empty"):
        choose([])


ASKED_OF_THE_GROUP = ("exact", "complete", "first")
"""Reasons of a choice that no copy has by itself."""


@pytest.mark.parametrize(
    ("best", "other"), [one[:2] for one in DECIDED if one[2] not in ASKED_OF_THE_GROUP]
)
def test_merit_orders_as_the_choice_does(best, other):
    """A better copy has more merit, but for what merit leaves to others to ask."""
    assert 0 <= merit(other) < merit(best) < 1 << 59


def test_merit_stays_within_its_bits():
    """Figures beyond all measure do not spill into what weighs more."""
    loud = copy("a", Technical("x", "x", 1, 1 << 40, 2, 1, 99), clipped_samples=1 << 40)
    assert merit(copy("b", verdict=IntegrityVerdict.DAMAGED)) < merit(loud) < 1 << 59
