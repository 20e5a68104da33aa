"""What one decode of a recording found: is it whole, how does it sound, how long is it really.

Laws: everything here was measured on the bytes, nothing believed from a header or a tag; a figure
that cannot be measured (the loudness of silence) is None, never a stand-in number.

Not here: what a file says about itself (`phonotheque.music.facts`), measuring
(`phonotheque.audio`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

import msgspec

DAMAGE_LISTED = 16
"""Places of damage that are named one by one; further ones are only counted."""


class IntegrityVerdict(StrEnum):
    """Whether the bytes of a recording are as its encoder wrote them."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


class Damage(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with the sound's bytes.

    Attributes:
        what: In words, for people: "page checksum differs".
        at_byte: Where it begins, from the start of the file; None when no place can be given.
        at_ms: The same place on the clock, from the first sample; None when unknown.
    """

    what: str
    at_byte: int | None = None
    at_ms: int | None = None


class Integrity(msgspec.Struct, frozen=True, omit_defaults=True):
    """A verdict on a recording, and what it rests on.

    Attributes:
        verdict: "whole" only when a checksum covers the sound, or when the format has none and
            all that can be checked (structure, length) agrees and `checks` says so.
        checks: What was compared, in words: "Ogg page checksums", "MD5 of the samples".
        reason: Why it cannot be told; "" unless the verdict is "unknown".
        damage: The first `DAMAGE_LISTED` places, in the order of the file.
        damaged_places: How many there are in all.
    """

    verdict: IntegrityVerdict
    checks: tuple[str, ...] = ()
    reason: str = ""
    damage: tuple[Damage, ...] = ()
    damaged_places: int = 0


class Loudness(msgspec.Struct, frozen=True, omit_defaults=True):
    """Loudness after EBU R 128 (ITU-R BS.1770-4, EBU Tech 3342).

    Attributes:
        integrated_lufs: Of the whole programme; None when nothing passes the gate (silence).
        range_lu: Loudness range; None when there is too little to tell.
        sample_peak_dbfs: Highest sample of any channel against full scale; None in silence.
        true_peak_dbtp: Highest level between samples, four times oversampled; None unless asked.
    """

    integrated_lufs: float | None = None
    range_lu: float | None = None
    sample_peak_dbfs: float | None = None
    true_peak_dbtp: float | None = None


class Sound(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the decode of a whole recording measured.

    Attributes:
        decoded_ms: Length of the sound that came out of the decoder.
        payload_sha256: 64 hexadecimal digits, of the coded packets alone: equal for copies that
            differ only in tags and pictures.
        loudness: How loud it is.
        leading_silence_ms: Digital silence or sound under -60 dBFS before the first louder sample.
        trailing_silence_ms: The same after the last one.
        clipped_samples: Samples in runs of 3 or more at full scale, over all channels.
        is_dual_mono: Whether two or more channels carry the very same samples.
        cutoff_hz: Above this frequency there is next to nothing; None when it cannot be told.
            Far below half the sample rate it hints at a transcode; it proves none.
    """

    decoded_ms: int
    payload_sha256: str
    loudness: Loudness = Loudness()
    leading_silence_ms: int = 0
    trailing_silence_ms: int = 0
    clipped_samples: int = 0
    is_dual_mono: bool = False
    cutoff_hz: int | None = None


def format_integrity(integrity: Integrity) -> str:
    """Say a verdict in one line for people: "damaged: page checksum differs at byte 4,096"."""
    match integrity.verdict:
        case IntegrityVerdict.WHOLE:
            return f"whole: {', '.join(integrity.checks)}" if integrity.checks else "whole"
        case IntegrityVerdict.UNKNOWN:
            return f"cannot be told: {integrity.reason}"
        case IntegrityVerdict.DAMAGED:
            first = _format_damage(integrity.damage[0]) if integrity.damage else "somewhere"
            more = integrity.damaged_places - 1
            places = "" if more < 1 else f", and {more} more place{'s' if more > 1 else ''}"
            return f"damaged: {first}{places}"
        case _:
            assert_never(integrity.verdict)


def format_clock(time_ms: int) -> str:
    """Write a place in a recording as a clock shows it: "1:24", "1:02:03"."""
    minutes, seconds = divmod(time_ms // 1000, 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours}:{rest:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _format_damage(damage: Damage) -> str:
    place = "" if damage.at_byte is None else f" at byte {damage.at_byte:,}"
    if damage.at_ms is not None:
        place += f" ({format_clock(damage.at_ms)})"
    return damage.what + place
