"""What a decode measured, in sentences for people. Pure.

Laws: a figure has its unit; what was not found is said as such where silence would be taken for an
answer; a hint is called a hint.
"""

from __future__ import annotations

from phonotheque.music.facts import Technical
from phonotheque.music.sound import Loudness, Sound, format_clock

_LENGTHS_DIFFER_MS = 500
_DIFFER_SHARE = 0.01  # as for integrity: what headers declare is seldom exact
_LOW_SHARE = 0.85
_HEARD_HZ = 22_050  # above it there is seldom anything, whatever the sample rate


def format_sound(sound: Sound, technical: Technical | None = None) -> list[str]:
    """Say what was measured, a line for each thing.

    Args:
        sound: What the decode found.
        technical: What the file says about itself, None when it says nothing.
    """
    declared_ms = technical.duration_ms if technical else None
    silences = _silences(sound)
    return [
        _length(sound.decoded_ms, declared_ms),
        _loudness(sound.loudness),
        *_peaks(sound.loudness),
        *([f"silence: {silences}"] if silences else []),
        _clipping(sound.clipped_samples),
        *(["channels: all carry the very same sound"] if sound.is_dual_mono else []),
        *_cutoff(sound.cutoff_hz, technical),
        *([f"payload: {sound.payload_sha256}"] if sound.payload_sha256 else []),
    ]


def _length(decoded_ms: int, declared_ms: int | None) -> str:
    said = f"length: {exact_clock(decoded_ms)}"
    if declared_ms is None:
        return f"{said}; the file does not state one"
    tolerance_ms = max(_LENGTHS_DIFFER_MS, declared_ms * _DIFFER_SHARE)
    if abs(decoded_ms - declared_ms) <= tolerance_ms:
        return said
    return f"{said}, but the file states {exact_clock(declared_ms)}"


def _loudness(loudness: Loudness) -> str:
    if loudness.integrated_lufs is None:
        return "loudness: none, it is silent"
    said = f"loudness: {loudness.integrated_lufs:.1f} LUFS"
    return said if loudness.range_lu is None else f"{said}, range {loudness.range_lu:.1f} LU"


def _peaks(loudness: Loudness) -> list[str]:
    if loudness.sample_peak_dbfs is None:
        return []
    said = f"peak: {loudness.sample_peak_dbfs:.1f} dBFS"
    true_peak = loudness.true_peak_dbtp
    return [said if true_peak is None else f"{said}, between samples {true_peak:.1f} dBTP"]


def _silences(sound: Sound) -> str:
    places = (
        (sound.leading_silence_ms, "at the beginning"),
        (sound.trailing_silence_ms, "at the end"),
    )
    return ", ".join(f"{ms / 1000:.1f} s {where}" for ms, where in places if ms >= 50)


def _clipping(samples: int) -> str:
    if not samples:
        return "clipping: none"
    return f"clipping: {samples:,} samples lie in runs at full scale"


def _cutoff(cutoff_hz: int | None, technical: Technical | None) -> list[str]:
    if cutoff_hz is None:
        return []
    said = f"frequencies: up to {cutoff_hz / 1000:.1f} kHz"
    rate_hz = technical.sample_rate_hz if technical and technical.bit_depth else None
    if rate_hz and cutoff_hz < _LOW_SHARE * min(rate_hz / 2, _HEARD_HZ):
        said += ", next to nothing above: a hint at an earlier lossy copy, and no proof"
    return [said]


def exact_clock(time_ms: int) -> str:
    """Write a length to the millisecond: "3:08.250"."""
    return f"{format_clock(time_ms)}.{time_ms % 1000:03d}"
