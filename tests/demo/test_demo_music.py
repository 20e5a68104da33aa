"""Scores, instruments, mastering and sleeves of the made-up label."""

from __future__ import annotations

import io
from functools import cache

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.demo.covers import Design, draw_cover
from phonotheque.demo.harmony import Chord
from phonotheque.demo.manners import Manner
from phonotheque.demo.mastering import CEILING, loudness_lufs, mastered
from phonotheque.demo.piece import Instrument, Note, Part, Piece
from phonotheque.demo.score import Sketch, compose
from phonotheque.demo.sheet import SIDE, encode_png
from phonotheque.demo.synth import render

RATE_HZ = 44100


def sketch(manner: Manner, colour: int = 0) -> Sketch:
    return Sketch(manner, 100, "C major", "C Am7 Dm9 G7", colour)


def alone(instrument: Instrument, pitch: int) -> Piece:
    """One note in a dead room."""
    part = Part(instrument, (Note(0.0, 1.8, pitch, 0.8),), 1.0, reverb=0.0)
    return Piece((part,), seconds=2.0, room_s=0.1, echo_s=0.2, fade_s=0.1)


@pytest.mark.parametrize(
    ("text", "tones", "bass"),
    [
        ("C", (0, 4, 7), 0),
        ("Am7", (9, 0, 4, 7), 9),
        ("Bbmaj7", (10, 2, 5, 9), 10),
        ("F#m", (6, 9, 1), 6),
        ("C/E", (0, 4, 7), 4),
        ("Dm9", (2, 5, 0, 4), 2),
    ],
)
def test_chord_symbols_mean_what_musicians_mean(
    text: str, tones: tuple[int, ...], bass: int
) -> None:
    """A symbol gives the pitch classes that a book of harmony gives."""
    assert Chord.parse(text) == Chord(tones, bass)


@pytest.mark.parametrize("text", ["", "H", "Cmaj13", "c", "C/H"])
def test_unknown_chord_symbols_are_refused(text: str) -> None:
    """A typing error in a score is found when it is read."""
    with pytest.raises(ValueError, match="no such"):
        Chord.parse(text)


@given(st.sampled_from(["C", "Ebmaj9", "F#m7", "Bb6", "Am9"]), st.integers(40, 90))
def test_voicings_stay_in_the_octave_around_their_centre(text: str, centre: int) -> None:
    """Chords neither jump nor lose a tone when they are laid out."""
    chord = Chord.parse(text)
    voicing = chord.around(centre)
    assert {pitch % 12 for pitch in voicing} == set(chord.tones)
    assert all(centre - 6 <= pitch < centre + 6 for pitch in voicing)
    assert list(voicing) == sorted(voicing)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(Manner),
    st.integers(0, 1),
    st.floats(0.5, 40.0),
    st.integers(0, 2**32),
)
def test_pieces_of_any_length_are_whole(
    manner: Manner, colour: int, seconds: float, seed: int
) -> None:
    """Every note of every piece begins inside it, can be heard and is a pitch of MIDI."""
    piece = compose(sketch(manner, colour), seconds, (seed,))
    notes = [note for part in piece.parts for note in part.notes]
    assert notes
    for note in notes:
        assert 0.0 <= note.onset_s < seconds
        assert note.length_s > 0
        assert 0 < note.velocity <= 1
        assert 20 <= note.pitch <= 108


@pytest.mark.parametrize("manner", Manner)
def test_a_seed_fixes_a_piece(manner: Manner) -> None:
    """The same seed writes the same piece, another seed another one."""
    first, again, other = (compose(sketch(manner), 20, (seed,)) for seed in (3, 3, 4))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    "instrument",
    [Instrument.PLUCK, Instrument.TINE, Instrument.BELL, Instrument.KEYS, Instrument.BASS],
)
@pytest.mark.parametrize("pitch", [48, 64, 79])
def test_instruments_are_in_tune(instrument: Instrument, pitch: int) -> None:
    """The strongest partial near the wanted pitch is within 3 cents of it."""
    wanted_hz = 440 * 2 ** ((pitch - 69) / 12)
    sound = render(alone(instrument, pitch), RATE_HZ, (1,))[:, 0]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 20))
    hz = np.fft.rfftfreq(1 << 20, 1 / RATE_HZ)
    near = (hz > wanted_hz * 0.95) & (hz < wanted_hz * 1.05)
    found_hz = hz[near][spectrum[near].argmax()]
    assert abs(1200 * np.log2(found_hz / wanted_hz)) < 3


@pytest.mark.parametrize("instrument", Instrument)
def test_every_instrument_sounds_and_ends_softly(instrument: Instrument) -> None:
    """No instrument is silent, gives a number that is none, or breaks off with a step."""
    sound = render(alone(instrument, 60), RATE_HZ, (1,))
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.02
    last = np.nonzero(np.abs(sound).max(axis=1) > 1e-6)[0][-1]
    assert np.abs(sound[last - 3 : last + 1]).max() < 0.01


def test_the_same_seed_renders_the_same_samples() -> None:
    """Playing is a function of piece, rate and seed."""
    piece = compose(sketch(Manner.FERRY), 4, (1,))
    assert np.array_equal(render(piece, RATE_HZ, (1,)), render(piece, RATE_HZ, (1,)))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1000, 40000), st.floats(0.001, 300.0))
def test_the_limiter_lets_nothing_through(seed: int, frames: int, spike: float) -> None:
    """However high its spikes, a mastered mix is nowhere above the ceiling."""
    rng = np.random.default_rng(seed)
    mix = (0.05 * rng.standard_normal((frames, 2))).astype(np.float32)
    mix[rng.integers(frames, size=5)] *= np.float32(spike / 0.05)
    out = mastered(mix, RATE_HZ)
    assert out.shape == mix.shape
    assert np.abs(out).max() <= CEILING * (1 + 1e-6)


def test_loudness_is_that_of_the_standard() -> None:
    """A sine of 997 Hz at -20 dBFS on both channels is -20 LUFS, at any rate."""
    for rate_hz in (44100, 48000):
        t = np.arange(5 * rate_hz) / rate_hz
        tone = (0.1 * np.sin(2 * np.pi * 997 * t)).astype(np.float32)
        assert abs(loudness_lufs(np.stack([tone, tone], axis=1), rate_hz) + 20.0) < 0.1


def test_silence_stays_silence() -> None:
    """There is no gain that brings nothing to a loudness."""
    silence = np.zeros((30000, 2), np.float32)
    assert not mastered(silence, RATE_HZ).any()


@cache
def drawn(design: Design) -> np.ndarray:
    """A sleeve, drawn once for all laws about it."""
    pixels = draw_cover(design, (1, 0))
    pixels.flags.writeable = False
    return pixels


@pytest.mark.parametrize("design", Design)
def test_sleeves_are_png_that_others_read(design: Design) -> None:
    """FFmpeg decodes a sleeve to exactly the pixels that were drawn, and there are many inks."""
    pixels = drawn(design)
    with av.open(io.BytesIO(encode_png(pixels)), format="png_pipe") as container:
        (frame,) = container.decode(video=0)
    assert pixels.shape == (SIDE, SIDE, 3)
    assert np.array_equal(frame.to_ndarray(format="rgb24"), pixels)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20


def test_sleeves_differ() -> None:
    """No two releases have the same sleeve, and a seed moves what chance placed."""
    sleeves = {drawn(design).tobytes() for design in Design}
    assert len(sleeves) == len(Design)
    assert draw_cover(Design.HARBOUR, (2, 0)).tobytes() != drawn(Design.HARBOUR).tobytes()


@pytest.mark.parametrize(
    ("key", "seconds"), [("C locrian", 4.0), ("H major", 4.0), ("C major", 0.4)]
)
def test_sketches_that_cannot_be_worked_out_are_refused(key: str, seconds: float) -> None:
    """An unknown scale, an unknown tonic or no time at all is an error, not a silent piece."""
    with pytest.raises(ValueError, match=r"no such|half a second"):
        compose(Sketch(Manner.TIDE, 60, key, "C"), seconds, (1,))
