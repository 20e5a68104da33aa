"""The instruments of the made-up label, and the room they play in. Only numpy.

`render` turns a `Piece` into samples: each instrument makes a tone once for each pitch, length and
strength, tones are laid into the mix, a room and an echo are added.

Laws: the same piece, rate and seed give the same samples; a mix is centred and fades at both ends.

Not here: which notes are played (`phonotheque.demo.score`), how loud a mix is in the end and how it
becomes a file (`phonotheque.demo.encode`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Sound at full scale 1.0. Inside this module (2, frames), or (frames,) for one channel."""

_TABLE_FRAMES = 1 << 17
"""Length of a looped table, about 3 s: long enough that nobody hears it come round."""


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


def render(piece: Piece, rate_hz: int, seed: Sequence[int]) -> Samples:
    """Play a piece.

    Args:
        rate_hz: Samples per second, 32,000 or more.
        seed: Numbers from 0 that fix the noise in strings, drums and room.

    Returns:
        Samples of shape (frames, 2), frames = seconds times rate, of any level.

    Cost: about 0.4 s of CPU for 30 s of sound on a slow core.
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
        bus *= part.gain
        if part.ducks:
            bus *= duck
        dry += bus
        room += bus * np.float32(part.reverb)
        if part.echo:
            echo += bus * np.float32(part.echo)
    repeats = _echoed(echo, round(piece.echo_s * rate_hz))
    dry += repeats
    room += np.float32(0.4) * repeats
    dry += _in_room(room, piece.room_s, rate_hz, rng)
    dry -= dry.mean(axis=1, keepdims=True)
    level = np.sqrt(np.mean(dry**2, axis=1, keepdims=True)) + np.float32(1e-9)
    dry *= np.clip(level.mean() / level, 0.7, 1.4)  # neither ear gets more than the other
    return np.ascontiguousarray(_shaped(dry, rate_hz, 0.01, piece.fade_s).T)


class _Player:
    """Makes tones at one rate, and remembers them: a piece repeats most of its tones."""

    def __init__(self, rate_hz: int, rng: np.random.Generator) -> None:
        self.rate_hz = rate_hz
        self._rng = rng
        self._tones: dict[tuple[Instrument, int, float, int], Samples] = {}
        self._tables: dict[float, Samples] = {}

    def tone(self, instrument: Instrument, note: Note) -> Samples:
        """Return the tone of a note; notes of nearly one length and strength share theirs."""
        length_s, strength = round(note.length_s, 2), round(note.velocity * 6)
        key = (instrument, note.pitch, length_s, strength)
        if key not in self._tones:
            hz = 440.0 * 2 ** ((note.pitch - 69) / 12)
            self._tones[key] = _VOICES[instrument](self, hz, length_s, strength / 6)
        return self._tones[key]

    def clock(self, seconds: float) -> Samples:
        """Return instants in seconds from 0."""
        frames = max(1, round(seconds * self.rate_hz))
        return (np.arange(frames) / self.rate_hz).astype(np.float32)

    def wave(self, hz: float, frames: int, bend: Samples | None = None) -> Samples:
        """Return a sine; `bend` is added to its phase, in radians.

        The phase is folded in double precision: in float32 it would be audibly wrong after 2 s.
        """
        cycles = np.arange(frames) * (hz / self.rate_hz)
        cycles -= np.floor(cycles)
        phase = cycles.astype(np.float32) * np.float32(2 * np.pi)
        sine: Samples = np.sin(phase if bend is None else phase + bend)
        return sine

    def noise(self, frames: int) -> Samples:
        """Return white noise of unit power."""
        return self._rng.standard_normal(frames, dtype=np.float32)

    def loop(self, name: float, hz: NDArray[np.float64], power: NDArray[np.float64]) -> Samples:
        """Return (2, frames) of endless sound with this spectrum and random phases, RMS 0.2.

        Each channel has phases of its own, so the sound stands wide between the loudspeakers.
        """
        if name not in self._tables:
            bins = np.fft.rfftfreq(_TABLE_FRAMES, 1 / self.rate_hz)
            level = np.interp(bins, hz, power).astype(np.float32)
            turns = self._rng.random((2, len(bins)), dtype=np.float32) * np.float32(2 * np.pi)
            table = np.fft.irfft(level * np.exp(1j * turns), axis=1)
            self._tables[name] = (table * (0.2 / np.std(table))).astype(np.float32)
        return self._tables[name]


def _play(player: _Player, part: Part, frames: int) -> Samples:
    """Lay the notes of a part into a bus of its own."""
    bus = np.zeros((2, frames), np.float32)
    for note in part.notes:
        first = round(note.onset_s * player.rate_hz)
        tone = player.tone(part.instrument, note)[..., : frames - first]
        angle = (min(max(note.pan, -1.0), 1.0) + 1) * np.pi / 4  # constant power
        for channel, side in enumerate((np.cos(angle), np.sin(angle))):
            voice = tone if tone.ndim == 1 else tone[channel]
            bus[channel, first : first + len(voice)] += voice * np.float32(side * note.velocity)
    return bus


def _shaped(tone: Samples, rate_hz: int, attack_s: float, release_s: float) -> Samples:
    """Let a tone rise and end without a click: raised cosines over its edges, in place."""
    frames = tone.shape[-1]
    rise, fall = (min(frames // 2, round(s * rate_hz)) for s in (attack_s, release_s))
    for count, edge in ((rise, np.s_[..., :rise]), (fall, np.s_[..., frames - fall :])):
        ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(count, 1))).astype(np.float32)
        tone[edge] *= ramp if edge == np.s_[..., :rise] else ramp[::-1]
    return tone


def _pad(player: _Player, hz: float, length_s: float, *_: float) -> Samples:
    """A choir of strings: partials as narrow bands of noise, wider the higher they are.

    Source: Nasca Octavian Paul, "PADsynth algorithm", the idea of spreading each harmonic.
    """
    step = player.rate_hz / _TABLE_FRAMES
    grid = np.arange(0.0, 6000.0, step)
    power = np.zeros_like(grid)
    for harmonic in range(1, int(min(16, 4500 / hz)) + 1):
        centre = harmonic * hz
        width = max(centre * 0.007, 2 * step)  # 12 cents to each side
        level = harmonic**-1.1 / (1 + (centre / 1100) ** 2)
        near = slice(*np.searchsorted(grid, (centre - 4 * width, centre + 4 * width)))
        power[near] += level / np.sqrt(width) * np.exp(-(((grid[near] - centre) / width) ** 2))
    table = player.loop(hz, grid, power)
    count = -(-round(length_s * player.rate_hz) // _TABLE_FRAMES)
    tone = np.tile(table, count)[:, : max(1, round(length_s * player.rate_hz))]
    return _shaped(tone.copy(), player.rate_hz, min(1.4, length_s / 3), min(2.2, length_s / 2.5))


def _surf(player: _Player, _hz: float, length_s: float, *_: float) -> Samples:
    """Waves on a shore: dark noise that swells about every nine seconds, left before right."""
    grid = np.array([0.0, 60, 150, 500, 1500, 5000, 12000, 24000])
    table = player.loop(-1.0, grid, np.array([0.0, 0.2, 1.0, 0.6, 0.22, 0.06, 0.01, 0.0]))
    t = player.clock(length_s)
    tone = np.tile(table, -(-len(t) // _TABLE_FRAMES))[:, : len(t)]
    swell = np.stack([np.sin(np.float32(2 * np.pi / 9.1) * t - turn) for turn in (1.2, 1.9)])
    return _shaped(tone * np.float32(0.55 + 0.45 * swell) ** 2, player.rate_hz, 2.0, 3.0)


def _bass(player: _Player, hz: float, length_s: float, strength: float) -> Samples:
    """A round bass: a sine with two partials, warmed a little."""
    t = player.clock(length_s + 0.06)
    body = player.wave(hz, len(t)) + 0.4 * player.wave(2 * hz, len(t))
    body += (0.25 * strength) * player.wave(3 * hz, len(t)) * np.exp(-t / 0.15)
    tone = np.tanh(1.2 * body) * np.exp(-t / np.float32(0.4 + 1.5 * length_s))
    return _shaped(tone, player.rate_hz, 0.012, 0.07)


def _pluck(player: _Player, hz: float, length_s: float, strength: float) -> Samples:
    """A plucked string: a burst of noise goes round a delay line and loses its brightness.

    The line is computed one period at a time, each from the period before; it has a whole number
    of samples, and the result is read a little faster or slower to be in tune.

    Source: Karplus and Strong, "Digital Synthesis of Plucked-String and Drum Timbres",
    Computer Music Journal 7 (2), 1983.
    """
    ring_s = max(length_s, 1.2)
    period = player.rate_hz / hz
    line = max(2, round(period))
    damp = float(np.clip(60 / line, 0.18, 0.5)) if line > 120 else 0.5 - 0.3 * (120 - line) / 120
    turns = int(ring_s * player.rate_hz / line) + 3
    burst = player.noise(line)
    for _ in range(4 - round(2 * strength)):  # a soft finger excites fewer high partials
        burst = (burst + np.roll(burst, 1)) / np.float32(2)
    burst -= np.roll(burst, max(1, line // 7))  # plucked at a seventh of the string
    burst -= burst.mean()
    burst *= 0.9 / np.abs(burst).max()
    keep = np.float32(10 ** (-3 * line / (player.rate_hz * float(np.clip(900 / hz, 1.2, 5.0)))))
    rounds = np.empty((turns, line + 1), np.float32)  # column 0: the last sample of the turn before
    rounds[0, 0], rounds[0, 1:] = burst[-1], burst
    for turn in range(1, turns):
        before, now = rounds[turn - 1], rounds[turn]
        now[0] = before[-1]
        np.multiply(before[1:], keep * (1 - damp), out=now[1:])
        now[1:] += keep * damp * before[:-1]
    string = rounds[:, 1:].ravel()
    places = np.arange(round(ring_s * player.rate_hz)) * ((line + damp) / period)
    tone = np.interp(places, np.arange(len(string)), string).astype(np.float32)
    body = np.std(tone[: round(0.25 * player.rate_hz)])  # short strings would be faint
    tone *= min(np.float32(0.13) / body, np.float32(1.0) / np.abs(tone).max())
    return _shaped(tone, player.rate_hz, 0.0015, 0.12)


def _tine(player: _Player, hz: float, length_s: float, strength: float) -> Samples:
    """A tooth of a music box: a clamped bar, whose second partial lies at 6.27 and dies at once."""
    t = player.clock(max(length_s, 1.6))
    fade_s = np.float32(np.clip(500 / hz, 0.35, 1.1))
    tone = player.wave(hz, len(t)) + 0.35 * player.wave(hz * 1.0015, len(t))
    tone += 0.18 * player.wave(2 * hz, len(t)) * np.exp(-t / (fade_s * np.float32(0.4)))
    tone *= np.exp(-t / fade_s)
    if 6.27 * hz < 0.45 * player.rate_hz:
        tone += (0.3 * strength) * player.wave(6.27 * hz, len(t)) * np.exp(-t / np.float32(0.05))
    return _shaped(np.float32(0.6) * tone, player.rate_hz, 0.0015, 0.2)


def _bell(player: _Player, hz: float, length_s: float, strength: float) -> Samples:
    """A soft glass bell by frequency modulation.

    Source: Chowning, "The Synthesis of Complex Audio Spectra by Means of Frequency Modulation",
    Journal of the Audio Engineering Society 21 (7), 1973.
    """
    t = player.clock(max(length_s, 2.2))
    depth = np.float32(0.5 + 1.1 * strength) * np.exp(-t / np.float32(0.5))
    bend = depth * player.wave(3.5 * hz, len(t)) if 3.5 * hz < 8000 else np.zeros_like(t)
    tone = player.wave(hz, len(t), bend) + 0.5 * player.wave(hz * 1.003, len(t))
    return _shaped(0.6 * tone * np.exp(-t / np.float32(0.8)), player.rate_hz, 0.004, 0.4)


def _keys(player: _Player, hz: float, length_s: float, strength: float) -> Samples:
    """An electric piano: a warm tone that barks when struck, with a short tine on top."""
    t = player.clock(length_s + 0.15)
    depth = np.float32(0.2 + 1.3 * strength**2) * np.exp(-t / np.float32(0.45))
    tone = player.wave(hz, len(t), depth * player.wave(hz, len(t)))
    if 14 * hz < 0.4 * player.rate_hz:
        tine = player.wave(14 * hz, len(t)) * np.exp(-t / np.float32(0.06))
        tone += (0.16 * strength) * player.wave(hz, len(t), tine)
    return _shaped(0.7 * tone * np.exp(-t / np.float32(1.4)), player.rate_hz, 0.003, 0.14)


def _kick(player: _Player, *_: float) -> Samples:
    """A soft bass drum: a sine that falls from 160 to 46 Hz."""
    t = player.clock(0.42)
    phase = np.float32(2 * np.pi) * (46 * t + 114 * 0.035 * (1 - np.exp(-t / 0.035)))
    return _shaped(np.tanh(1.4 * np.sin(phase)) * np.exp(-t / 0.13), player.rate_hz, 0.002, 0.1)


def _brushed(player: _Player, *_: float, attack_s: float, fade_s: float) -> Samples:
    """Noise without its lower half, short: two differences leave 12 dB less per octave below."""
    t = player.clock(attack_s + 6 * fade_s)
    noise = np.diff(player.noise(len(t) + 2), 2) / np.float32(2.5)
    return _shaped(noise * np.exp(-t / np.float32(fade_s)), player.rate_hz, attack_s, fade_s)


def _rim(player: _Player, *_: float) -> Samples:
    """A stick on the rim: two short tones and a breath of noise."""
    t = player.clock(0.12)
    knock = player.wave(430, len(t)) + 0.7 * player.wave(1150, len(t)) + 0.3 * player.noise(len(t))
    return _shaped(0.6 * knock * np.exp(-t / np.float32(0.018)), player.rate_hz, 0.001, 0.04)


_VOICES: dict[Instrument, Callable[[_Player, float, float, float], Samples]] = {
    Instrument.PAD: _pad,
    Instrument.SURF: _surf,
    Instrument.BASS: _bass,
    Instrument.PLUCK: _pluck,
    Instrument.TINE: _tine,
    Instrument.BELL: _bell,
    Instrument.KEYS: _keys,
    Instrument.KICK: _kick,
    Instrument.HAT: partial(_brushed, attack_s=0.001, fade_s=0.035),
    Instrument.SHAKER: partial(_brushed, attack_s=0.02, fade_s=0.02),
    Instrument.RIM: _rim,
}


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


def _echoed(send: Samples, delay_frames: int) -> Samples:
    """Return six repeats, each at half the level and on the other side."""
    out = np.zeros_like(send)
    mono = send.mean(axis=0)
    for repeat in range(1, 7):
        late = repeat * delay_frames
        if 0 < late < send.shape[1]:
            out[repeat % 2, late:] += np.float32(1.4 * 0.5**repeat) * mono[:-late]
            out[1 - repeat % 2, late:] += np.float32(0.3 * 0.5**repeat) * mono[:-late]
    return out


def _in_room(send: Samples, room_s: float, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return the answer of a room: decaying noise, whose highs decay in a third of the time."""
    tail = round(room_s * rate_hz)
    size = _fast_length(send.shape[1] + tail)
    t = np.arange(tail, dtype=np.float32) / np.float32(rate_hz)
    out = np.empty_like(send)
    for channel in range(2):
        noise = rng.standard_normal(tail, dtype=np.float32)
        low = np.convolve(noise, np.hanning(24).astype(np.float32) / 6, mode="same")
        answer = low * np.exp(-6.9 * t / np.float32(room_s))
        answer += 0.25 * (noise - low) * np.exp(-20.7 * t / np.float32(room_s))
        answer[: round(0.012 * rate_hz)] = 0.0  # the walls are a few metres away
        answer *= np.float32(1.3) / np.sqrt(np.sum(answer**2))
        wet = np.fft.irfft(np.fft.rfft(send[channel], size) * np.fft.rfft(answer, size), size)
        out[channel] = wet[: send.shape[1]]
    return out


def _fast_length(frames: int) -> int:
    """Return the least length from `frames` on that has no prime factor above 5."""
    powers = [int(2**a * 3**b * 5**c) for a in range(26) for b in range(4) for c in range(4)]
    return min(size for size in powers if size >= frames)
