"""Music that a fingerprint can tell from other music: chords drawn by a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 22_050
_CHORD_S = 0.35
_FORMATS = {"flac": "FLAC", "mp3": "MP3", "ogg": "OGG", "wav": "WAV"}


def melody(seed: int, seconds: float) -> NDArray[np.float32]:
    """Chords of four notes, one after the other; the same for the same seed."""
    rng = np.random.default_rng(seed)
    count = int(np.ceil(seconds / _CHORD_S))
    at_s = np.arange(int(_CHORD_S * RATE_HZ)) / RATE_HZ
    fade = np.exp(-3 * at_s)
    chords = []
    for _ in range(count):
        notes_hz = 110 * 2 ** (rng.integers(0, 48, 4) / 12)
        chords.append((np.sin(2 * np.pi * notes_hz[:, None] * at_s) * fade).sum(axis=0) / 8)
    samples: NDArray[np.float32] = np.concatenate(chords)[: int(seconds * RATE_HZ)].astype("f4")
    return samples


def write_melody(path: Path, seed: int, seconds: float = 45, *, skip_s: float = 0) -> Path:
    """Write a melody, without its first seconds if so asked; the format follows from the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = melody(seed, seconds)[int(skip_s * RATE_HZ) :]
    soundfile.write(path, samples, RATE_HZ, format=_FORMATS[path.suffix[1:]])
    return path
