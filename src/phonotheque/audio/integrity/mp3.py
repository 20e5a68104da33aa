"""MP3: frames without a gap, as many as the header promises, under LAME's checksum if there is one.

The format itself has no checksum. LAME and FFmpeg write one over all sound into their header frame:
where it agrees, nothing else matters; where it is missing, the sound can be seen to be cut or torn,
but a changed bit inside a frame cannot, so the best answer is "unknown".

Harmless, and only noted: padding, tags behind the sound, tags between joined files, a header that
counts itself, sound behind the part that the checksum covers.

Not here: the walk (`mp3_frames`), the header frame (`mp3_header`).
"""

from __future__ import annotations

from typing import BinaryIO

from phonotheque.audio.containers import skip_id3
from phonotheque.audio.integrity.crc import CRC16_MIRRORED
from phonotheque.audio.integrity.examined import Cover, Examined, Findings
from phonotheque.audio.integrity.mp3_frames import Lost, Part, Walked, walk_frames
from phonotheque.audio.integrity.tails import find_tail, is_gained_in_front
from phonotheque.audio.integrity.window import SPAN_BYTES, Window

_NO_FRAMES = (
    "no frames of MPEG audio follow one another; they may be of free format and state no length"
)
_NO_CHECKSUM = (
    "its header has no checksum of the sound, so a changed bit inside a frame is not seen"
)
_GAINED = "mp3gain changed the sound and left the old checksum of LAME in place"
_BEHIND = "sound stands behind the part that the checksum of LAME covers"
_MISTAKEN_SHARE = 0.5  # an encoder that gets more than half of its checksums wrong cannot do them


def examine_mp3(file: BinaryIO, codec: str) -> Examined:
    """Examine an MP3. Cost: about 300 MB/s with a checksum of LAME, over 1 GB/s without."""
    start = skip_id3(file)
    tail = find_tail(file, start)
    window = Window(file)
    sound_start = window.zeros_until(start, tail.start)
    walked = walk_frames(file, sound_start, tail.start)
    reading = _Reading(file, codec, walked, tail.start)
    if start < sound_start < tail.start:
        reading.notes.append(f"{sound_start - start:,} bytes of padding stand before the sound")
    reading.is_gained = tail.is_gained or is_gained_in_front(file, start)
    return reading.examined()


class _Reading:
    """The meaning of a walk."""

    def __init__(self, file: BinaryIO, codec: str, walked: Walked, end: int) -> None:
        self._file, self._codec, self._walked, self._end = file, codec, walked, end
        self._proven: list[tuple[int, int]] = []
        self._missing: list[str] = []
        self._doubts: list[str] = []
        self.notes: list[str] = []
        self.is_gained = False

    def examined(self) -> Examined:
        parts = self._walked.parts
        if not parts:
            return Examined("mp3", self._codec, doubt=_NO_FRAMES)
        for part, until in zip(parts, [*(part.at for part in parts[1:]), self._end], strict=True):
            self._compare(part, until)
        findings = self._findings()
        if self._walked.tags:
            self.notes.append(f"{self._walked.tags:,} tags stand between frames: files were joined")
        is_covered = len(self._proven) == len(parts) and not self._doubts
        declared = [part.promise.declared_ms if part.promise else None for part in parts]
        return Examined(
            container="mp3",
            codec=self._codec,
            cover=Cover.CHECKSUM if is_covered else Cover.NONE,
            checks=self._checks(),
            notes=tuple(self.notes),
            damage=findings.listed,
            damaged_places=findings.count,
            doubt="" if is_covered else "; ".join(dict.fromkeys(self._doubts)) or _NO_CHECKSUM,
            declared_ms=sum(ms for ms in declared if ms) if all(declared) else None,
        )

    def _compare(self, part: Part, until: int) -> None:
        """Hold one part, which ends at `until`, against the promise of its header frame."""
        promise = part.promise
        if promise is None:
            return
        if promise.music_crc is not None and promise.music_bytes is not None:
            # Some writers count the tags behind the sound, which are none.
            stop = min(part.at + promise.music_bytes, until)
            if self._agrees(part, stop, promise.music_crc):
                self._proven.append((part.at, stop))
                if part.end > stop:
                    self._doubts.append(_BEHIND)
                return
            if promise.header_agrees is False:
                self.notes.append("the header frame differs from its own checksum")
            if self.is_gained:
                self._doubts.append(_GAINED)
            else:
                self._missing.append("the checksum of LAME over all sound differs")
        missing = (promise.frames or 0) - part.frames
        if missing == 1:
            self.notes.append("its header promises one frame more than there is: it counts itself")
        elif missing > 1:
            self._missing.append(
                f"its header promises {promise.frames:,} frames, {part.frames:,} are there"
            )

    def _agrees(self, part: Part, stop: int, crc: int) -> bool:
        """Sum up the sound of a part."""
        self._file.seek(part.sound_at)
        register, left = 0, stop - part.sound_at
        while left > 0:
            block = self._file.read(min(left, 4 * SPAN_BYTES))
            if not block:
                return False
            register = CRC16_MIRRORED.update_long(register, block)
            left -= len(block)
        return register == crc

    def _findings(self) -> Findings:
        """What was lost on the walk, but for what a checksum proves to be as it was written."""
        findings, walked = Findings(), self._walked
        first, last = walked.parts[0], walked.parts[-1]
        for lost in walked.lost:
            if lost.until <= first.at:
                self._lead(lost, findings)
            elif lost.at >= last.end and lost.until >= self._end:
                self._trail(lost, findings)
            elif not self._is_proven(lost.at, lost.until):
                what = f"{lost.until - lost.at:,} bytes that are no frame"
                findings.add(what, lost.at, lost.until, lost.at_ms)
        unlisted = walked.lost_count - len(walked.lost)
        if unlisted > 0 and not self._proven:
            findings.count += unlisted
        if walked.cut is not None and not self._is_proven(walked.cut[0], self._end):
            self._cut(walked.cut, findings)
        self._frame_checksums(findings)
        for what in self._missing:
            findings.add_placeless(what)
        return findings

    def _lead(self, lost: Lost, findings: Findings) -> None:
        length = lost.until - lost.at
        if self._is_complete(self._walked.parts[0]):
            self.notes.append(f"{length:,} foreign bytes stand before the sound")
        else:
            findings.add(
                f"{length:,} bytes before the first frame are none", lost.at, lost.until, 0
            )

    def _trail(self, lost: Lost, findings: Findings) -> None:
        length = lost.until - lost.at
        is_zeros = Window(self._file).zeros_until(lost.at, lost.until) == lost.until
        if is_zeros or self._is_complete(self._walked.parts[-1]):
            kind = "bytes of padding" if is_zeros else "foreign bytes"
            self.notes.append(f"behind the sound stand {length:,} {kind}")
        else:
            what = f"{length:,} bytes behind the last frame are none"
            findings.add(what, lost.at, lost.until, lost.at_ms)

    def _cut(self, cut: tuple[int, int, int], findings: Findings) -> None:
        at, size, there = cut
        if self._is_complete(self._walked.parts[-1]):
            self.notes.append(f"behind the sound stand {there:,} bytes of a frame too many")
        else:
            findings.add(f"the last frame is cut: {there:,} of its {size:,} bytes are there", at)

    def _frame_checksums(self, findings: Findings) -> None:
        walked = self._walked
        if not walked.contradicted or walked.first_contradicted is None or self._proven:
            return
        if walked.contradicted > walked.protected * _MISTAKEN_SHARE:
            self.notes.append("its encoder wrote checksums of frames that do not fit")
            return
        at, at_ms = walked.first_contradicted
        findings.add(f"the checksums of {walked.contradicted:,} frames differ", at, at_ms=at_ms)

    def _is_complete(self, part: Part) -> bool:
        """Whether the header frame says that no frame is missing."""
        promise = part.promise
        if self._is_proven(part.at, part.end):
            return True
        return promise is not None and promise.frames is not None and part.frames >= promise.frames

    def _is_proven(self, start: int, stop: int) -> bool:
        return any(a <= start and stop <= b for a, b in self._proven)

    def _checks(self) -> tuple[str, ...]:
        walked = self._walked
        frames = sum(part.frames for part in walked.parts)
        checks = [f"{frames:,} frames of MPEG audio, one behind the other"]
        if any(part.promise and part.promise.frames for part in walked.parts):
            checks.append("the number of frames that the header promises")
        if self._proven:
            checks.append("the checksum of LAME over all sound")
        if walked.protected:
            checks.append(f"checksums of the side information of {walked.protected:,} frames")
        return tuple(checks)
