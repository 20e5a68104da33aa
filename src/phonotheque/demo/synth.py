"""The player: a `Piece` becomes sound.

`render` makes a tone once for each instrument, pitch, length and strength, lays the tones into the
mix, and adds the room and the echo.

Laws: the same piece, rate and seed give the same samples; a mix is centred and fades at both ends.

Not here: which notes are played (`phonotheque.demo.score`), what a tone sounds like
(`phonotheque.demo.instruments`), how loud a mix is in the end (`phonotheque.demo.mastering`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phonotheque.demo.instruments import VOICES
from phonotheque.demo.piece import Instrument, Note, Part, Piece
from phonotheque.demo.room import echoed, in_room
from phonotheque.demo.waves import Samples, Waves, shaped


def render(piece: Piece, rate_hz: int, seed: Sequence[int]) -> Samples:
    """Play a piece.

    Args:
        rate_hz: Samples per second, 32,000 or more.
        seed: Numbers from 0 that fix the noise in strings, drums and room.

    Returns:
        Samples of shape (frames, 2), frames = seconds times rate, of any level.

    Cost: about 0.35 s of CPU for 30 s of sound on a slow core.
    """
    rng = np.random.default_rng([*seed, rate_hz])
    player = _Player(rate_hz, rng)
    frames = round(piece.seconds * rate_hz)
    kicks = [p.notes for p in piece.parts if p.instrument is Instrument.KICK]
    duck = _ducking([n.onset_s for notes in kicks for n in notes], frames, rate_hz)
    dry, room, echo = (np.zeros((2, frames), np.float32) for _ in range(3))
    for part in piece.parts:
        if not part.notes:
            continue
        bus = _play(player, part, frames)
        if part.ducks:
            bus *= duck
        dry += bus
        room += bus * np.float32(part.reverb)
        if part.echo:
            echo += bus * np.float32(part.echo)
    repeats = echoed(echo, round(piece.echo_s * rate_hz))
    dry += repeats
    room += np.float32(0.4) * repeats
    dry += in_room(room, piece.room_s, rate_hz, rng)
    dry -= dry.mean(axis=1, keepdims=True)
    level = np.sqrt(np.mean(dry**2, axis=1, keepdims=True)) + np.float32(1e-9)
    dry *= np.clip(level.mean() / level, 0.7, 1.4)  # neither ear gets more than the other
    return np.ascontiguousarray(shaped(dry, rate_hz, 0.01, piece.fade_s).T)


class _Player:
    """Plays notes at one rate, and remembers their tones: a piece repeats most of them."""

    def __init__(self, rate_hz: int, rng: np.random.Generator) -> None:
        self.rate_hz = rate_hz
        self._waves = Waves(rate_hz, rng)
        self._tones: dict[tuple[Instrument, int, float, int], Samples] = {}

    def tone(self, instrument: Instrument, note: Note) -> Samples:
        """Return the tone of a note; notes of nearly one length and strength share theirs."""
        length_s, strength = round(note.length_s, 2), round(note.velocity * 6)
        key = (instrument, note.pitch, length_s, strength)
        if key not in self._tones:
            hz = 440.0 * 2 ** ((note.pitch - 69) / 12)
            self._tones[key] = VOICES[instrument](self._waves, hz, length_s, strength / 6)
        return self._tones[key]


def _play(player: _Player, part: Part, frames: int) -> Samples:
    """Lay the notes of a part into a bus of its own, at the level of the part."""
    bus = np.zeros((2, frames), np.float32)
    for note in part.notes:
        first = round(note.onset_s * player.rate_hz)
        tone = player.tone(part.instrument, note)[..., : frames - first]
        level = note.velocity * part.gain
        angle = (min(max(note.pan, -1.0), 1.0) + 1) * np.pi / 4  # constant power
        for channel, side in enumerate((np.cos(angle), np.sin(angle))):
            voice = tone if tone.ndim == 1 else tone[channel]
            bus[channel, first : first + len(voice)] += voice * np.float32(side * level)
    return bus


def _ducking(kicks_s: Sequence[float], frames: int, rate_hz: int) -> Samples:
    """Return a gain that dips with each kick and is back after a quarter of a second."""
    gain = np.ones(frames, np.float32)
    t = np.arange(round(0.26 * rate_hz), dtype=np.float32) / np.float32(0.26 * rate_hz)
    dip = 1 - np.float32(0.55) * np.cos(np.float32(np.pi / 2) * t) ** 2
    dip[: round(0.004 * rate_hz)] = np.linspace(1, dip[0], round(0.004 * rate_hz))
    for onset_s in kicks_s:
        first = round(onset_s * rate_hz)
        stretch = gain[first : first + len(dip)]
        np.minimum(stretch, dip[: len(stretch)], out=stretch)
    return gain
