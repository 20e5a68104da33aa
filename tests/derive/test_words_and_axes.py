"""What is written beside the pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.derive.axes import frequency_marks, spoken_duration, time_marks
from phonotheque.derive.comments import comments, track_gain
from phonotheque.derive.recipes import Excerpt
from phonotheque.derive.sound_words import exact_clock, format_sound
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags, Technical
from phonotheque.music.sound import (
    Damage,
    Integrity,
    IntegrityVerdict,
    Loudness,
    Sound,
    format_clock,
    format_integrity,
)

PAYLOAD = "ab" * 32
LOUD = Sound(
    188_250,
    PAYLOAD,
    Loudness(-14.52, 6.04, -0.3, 0.42),
    leading_silence_ms=1_200,
    trailing_silence_ms=3_020,
    clipped_samples=1_234,
    is_dual_mono=True,
    cutoff_hz=16_020,
)
CD = Technical("flac", "flac", 188_250, 44_100, 2, bit_depth=16)


HINT = "a hint at an earlier lossy copy, and no proof"


def test_everything_that_was_measured_is_said():
    """Each figure with its unit, the hint called a hint."""
    assert format_sound(LOUD, CD) == [
        "length: 3:08.250",
        "loudness: -14.5 LUFS, range 6.0 LU",
        "peak: -0.3 dBFS, between samples 0.4 dBTP",
        "silence: 1.2 s at the beginning, 3.0 s at the end",
        "clipping: 1,234 samples lie in runs at full scale",
        "channels: all carry the very same sound",
        "frequencies: up to 16.0 kHz, next to nothing above: " + HINT,
        f"payload: {PAYLOAD}",
    ]


def test_what_was_not_found_is_not_made_up():
    """Silence has no loudness and no peak; nothing is said of what nobody could tell."""
    assert format_sound(Sound(1_000, "")) == [
        "length: 0:01.000; the file does not state one",
        "loudness: none, it is silent",
        "clipping: none",
    ]


@pytest.mark.parametrize(
    ("declared_ms", "said"),
    [(188_250, ""), (188_700, ""), (240_000, ", but the file states 4:00.000")],
)
def test_a_header_that_lies_is_told(declared_ms, said):
    """Half a second or one per cent is usual; more is said."""
    first = format_sound(LOUD, Technical("flac", "flac", declared_ms))[0]
    assert first == f"length: 3:08.250{said}"


@pytest.mark.parametrize(
    ("rate_hz", "depth", "cutoff_hz", "is_hint"),
    [
        (44_100, 16, 16_000, True),
        (44_100, 16, 20_500, False),
        (44_100, None, 16_000, False),  # lossy already: no news
        (8_000, 16, 3_900, False),
        (96_000, 24, 21_000, False),
    ],
)
def test_the_hint_is_given_where_it_means_something(rate_hz, depth, cutoff_hz, is_hint):
    """Only a lossless file whose sound ends far below what its rate could hold is suspicious."""
    sound = Sound(1_000, "", cutoff_hz=cutoff_hz)
    said = format_sound(sound, Technical("wav", "pcm", 1_000, rate_hz, 2, bit_depth=depth))[-1]
    assert ("hint" in said) is is_hint


@given(st.integers(0, 10**9), st.integers(2, 20))
def test_marks_of_time_fit_and_are_even(duration_ms, most):
    """Never more marks than asked for and one at zero, evenly apart, within the picture."""
    marks = time_marks(duration_ms, most)
    places = [place for place, _ in marks]
    assert 1 <= len(marks) <= most + 1
    assert places[0] == 0
    assert places[-1] <= 1 + 1e-6
    steps = {round(b - a, 9) for a, b in zip(places, places[1:])}  # noqa: B905, RUF007
    assert len(steps) <= 2
    assert len({label for _, label in marks}) == len(marks)


@given(st.integers(-1, 1 << 32), st.integers(1, 20))
def test_marks_of_frequency_fit(highest_hz, most):
    """Whatever rate a header claims, there are no more marks than asked for and one at zero."""
    marks = frequency_marks(highest_hz, most)
    assert 1 <= len(marks) <= most + 1
    assert marks[0] == (0.0, "0")
    assert all(0 <= place <= 1 for place, _ in marks)


def test_damage_is_placed_on_the_same_clock():
    """A place behind the first hour is written as everywhere else."""
    damage = (Damage("a page differs", 4096, 3_723_900),)
    said = format_integrity(Integrity(IntegrityVerdict.DAMAGED, damage=damage, damaged_places=1))
    assert said == "damaged: a page differs at byte 4,096 (1:02:03)"


def test_marks_stand_at_round_values():
    """People count in half minutes and in kilohertz."""
    assert [label for _, label in time_marks(95_000, 4)] == ["0:00", "0:30", "1:00", "1:30"]
    assert [label for _, label in time_marks(7_500_000, 5)][-1] == "2:00:00"
    assert frequency_marks(4_000, 4) == [(i / 4, str(i)) for i in range(5)]
    assert [label for _, label in frequency_marks(22_050, 12)][-1] == "22"


def test_lengths_in_words():
    """A length is said as people say it."""
    assert spoken_duration(188_000) == "3 minutes 8 seconds"
    assert spoken_duration(3_661_000) == "1 hour 1 minute 1 second"
    assert spoken_duration(499) == "less than a second"
    assert (format_clock(84_900), format_clock(3_723_000)) == ("1:24", "1:02:03")
    assert exact_clock(188_250) == "3:08.250"


@given(st.floats(-200, 200))
def test_a_gain_fits_its_field(lufs):
    """Whatever was measured, the gain is a number that RFC 7845 allows."""
    gain = track_gain(lufs)
    assert -32768 <= gain <= 32767
    assert track_gain(None) is None


def test_a_very_long_text_is_cut():
    """An essay in a tag does not make a header of megabytes."""
    said = comments(Tags(title="a" * 100_000), Sha256(bytes(32)), "encoder", None)
    assert len(said["TITLE"]) == 4_096


@given(st.integers(0, 10**8))
def test_a_preview_never_gives_the_whole(whole_ms):
    """At most 30 seconds, at most a third, and within the recording."""
    start_ms, end_ms = Excerpt().span_ms(whole_ms)
    assert 0 <= start_ms <= end_ms <= whole_ms
    assert end_ms - start_ms <= min(30_000, whole_ms / 3)
