"""Chords and scales: what a musician reads out of a few letters.

Laws: a symbol means what a book of harmony says; what cannot be read is a ValueError at once, not a
wrong note later. Pitches are MIDI numbers (60 is middle C), pitch classes 0 (C) to 11 (B).
"""

from __future__ import annotations

from dataclasses import dataclass

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

_HIGHEST_PITCH = 127
"""MIDI has no pitch above."""


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


def ladder(key: str) -> tuple[int, ...]:
    """Return all MIDI pitches of a key such as "D dorian", rising.

    Raises:
        ValueError: The tonic or the scale is unknown.
    """
    tonic, scale = key.split()
    if scale not in _SCALES:
        raise ValueError(f"no such scale: {key!r}")
    above_tonic, root = _SCALES[scale], _pitch_class(tonic)[0]
    return tuple(p for p in range(_HIGHEST_PITCH + 1) if (p - root) % 12 in above_tonic)
