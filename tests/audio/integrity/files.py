"""Whole files of every encoder at hand, ways to spoil them, and a file that counts what is read."""

from __future__ import annotations

import functools
import io
import struct

import av
from tests.audio import zoo

from phonotheque.audio import sniff_file
from phonotheque.audio.decoded import Decoded
from phonotheque.audio.integrity import Examined, examine, judge, locate
from phonotheque.audio.integrity.crc import page_checksum
from phonotheque.music.sound import Damage, Integrity

SECONDS = 2.0
_MD5_AT = 26  # 4 + 4 + 18, in a FLAC that begins with STREAMINFO


@functools.cache
def whole(name: str) -> bytes:
    """A file of `NAMES`, as its encoder wrote it."""
    return _MAKERS[name]()


def _mp3(layout: str = "stereo", rate: int = 44100) -> bytes:
    return zoo.encode("libmp3lame", "mp3", "s16p", layout, rate, SECONDS)


def _mp3_without_header() -> bytes:
    """Cut out the header frame, which the ID3v2 tag of FFmpeg stands before."""
    data = _mp3()
    at = data.index(b"Info") - 36
    from phonotheque.audio.mpeg import parse_header

    header = parse_header(data[at : at + 4])
    assert header is not None
    return data[at + header.size_bytes :]


def _flac_without_md5() -> bytes:
    data = whole("flac")
    return data[:_MD5_AT] + bytes(16) + data[_MD5_AT + 16 :]


_MAKERS = {
    "vorbis": lambda: zoo.encode_sndfile("OGG", "VORBIS", SECONDS),
    "opus": lambda: zoo.encode("libopus", "ogg", rate=48000, seconds=SECONDS),
    "flac in ogg": lambda: zoo.encode("flac", "ogg", seconds=SECONDS),
    "mp3": _mp3,
    "mp3 mono 22 kHz": lambda: _mp3("mono", 22050),
    "mp3 8 kHz": lambda: _mp3("mono", 8000),
    "mp3 without header": _mp3_without_header,
    "flac": lambda: zoo.encode_sndfile("FLAC", "PCM_16", SECONDS),
    "flac 24": lambda: zoo.encode_sndfile("FLAC", "PCM_24", SECONDS),
    "flac without md5": _flac_without_md5,
    "wavpack": lambda: zoo.encode("wavpack", "wv", "s16p", seconds=SECONDS),
    "wav": lambda: zoo.encode_sndfile("WAV", "PCM_16", SECONDS),
    "wav 24": lambda: zoo.encode_sndfile("WAV", "PCM_24", SECONDS),
    "rf64": lambda: zoo.specimen("long.rf64").data,
    "w64": lambda: zoo.specimen("summary.w64").data,
    "aiff": lambda: zoo.encode_sndfile("AIFF", "PCM_24", SECONDS),
    "dsf": lambda: zoo.specimen("id3.dsf").data,
    "aac": lambda: zoo.encode("aac", "ipod", "fltp", seconds=SECONDS),
    "alac": lambda: zoo.encode("alac", "ipod", "s16p", seconds=SECONDS),
}
NAMES = tuple(_MAKERS)
OGG = ("vorbis", "opus", "flac in ogg")
PLAIN = ("wav", "wav 24", "rf64", "w64", "aiff", "dsf")
CODECS = {
    "ogg": "vorbis",
    "mp3": "mp3",
    "flac": "flac",
    "wavpack": "wavpack",
    "mp4": "aac",
    "wav": "pcm_s16le",
    "rf64": "pcm_s16le",
    "w64": "pcm_s16le",
    "aiff": "pcm_s24be",
    "dsf": "dsd_lsbf_planar",
}


def examined(data: bytes, codec: str = "") -> Examined:
    """Examine bytes, whatever they are now."""
    file = io.BytesIO(data)
    container = sniff_file(file)
    assert container is not None
    return examine(file, container, codec or _codec(data, container))


def examined_as(name: str, data: bytes) -> Examined:
    """Examine bytes that were once the file `name`, even when their beginning is gone."""
    container = sniff_file(io.BytesIO(whole(name)))
    assert container is not None
    return examine(io.BytesIO(data), container, _codec(whole(name), container))


def located_as(name: str, data: bytes) -> Examined:
    """The same, with the place of damage that only a checksum of the whole shows."""
    return locate(io.BytesIO(data), examined_as(name, data), None)


def _codec(data: bytes, container: str) -> str:
    if container == "wav" and data[34:36] == b"\x18\0":
        return "pcm_s24le"
    return CODECS[container]


def verdict(data: bytes, decoded: Decoded | None = None, **known: bool) -> Integrity:
    """Judge bytes with what a decoder saw."""
    file = io.BytesIO(data)
    container = sniff_file(file)
    assert container is not None
    found = locate(file, examine(file, container, _codec(data, container)), decoded)
    return judge(found, decoded, None, **known)


def decoded(ms: int, md5: bytes | None = None, failures: int = 0) -> Decoded:
    """What a decoder may have seen."""
    listed = tuple(Damage("does not decode", 100 + n) for n in range(failures))
    return Decoded(ms * 44, 44000, ms, None, listed, failures, 0, md5)


def page(number: int, body: bytes, *, flags: int = 0, granule: int = 0, serial: int = 1) -> bytes:
    """An Ogg page with a right checksum."""
    lacing = bytes([255] * (len(body) // 255) + [len(body) % 255])
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, serial, number, 0, len(lacing))
    plain = head + lacing + body
    crc = page_checksum(plain)
    return plain[:22] + struct.pack("<I", crc) + plain[26:]


def stream(serial: int, pages: int = 5, rate_hz: int = 8000) -> list[bytes]:
    """The pages of a made-up stream that calls itself Vorbis: a second of sound each."""
    head = b"\x01vorbis" + struct.pack("<IBI", 0, 1, rate_hz) + bytes(14)
    first = page(0, head, flags=2, serial=serial)
    rest = [
        page(n, bytes([n]) * 300, flags=4 * (n == pages), granule=n * rate_hz, serial=serial)
        for n in range(1, pages + 1)
    ]
    return [first, *rest]


class CountingFile(io.BytesIO):
    """Bytes that remember how many of them were asked for."""

    read_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


def wavpack_samples_checked(data: bytes) -> Decoded:
    """Decode as a decoder does that compares checksums."""
    from phonotheque.audio.integrity import DECODER_OPTIONS

    samples = failures = 0
    with av.open(io.BytesIO(data), format="wv") as container:
        codec = container.streams.audio[0].codec_context
        codec.options = DECODER_OPTIONS
        for packet in container.demux(audio=0):
            try:
                samples += sum(frame.samples for frame in packet.decode())
            except av.error.FFmpegError:
                failures += bool(packet.size)
    ms = samples * 1000 // 44100
    return Decoded(samples, 44100, ms, None, (), failures)
