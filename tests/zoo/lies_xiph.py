"""FLAC, Ogg and WavPack whose headers lie: lengths, counts, pages that never end."""

from __future__ import annotations

import struct
from dataclasses import replace

from tests.audio import zoo
from tests.zoo.animals import Animal, Fate, alive, dead, kept
from tests.zoo.bricks import Page, comments, flac_block, iter_pages, ogg_packets, streaminfo
from tests.zoo.odd import opus, vorbis

_MOST = 0xFFFFFFFF
_PADDING, _APPLICATION, _SEEKTABLE, _COMMENTS, _CUESHEET, _PICTURE = range(1, 7)


def _frames() -> bytes:
    """The coded sound of a FLAC file, without its metadata."""
    data = zoo.encode_sndfile("FLAC", "PCM_16", 0.2)
    at, is_last = 4, False
    while not is_last:
        is_last = bool(data[at] & 0x80)
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
    return data[at:]


def _flac(*blocks: bytes, info: bytes | None = None, frames: bytes | None = None) -> bytes:
    head = flac_block(0, streaminfo() if info is None else info)
    end = flac_block(_PADDING, bytes(8), is_last=True)
    return b"fLaC" + head + b"".join(blocks) + end + (_frames() if frames is None else frames)


def _flac_lies() -> tuple[Animal, ...]:
    picture = struct.pack(">II", 3, _MOST)
    return (
        dead("gigabytes in 13 bytes.flac", b"fLaC\x84\xff\xff\xff\xff\xff\xff\xff\xff"),
        dead("magic number alone.flac", b"fLaC"),
        dead("metadata alone.flac", _flac(frames=b"")),
        kept("no last block.flac", b"fLaC" + flac_block(0, streaminfo()) + _frames()),
        kept("two infos.flac", _flac(flac_block(0, streaminfo(8000, 8, 24)))),
        kept("no info.flac", b"fLaC" + flac_block(_PADDING, b"", is_last=True) + _frames()),
        kept("most samples.flac", _flac(info=streaminfo(samples=(1 << 36) - 1))),
        kept("no hertz.flac", _flac(info=streaminfo(rate=0))),
        kept("one hertz in name.flac", _flac(info=streaminfo(rate=1))),
        kept("most hertz.flac", _flac(info=streaminfo(rate=(1 << 20) - 1))),
        kept("eight channels in name.flac", _flac(info=streaminfo(channels=8))),
        kept("four bits.flac", _flac(info=streaminfo(bits=4))),
        kept("32 bits in name.flac", _flac(info=streaminfo(bits=32))),
        kept("no block size.flac", _flac(info=streaminfo(block=0))),
        kept("many empty blocks.flac", _flac(flac_block(_PADDING, b"") * 20_000)),
        kept("block longer than its file.flac", _flac(flac_block(_PADDING, b"", size=0xFFFFFF))),
        kept("forbidden block.flac", _flac(flac_block(127, b"x"))),
        kept("most comments.flac", _flac(flac_block(_COMMENTS, comments(count=_MOST)))),
        kept("longest vendor.flac", _flac(flac_block(_COMMENTS, comments(vendor_bytes=_MOST)))),
        kept("most picture.flac", _flac(flac_block(_PICTURE, picture + b"\xff" * 40))),
        kept("odd seek table.flac", _flac(flac_block(_SEEKTABLE, b"\xff" * 19))),
        kept("odd cue sheet.flac", _flac(flac_block(_CUESHEET, b"\xff" * 500))),
        kept("odd application.flac", _flac(flac_block(_APPLICATION, b"x"))),
        Animal("frame missing.flac", _without_a_frame, Fate.DAMAGED),
    )


def _without_a_frame() -> bytes:
    data = zoo.encode_sndfile("FLAC", "PCM_16")
    middle = len(data) // 2
    return data[:middle] + data[middle + 512 :]


def _pages() -> list[Page]:
    return list(iter_pages(vorbis(seconds=3)))


def _joined(pages: list[Page]) -> bytes:
    return b"".join(page.encode() for page in pages)


def _renumbered(change: dict[str, object], only: int | None = None) -> bytes:
    """The stream with some fields of its pages (or of one) changed; checksums are right."""
    pages = _pages()
    return _joined(
        [
            replace(page, **change) if only in (None, number) else page  # type: ignore[arg-type]
            for number, page in enumerate(pages)
        ]
    )


def _ogg_lies() -> tuple[Animal, ...]:
    first, *rest = _pages()
    assert len(rest) > 5
    empty = Page(0, -1, first.serial, 7, b"", b"")
    endless = Page(1, -1, first.serial, 7, b"\xff" * 255, bytes(65025))
    return (
        dead("magic number alone.ogg", b"OggS"),
        dead("first page alone.ogg", first.encode()),
        dead("empty pages.ogg", empty.encode() * 20_000),
        kept("empty pages inside.ogg", first.encode() + empty.encode() * 20_000 + _joined(rest)),
        kept("packet without end.ogg", first.encode() + endless.encode() * 200),
        kept("four billion pages.ogg", _renumbered({"sequence": _MOST})),
        kept("last of four billion.ogg", _renumbered({"sequence": _MOST}, only=len(rest))),
        kept("no granule.ogg", _renumbered({"granule": -1})),
        kept("most granule.ogg", _renumbered({"granule": (1 << 63) - 1}, only=len(rest))),
        kept("least granule.ogg", _renumbered({"granule": -(1 << 63)})),
        kept("only firsts.ogg", _renumbered({"flags": 2})),
        kept("only lasts.ogg", _renumbered({"flags": 4})),
        kept("all continued.ogg", _renumbered({"flags": 1})),
        kept("stranger inside.ogg", _renumbered({"serial": 99}, only=len(rest) // 2)),
        Animal("no last page.ogg", lambda: _joined(_pages()[:-1]), Fate.DAMAGED),
        Animal("page missing.ogg", lambda: _joined(_pages()[:3] + _pages()[4:]), Fate.DAMAGED),
        Animal("page twice.ogg", lambda: _joined(_pages()[:4] + _pages()[3:]), Fate.KEPT),
        kept("pages in reverse.ogg", _joined([first, *rest[::-1]])),
        kept("wrong checksums.ogg", _joined(_pages()).replace(b"OggS\0\0", b"OggS\0\4")),
        kept("noise between pages.ogg", first.encode() + bytes(range(256)) * 300 + _joined(rest)),
    )


def _head_lies() -> tuple[Animal, ...]:
    def opus_head(
        channels: int = 2, family: int = 0, skip: int = 312, rate: int = 48000, more: bytes = b""
    ) -> bytes:
        return b"OpusHead" + struct.pack("<BBHIhB", 1, channels, skip, rate, 0, family) + more

    sound = [page.body for page in iter_pages(opus())][2:]
    tags = b"OpusTags" + comments()

    def of_opus(head: bytes, tags: bytes = tags) -> bytes:
        return b"".join(ogg_packets([head, tags, *[body[:60] for body in sound]], flags=4))

    def of_vorbis(
        channels: int = 2, rate: int = 44100, blocks: int = 0xB8, comment: bytes = b""
    ) -> bytes:
        head = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, channels, rate, 0, 0, 0, blocks, 1)
        first, *rest = _pages()
        pages = [replace(first, body=head, lacing=bytes([len(head)])), *rest]
        if comment:
            body = b"\x03vorbis" + comment + b"\x01"
            pages[1:1] = [replace(rest[0], body=body, lacing=bytes([len(body)]))]
        return _joined(pages)

    return (
        kept("255 channels.opus", of_opus(opus_head(255, 255, more=b"\xff" * 257))),
        kept("no channel.opus", of_opus(opus_head(0))),
        kept("three channels too few.opus", of_opus(opus_head(5, 0))),
        kept("long skip.opus", of_opus(opus_head(skip=65535))),
        kept("most hertz.opus", of_opus(opus_head(rate=_MOST))),
        kept("most comments.opus", of_opus(opus_head(), b"OpusTags" + comments(count=_MOST))),
        kept(
            "longest vendor.opus", of_opus(opus_head(), b"OpusTags" + comments(vendor_bytes=_MOST))
        ),
        dead("opus of nothing.opus", b"".join(ogg_packets([opus_head(), tags], flags=4))),
        kept("no channel.ogg", of_vorbis(0)),
        kept("255 channels.ogg", of_vorbis(255)),
        kept("no hertz.ogg", of_vorbis(rate=0)),
        kept("most hertz.ogg", of_vorbis(rate=_MOST)),
        kept("block sizes of nonsense.ogg", of_vorbis(blocks=0x1F)),
        kept("most comments.ogg", of_vorbis(comment=comments(count=_MOST))),
        kept(
            "broken picture.ogg", of_vorbis(comment=comments(b"METADATA_BLOCK_PICTURE=" + b"A" * 9))
        ),
        kept(
            "speex in name.ogg", b"".join(ogg_packets([b"Speex   " + b"\xff" * 72, tags], flags=4))
        ),
        kept("flac in name.ogg", b"".join(ogg_packets([b"\x7fFLAC\1\0\xff\xfffLaC" + bytes(38)]))),
    )


def _wavpack_lies() -> tuple[Animal, ...]:
    data = zoo.encode("wavpack", "wv", "s16p")

    def patched(at: int, new: bytes) -> bytes:
        return data[:at] + new + data[at + len(new) :]

    return (
        dead("magic number alone.wv", b"wvpk"),
        kept("block of no length.wv", patched(4, bytes(4))),
        kept("block of most bytes.wv", patched(4, b"\xff" * 4)),
        kept("block of 7 bytes.wv", patched(4, b"\7\0\0\0")),
        kept("version of most.wv", patched(8, b"\xff\xff")),
        kept("most samples.wv", patched(12, b"\xff\xff\xff\x7f")),
        kept("samples unknown.wv", patched(12, b"\xff\xff\xff\xff")),
        kept("block of most samples.wv", patched(20, b"\xff\xff\xff\xff")),
        kept("block of no samples.wv", patched(20, bytes(4))),
        kept("all flags.wv", patched(24, b"\xff\xff\xff\xff")),
        kept("no flags.wv", patched(24, bytes(4))),
        kept("sub-block that leads back.wv", patched(32, b"\xff\xff\xff\xff")),
        alive("block twice.wv", lambda: data + data),
        kept("heads alone.wv", data[:32] * 10_000),
    )


def animals() -> tuple[Animal, ...]:
    """All of this house."""
    return (*_flac_lies(), *_ogg_lies(), *_head_lies(), *_wavpack_lies())
