"""The instruments of the made-up label: eleven ways to make a tone. Only numpy.

An instrument is a function of waves to draw on, a frequency, a length and a strength (0 to 1). It
may ring on after its length, as a string does.

Laws: no tone is above about full scale; each begins and ends without a click.

Not here: when tones are played and how they are mixed (`phonotheque.demo.synth`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from phonotheque.demo.piece import Instrument
from phonotheque.demo.waves import TABLE_FRAMES, Samples, Waves, shaped


def _pad(waves: Waves, hz: float, length_s: float, *_: float) -> Samples:
    """A choir of strings: partials as narrow bands of noise, wider the higher they are.

    Source: Nasca Octavian Paul, "PADsynth algorithm", the idea of spreading each harmonic.
    """
    table = waves.loop(hz, lambda bins_hz: _bands(hz, bins_hz))
    count = -(-round(length_s * waves.rate_hz) // TABLE_FRAMES)
    tone = np.tile(table, count)[:, : max(1, round(length_s * waves.rate_hz))]
    return shaped(tone, waves.rate_hz, min(1.4, length_s / 3), min(2.2, length_s / 2.5))


def _bands(hz: float, bins_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how strong a pad of this pitch is at each frequency."""
    level = np.zeros_like(bins_hz)
    for harmonic in range(1, int(min(16, 4500 / hz)) + 1):
        centre = harmonic * hz
        width = max(centre * 0.007, 2 * bins_hz[1])  # 12 cents to each side
        height = harmonic**-1.1 / (1 + (centre / 1100) ** 2) / np.sqrt(width)
        near = slice(*np.searchsorted(bins_hz, (centre - 4 * width, centre + 4 * width)))
        level[near] += height * np.exp(-(((bins_hz[near] - centre) / width) ** 2))
    return level


def _surf(waves: Waves, _hz: float, length_s: float, *_: float) -> Samples:
    """Waves on a shore: dark noise that swells about every nine seconds, left before right."""
    corners_hz = (0.0, 60, 150, 500, 1500, 5000, 12000, 24000)
    levels = (0.0, 0.2, 1.0, 0.6, 0.22, 0.06, 0.01, 0.0)
    table = waves.loop(-1.0, lambda bins_hz: np.interp(bins_hz, corners_hz, levels))
    t = waves.clock(length_s)
    tone = np.tile(table, -(-len(t) // TABLE_FRAMES))[:, : len(t)]
    swell = np.stack([np.sin(np.float32(2 * np.pi / 9.1) * t - turn) for turn in (1.2, 1.9)])
    return shaped(tone * np.float32(0.55 + 0.45 * swell) ** 2, waves.rate_hz, 2.0, 3.0)


def _bass(waves: Waves, hz: float, length_s: float, strength: float) -> Samples:
    """A round bass: a sine with two partials, warmed a little."""
    t = waves.clock(length_s + 0.06)
    body = waves.wave(hz, len(t)) + 0.4 * waves.wave(2 * hz, len(t))
    body += (0.25 * strength) * waves.wave(3 * hz, len(t)) * np.exp(-t / 0.15)
    tone = np.tanh(1.2 * body) * np.exp(-t / np.float32(0.4 + 1.5 * length_s))
    return shaped(tone, waves.rate_hz, 0.012, 0.07)


def _pluck(waves: Waves, hz: float, length_s: float, strength: float) -> Samples:
    """A plucked string: a burst of noise goes round a delay line and loses its brightness.

    The line is computed one period at a time, each from the period before; it has a whole number
    of samples, and the result is read a little faster or slower to be in tune.

    Source: Karplus and Strong, "Digital Synthesis of Plucked-String and Drum Timbres",
    Computer Music Journal 7 (2), 1983.
    """
    ring_s = max(length_s, 1.2)
    period = waves.rate_hz / hz
    line = max(2, round(period))
    damp = float(np.clip(60 / line, 0.18, 0.5)) if line > 120 else 0.5 - 0.3 * (120 - line) / 120
    turns = int(ring_s * waves.rate_hz / line) + 3
    burst = waves.noise(line)
    for _ in range(4 - round(2 * strength)):  # a soft finger excites fewer high partials
        burst = (burst + np.roll(burst, 1)) / np.float32(2)
    burst -= np.roll(burst, max(1, line // 7))  # plucked at a seventh of the string
    burst -= burst.mean()
    burst *= 0.9 / np.abs(burst).max()
    keep = np.float32(10 ** (-3 * line / (waves.rate_hz * float(np.clip(900 / hz, 1.2, 5.0)))))
    rounds = np.empty((turns, line + 1), np.float32)  # column 0: the last sample of the turn before
    rounds[0, 0], rounds[0, 1:] = burst[-1], burst
    for turn in range(1, turns):
        before, now = rounds[turn - 1], rounds[turn]
        now[0] = before[-1]
        np.multiply(before[1:], keep * (1 - damp), out=now[1:])
        now[1:] += keep * damp * before[:-1]
    string = rounds[:, 1:].ravel()
    places = np.arange(round(ring_s * waves.rate_hz)) * ((line + damp) / period)
    tone = np.interp(places, np.arange(len(string)), string).astype(np.float32)
    body = np.std(tone[: round(0.25 * waves.rate_hz)])  # short strings would be faint
    tone *= min(np.float32(0.13) / body, np.float32(1.0) / np.abs(tone).max())
    return shaped(tone, waves.rate_hz, 0.0015, 0.12)


def _tine(waves: Waves, hz: float, length_s: float, strength: float) -> Samples:
    """A tooth of a music box: a clamped bar, whose second partial lies at 6.27 and dies at once."""
    t = waves.clock(max(length_s, 1.6))
    fade_s = np.float32(np.clip(500 / hz, 0.35, 1.1))
    tone = waves.wave(hz, len(t)) + 0.35 * waves.wave(hz * 1.0015, len(t))
    tone += 0.18 * waves.wave(2 * hz, len(t)) * np.exp(-t / (fade_s * np.float32(0.4)))
    tone *= np.exp(-t / fade_s)
    if 6.27 * hz < 0.45 * waves.rate_hz:
        tone += (0.3 * strength) * waves.wave(6.27 * hz, len(t)) * np.exp(-t / np.float32(0.05))
    return shaped(np.float32(0.6) * tone, waves.rate_hz, 0.0015, 0.2)


def _bell(waves: Waves, hz: float, length_s: float, strength: float) -> Samples:
    """A soft glass bell by frequency modulation.

    Source: Chowning, "The Synthesis of Complex Audio Spectra by Means of Frequency Modulation",
    Journal of the Audio Engineering Society 21 (7), 1973.
    """
    t = waves.clock(max(length_s, 2.2))
    depth = np.float32(0.5 + 1.1 * strength) * np.exp(-t / np.float32(0.5))
    bend = depth * waves.wave(3.5 * hz, len(t)) if 3.5 * hz < 8000 else np.zeros_like(t)
    tone = waves.wave(hz, len(t), bend) + 0.5 * waves.wave(hz * 1.003, len(t))
    return shaped(0.6 * tone * np.exp(-t / np.float32(0.8)), waves.rate_hz, 0.004, 0.4)


def _keys(waves: Waves, hz: float, length_s: float, strength: float) -> Samples:
    """An electric piano: a warm tone that barks when struck, with a short tine on top."""
    t = waves.clock(length_s + 0.15)
    depth = np.float32(0.2 + 1.3 * strength**2) * np.exp(-t / np.float32(0.45))
    tone = waves.wave(hz, len(t), depth * waves.wave(hz, len(t)))
    if 14 * hz < 0.4 * waves.rate_hz:
        tine = waves.wave(14 * hz, len(t)) * np.exp(-t / np.float32(0.06))
        tone += (0.16 * strength) * waves.wave(hz, len(t), tine)
    return shaped(0.7 * tone * np.exp(-t / np.float32(1.4)), waves.rate_hz, 0.003, 0.14)


def _kick(waves: Waves, *_: float) -> Samples:
    """A soft bass drum: a sine that falls from 160 to 46 Hz."""
    t = waves.clock(0.42)
    phase = np.float32(2 * np.pi) * (46 * t + 114 * 0.035 * (1 - np.exp(-t / 0.035)))
    return shaped(np.tanh(1.4 * np.sin(phase)) * np.exp(-t / 0.13), waves.rate_hz, 0.002, 0.1)


def _brushed(waves: Waves, *_: float, attack_s: float, fade_s: float) -> Samples:
    """Noise without its lower half, short: two differences leave 12 dB less per octave below."""
    t = waves.clock(attack_s + 6 * fade_s)
    noise = np.diff(waves.noise(len(t) + 2), 2) / np.float32(2.5)
    return shaped(noise * np.exp(-t / np.float32(fade_s)), waves.rate_hz, attack_s, fade_s)


def _rim(waves: Waves, *_: float) -> Samples:
    """A stick on the rim: two short tones and a breath of noise."""
    t = waves.clock(0.12)
    knock = waves.wave(430, len(t)) + 0.7 * waves.wave(1150, len(t)) + 0.3 * waves.noise(len(t))
    return shaped(0.6 * knock * np.exp(-t / np.float32(0.018)), waves.rate_hz, 0.001, 0.04)


VOICES: dict[Instrument, Callable[[Waves, float, float, float], Samples]] = {
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
