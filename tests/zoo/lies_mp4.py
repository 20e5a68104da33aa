"""MP4 whose boxes lie: in each other, in circles, in numbers of gigabytes."""

from __future__ import annotations

import functools
import struct

from tests.audio import zoo
from tests.zoo.animals import Animal, dead, kept
from tests.zoo.bricks import box

_MOST = b"\xff\xff\xff\xff"
_FTYP = box(b"ftyp", b"M4A \0\0\0\0M4A isom")


@functools.cache
def _whole() -> bytes:
    return zoo.specimen("aac.m4a").data


def _patched(name: bytes, at: int, new: bytes) -> bytes:
    """The whole file with some bytes behind the name of a box changed."""
    data = _whole()
    start = data.index(name) + 4 + at
    return data[:start] + new + data[start + len(new) :]


def _sized(name: bytes, size: bytes) -> bytes:
    data = _whole()
    start = data.index(name) - 4
    return data[:start] + size + data[start + 4 :]


def _nested(name: bytes, depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = box(name, body)
    return body


def _numbers() -> tuple[Animal, ...]:
    """Counts and offsets in the tables of the sound. Source: ISO/IEC 14496-12, 8.6 and 8.7."""
    fields = {
        "stsz count": (b"stsz", 8),
        "stsz size": (b"stsz", 4),
        "stco count": (b"stco", 4),
        "stco offset": (b"stco", 8),
        "stts count": (b"stts", 4),
        "stts times": (b"stts", 8),
        "stts step": (b"stts", 12),
        "stsc count": (b"stsc", 4),
        "stsc first": (b"stsc", 8),
        "stsc samples": (b"stsc", 12),
        "stsd count": (b"stsd", 4),
        "mdhd scale": (b"mdhd", 12),
        "mdhd length": (b"mdhd", 16),
        "mvhd scale": (b"mvhd", 12),
        "elst count": (b"elst", 4),
        "elst start": (b"elst", 12),
        "mp4a channels": (b"mp4a", 16),
        "mp4a rate": (b"mp4a", 24),
        "esds size": (b"esds", 4),
        "dref count": (b"dref", 4),
    }
    values = {"most": _MOST, "none": bytes(4), "negative": b"\x80\0\0\0"}
    return tuple(
        kept(f"{field} {value}.m4a", _patched(name, at, new))
        for field, (name, at) in fields.items()
        if name in _whole()
        for value, new in values.items()
    )


def _sizes() -> tuple[Animal, ...]:
    sizes = {"none": bytes(4), "wide": b"\0\0\0\1", "7": b"\0\0\0\7", "most": _MOST}
    names = (
        b"ftyp",
        b"moov",
        b"trak",
        b"mdia",
        b"stbl",
        b"stsd",
        b"udta",
        b"meta",
        b"ilst",
        b"mdat",
    )
    return tuple(
        kept(f"{name.decode()} of {word} bytes.m4a", _sized(name, size))
        for name in names
        if name in _whole()
        for word, size in sizes.items()
    )


def _tags() -> tuple[Animal, ...]:
    def of(*items: bytes) -> bytes:
        hdlr = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
        meta = box(b"meta", bytes(4) + hdlr + box(b"ilst", b"".join(items)))
        return _FTYP + box(b"moov", box(b"udta", meta)) + box(b"mdat", bytes(100))

    data = box(b"data", struct.pack(">II", 1, 0) + b"x")
    long_data = box(b"data", struct.pack(">II", 1, 0) + b"x", size=0x7FFFFFFF)
    return (
        dead("tags alone.m4a", of(box(b"\xa9nam", data))),
        dead("data of 2 GB.m4a", of(box(b"\xa9nam", long_data))),
        dead("data too short.m4a", of(box(b"trkn", box(b"data", b"\0\0")))),
        dead("names of nothing.m4a", of(box(b"----", box(b"mean") + box(b"name") + box(b"data")))),
        dead("thousands of items.m4a", of(box(b"\xa9cmt", data) * 20_000)),
        dead("cover of rubbish.m4a", of(box(b"covr", box(b"data", b"\0\0\0\xff" + bytes(20))))),
    )


def animals() -> tuple[Animal, ...]:
    """All of this house."""
    wide = struct.pack(">I4sQ", 1, b"moov", 16)
    return (
        dead("magic number alone.m4a", _FTYP),
        dead("boxes in boxes.m4a", _FTYP + _nested(b"moov", 5_000)),
        dead("tracks in tracks.m4a", _FTYP + box(b"moov", _nested(b"trak", 5_000))),
        dead("meta in meta.m4a", _FTYP + box(b"moov", box(b"udta", _nested(b"meta", 3_000)))),
        dead("wide boxes of nothing.m4a", _FTYP + wide * 10_000),
        dead("wide box of most.m4a", _FTYP + b"\0\0\0\1moov" + b"\xff" * 8),
        dead("empty boxes.m4a", _FTYP + box(b"free") * 100_000),
        kept("empty boxes in front.m4a", _FTYP + box(b"free") * 100_000 + _whole()),
        kept("twice.m4a", _whole() + _whole()),
        kept("fragment of nothing.m4a", _whole() + box(b"moof", box(b"traf", box(b"tfhd")))),
        *_numbers(),
        *_sizes(),
        *_tags(),
    )
