"""FLAC: the MD5 of its samples, and under it a checksum in every frame.

The MD5 in STREAMINFO covers all samples, and one decode that is done anyway compares it. Where it
is missing (an encoder that wrote to a pipe leaves zeros) the frames are walked and each CRC-16 is
compared: that covers all sound, too. Where it differs, `locate` walks them to say where.

Sources: RFC 9639, 8 and 9. Not here: decoding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import BinaryIO

from phonotheque.audio.containers import skip_id3
from phonotheque.audio.integrity.examined import Cover, Examined, Findings
from phonotheque.audio.integrity.flac_frames import Frame, iter_frames
from phonotheque.audio.integrity.tails import find_tail
from phonotheque.audio.integrity.window import Window

_STREAMINFO_BYTES = 34
_MOST_BLOCKS = 4096  # a real file has ten; each costs one small read
_RESERVED_BLOCK = 127


@dataclass(frozen=True, slots=True)
class _Head:
    """What comes before the frames.

    Attributes:
        sound_at: Where they begin.
        rate_hz: Samples per second.
        block: Samples in a frame, the least there is in the stream.
        samples: In all; 0 when it is not stated.
        md5: Of all samples; None when it is not stated.
        wrong: What is wrong with the metadata, and where; None when nothing is.
    """

    sound_at: int
    rate_hz: int = 0
    block: int = 0
    samples: int = 0
    md5: bytes | None = None
    wrong: tuple[str, int] | None = None


def examine_flac(file: BinaryIO, codec: str) -> Examined:
    """Examine a FLAC. Cost: nearly none with an MD5; without, see `iter_frames`."""
    head = _read_head(file)
    if head.wrong is not None:
        findings = Findings()
        findings.add(*head.wrong)
        return Examined(
            "flac", codec, damage=findings.listed, damaged_places=1, stored_md5=head.md5
        )
    ms = head.samples * 1000 // head.rate_hz if head.samples and head.rate_hz else None
    examined = Examined(
        "flac",
        codec,
        Cover.MD5,
        ("the order of the FLAC metadata blocks",),
        declared_ms=ms,
        stored_md5=head.md5,
    )
    return examined if head.md5 else _walk_frames(file, head, examined)


def locate_in_flac(file: BinaryIO, examined: Examined) -> Examined:
    """Walk the frames to say where a file is damaged whose MD5 differs or was not compared."""
    head = _read_head(file)
    return examined if head.wrong is not None else _walk_frames(file, head, examined)


def _walk_frames(file: BinaryIO, head: _Head, examined: Examined) -> Examined:
    tail = find_tail(file, head.sound_at)
    findings, count, samples = Findings(), 0, 0
    notes = [f"behind the sound stand tags: {', '.join(tail.names)}"] if tail.names else []
    for found in iter_frames(file, head.sound_at, tail.start):
        if isinstance(found, Frame):
            count, samples = count + 1, samples + found.samples
            continue
        at_ms = _end_ms(found.after, head)
        is_complete = bool(head.samples) and samples >= head.samples
        length = found.until - found.at
        if found.until == tail.start and count and (is_complete or _is_padding(file, found)):
            notes.append(f"behind the sound stand {length:,} foreign bytes")
        else:
            what = f"{length:,} bytes in which no frame agrees with its checksum"
            findings.add(what, found.at, found.until, at_ms)
    if head.samples and samples < head.samples and not findings.count:
        missing = head.samples - samples
        findings.add_placeless(f"{missing:,} of {head.samples:,} samples are missing")
    return replace(
        examined,
        cover=Cover.CHECKSUM,
        checks=(*examined.checks, f"the checksums of {count:,} FLAC frames"),
        notes=(*examined.notes, *notes),
        damage=findings.listed,
        damaged_places=findings.count,
    )


def _is_padding(file: BinaryIO, torn: tuple[int, int, Frame | None]) -> bool:
    return Window(file).zeros_until(torn[0], torn[1]) == torn[1]


def _end_ms(frame: Frame | None, head: _Head) -> int | None:
    """Time at the end of a frame. A fixed block size is in STREAMINFO; the last may be shorter."""
    if not head.rate_hz:
        return None
    if frame is None:
        return 0
    first = frame.number if frame.is_variable else frame.number * (head.block or frame.samples)
    return (first + frame.samples) * 1000 // head.rate_hz


def _read_head(file: BinaryIO) -> _Head:
    """Walk the metadata blocks. Source: RFC 9639, 8."""
    start = skip_id3(file)
    window = Window(file)
    at = start + 4
    head = _Head(at)
    for number in range(_MOST_BLOCKS):
        header = window.read(at, 4)
        if len(header) < 4:
            return replace(head, wrong=("the file ends inside its metadata", start))
        kind, length = header[0] & 0x7F, int.from_bytes(header[1:], "big")
        if kind == _RESERVED_BLOCK or (number == 0) != (kind == 0):
            return replace(head, wrong=("a metadata block makes no sense", at))
        if number == 0:
            head = _read_streaminfo(window.read(at + 4, _STREAMINFO_BYTES))
        at += 4 + length
        if at > window.size:
            return replace(head, wrong=("a metadata block ends behind the end of the file", at))
        if header[0] & 0x80:
            return replace(head, sound_at=at)
    return replace(head, wrong=("its metadata blocks do not come to an end", start))


def _read_streaminfo(body: bytes) -> _Head:
    """Source: RFC 9639, 8.2."""
    if len(body) < _STREAMINFO_BYTES:
        return _Head(0)
    packed = int.from_bytes(body[10:18], "big")
    md5 = body[18:34]
    return _Head(
        sound_at=0,
        rate_hz=packed >> 44,
        block=int.from_bytes(body[:2], "big"),
        samples=packed & (1 << 36) - 1,
        md5=md5 if any(md5) else None,
    )
