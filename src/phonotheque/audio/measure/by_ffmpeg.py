"""The pass: every packet of the first audio stream, decoded once, for all meters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from av.audio.frame import AudioFrame

from phonotheque.audio.decoded import Decoded
from phonotheque.audio.decoding import OpenedAudio, refused
from phonotheque.audio.measure.meters import Measured, Meters
from phonotheque.audio.measure.packets import PacketWalk
from phonotheque.audio.measure.parts import Parts
from phonotheque.audio.measure.samples_md5 import SamplesMd5, bits_of_streaminfo
from phonotheque.audio.measure.wanted import Wanted


def measure(
    audio: OpenedAudio,
    *,
    declared_ms: int | None = None,
    bit_depth: int | None = None,
    wanted: Wanted = Wanted(),  # noqa: B008  # frozen
) -> Measured:
    """Decode all of an open file and measure what comes out.

    Args:
        audio: Just opened; its packets are used up.
        declared_ms: Length that the container states, if it does.
        bit_depth: Bits of a sample, None when it is lossy or not known.
        wanted: What to measure.

    Raises:
        MalformedError: Not one sample came out.

    Cost: decoding, and two thirds of that again: a half of it for the fingerprint, a third for
    loudness.
    """
    parts, meters = Parts(), Meters(wanted, bit_depth)
    payload = hashlib.sha256() if wanted.payload else None
    walk = PacketWalk(audio, parts, payload)
    md5 = _samples_md5(audio) if wanted.samples_md5 else None

    def take(blocks: Iterator[AudioFrame]) -> None:
        for block in blocks:
            if md5 is not None:
                md5.add(block)
            meters.add(block)

    for _ in walk.iter_steps():
        take(parts.iter_blocks())
    take(parts.iter_last())
    if not parts.samples:
        raise refused("FFmpeg decodes no sound from it")
    decoded = Decoded(
        samples=parts.samples,
        sample_rate_hz=parts.rate_hz,
        decoded_ms=parts.length_ms,
        declared_ms=declared_ms,
        failures=tuple(walk.first_failures),
        failure_count=walk.failure_count,
        format_changes=parts.changes,
        samples_md5=md5.result() if md5 is not None and parts.is_one_form else None,
    )
    return meters.result(decoded, payload.hexdigest() if payload else "", parts.channels)


def _samples_md5(audio: OpenedAudio) -> SamplesMd5 | None:
    if audio.codec.codec.canonical_name != "flac":
        return None
    bits = bits_of_streaminfo(bytes(audio.codec.extradata or b""))
    return SamplesMd5(bits) if bits else None
