"""Where the marks of an axis stand and what they say. Pure.

Laws: marks stand at round values that people count in; no more of them than there is room for; all
labels of one axis have one form.
"""

from __future__ import annotations

from phonotheque.music.sound import format_clock

_TIME_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_HZ_STEPS = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


def time_marks(duration_ms: int, most: int) -> list[tuple[float, str]]:
    """Return places (0 to 1 of the whole) and labels, "1:30", of at most `most` marks and one."""
    if duration_ms <= 0:
        return [(0.0, "0:00")]
    whole_s = duration_ms / 1000
    step_s = next((s for s in _TIME_STEPS_S if whole_s / s <= most), _TIME_STEPS_S[-1])
    while whole_s / step_s > most:
        step_s *= 2
    count = int(whole_s / step_s + 1e-9) + 1
    return [(i * step_s / whole_s, _label(i * step_s, step_s)) for i in range(count)]


def _label(time_s: float, step_s: float) -> str:
    return f"{time_s:.1f} s" if step_s < 1 else format_clock(round(time_s) * 1000)


def frequency_marks(highest_hz: int, most: int) -> list[tuple[float, str]]:
    """Return places (0 to 1 of the range from 0 Hz) and labels in kHz of at most `most` and one."""
    if highest_hz <= 0:
        return [(0.0, "0")]
    step = next((s for s in _HZ_STEPS if highest_hz / s <= most), _HZ_STEPS[-1])
    while highest_hz / step > most:
        step *= 2
    marks = range(0, highest_hz + 1, step)
    return [(hz / highest_hz, f"{hz / 1000:g}") for hz in marks]


def spoken_duration(duration_ms: int) -> str:
    """Say a length in words: "3 minutes 8 seconds"."""
    seconds = round(duration_ms / 1000)
    parts = ((seconds // 3600, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second"))
    said = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count]
    return " ".join(said) or "less than a second"
