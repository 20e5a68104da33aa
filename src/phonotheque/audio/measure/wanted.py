"""Which facts one decode of a recording is asked for: each that is left out saves its time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure. Whatever is left out costs nothing and is None or empty in the result.

    Attributes:
        payload: Hash of the coded packets.
        samples_md5: MD5 of the samples, for FLAC.
        loudness: Integrated loudness and loudness range.
        true_peak: Level between samples; as dear as everything else together, so not by default.
        levels: Waveform, sample peak, silence, clipping and dual mono, which share one look.
        cutoff: Frequency above which there is next to nothing.
        fingerprint: What the first two minutes sound like.
        integrity: Whether the file is whole, by the checks of its container.
    """

    payload: bool = True
    samples_md5: bool = True
    loudness: bool = True
    true_peak: bool = False
    levels: bool = True
    cutoff: bool = True
    fingerprint: bool = True
    integrity: bool = True
