"""The verdict: what the container says and what the decoder saw, weighed together.

Laws:

- Damage in the container is damage, whatever a decoder makes of it.
- "whole" needs a checksum over all sound that agrees, or plain samples whose length comes out to
  the byte. For coded sound without a checksum the best answer is "unknown", with the reason:
  decoders play damaged packets without a word.
- Where a checksum covers the bytes, a decoder that fails does not make them damaged. It makes them
  unknown: the encoder wrote them so, or they were damaged before the checksum was made.
- A length that is stated must come out within half a second or 1 %, whichever is more; a missing
  one is no damage.

Not here: reading bytes.
"""

from __future__ import annotations

from phonotheque.audio.decoded import Decoded
from phonotheque.audio.integrity.examined import Cover, Examined
from phonotheque.audio.integrity.wavpack import WITHOUT_CHECKSUM
from phonotheque.music.facts import Technical
from phonotheque.music.sound import DAMAGE_LISTED, Damage, Integrity, IntegrityVerdict

_TOLERANCE_MS = 500
_TOLERANCE_SHARE = 0.01
_BY_LENGTH = "the format has no checksum: that samples were changed cannot be seen"
_NOT_DECODED = "nothing could decode its samples to compare their MD5"
_STATES_LENGTH = ("wav", "rf64", "w64", "aiff", "dsf", "mp4", "wavpack", "flac")
"""Containers whose own length can be believed. FFmpeg guesses that of an MP3 without a header."""

DECODER_OPTIONS = {"err_detect": "crccheck"}
"""FFmpeg's options with which a decoder compares the checksums of WavPack and FLAC itself."""


def judge(
    examined: Examined,
    decoded: Decoded | None,
    technical: Technical | None,
    *,
    has_checking_decoder: bool = False,
) -> Integrity:
    """Say whether a file is whole, damaged, or why that cannot be told.

    Args:
        examined: What the container says.
        decoded: What the decoder saw; None when nothing decoded it.
        technical: What the file says about itself, for a length that the container examined
            does not state.
        has_checking_decoder: Whether the decoder was opened with `DECODER_OPTIONS`: then a
            WavPack whose every block decoded is proven by the checksums of its samples.
    """
    trial = _Trial(examined, decoded, technical, has_checking_decoder)
    trial.compare_samples()
    trial.compare_packets()
    trial.compare_length()
    return trial.integrity()


class _Trial:
    def __init__(
        self,
        examined: Examined,
        decoded: Decoded | None,
        technical: Technical | None,
        has_checking_decoder: bool,  # noqa: FBT001
    ) -> None:
        self._examined, self._decoded, self._technical = examined, decoded, technical
        self._has_checking_decoder = has_checking_decoder
        self._checks = list(examined.checks)
        self._damage = list(examined.damage)
        self._places = examined.damaged_places
        self._reason = examined.doubt
        self._cover = examined.cover
        self._is_proven = False  # the very samples are those that were encoded

    def compare_samples(self) -> None:
        """FLAC: the MD5 of the decoded samples against the one in STREAMINFO."""
        stored = self._examined.stored_md5
        computed = self._decoded.samples_md5 if self._decoded else None
        if stored is None:
            return
        if computed is None:
            if self._cover is Cover.MD5:
                self._reason = _NOT_DECODED
            return
        self._checks.append("the MD5 of the samples")
        if computed == stored:
            self._cover, self._is_proven = Cover.CHECKSUM, True
        elif not self._places:  # else it follows from damage that has a place
            self._add(Damage("the MD5 of the samples differs from the one in the header"))

    def compare_packets(self) -> None:
        """What did not decode, or that all did."""
        decoded = self._decoded
        if decoded is None:
            if self._reason and not self._damage:
                self._reason += "; nothing could decode it"
            return
        if self._is_proven:
            return
        if not decoded.failure_count:
            if self._cover is not Cover.CHECKSUM:
                self._checks.append("every packet decodes")
            if self._has_checking_decoder and self._reason == WITHOUT_CHECKSUM:
                self._checks.append("the checksums of the samples in each block")
                self._cover, self._reason = Cover.CHECKSUM, ""
        elif self._cover is Cover.CHECKSUM:
            first = decoded.failures[0].at_byte if decoded.failures else None
            place = "" if first is None else f", the first at byte {first:,}"
            self._reason = (
                f"its checksums agree, but {decoded.failure_count:,} packets do not decode{place}: "
                "they were written so, or damaged before"
            )
        else:
            for damage in decoded.failures:
                self._add(damage)
            self._places += decoded.failure_count - len(decoded.failures)

    def compare_length(self) -> None:
        """The length that came out against the length that is stated."""
        decoded, declared_ms = self._decoded, self._declared_ms()
        if decoded is None or declared_ms is None or self._cover is Cover.CHECKSUM:
            return
        self._checks.append("the length that is stated")
        missing_ms = declared_ms - decoded.decoded_ms
        if missing_ms > max(_TOLERANCE_MS, declared_ms * _TOLERANCE_SHARE) and not self._places:
            what = f"{decoded.decoded_ms / 1000:.1f} s of {declared_ms / 1000:.1f} s decode"
            self._add(Damage(what, at_ms=None))

    def integrity(self) -> Integrity:
        """The verdict."""
        checks = (*self._checks, *self._examined.notes)
        if self._places:
            self._damage.sort(key=_place)
            listed = tuple(self._damage[:DAMAGE_LISTED])
            return Integrity(IntegrityVerdict.DAMAGED, checks, "", listed, self._places)
        if self._cover is Cover.LENGTH:
            return Integrity(IntegrityVerdict.WHOLE, (*checks, _BY_LENGTH))
        if self._cover is Cover.CHECKSUM and not self._reason:
            return Integrity(IntegrityVerdict.WHOLE, checks)
        return Integrity(IntegrityVerdict.UNKNOWN, checks, _sentence(self._reason))

    def _declared_ms(self) -> int | None:
        if self._examined.declared_ms is not None:
            return self._examined.declared_ms
        if self._examined.container not in _STATES_LENGTH or self._examined.doubt:
            return None
        decoded_says = self._decoded.declared_ms if self._decoded else None
        return decoded_says or (self._technical.duration_ms if self._technical else None)

    def _add(self, damage: Damage) -> None:
        self._damage.append(damage)
        self._places += 1


def _place(damage: Damage) -> tuple[bool, int]:
    """In the order of the file; what has no place comes last."""
    return damage.at_byte is None, damage.at_byte or 0


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] + "." if reason else "Nothing could be compared."
