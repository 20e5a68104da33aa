"""The chunks of WAV, RF64, Wave64, AIFF and DSF: what they say about the sound, and where tags are.

Laws: a length is a claim: every chunk ends where its file ends at the latest, no read is longer
than a bound, at most 4,096 chunks are walked. Sound is never read, only stepped over.

Sources: Microsoft/IBM "Multimedia Programming Interface" (RIFF); EBU Tech 3306 (RF64), 3285 (BWF);
Sonic Foundry "Wave64"; Apple "Audio Interchange File Format AIFF-C"; Sony "DSF File Format 1.01".
Not here: the texts inside chunks (`phonotheque.audio.riff_texts`).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_CHUNKS = 4096
"""No more are walked, in a file or in a list."""

_UNKNOWN_32 = 0xFFFFFFFF  # RF64: "see ds64"; in a RIFF that was never closed: "to the end"
_W64_HEADER_BYTES = 24  # a GUID and the size, which counts itself
_W64_LIST = bytes.fromhex("6c6973742f91cf11a5d628db04c10000")
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_W64_SUMMARY = bytes.fromhex("bc945f925a52d21186dc00c04f8edb8a")
_W64_LIST_TAIL = _W64_LIST[4:]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A named range of a file. `name` has four characters, upper case except in W64."""

    name: str
    offset_bytes: int
    size_bytes: int

    def read(self, file: BinaryIO, at_most_bytes: int) -> bytes:
        """Return the chunk's first bytes, no more than the bound."""
        file.seek(self.offset_bytes)
        return file.read(min(self.size_bytes, at_most_bytes))


@dataclass(frozen=True, slots=True)
class SoundHeader:
    """What a header says about the sound; None where it is silent."""

    sample_rate_hz: int | None = None
    channels: int | None = None
    bit_depth: int | None = None
    duration_ms: int | None = None


def iter_chunks(file: BinaryIO, container: str) -> Iterator[Chunk]:
    """Walk the chunks of a file in order, lazily.

    Args:
        file: Seekable; its position may be moved between chunks.
        container: "wav", "rf64", "w64", "aiff" or "dsf", as sniffed.
    """
    end = file.seek(0, io.SEEK_END)
    if container == "w64":
        yield from _iter_w64(file, end)
    elif container == "dsf":
        yield from _iter_dsf(file, end)
    else:
        yield from _iter_iff(file, end)


def iter_subchunks(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Walk the little-endian chunks inside a LIST body (behind its type)."""
    at = 0
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(body):
            return
        size = int.from_bytes(body[at + 4 : at + 8], "little")
        yield body[at : at + 4].decode("latin-1"), body[at + 8 : at + 8 + size]
        at += 8 + size + (size & 1)


def read_header(file: BinaryIO, container: str) -> SoundHeader:
    """Return what the header chunks state about the sound. An incomplete file states less."""
    read = {"aiff": _read_comm, "dsf": _read_dsf}.get(container, _read_fmt)
    try:
        return read(file, {chunk.name: chunk for chunk in iter_chunks(file, container)})
    except (struct.error, ZeroDivisionError):
        return SoundHeader()


def _iter_iff(file: BinaryIO, end: int) -> Iterator[Chunk]:
    file.seek(0)
    head = file.read(12)
    order = ">" if head[:4] in (b"FORM", b"RIFX") else "<"
    is_rf64 = head[:4] in (b"RF64", b"BW64")
    sizes_64: dict[str, int] = {}
    at = 12
    for _ in range(MAX_CHUNKS):
        file.seek(min(at, end))  # a claim of 2**63 bytes fits no seek
        header = file.read(8)
        if len(header) < 8:
            return
        name = header[:4].decode("latin-1")
        (claimed,) = struct.unpack(order + "I", header[4:])
        if claimed == _UNKNOWN_32:
            claimed = sizes_64.get(name, end) if is_rf64 else end
        chunk = Chunk(name, at + 8, max(0, min(claimed, end - at - 8)))
        if name == "ds64" and is_rf64:
            sizes_64 = _read_ds64(chunk.read(file, 64 * 1024))
        yield chunk
        at += 8 + claimed + (claimed & 1)


def _read_ds64(body: bytes) -> dict[str, int]:
    """Sizes by chunk name. Source: EBU Tech 3306, 3: riff, data, samples, then a table."""
    if len(body) < 28:
        return {}
    sizes = {"data": int.from_bytes(body[8:16], "little")}
    for at in range(28, len(body) - 11, 12):
        name = body[at : at + 4].decode("latin-1")
        sizes.setdefault(name, int.from_bytes(body[at + 4 : at + 12], "little"))
    return sizes


def _iter_w64(file: BinaryIO, end: int) -> Iterator[Chunk]:
    at = _W64_HEADER_BYTES + 16
    for _ in range(MAX_CHUNKS):
        file.seek(min(at, end))  # a claim of 2**63 bytes fits no seek
        header = file.read(_W64_HEADER_BYTES)
        if len(header) < _W64_HEADER_BYTES:
            return
        claimed = int.from_bytes(header[16:], "little")
        if claimed < _W64_HEADER_BYTES:
            return
        size = min(claimed, end - at) - _W64_HEADER_BYTES
        yield Chunk(_w64_name(header[:16]), at + _W64_HEADER_BYTES, max(0, size))
        at += claimed + (-claimed & 7)


def _w64_name(guid: bytes) -> str:
    if guid == _W64_SUMMARY:
        return "summ"
    if guid == _W64_LIST:
        return "LIST"
    is_known = guid[4:] in (_W64_TAIL, _W64_LIST_TAIL)
    return guid[:4].decode("latin-1") if is_known else "?"


def _iter_dsf(file: BinaryIO, end: int) -> Iterator[Chunk]:
    at = 0
    for _ in range(3):  # "DSD ", "fmt ", "data": no others exist
        file.seek(min(at, end))
        header = file.read(12)
        if len(header) < 12:
            return
        claimed = int.from_bytes(header[4:], "little")
        if claimed < 12:
            return
        name = header[:4].decode("latin-1")
        yield Chunk(name, at + 12, max(0, min(claimed, end - at) - 12))
        at += claimed


def _read_fmt(file: BinaryIO, chunks: dict[str, Chunk]) -> SoundHeader:
    """Source: RIFF `fmt `; WAVEFORMATEXTENSIBLE states the valid bits apart."""
    if "fmt " not in chunks:
        return SoundHeader()
    file.seek(0)
    order = ">" if file.read(4) == b"RIFX" else "<"
    body = chunks["fmt "].read(file, 40)
    form, channels, hz, bytes_per_s, _, bits = struct.unpack(order + "HHIIHH", body[:16])
    if form == 0xFFFE and len(body) >= 20:
        bits = struct.unpack(order + "H", body[18:20])[0] or bits
    data = chunks.get("data")
    duration_ms = data.size_bytes * 1000 // bytes_per_s if data else None
    return SoundHeader(hz or None, channels or None, bits or None, duration_ms)


def _read_comm(file: BinaryIO, chunks: dict[str, Chunk]) -> SoundHeader:
    """Source: AIFF-C, "Common Chunk"; the rate is an 80-bit float."""
    if "COMM" not in chunks:
        return SoundHeader()
    body = chunks["COMM"].read(file, 18)
    channels, frames, bits, exponent, mantissa = struct.unpack(">HIHHQ", body)
    shift = 16383 + 63 - (exponent & 0x7FFF)
    hz = mantissa >> shift if 0 <= shift < 64 else 0
    duration_ms = frames * 1000 // hz if hz else None
    return SoundHeader(hz or None, channels or None, bits or None, duration_ms)


def _read_dsf(file: BinaryIO, chunks: dict[str, Chunk]) -> SoundHeader:
    """Source: DSF 1.01, "fmt chunk". The rate is that of the one-bit samples."""
    if "fmt " not in chunks:
        return SoundHeader()
    body = chunks["fmt "].read(file, 40)
    channels, hz, _, samples = struct.unpack("<IIIQ", body[12:32])
    duration_ms = samples * 1000 // hz if hz else None
    return SoundHeader(hz or None, channels or None, 1, duration_ms)
