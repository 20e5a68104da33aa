"""WAV, RF64, Wave64, AIFF and DSF: plain samples in chunks, whose lengths must come out exactly.

These formats store no checksum (but for the MD5 of the samples that BWF MetaEdit adds to a WAV,
which is compared). What can be known is that nothing is missing: the chunk of sound is as long as
its header says and lies wholly in the file, what comes behind it makes sense. A changed sample is
a sample like any other.

A header without a length (zero, or all ones: written as a stream and never closed) is no damage.

Sources: as in `phonotheque.audio.riff`; BWF MetaEdit, "MD5 chunk". Not here: coded sound in these
chunks (ADPCM, MP3), which is only held against the lengths.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from phonotheque.audio.integrity.examined import Cover, Examined, Findings
from phonotheque.audio.integrity.tails import name_tail
from phonotheque.audio.riff import MAX_CHUNKS, Chunk, SoundHeader, iter_chunks, read_header

_UNKNOWN_32 = 0xFFFFFFFF
_SOUND = {"aiff": "SSND"}
_DSF_BLOCK_BYTES = 4096
_SSND_HEAD_BYTES = 8
_BLOCK_BYTES = 1 << 20
_PCM = re.compile(r"pcm_[sfu](8|16|24|32|64)|pcm_(alaw|mulaw)|dsd_")
_COUNTED_TWICE_BYTES = 9  # some writers count the first header, and a byte of padding
_TOO_MANY = f"it has more than {MAX_CHUNKS:,} chunks, and its sound is none of the first"
_UNSEEN = f"only the first {MAX_CHUNKS:,} chunks were looked at; the sound is among them"
_NO_LENGTH = "its header states no length: it was written as a stream"


@dataclass(frozen=True, slots=True)
class _Claim:
    """A chunk and the length its header gives it; None when the header leaves it open."""

    chunk: Chunk
    claimed_bytes: int | None

    @property
    def end(self) -> int:
        return self.chunk.offset_bytes + (self.claimed_bytes or 0)


def examine_chunks(file: BinaryIO, container: str, codec: str) -> Examined:
    """Examine a file of chunks. Cost: a few reads; MD5's, 700 MB/s, where there is one."""
    return _Reading(file, container, codec).examined()


class _Reading:
    def __init__(self, file: BinaryIO, container: str, codec: str) -> None:
        self._file, self._container, self._codec = file, container, codec
        self._size = file.seek(0, io.SEEK_END)
        self._outer_end = _outer_end(file, container)
        self._header = read_header(file, container)
        self._findings = Findings()
        self._notes: list[str] = []
        self._doubt = ""
        self._is_walk_cut = False

    def examined(self) -> Examined:
        sound, md5 = self._walk()
        checks = ["chunks and their lengths, to the byte"]
        cover = Cover.LENGTH if _PCM.match(self._codec) else Cover.NONE
        declared_ms = None
        if sound is None and self._is_walk_cut:
            self._doubt = _TOO_MANY
        elif sound is None:
            self._findings.add("it has no chunk of sound", self._size)
        else:
            self._compare_length(sound)
            if self._container in ("aiff", "dsf"):
                self._compare_promise(sound)
            if not self._doubt:
                declared_ms = self._ms(sound.claimed_bytes or 0)
            if md5 is not None and not self._doubt:
                checks.append("the MD5 of the samples")
                cover = Cover.CHECKSUM
                self._compare_md5(sound.chunk, md5)
        if cover is Cover.NONE and not self._doubt:
            coding = f"coded as {self._codec}" if self._codec else "of an unknown coding"
            self._doubt = f"its sound is {coding} and has no checksum"
        return Examined(
            container=self._container,
            codec=self._codec,
            cover=Cover.NONE if self._doubt else cover,
            checks=tuple(checks),
            notes=tuple(self._notes),
            damage=self._findings.listed,
            damaged_places=self._findings.count,
            doubt=self._doubt,
            declared_ms=declared_ms,
        )

    def _walk(self) -> tuple[_Claim | None, bytes | None]:
        """Find the chunk of sound and the MD5, and hold every chunk against the end."""
        sound, md5 = None, None
        name = _SOUND.get(self._container, "data")
        for number, claim in enumerate(_iter_claims(self._file, self._container), 1):
            at = claim.chunk.offset_bytes - 8
            if sound is not None and self._outer_end and at >= self._outer_end:
                self._notes.append(name_tail(self._file, self._outer_end, self._size))
                break
            if not self._is_sane(claim, sound):
                break
            if claim.chunk.name == name and sound is None:
                sound = claim
            elif claim.chunk.name == "MD5 " and claim.chunk.size_bytes == 16:
                md5 = claim.chunk.read(self._file, 16)
            self._is_walk_cut = number == MAX_CHUNKS and claim.end < self._size
        if self._is_walk_cut and sound is not None:
            self._notes.append(_UNSEEN)
        return sound, md5

    def _is_sane(self, claim: _Claim, sound: _Claim | None) -> bool:
        """Whether the walk may go on behind this chunk."""
        name, at = claim.chunk.name, claim.chunk.offset_bytes - 8
        is_sound = name == _SOUND.get(self._container, "data") and sound is None
        is_name = name.isascii() and name.isprintable()
        if is_name and (is_sound or claim.end <= self._size):
            return True
        if sound is not None and sound.claimed_bytes and self._is_outer_right():
            self._notes.append(
                "what stands behind the sound is not in order; the sound is complete"
            )
        elif sound is None or sound.claimed_bytes:
            what = "a chunk makes no sense" if not is_name else "a chunk ends behind the file's end"
            self._findings.add(f"{what}: bytes before it are missing or too many", at)
        return False

    def _is_outer_right(self) -> bool:
        """Whether the file is as long as its first header says, give or take a byte of padding."""
        return bool(self._outer_end) and abs((self._outer_end or 0) - self._size) <= 1

    def _compare_length(self, sound: _Claim) -> None:
        chunk = sound.chunk
        behind = self._size - chunk.offset_bytes
        if sound.claimed_bytes is None or (sound.claimed_bytes == 0 and behind > 0):
            self._doubt = _NO_LENGTH
        elif sound.end > self._size:
            missing = sound.end - self._size
            what = f"the end is missing: {missing:,} of {sound.claimed_bytes:,} bytes of sound"
            self._findings.add(what, self._size, at_ms=self._ms(chunk.size_bytes))
        elif self._outer_end and self._outer_end > self._size + 1 and not self._findings.count:
            more = self._outer_end - self._size
            if more <= _COUNTED_TWICE_BYTES:
                self._notes.append(f"its first header counts {more} bytes that are not there")
            else:
                self._findings.add(f"{more:,} bytes are missing, by its first header", self._size)

    def _compare_promise(self, sound: _Claim) -> None:
        """AIFF and DSF state the number of samples apart from the length of their chunk."""
        promised = _promised_bytes(self._file, self._container, self._header, self._codec)
        there = sound.claimed_bytes or 0
        if self._container == "aiff":
            there -= _SSND_HEAD_BYTES
        if promised is not None and there < promised and not self._findings.count:
            what = f"its header promises {promised:,} bytes of sound, its chunk {there:,}"
            self._findings.add(what, sound.chunk.offset_bytes)

    def _compare_md5(self, chunk: Chunk, stated: bytes) -> None:
        md5 = hashlib.md5(usedforsecurity=False)
        self._file.seek(chunk.offset_bytes)
        left = chunk.size_bytes
        while left > 0 and (block := self._file.read(min(left, _BLOCK_BYTES))):
            md5.update(block)
            left -= len(block)
        if stated not in (md5.digest(), md5.digest()[::-1]):  # writers differ in the byte order
            self._findings.add("the MD5 of the samples differs", chunk.offset_bytes)

    def _ms(self, size_bytes: int) -> int | None:
        header, bits = self._header, _bits(self._codec, self._header)
        per_s = (header.sample_rate_hz or 0) * (header.channels or 0) * bits
        return size_bytes * 8000 // per_s if per_s else None


def _bits(codec: str, header: SoundHeader) -> int:
    """Bits that a sample takes in the file: 24 may be stored in 32."""
    match = _PCM.match(codec)
    if match and match[1]:
        return int(match[1])
    return 8 if match and match[2] else header.bit_depth or 0


def _iter_claims(file: BinaryIO, container: str) -> Iterator[_Claim]:
    """Every chunk with what its header claims; `iter_chunks` has cut that off at the file's end."""
    file.seek(0)
    order = ">" if file.read(4) in (b"FORM", b"RIFX") else "<"
    data_64 = None
    for chunk in iter_chunks(file, container):
        file.seek(chunk.offset_bytes - 8)
        head = file.read(8)
        claimed: int | None
        if container in ("w64", "dsf"):
            claimed = int.from_bytes(head, "little") - (24 if container == "w64" else 12)
        else:
            (claimed,) = struct.unpack(order + "I", head[4:])
            if claimed == _UNKNOWN_32:
                claimed = data_64 if chunk.name == "data" else None
        if chunk.name == "ds64" and chunk.size_bytes >= 16:
            data_64 = int.from_bytes(chunk.read(file, 16)[8:], "little")
        yield _Claim(chunk, claimed)


def _outer_end(file: BinaryIO, container: str) -> int | None:
    """Where the file ends by its first header; None when that is left open."""
    file.seek(0)
    head = file.read(40)
    if container == "w64":
        return int.from_bytes(head[16:24], "little") or None
    if container == "dsf":
        return int.from_bytes(head[12:20], "little") or None
    if container == "rf64" and head[12:16] == b"ds64" and head[4:8] == b"\xff" * 4:
        return int.from_bytes(head[20:28], "little") + 8
    size = int.from_bytes(head[4:8], "big" if head[:4] in (b"FORM", b"RIFX") else "little")
    return None if size in (0, _UNKNOWN_32) else size + 8


def _promised_bytes(file: BinaryIO, container: str, header: SoundHeader, codec: str) -> int | None:
    """Bytes that the stated number of samples takes; None when nothing is stated."""
    chunks = {chunk.name: chunk for chunk in iter_chunks(file, container)}
    name = "COMM" if container == "aiff" else "fmt "
    body = chunks[name].read(file, 40) if name in chunks else b""
    if container == "aiff":
        if len(body) < 18 or not _PCM.match(codec):
            return None
        frames = int.from_bytes(body[2:6], "big")
        return frames * (header.channels or 0) * _bits(codec, header) // 8
    if len(body) < 32:
        return None
    samples, channels = int.from_bytes(body[24:32], "little"), header.channels or 0
    return -(-samples // 8 // _DSF_BLOCK_BYTES) * _DSF_BLOCK_BYTES * channels
