"""Scores: small pieces of music written down as values, before anyone makes a sound of them.

A `Sketch` is what a composer jots down: a manner, a tempo, a key, chords. `compose` works it out
into a `Piece`: parts of notes with instants in seconds.

Laws: the same sketch, length and seed give the same piece; every note begins inside its piece;
every piece comes home to its first chord; nothing here knows of samples.

Not here: what the manners write (`phonotheque.demo.manners`), how an instrument sounds
(`phonotheque.demo.instruments`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from phonotheque.demo.harmony import Chord, ladder
from phonotheque.demo.lines import Frame
from phonotheque.demo.manners import MANNERS, Manner
from phonotheque.demo.piece import Part, Piece


@dataclass(frozen=True, slots=True)
class Sketch:
    """A piece before it is worked out.

    Attributes:
        key: Tonic and scale, as "D dorian".
        chords: Chord symbols between spaces, one for each bar, repeated as long as needed.
        colour: Which of a manner's two scorings to use, 0 or 1.
    """

    manner: Manner
    bpm: float
    key: str
    chords: str
    colour: int = 0


def compose(sketch: Sketch, seconds: float, seed: Sequence[int]) -> Piece:
    """Work out a sketch.

    Args:
        seconds: Length of the piece with its last sound fading, 0.5 or more.
        seed: Numbers from 0 that fix every choice left to chance.

    Raises:
        ValueError: The key or a chord cannot be read, or there is no time for a note.
    """
    if seconds < 0.5:
        raise ValueError(f"a piece lasts half a second or more, not {seconds} s")
    habits = MANNERS[sketch.manner]
    rungs, written = ladder(sketch.key), [Chord.parse(text) for text in sketch.chords.split()]
    bar_s = 60.0 / sketch.bpm * habits.beats_per_bar * (1 + habits.slowing)
    room_for_bars = max(seconds - habits.tail_s, bar_s) / bar_s
    count = max(1, round(room_for_bars))
    bpm = sketch.bpm * count / room_for_bars  # a little off the sketch, so that bars fill the time
    bars = tuple(written[bar % len(written)] for bar in range(count - 1))
    rng = np.random.default_rng(list(seed))
    frame = Frame(  # every piece comes home to its first chord
        rng, (*bars, written[0]), rungs, bpm, habits.beats_per_bar, habits.slowing, sketch.colour
    )
    parts = tuple(_inside(part, seconds) for part in habits.write(frame))
    echo_s, fade_s = habits.echo_beats * frame.beat_s(), min(habits.fade_s, seconds / 3)
    return Piece(parts, seconds, habits.room_s, echo_s, fade_s)


def _inside(part: Part, seconds: float) -> Part:
    """Drop the notes that a short piece has no time for."""
    return replace(part, notes=tuple(n for n in part.notes if 0 <= n.onset_s < seconds - 0.05))
