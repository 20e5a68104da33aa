"""MP3 and the tags around it: ID3 in ID3, sizes that lie, APE tags that lead in circles."""

from __future__ import annotations

import struct

from tests.audio import zoo
from tests.zoo.animals import Animal, alive, dead, kept
from tests.zoo.bricks import ape_item, ape_tag, id3, id3_frame
from tests.zoo.odd import mp3

_TITLE = id3_frame(b"TIT2", b"\x03Title")
_MOST = 0xFFFFFFFF


def _nested(depth: int) -> bytes:
    """A tag whose padding is a tag, and so on."""
    body = b""
    for _ in range(depth):
        body = id3(_TITLE + body)
    return body


def _xing(frames: int, size_bytes: int) -> bytes:
    """The head of a real file whose Xing header says something else. Source: LAME tag, "Xing"."""
    data = bytearray(mp3())
    at = max(data.find(b"Xing"), data.find(b"Info"))
    assert at > 0
    data[at : at + 16] = b"Xing" + struct.pack(">III", 3, frames, size_bytes)
    return bytes(data)


def _id3_lies() -> tuple[Animal, ...]:
    most = 0x0FFFFFFF
    unsynchronised = 0x80
    has_extended, has_footer = 0x40, 0x10
    return (
        alive("tag in a tag.mp3", lambda: _nested(2) + mp3()),
        kept("tags in tags.mp3", _nested(500) + mp3()),
        kept("tags in a row.mp3", id3(_TITLE) * 100 + mp3()),
        kept("empty tags in a row.mp3", id3() * 10_000 + mp3()),
        kept("tag longer than its file.mp3", id3(_TITLE, size=most) + mp3()),
        kept("tag of no length.mp3", id3(_TITLE, size=0) + mp3()),
        kept("tag too short.mp3", id3(_TITLE + bytes(100), size=50) + mp3()),
        kept("tag too long.mp3", id3(_TITLE, size=len(_TITLE) + 1000) + mp3()),
        kept("size not syncsafe.mp3", b"ID3\4\0\0\xff\xff\xff\xff" + _TITLE + mp3()),
        kept("version 255.mp3", id3(_TITLE, version=255) + mp3()),
        kept("version 2.mp3", id3(b"TT2\xff\xff\xff\0x", version=2) + mp3()),
        kept("frame longer than its tag.mp3", id3(id3_frame(b"TIT2", b"\3a", size=most)) + mp3()),
        kept("frames of no length.mp3", id3(id3_frame(b"TIT2", b"") * 20_000) + mp3()),
        kept("compressed rubbish.mp3", id3(id3_frame(b"TIT2", b"x" * 40, flags=b"\0\x0f")) + mp3()),
        kept("unsynchronised.mp3", id3(b"\xff\0" * 5000, flags=unsynchronised) + mp3()),
        kept("extended header of 4 GB.mp3", id3(b"\xff" * 40, 40, flags=has_extended) + mp3()),
        kept("extended header of none.mp3", id3(bytes(40), flags=has_extended) + mp3()),
        kept("footer alone.mp3", mp3() + id3(_TITLE, flags=has_footer) + b"3DI\4\0\x10\0\0\0\x0f"),
        kept("tag between frames.mp3", mp3()[:3000] + id3(_TITLE + bytes(400)) + mp3()[3000:]),
        kept("odd frames.mp3", id3(b"".join(_odd_frames())) + mp3()),
        dead("nothing behind its tag.mp3", id3(_TITLE + bytes(2000))),
        dead("tag alone.flac", id3(_TITLE)),
        alive("picture of no type.mp3", lambda: id3(id3_frame(b"APIC", b"\0\0\xff\0x")) + mp3()),
    )


def _odd_frames() -> list[bytes]:
    """Frames whose bodies are shorter or stranger than their kind allows."""
    bodies = (
        b"",
        b"\0",
        b"\x01",
        b"\x01\xff",
        b"\xff" * 3,
        b"\0" * 3,
        b"\x01\xff\xfe",
        b"\x03\xff",
    )
    kinds = (
        "TIT2 TXXX COMM USLT APIC GEOB UFID RVA2 RVAD EQU2 MCDI POPM PCNT SYLT SYTC ETCO WXXX TDRC "
    )
    kinds += (
        "TCON TRCK TPOS TLAN TSRC OWNE COMR ENCR GRID PRIV SIGN SEEK ASPI CHAP CTOC RBUF LINK AENC"
    )
    return [id3_frame(kind.encode(), body) for kind in kinds.split() for body in bodies]


def _ape_lies() -> tuple[Animal, ...]:
    title = ape_item(b"Title", b"x")
    return (
        alive("ape of most items.mp3", lambda: mp3() + ape_tag(title, count=_MOST)),
        alive("ape longer than its file.mp3", lambda: mp3() + ape_tag(title, size=_MOST)),
        alive("ape of no length.mp3", lambda: mp3() + ape_tag(title, size=0)),
        alive(
            "ape item of most bytes.mp3", lambda: mp3() + ape_tag(ape_item(b"Title", b"", _MOST))
        ),
        alive("ape item without name.mp3", lambda: mp3() + ape_tag(ape_item(b"", b"x"))),
        alive("ape over and over.mp3", lambda: mp3() + ape_tag(title) * 200),
        alive("ape in ape.mp3", lambda: mp3() + ape_tag(ape_tag(title) + title, count=9)),
        alive("ape that leads back.mp3", lambda: mp3() + ape_tag(title, size=len(mp3()) * 2)),
        dead("ape alone.mp3", ape_tag(title)),
        dead("ape alone.wv", ape_tag(title)),
        kept("id3v1 over and over.mp3", mp3() + (b"TAG" + bytes(125)) * 1000),
        kept(
            "lyrics of most bytes.mp3", mp3() + b"LYRICSBEGIN" + b"999999LYRICS200TAG" + bytes(125)
        ),
    )


def _frame_lies() -> tuple[Animal, ...]:
    free_format = b"\xff\xfb\x00\x64" + bytes(400)
    return (
        kept("most frames.mp3", _xing(_MOST, _MOST)),
        kept("no frames.mp3", _xing(0, 0)),
        kept("one frame too many.mp3", _xing(21, 1 << 31)),
        kept("free format.mp3", free_format * 20),
        kept("headers alone.mp3", b"\xff\xfb\x90\x64" * 20_000),
        kept("vbri.mp3", mp3()[:36] + b"VBRI" + b"\xff" * 60 + mp3()[100:]),
        kept("layer one.mp3", (b"\xff\xff\x90\x64" + bytes(500)) * 20),
        kept("rate changes.mp3", mp3() + zoo.encode("libmp3lame", "mp3", "s16p", rate=22050)),
        kept("mono behind stereo.mp3", mp3() + zoo.encode("libmp3lame", "mp3", "s16p", "mono")),
        kept("noise between frames.mp3", mp3()[:2000] + bytes(range(256)) * 40 + mp3()[2000:]),
        dead("almost a frame.mp3", b"\xff\xfb\x90"),
    )


def animals() -> tuple[Animal, ...]:
    """All of this house."""
    return (*_id3_lies(), *_ape_lies(), *_frame_lies())
