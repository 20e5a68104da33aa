"""A piece of music as values: notes, parts, and the room they are played in.

This is all that a composer (`phonotheque.demo.score`) and a player (`phonotheque.demo.synth`) know
of each other. Instants and lengths are in seconds, pitches are MIDI numbers; nothing here knows of
samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Instrument(StrEnum):
    """What the synthesizer can play."""

    PAD = "pad"
    BASS = "bass"
    PLUCK = "pluck"
    TINE = "tine"
    BELL = "bell"
    KEYS = "keys"
    KICK = "kick"
    HAT = "hat"
    SHAKER = "shaker"
    RIM = "rim"
    SURF = "surf"


@dataclass(frozen=True, slots=True)
class Note:
    """One sound. `pitch` is a MIDI number (69 is 440 Hz), `velocity` 0 to 1, `pan` -1 to 1."""

    onset_s: float
    length_s: float
    pitch: int
    velocity: float
    pan: float = 0.0


Notes = tuple[Note, ...]
"""What one instrument plays, in any order."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one instrument plays.

    Attributes:
        gain: Linear level in the mix.
        reverb: Share sent to the room, 0 to 1.
        echo: Share sent to the echo, 0 to 1.
        ducks: Whether the part makes way for the kick drum.
    """

    instrument: Instrument
    notes: Notes
    gain: float
    reverb: float = 0.2
    echo: float = 0.0
    ducks: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece ready to be played: parts, length, and the room (time to decay by 60 dB)."""

    parts: tuple[Part, ...]
    seconds: float
    room_s: float
    echo_s: float
    fade_s: float
