"""Scores: small pieces of music written down as values, before anyone makes a sound of them.

A `Sketch` is what a composer jots down: a manner, a tempo, a key, chords. `compose` works it out
into a `Piece`: parts of notes with instants in seconds. The same sketch gives the same piece.

Laws: every note begins inside its piece; melodies stand on a chord tone where the bar is strong, so
that chance decides the line but never the harmony; nothing here knows of samples.

Not here: how an instrument sounds (`phonotheque.demo.synth`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from phonotheque.demo.synth import Instrument, Note, Notes, Part, Piece

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "6": (0, 4, 7, 9),
    "7": (0, 4, 7, 10),
    "9": (0, 4, 10, 14),
    "add9": (0, 4, 7, 14),
    "maj7": (0, 4, 7, 11),
    "maj9": (0, 4, 11, 14),
    "m": (0, 3, 7),
    "m7": (0, 3, 7, 10),
    "m9": (0, 3, 10, 14),
}
_SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
}


class Manner(StrEnum):
    """The ways of writing that the made-up artists know."""

    TIDE = "tide"
    HOUSE = "house"
    WALTZ = "waltz"
    FINGERS = "fingers"
    FERRY = "ferry"


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: pitch classes 0 to 11 in order of the symbol, and the one in the bass."""

    tones: tuple[int, ...]
    bass: int

    @classmethod
    def parse(cls, text: str) -> Chord:
        """Read a chord symbol such as "Dm9" or "C/E".

        Raises:
            ValueError: The root or the quality is unknown.
        """
        symbol, _, under = text.partition("/")
        root, quality = _pitch_class(symbol)
        if quality not in _QUALITIES:
            raise ValueError(f"no such chord: {text!r}")
        tones = tuple((root + step) % 12 for step in _QUALITIES[quality])
        return cls(tones, _pitch_class(under)[0] if under else root)

    def around(self, centre: int) -> tuple[int, ...]:
        """Return the tones as MIDI pitches, each in the octave around `centre`, rising.

        Every chord then lies in one register and shared tones stay where they are: this is the
        whole of our voice leading.
        """
        low = centre - 6
        return tuple(sorted({low + (tone - low) % 12 for tone in self.tones}))

    def root_from(self, low: int) -> int:
        """Return the bass tone as the first MIDI pitch from `low` upwards."""
        return low + (self.bass - low) % 12


def _pitch_class(text: str) -> tuple[int, str]:
    """Split "Bbm7" into 10 and "m7"."""
    if text[:1] not in _LETTERS:
        raise ValueError(f"no such pitch: {text!r}")
    pitch, rest = _LETTERS[text[0]], text[1:]
    if rest[:1] in ("b", "#"):
        pitch, rest = pitch + (1 if rest[0] == "#" else -1), rest[1:]
    return pitch % 12, rest


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


@dataclass(frozen=True, slots=True)
class _Frame:
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
    habits = _MANNERS[sketch.manner]
    tonic, scale = sketch.key.split()
    if scale not in _SCALES:
        raise ValueError(f"no such scale: {sketch.key!r}")
    above_tonic, written = _SCALES[scale], [Chord.parse(text) for text in sketch.chords.split()]
    ladder = tuple(p for p in range(128) if (p - _pitch_class(tonic)[0]) % 12 in above_tonic)
    bar_s = 60.0 / sketch.bpm * habits.beats_per_bar * (1 + habits.slowing)
    room_for_bars = max(seconds - habits.tail_s, bar_s) / bar_s
    count = max(1, round(room_for_bars))
    bpm = sketch.bpm * count / room_for_bars  # a little off the sketch, so that bars fill the time
    bars = tuple(written[bar % len(written)] for bar in range(count - 1))
    rng = np.random.default_rng(list(seed))
    frame = _Frame(  # every piece comes home to its first chord
        rng, (*bars, written[0]), ladder, bpm, habits.beats_per_bar, habits.slowing, sketch.colour
    )
    parts = tuple(_inside(part, seconds) for part in habits.write(frame))
    echo_s, fade_s = habits.echo_beats * frame.beat_s(), min(habits.fade_s, seconds / 3)
    return Piece(parts, seconds, habits.room_s, echo_s, fade_s)


def _inside(part: Part, seconds: float) -> Part:
    """Drop the notes that a short piece has no time for."""
    return replace(part, notes=tuple(n for n in part.notes if 0 <= n.onset_s < seconds - 0.05))


_Motif = tuple[tuple[float, float, int], ...]
"""A melodic cell: (beat, length in beats, steps on the ladder from the note before)."""


def _motif(frame: _Frame, rhythms: Sequence[str]) -> _Motif:
    """Draw a cell: one of the rhythms ("1 .5 .5 -1"; a minus rests), small steps and few leaps."""
    cell, beat = [], 0.0
    for word in str(frame.rng.choice(list(rhythms))).split():
        length = abs(float(word))
        if not word.startswith("-"):
            cell.append((beat, length, int(frame.rng.choice((-3, -2, -1, -1, -1, 1, 1, 1, 2, 3)))))
        beat += length
    return tuple(cell)


def _sing(frame: _Frame, rhythms: Sequence[str], form: str, low: int, high: int) -> list[Note]:
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


def _held(frame: _Frame, centre: int, overlap_s: float) -> list[Note]:
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


def _pulse(frame: _Frame, bars: Iterable[int], beats: Sequence[float], velocity: float) -> Notes:
    """Write strokes of a drum at the same beats of each bar, some a little softer."""
    strokes = [(frame.at(bar, beat), frame.about(0.9, 0.1)) for bar in bars for beat in beats]
    return tuple(Note(onset_s, 0.3, 60, velocity * level) for onset_s, level in strokes)


def _tide(frame: _Frame) -> list[Part]:
    """Slow harmony over a quiet sea: held pads, a low root, a few bells far apart."""
    bar_s = frame.beats_per_bar * frame.beat_s()
    roots, bells = [], []
    for bar, chord in enumerate(frame.bars):
        roots.append(Note(frame.at(bar), bar_s + 1.5, chord.root_from(36), 0.6))
        tones = chord.around(76 if frame.colour else 79)
        for beat in sorted(frame.rng.choice([0.5, 1, 1.5, 2, 2.5, 3, 3.5], 3, replace=False)):
            pitch = tones[int(frame.rng.integers(len(tones)))]
            level, pan = frame.about(0.5, 0.15), frame.about(0, 0.6)
            bells.append(Note(frame.at(bar, float(beat)), 4.0, pitch, level, pan))
    sea = Note(0.0, frame.at(len(frame.bars)) + 4.0, 60, 0.6)
    high = _held(frame, 74, 2.0) if frame.colour else []
    voice, level = (Instrument.PLUCK, 0.5) if frame.colour else (Instrument.BELL, 0.26)
    return [
        Part(Instrument.PAD, tuple(_held(frame, 60, 2.5)), 0.5, 0.45),
        Part(Instrument.PAD, tuple(high), 0.16, 0.6),
        Part(Instrument.BASS, tuple(roots), 0.34, 0.1),
        Part(voice, tuple(bells), level, 0.6, 0.35),
        Part(Instrument.SURF, (sea,), 0.25, 0.2),
    ]


_SIXTEENTHS = tuple(step / 4 for step in range(16) if step % 4)


def _house(frame: _Frame) -> list[Part]:
    """Four soft beats to the bar under electric piano; the drums come in late and leave early."""
    count = len(frame.bars)
    beaten, offbeats = range(min(2, count // 4), count - 1), (0.5, 1.5, 2.5, 3.5)
    stabs, basses = [], []
    pattern = ((0.0, 0.7), (1.5, 0.4), (2.75, 0.5)) if frame.colour else ((0.0, 0.9), (1.5, 1.3))
    for bar, chord in enumerate(frame.bars):
        for beat, length in pattern if bar < count - 1 else ((0.0, 4.0),):
            for index, pitch in enumerate(chord.around(64)):
                onset_s = frame.at(bar, beat) + 0.012 * index
                level, pan = frame.about(0.62, 0.06), index / 4 - 0.4
                stabs.append(Note(onset_s, length * frame.beat_s(), pitch, level, pan))
        low, length_s = chord.root_from(33), 0.42 * frame.beat_s()
        for beat, lift in ((0.0, 0), (0.75, 0), (1.5, 12), (2.5, 0), (3.25, 12)):
            if bar in beaten:
                basses.append(Note(frame.at(bar, beat), length_s, low + lift, 0.75))
    tune = _sing(frame, ("-1 .5 .5 -.5 1 .5", "-.5 .5 1 -1 .5 .5"), "A.AB", 69, 86)
    voice, level = (Instrument.PLUCK, 0.5) if frame.colour else (Instrument.BELL, 0.2)
    return [
        Part(Instrument.KICK, _pulse(frame, beaten, (0, 1, 2, 3), 0.9), 0.62, 0.03),
        Part(Instrument.HAT, _pulse(frame, range(count - 1), offbeats, 0.6), 0.18),
        Part(Instrument.SHAKER, _pulse(frame, beaten, _SIXTEENTHS, 0.5), 0.18),
        Part(Instrument.RIM, _pulse(frame, beaten, (1, 3), 0.7), 0.36, 0.35),
        Part(Instrument.BASS, tuple(basses), 0.42, 0.02, ducks=True),
        Part(Instrument.KEYS, tuple(stabs), 0.26, 0.3, 0.15, ducks=True),
        Part(Instrument.PAD, tuple(_held(frame, 67, 0.6)), 0.2, 0.4, ducks=True),
        Part(voice, tuple(tune), level, 0.35, 0.4),
    ]


def _waltz(frame: _Frame) -> list[Part]:
    """A music box in three: a tune, one low tine and two light chords; the spring runs down."""
    under = []
    for bar, chord in enumerate(frame.bars):
        under.append(Note(frame.at(bar), 1.5, chord.root_from(48), 0.6, -0.12))
        for beat in (1, 2) if bar < len(frame.bars) - 1 else ():
            for pitch in chord.around(63)[:3]:
                onset_s = frame.about(frame.at(bar, beat), 0.008)
                under.append(Note(onset_s, 0.9, pitch, frame.about(0.36, 0.05), 0.15))
    rhythms = ("1 1 1", "2 1", "1.5 .5 1", "1 .5 .5 1", ".5 .5 1 1")
    tune = _sing(frame, rhythms, "ABACABAD", 72, 90)
    lower = [Note(n.onset_s + 0.01, n.length_s, n.pitch - 12, 0.3, -n.pan) for n in tune[::2]]
    support, level = (Instrument.PLUCK, 0.7) if frame.colour else (Instrument.TINE, 0.2)
    return [
        Part(Instrument.TINE, tuple(tune), 0.42, 0.3, 0.08),
        Part(Instrument.BELL if frame.colour else Instrument.TINE, tuple(lower), 0.2, 0.4),
        Part(support, tuple(under), level, 0.3),
        Part(Instrument.PAD, tuple(_held(frame, 60, 1.0)), 0.17, 0.5),
    ]


def _fingers(frame: _Frame) -> list[Part]:
    """A guitar picked with a steady thumb and a tune above it, by a second one or a piano."""
    picked = []
    for bar, chord in enumerate(frame.bars):
        low, (second, third, *_), top = chord.root_from(40), chord.around(62), chord.around(62)[-1]
        last = bar == len(frame.bars) - 1
        order = (low, top, second, third) * 2
        for eighth, pitch in enumerate((low, *chord.around(62)) if last else order):
            onset_s = frame.about(frame.at(bar, eighth * (0.12 if last else 0.5)) + 0.007, 0.007)
            thumb = eighth % 2 == 0
            level, pan = frame.about(0.66 if thumb else 0.48, 0.07), -0.12 if thumb else 0.2
            picked.append(Note(onset_s, 2.6, pitch, level, pan))
    rhythms = ("1 1 2", "1.5 .5 2", "-1 1 1 1", "1 .5 .5 2", "2 1 1")
    tune = _sing(frame, rhythms, ".ABABCAB" if frame.colour else "..ABACAB", 67, 83)
    voice, level = (Instrument.KEYS, 0.18) if frame.colour else (Instrument.PLUCK, 0.62)
    return [
        Part(Instrument.PLUCK, tuple(picked), 0.5, 0.18),
        Part(voice, tuple(tune), level, 0.35, 0.12),
        Part(Instrument.PAD, tuple(_held(frame, 57, 1.5)), 0.14, 0.5),
    ]


def _ferry(frame: _Frame) -> list[Part]:
    """Half-time drums, wide pads and echoing plucks: two artists in one room."""
    count, beat_s = len(frame.bars), frame.beat_s()
    beaten = range(min(1, count - 1), count - 1)
    basses, plucks = [], []
    for bar, chord in enumerate(frame.bars):
        low = chord.root_from(34)
        basses.append(Note(frame.at(bar), 2.4 * beat_s, low, 0.7))
        if bar in beaten:
            basses.append(Note(frame.at(bar, 2.75), 0.9 * beat_s, low, 0.55))
        tones = (*chord.around(69), *chord.around(81))
        for beat in (0.5, 1.25, 2.0, 3.0, 3.5) if bar < count - 1 else (0.0,):
            pitch = tones[int(frame.rng.integers(len(tones)))]
            level, pan = frame.about(0.55, 0.1), frame.about(0, 0.6)
            plucks.append(Note(frame.at(bar, beat), 1.8, pitch, level, pan))
    tune = _sing(frame, ("2 -1 1", "-1 1 2", "1 1 -2", "3 -1"), ".A.B", 72, 86)
    sea = Note(0.0, frame.at(count) + 3, 60, 0.5)
    voice = Instrument.BELL if frame.colour else Instrument.KEYS
    return [
        Part(Instrument.KICK, _pulse(frame, beaten, (0, 2.5), 0.8), 0.5, 0.05),
        Part(Instrument.RIM, _pulse(frame, beaten, (2,), 0.7), 0.4, 0.5),
        Part(Instrument.SHAKER, _pulse(frame, beaten, _SIXTEENTHS[::2], 0.45), 0.2, 0.2),
        Part(Instrument.BASS, tuple(basses), 0.45, 0.03, ducks=True),
        Part(Instrument.PAD, tuple(_held(frame, 62, 1.8)), 0.36, 0.45, ducks=True),
        Part(Instrument.PLUCK, tuple(plucks), 0.5, 0.35, 0.5),
        Part(voice, tuple(tune), 0.24, 0.5, 0.3),
        Part(Instrument.SURF, (sea,), 0.16, 0.2),
    ]


@dataclass(frozen=True, slots=True)
class _Habits:
    """What all pieces of a manner have in common.

    Attributes:
        slowing: How much later than in strict time the last beat falls, as a share of the piece.
        tail_s: Seconds kept for the last sound to fade.
        echo_beats: Time from one repeat to the next.
    """

    write: Callable[[_Frame], list[Part]]
    beats_per_bar: int
    slowing: float
    tail_s: float
    room_s: float
    echo_beats: float
    fade_s: float


_MANNERS = {
    Manner.TIDE: _Habits(_tide, 4, 0.0, 4.0, 4.0, 0.75, 5.0),
    Manner.HOUSE: _Habits(_house, 4, 0.0, 1.5, 1.8, 0.75, 2.5),
    Manner.WALTZ: _Habits(_waltz, 3, 0.04, 2.0, 1.6, 1.0, 2.0),
    Manner.FINGERS: _Habits(_fingers, 4, 0.02, 2.0, 1.7, 1.5, 2.5),
    Manner.FERRY: _Habits(_ferry, 4, 0.0, 2.0, 3.0, 0.75, 3.5),
}
