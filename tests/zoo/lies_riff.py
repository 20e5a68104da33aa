"""Headers of linear sound that lie: WAVE, RF64, Wave64, AIFF, DSF."""

from __future__ import annotations

import struct

from tests.audio import zoo
from tests.zoo.animals import Animal, Fate, alive, dead, kept
from tests.zoo.bricks import chunk, fmt, riff

_SOUND = zoo.pcm16(0.2)
_FMT = fmt()
_MOST = 0xFFFFFFFF
_DATA = chunk(b"data", _SOUND)


def _nested(depth: int) -> bytes:
    """Lists in lists."""
    body = b""
    for _ in range(depth):
        body = chunk(b"LIST", b"INFO" + body)
    return body


def _float80(sign_exponent: int, mantissa: int) -> bytes:
    """A sample rate as AIFF writes it: IEEE 754 extended."""
    return struct.pack(">HQ", sign_exponent, mantissa)


def _aiff(rate: bytes, channels: int = 1, frames: int = 4000, offset: int = 0) -> bytes:
    comm = struct.pack(">hIh", channels, frames, 16) + rate
    body = b"AIFF" + b"COMM" + struct.pack(">I", len(comm)) + comm
    body += b"SSND" + struct.pack(">III", 8 + len(_SOUND), offset, 0) + _SOUND
    return b"FORM" + struct.pack(">I", len(body)) + body


def _patched(name: str, at: int, new: bytes) -> bytes:
    data = bytearray(zoo.specimen(name).data)
    data[at : at + len(new)] = new
    return bytes(data)


def _wave() -> tuple[Animal, ...]:
    whole = riff(_FMT, _DATA)
    long_list = b"LIST\xff\xff\xff\x7fINFOICMT"
    return (
        dead("gigabytes in 41 bytes.wav", riff(_FMT)[:29] + long_list[:12]),
        dead("magic number alone.wav", b"RIFF\xff\xff\xff\xffWAVE"),
        kept("size of none.wav", riff(_FMT, _DATA, size=0)),
        kept("size too small.wav", riff(_FMT, _DATA, size=40)),
        kept("size too large.wav", riff(_FMT, _DATA, size=0x7FFFFFFF)),
        Animal(
            "data beyond the end.wav",
            lambda: riff(_FMT, chunk(b"data", _SOUND, size=len(_SOUND) * 3)),
            Fate.DAMAGED,
        ),
        kept("data of unknown length.wav", riff(_FMT, chunk(b"data", _SOUND, size=_MOST))),
        kept("data too short.wav", riff(_FMT, chunk(b"data", _SOUND, size=1001))),
        kept("data of none.wav", riff(_FMT, chunk(b"data", _SOUND, size=0))),
        kept("data before its format.wav", riff(_DATA, _FMT)),
        kept("two formats.wav", riff(_FMT, fmt(1, 8, 8000, 24), _DATA)),
        kept("two data.wav", riff(_FMT, _DATA, _DATA)),
        kept("format too short.wav", riff(chunk(b"fmt ", b"\1\0\2\0"), _DATA)),
        kept("format too long.wav", riff(chunk(b"fmt ", _FMT[8:], size=0x7FFFFFFF), _DATA)),
        kept("65,535 channels.wav", riff(fmt(1, 65535, 44100, 16), _DATA)),
        kept("255 channels.wav", riff(fmt(1, 255, 8000, 16), _DATA)),
        kept("no channel.wav", riff(fmt(1, 0, 44100, 16), _DATA)),
        kept("4 gigahertz.wav", riff(fmt(1, 2, 4_000_000_000, 16), _DATA)),
        kept("most hertz.wav", riff(fmt(1, 2, _MOST, 16), _DATA)),
        kept("no hertz.wav", riff(fmt(1, 2, 0, 16), _DATA)),
        kept("no bits.wav", riff(fmt(1, 2, 44100, 0), _DATA)),
        kept("65,535 bits.wav", riff(fmt(1, 2, 44100, 65535, align=4), _DATA)),
        kept("7 bits.wav", riff(fmt(1, 2, 44100, 7, align=2), _DATA)),
        kept("no alignment.wav", riff(fmt(1, 2, 44100, 16, align=0), _DATA)),
        kept("unknown codec.wav", riff(fmt(0xBEEF, 2, 44100, 16), _DATA)),
        kept("adpcm without blocks.wav", riff(fmt(2, 2, 44100, 4, align=0), _DATA)),
        kept("mp3 in name.wav", riff(fmt(0x55, 2, 44100, 0, align=1), _DATA)),
        kept("extensible of nothing.wav", riff(fmt(0xFFFE, 2, 44100, 16), _DATA)),
        alive("a thousand empty chunks.wav", lambda: riff(_FMT, chunk(b"junk") * 1000, _DATA)),
        kept("too many empty chunks.wav", riff(_FMT, chunk(b"JUNK") * 100_000, _DATA)),
        kept("chunk that leads back.wav", riff(_FMT, chunk(b"JUNK", size=0xFFFFFFF8), _DATA)),
        kept("lists in lists.wav", riff(_FMT, _nested(10_000), _DATA)),
        kept("endless list.wav", riff(_FMT, _DATA, long_list)),
        kept(
            "a tag of 2 GB.wav", riff(_FMT, _DATA, b"id3 \xff\xff\xff\x7fID3\4\0\0\x7f\x7f\x7f\x7f")
        ),
        kept("broken ixml.wav", riff(_FMT, _DATA, chunk(b"iXML", b"<a>" * 10_000))),
        kept(
            "laughing ixml.wav",
            riff(_FMT, _DATA, chunk(b"iXML", _laughs())),
        ),
        kept("short bext.wav", riff(_FMT, chunk(b"bext", b"x" * 10), _DATA)),
        kept("big-endian in name.wav", b"RIFX" + whole[4:]),
        kept("wave in wave.wav", riff(_FMT, chunk(b"data", whole))),
    )


def _laughs() -> bytes:
    """Entities of entities: a gigabyte, were they believed."""
    lines = ['<!DOCTYPE l [<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return ("<?xml version='1.0'?>" + "".join(lines) + "]><l>&a9;</l>").encode()


def _long_waves() -> tuple[Animal, ...]:
    head = zoo.rf64_head(len(_SOUND))
    at = head.index(b"ds64") + 8
    rf64 = head + _SOUND

    def ds64(riff_bytes: int, data_bytes: int, frames: int, table: int) -> bytes:
        new = struct.pack("<QQQI", riff_bytes, data_bytes, frames, table)
        return rf64[:at] + new + rf64[at + len(new) :]

    w64 = zoo.specimen("summary.w64").data
    most = (1 << 64) - 1
    return (
        kept("most bytes.rf64", ds64(most, most, most, 0)),
        kept("negative.rf64", ds64(1 << 63, 1 << 63, 1 << 63, 0)),
        kept("petabytes.rf64", ds64(1 << 50, 1 << 50, 1 << 48, 0)),
        kept("no bytes.rf64", ds64(0, 0, 0, 0)),
        kept("long table.rf64", ds64(len(rf64), len(_SOUND), 0, _MOST)),
        kept("no ds64.rf64", b"RF64\xff\xff\xff\xff" + riff(_FMT, _DATA)[8:]),
        kept("bw64.wav", b"BW64" + rf64[4:]),
        kept("chunk of no size.w64", w64[:56] + bytes(8) + w64[64:]),
        kept("chunk shorter than its head.w64", w64[:56] + struct.pack("<Q", 23) + w64[64:]),
        kept("most bytes.w64", w64[:56] + b"\xff" * 8 + w64[64:]),
        kept("negative.w64", w64[:16] + struct.pack("<Q", 1 << 63) + w64[24:]),
    )


def _aiff_and_dsf() -> tuple[Animal, ...]:
    rates = {
        "no hertz": _float80(0, 0),
        "not a number": _float80(0x7FFF, 1 << 63 | 1),
        "infinite hertz": _float80(0x7FFF, 1 << 63),
        "negative hertz": _float80(0xC00E, 44100 << 48),
        "most hertz": _float80(0x7FFE, (1 << 64) - 1),
        "least hertz": _float80(1, 1),
    }
    good = _float80(0x400E, 44100 << 48)
    fmt_at = 28 + 12  # behind the DSD chunk and the head of `fmt `
    dsf_fields = {
        "no channel": (12, 4),
        "no hertz": (16, 4),
        "no block": (36, 4),
        "no sample": (24, 8),
        "no bits": (20, 4),
    }
    most = {name.replace("no ", "most "): where for name, where in dsf_fields.items()}
    return (
        *(kept(f"{name}.aiff", _aiff(rate)) for name, rate in rates.items()),
        kept("32,767 channels.aiff", _aiff(good, 32767)),
        kept("negative channels.aiff", _aiff(good, -2)),
        kept("most frames.aiff", _aiff(good, frames=_MOST)),
        kept("offset beyond the end.aiff", _aiff(good, offset=_MOST)),
        *(
            kept(f"{name}.dsf", _patched("id3.dsf", fmt_at + at, bytes(size)))
            for name, (at, size) in dsf_fields.items()
        ),
        *(
            kept(f"{name}.dsf", _patched("id3.dsf", fmt_at + at, b"\xff" * size))
            for name, (at, size) in most.items()
        ),
        kept("tag at its own head.dsf", _patched("id3.dsf", 20, struct.pack("<Q", 0))),
        kept("tag beyond the end.dsf", _patched("id3.dsf", 20, b"\xff" * 8)),
        kept("size of most.dsf", _patched("id3.dsf", 12, b"\xff" * 8)),
    )


def animals() -> tuple[Animal, ...]:
    """All of this house."""
    return (*_wave(), *_long_waves(), *_aiff_and_dsf())
