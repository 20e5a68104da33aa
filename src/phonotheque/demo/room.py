"""The space around the instruments: a room that answers, and an echo that goes to and fro.

Both take what is sent to them and return only their own sound, as long as what was sent.
"""

from __future__ import annotations

import numpy as np

from phonotheque.demo.waves import Samples


def echoed(send: Samples, delay_frames: int) -> Samples:
    """Return six repeats, each at half the level and on the other side."""
    out = np.zeros_like(send)
    mono = send.mean(axis=0)
    for repeat in range(1, 7):
        late = repeat * delay_frames
        if 0 < late < send.shape[1]:
            out[repeat % 2, late:] += np.float32(1.4 * 0.5**repeat) * mono[:-late]
            out[1 - repeat % 2, late:] += np.float32(0.3 * 0.5**repeat) * mono[:-late]
    return out


def in_room(send: Samples, room_s: float, rate_hz: int, rng: np.random.Generator) -> Samples:
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
        out[channel] = _convolved(send[channel], answer, size)[: send.shape[1]]
    return out


def _convolved(sound: Samples, answer: Samples, size: int) -> Samples:
    """Return a convolution of at most `size` frames.

    Cost: a transform that numpy does not have to scale is done in double precision, at two and a
    half times the price; hence "ortho", which scales.
    """
    turned = np.fft.rfft(sound, size, norm="ortho") * np.fft.rfft(answer, size, norm="ortho")
    wet = np.fft.irfft(turned, size, norm="ortho") * np.float32(np.sqrt(size))
    return wet.astype(np.float32, copy=False)


def _fast_length(frames: int) -> int:
    """Return the least length from `frames` on that has no prime factor above 5."""
    powers = [int(2**a * 3**b * 5**c) for a in range(26) for b in range(4) for c in range(4)]
    return min(size for size in powers if size >= frames)
