"""Pages, boxes, chunks and tags, written by hand so that each number in them can lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def ogg_crc(page: bytes) -> int:
    """The checksum of a page whose checksum field is zero. Source: RFC 3533, 6.

    It is that of zlib over mirrored bytes, mirrored, without the inversions at both ends.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


@dataclass(frozen=True)
class Page:
    """One Ogg page. Source: RFC 3533, 6."""

    flags: int
    granule: int
    serial: int
    sequence: int
    lacing: bytes
    body: bytes

    def encode(self) -> bytes:
        """With its right checksum."""
        head = b"OggS\0" + struct.pack(
            "<BqIII", self.flags, self.granule, self.serial, self.sequence & 0xFFFFFFFF, 0
        )
        page = head + bytes([len(self.lacing)]) + self.lacing + self.body
        return page[:22] + struct.pack("<I", ogg_crc(page)) + page[26:]


def iter_pages(data: bytes) -> Iterator[Page]:
    """Read whole pages of a sound Ogg file."""
    at = 0
    while data[at : at + 4] == b"OggS":
        flags, granule, serial, sequence, _ = struct.unpack_from("<BqIII", data, at + 5)
        count = data[at + 26]
        lacing = data[at + 27 : at + 27 + count]
        body = data[at + 27 + count : at + 27 + count + sum(lacing)]
        yield Page(flags, granule, serial, sequence, lacing, body)
        at += 27 + count + sum(lacing)


def with_serial(data: bytes, serial: int) -> bytes:
    """The same stream under another serial number: encoders draw theirs by lot."""
    return b"".join(replace(page, serial=serial).encode() for page in iter_pages(data))


def ogg_packets(
    packets: list[bytes], serial: int = 1, granule: int = 0, flags: int = 0
) -> list[bytes]:
    """Each packet on a page of its own; `flags` on the last. Packets of at most 65,024 bytes."""
    pages = []
    for number, packet in enumerate(packets):
        lacing = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
        first = 2 if number == 0 else 0
        last = flags if number == len(packets) - 1 else 0
        pages.append(Page(first | last, granule, serial, number, lacing, packet).encode())
    return pages


def ogg_stream(packets: list[bytes], serial: int, sequence: int) -> list[Page]:
    """Packets of any length on pages as full as can be, without a granule position."""
    lacing = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in packets)
    body, pages, at = b"".join(packets), [], 0
    for start in range(0, len(lacing), 255):
        part = lacing[start : start + 255]
        is_continued = start > 0 and lacing[start - 1] == 255
        piece = body[at : at + sum(part)]
        pages.append(Page(int(is_continued), -1, serial, sequence + len(pages), part, piece))
        at += sum(part)
    return pages


def box(name: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    """A box of an MP4 file. Source: ISO/IEC 14496-12, 4.2."""
    return struct.pack(">I", 8 + len(body) if size is None else size) + name + body


def chunk(name: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    """A RIFF chunk, padded."""
    length = len(body) if size is None else size
    return name + struct.pack("<I", length) + body + bytes(len(body) & 1)


def riff(*chunks: bytes, size: int | None = None, form: bytes = b"RIFF") -> bytes:
    """A WAVE file of these chunks."""
    body = b"WAVE" + b"".join(chunks)
    return form + struct.pack("<I", len(body) if size is None else size) + body


def fmt(
    code: int = 1, channels: int = 2, rate: int = 44100, bits: int = 16, align: int | None = None
) -> bytes:
    """A `fmt ` chunk of any numbers."""
    block = (channels * bits // 8) & 0xFFFF if align is None else align
    per_second = (rate * block) & 0xFFFFFFFF
    return chunk(b"fmt ", struct.pack("<HHIIHH", code, channels, rate, per_second, block, bits))


def syncsafe(number: int) -> bytes:
    """28 bits in four bytes. Source: ID3v2.4 structure, 6.2."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(body: bytes = b"", size: int | None = None, version: int = 4, flags: int = 0) -> bytes:
    """An ID3v2 tag whose size can lie."""
    return (
        b"ID3" + bytes([version, 0, flags]) + syncsafe(len(body) if size is None else size) + body
    )


def id3_frame(name: bytes, body: bytes, size: int | None = None, flags: bytes = b"\0\0") -> bytes:
    """A frame of ID3v2.4."""
    return name + syncsafe(len(body) if size is None else size) + flags + body


def ape_tag(items: bytes, size: int | None = None, count: int = 1) -> bytes:
    """An APEv2 tag with a footer alone. Source: APEv2 specification, "APE Tags Header"."""
    length = len(items) + 32 if size is None else size
    return items + struct.pack("<8sIIII8s", b"APETAGEX", 2000, length, count, 0, b"")


def ape_item(key: bytes, value: bytes, size: int | None = None) -> bytes:
    """An item of an APEv2 tag."""
    return struct.pack("<II", len(value) if size is None else size, 0) + key + b"\0" + value


def flac_block(kind: int, body: bytes, size: int | None = None, *, is_last: bool = False) -> bytes:
    """A metadata block. Source: RFC 9639, 8.1."""
    length = len(body) if size is None else size
    return bytes([kind | (0x80 if is_last else 0)]) + length.to_bytes(3, "big") + body


def streaminfo(
    rate: int = 44100, channels: int = 2, bits: int = 16, samples: int = 0, block: int = 4096
) -> bytes:
    """A STREAMINFO of any numbers. Source: RFC 9639, 8.2."""
    packed = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | samples
    return struct.pack(">HH6x", block, block) + packed.to_bytes(8, "big") + bytes(16)


def comments(*texts: bytes, count: int | None = None, vendor_bytes: int | None = None) -> bytes:
    """A Vorbis comment whose lengths can lie. Source: Vorbis I specification, 5.2.1."""
    head = struct.pack("<I", 4 if vendor_bytes is None else vendor_bytes) + b"zoo "
    head += struct.pack("<I", len(texts) if count is None else count)
    return head + b"".join(struct.pack("<I", len(text)) + text for text in texts)
