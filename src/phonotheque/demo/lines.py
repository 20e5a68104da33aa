"""The lines that music is woven of: a tune, held chords, the pulse of a drum.

Every line is written into a `Frame`: the bars of a piece with their chords, its clock and its
chance.

Laws: a melody stands on a chord tone where the bar is strong, so that chance decides the line but
never the harmony; cells of a melody come back, so that it can be remembered.

Not here: which lines make a piece (`phonotheque.demo.manners`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from phonotheque.demo.harmony import Chord
from phonotheque.demo.piece import Note, Notes


@dataclass(frozen=True, slots=True)
class Frame:
    """What every manner works in: chance, chords by bar, scale and the clock."""

    rng: np.random.Generator
    bars: tuple[Chord, ...]
    ladder: tuple[int, ...]
    bpm: float
    beats_per_bar: int
    slowing: float
    colour: int

    def at(self, bar: float, beat: float = 0.0) -> float:
        """Return the instant of a beat in seconds; the last bars slow down by `slowing`."""
        total = len(self.bars) * self.beats_per_bar
        beats = bar * self.beats_per_bar + beat
        return 60.0 / self.bpm * (beats + self.slowing * total * (beats / total) ** 8)

    def beat_s(self) -> float:
        """Return the length of a beat in seconds."""
        return 60.0 / self.bpm

    def about(self, value: float, spread: float) -> float:
        """Return a value as a hand would play it: off by a little."""
        return value + float(self.rng.uniform(-spread, spread))


_Motif = tuple[tuple[float, float, int], ...]
"""A melodic cell: (beat, length in beats, steps on the ladder from the note before)."""


def _motif(frame: Frame, rhythms: Sequence[str]) -> _Motif:
    """Draw a cell: one of the rhythms ("1 .5 .5 -1"; a minus rests), small steps and few leaps."""
    cell, beat = [], 0.0
    for word in str(frame.rng.choice(list(rhythms))).split():
        length = abs(float(word))
        if not word.startswith("-"):
            cell.append((beat, length, int(frame.rng.choice((-3, -2, -1, -1, -1, 1, 1, 1, 2, 3)))))
        beat += length
    return tuple(cell)


def sing(frame: Frame, rhythms: Sequence[str], form: str, low: int, high: int) -> list[Note]:
    """Write a melody: `form` names the cell of each bar, "." a silent one, repeated to the end.

    Cells come back under other chords, so the ear knows them and still hears something new.
    """
    cells = {letter: _motif(frame, rhythms) for letter in sorted(set(form) - {"."})}
    rungs = [pitch for pitch in frame.ladder if low <= pitch <= high]
    middle = len(rungs) // 2
    place, notes = middle, list[Note]()
    for bar, chord in enumerate(frame.bars[:-1]):
        for beat, length, step in cells.get(form[bar % len(form)], ()):
            far = abs(place + step - middle) > max(2, middle - 1)
            before, place = place, place - step if far else place + step  # turn back at the edges
            if beat == int(beat) and (beat == 0 or length >= 1):
                tones = [
                    i for i, rung in enumerate(rungs) if rung % 12 in chord.tones and i != before
                ]
                place = _nearest(tones, place)
            onset_s, length_s = frame.at(bar, beat), length * frame.beat_s()
            velocity = frame.about(0.78 if beat == 0 else 0.62, 0.08)
            pan = 0.25 * (-1) ** len(notes)  # to and fro, so that the tune stays in the middle
            notes.append(Note(onset_s, length_s, rungs[place], velocity, pan))
    home = _nearest(frame.bars[-1].around((low + high) // 2), rungs[place])
    notes.append(Note(frame.at(len(frame.bars) - 1), 4 * frame.beat_s(), home, 0.7))
    return notes


def _nearest(candidates: Iterable[int], wish: int) -> int:
    """Return the candidate nearest to the wish, the lower of two; the wish when there is none."""
    return min(candidates, key=lambda one: (abs(one - wish), one), default=wish)


def held(frame: Frame, centre: int, overlap_s: float) -> list[Note]:
    """Write the chords as long notes; a tone that the next chord shares is tied over."""
    notes, bar_s = [], frame.beats_per_bar * frame.beat_s()
    begun: dict[int, int] = {}
    voicings = [set(chord.around(centre)) for chord in frame.bars]
    for bar, voicing in enumerate([*voicings, set[int]()]):
        for pitch in sorted(set(begun) - voicing):
            first = begun.pop(pitch)
            length_s, pan = (bar - first) * bar_s + overlap_s, ((pitch * 7) % 11 - 5) / 16
            notes.append(Note(frame.at(first), length_s, pitch, frame.about(0.6, 0.06), pan))
        for pitch in voicing - set(begun):
            begun[pitch] = bar
    return notes


def pulse(frame: Frame, bars: Iterable[int], beats: Sequence[float], velocity: float) -> Notes:
    """Write strokes of a drum at the same beats of each bar, some a little softer."""
    strokes = [(frame.at(bar, beat), frame.about(0.9, 0.1)) for bar in bars for beat in beats]
    return tuple(Note(onset_s, 0.3, 60, velocity * level) for onset_s, level in strokes)
