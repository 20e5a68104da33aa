"""What a decoder saw on its way through a file: the half of an integrity verdict that it can give.

Pure values between measuring (`phonotheque.audio.measure`) and judging
(`phonotheque.audio.integrity`), which do not know each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.music.sound import Damage


@dataclass(frozen=True, slots=True)
class Decoded:
    """How one whole decode went.

    Attributes:
        samples: Sample frames that came out, all parts of a chained stream together.
        sample_rate_hz: Of the first part.
        decoded_ms: Length of the sound, each part at its own rate.
        declared_ms: Length that the container states; None when it does not.
        failures: First places where a packet that was not empty did not decode, at most
            `DAMAGE_LISTED`.
        failure_count: How many such packets there were, frames marked corrupt included.
        format_changes: How often rate or channels changed midway (chained streams).
        samples_md5: For FLAC: MD5 of the samples, interleaved little-endian at their own width,
            as STREAMINFO has it (RFC 9639, 8.2); None for all else.
    """

    samples: int
    sample_rate_hz: int
    decoded_ms: int
    declared_ms: int | None
    failures: tuple[Damage, ...] = ()
    failure_count: int = 0
    format_changes: int = 0
    samples_md5: bytes | None = None
