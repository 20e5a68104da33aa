"""Packets and parts of an Ogg file, read without a decoder.

For files that only the second decoder plays: the hash of their packets is then the one that FFmpeg
would give, could it open them, and equal for copies with other tags. And for chains whose parts
FFmpeg has to be handed one by one.

Laws: pages are believed by their lengths alone (checksums are another module's business); a page
that lies ends the walk; nothing is held but the page at hand.

Source: RFC 3533, 6; Vorbis I, 4.2.1; RFC 7845, 5; Ogg FLAC mapping 1.0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

_HEADER_BYTES = 27
_CONTINUED, _BEGINS = 0x1, 0x2
_LONGEST_PACKET_BYTES = 16 << 20  # no audio packet of any codec comes near it


def payload_sha256(file: BinaryIO) -> str:
    """Return the SHA-256 of all packets that carry sound, in hexadecimal digits.

    Args:
        file: Seekable; its position is moved.
    """
    digest = hashlib.sha256()
    is_flac = False
    for packet in iter_packets(file):
        is_flac = is_flac or packet[:5] == b"\x7fFLAC"
        if not (_is_metadata(packet) if is_flac else _is_header(packet)):
            digest.update(packet)
    return digest.hexdigest()


def iter_packets(file: BinaryIO) -> Iterator[bytes]:
    """Walk the packets of the first logical stream, lazily, up to the first page that is none."""
    file.seek(0)
    stream: bytes | None = None
    waiting = b""
    while len(head := file.read(_HEADER_BYTES)) == _HEADER_BYTES and head[:4] == b"OggS":
        lacing = file.read(head[26])
        body = file.read(sum(lacing))
        stream = stream if stream is not None else head[14:18]
        if head[14:18] != stream:
            continue
        if not head[5] & _CONTINUED:
            waiting = b""
        start = end = 0
        for size in lacing:
            end += size
            if size < 255:
                yield waiting + body[start:end]
                waiting, start = b"", end
        waiting += body[start:end]
        if len(waiting) > _LONGEST_PACKET_BYTES:
            return


def find_link(file: BinaryIO, after: int) -> int | None:
    """Return where the next part of a chain begins, behind the page at `after`; None for nowhere.

    Args:
        file: Seekable; its position is moved.
        after: Where a page begins.
    """
    at = after
    file.seek(at)
    while len(head := file.read(_HEADER_BYTES)) == _HEADER_BYTES and head[:4] == b"OggS":
        if head[5] & _BEGINS and at > after:
            return at
        at += _HEADER_BYTES + head[26] + sum(file.read(head[26]))
        file.seek(at)
    return None


def _is_header(packet: bytes) -> bool:
    """Say whether a packet is a header of Vorbis or Opus. An empty one carries nothing."""
    return packet[1:7] == b"vorbis" or packet[:8] in (b"OpusHead", b"OpusTags")


def _is_metadata(packet: bytes) -> bool:
    """Say whether a packet of FLAC is no frame: frames begin with their sync code."""
    return packet[:1] != b"\xff"
