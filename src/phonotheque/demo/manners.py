"""The manners of the made-up artists: which lines, on which instruments, make a piece of theirs.

A manner is a function from a `Frame` to parts, beside the habits that all its pieces share. Each
has two scorings, chosen by the frame's colour, so that one artist's pieces are kin and not twins.

Laws: a manner writes its last bar as an ending; it draws every choice from its frame's chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from phonotheque.demo.lines import Frame, held, pulse, sing
from phonotheque.demo.piece import Instrument, Note, Part


class Manner(StrEnum):
    """The ways of writing that the made-up artists know."""

    TIDE = "tide"
    HOUSE = "house"
    WALTZ = "waltz"
    FINGERS = "fingers"
    FERRY = "ferry"


@dataclass(frozen=True, slots=True)
class Habits:
    """What all pieces of a manner have in common.

    Attributes:
        slowing: How much later than in strict time the last beat falls, as a share of the piece.
        tail_s: Seconds kept for the last sound to fade.
        echo_beats: Time from one repeat to the next.
    """

    write: Callable[[Frame], list[Part]]
    beats_per_bar: int
    slowing: float
    tail_s: float
    room_s: float
    echo_beats: float
    fade_s: float


def _tide(frame: Frame) -> list[Part]:
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
    high = held(frame, 74, 2.0) if frame.colour else []
    voice, level = (Instrument.PLUCK, 0.5) if frame.colour else (Instrument.BELL, 0.26)
    return [
        Part(Instrument.PAD, tuple(held(frame, 60, 2.5)), 0.5, 0.45),
        Part(Instrument.PAD, tuple(high), 0.16, 0.6),
        Part(Instrument.BASS, tuple(roots), 0.34, 0.1),
        Part(voice, tuple(bells), level, 0.6, 0.35),
        Part(Instrument.SURF, (sea,), 0.25, 0.2),
    ]


_SIXTEENTHS = tuple(step / 4 for step in range(16) if step % 4)


def _house(frame: Frame) -> list[Part]:
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
    tune = sing(frame, ("-1 .5 .5 -.5 1 .5", "-.5 .5 1 -1 .5 .5"), "A.AB", 69, 86)
    voice, level = (Instrument.PLUCK, 0.5) if frame.colour else (Instrument.BELL, 0.2)
    return [
        Part(Instrument.KICK, pulse(frame, beaten, (0, 1, 2, 3), 0.9), 0.62, 0.03),
        Part(Instrument.HAT, pulse(frame, range(count - 1), offbeats, 0.6), 0.18),
        Part(Instrument.SHAKER, pulse(frame, beaten, _SIXTEENTHS, 0.5), 0.18),
        Part(Instrument.RIM, pulse(frame, beaten, (1, 3), 0.7), 0.36, 0.35),
        Part(Instrument.BASS, tuple(basses), 0.42, 0.02, ducks=True),
        Part(Instrument.KEYS, tuple(stabs), 0.26, 0.3, 0.15, ducks=True),
        Part(Instrument.PAD, tuple(held(frame, 67, 0.6)), 0.2, 0.4, ducks=True),
        Part(voice, tuple(tune), level, 0.35, 0.4),
    ]


def _waltz(frame: Frame) -> list[Part]:
    """A music box in three: a tune, one low tine and two light chords; the spring runs down."""
    under = []
    for bar, chord in enumerate(frame.bars):
        under.append(Note(frame.at(bar), 1.5, chord.root_from(48), 0.6, -0.12))
        for beat in (1, 2) if bar < len(frame.bars) - 1 else ():
            for pitch in chord.around(63)[:3]:
                onset_s = frame.about(frame.at(bar, beat), 0.008)
                under.append(Note(onset_s, 0.9, pitch, frame.about(0.36, 0.05), 0.15))
    rhythms = ("1 1 1", "2 1", "1.5 .5 1", "1 .5 .5 1", ".5 .5 1 1")
    tune = sing(frame, rhythms, "ABACABAD", 72, 90)
    lower = [Note(n.onset_s + 0.01, n.length_s, n.pitch - 12, 0.3, -n.pan) for n in tune[::2]]
    support, level = (Instrument.PLUCK, 0.7) if frame.colour else (Instrument.TINE, 0.2)
    return [
        Part(Instrument.TINE, tuple(tune), 0.42, 0.3, 0.08),
        Part(Instrument.BELL if frame.colour else Instrument.TINE, tuple(lower), 0.2, 0.4),
        Part(support, tuple(under), level, 0.3),
        Part(Instrument.PAD, tuple(held(frame, 60, 1.0)), 0.17, 0.5),
    ]


def _fingers(frame: Frame) -> list[Part]:
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
    tune = sing(frame, rhythms, ".ABABCAB" if frame.colour else "..ABACAB", 67, 83)
    voice, level = (Instrument.KEYS, 0.18) if frame.colour else (Instrument.PLUCK, 0.62)
    return [
        Part(Instrument.PLUCK, tuple(picked), 0.5, 0.18),
        Part(voice, tuple(tune), level, 0.35, 0.12),
        Part(Instrument.PAD, tuple(held(frame, 57, 1.5)), 0.14, 0.5),
    ]


def _ferry(frame: Frame) -> list[Part]:
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
    tune = sing(frame, ("2 -1 1", "-1 1 2", "1 1 -2", "3 -1"), ".A.B", 72, 86)
    sea = Note(0.0, frame.at(count) + 3, 60, 0.5)
    voice = Instrument.BELL if frame.colour else Instrument.KEYS
    return [
        Part(Instrument.KICK, pulse(frame, beaten, (0, 2.5), 0.8), 0.5, 0.05),
        Part(Instrument.RIM, pulse(frame, beaten, (2,), 0.7), 0.4, 0.5),
        Part(Instrument.SHAKER, pulse(frame, beaten, _SIXTEENTHS[::2], 0.45), 0.2, 0.2),
        Part(Instrument.BASS, tuple(basses), 0.45, 0.03, ducks=True),
        Part(Instrument.PAD, tuple(held(frame, 62, 1.8)), 0.36, 0.45, ducks=True),
        Part(Instrument.PLUCK, tuple(plucks), 0.5, 0.35, 0.5),
        Part(voice, tuple(tune), 0.24, 0.5, 0.3),
        Part(Instrument.SURF, (sea,), 0.16, 0.2),
    ]


MANNERS = {
    Manner.TIDE: Habits(_tide, 4, 0.0, 4.0, 4.0, 0.75, 5.0),
    Manner.HOUSE: Habits(_house, 4, 0.0, 1.5, 1.8, 0.75, 2.5),
    Manner.WALTZ: Habits(_waltz, 3, 0.04, 2.0, 1.6, 1.0, 2.0),
    Manner.FINGERS: Habits(_fingers, 4, 0.02, 2.0, 1.7, 1.5, 2.5),
    Manner.FERRY: Habits(_ferry, 4, 0.0, 2.0, 3.0, 0.75, 3.5),
}
