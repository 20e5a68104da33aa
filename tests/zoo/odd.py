"""Sound, but strange: many channels, few samples, chained, not a number, tags by the thousand."""

from __future__ import annotations

import base64
import functools
import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace

import av
import mutagen.id3 as frames
import numpy as np
import soundfile
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from tests.audio import zoo
from tests.zoo.animals import Animal, Fate, alive, dead, kept
from tests.zoo.bricks import (
    chunk,
    comments,
    fmt,
    id3,
    id3_frame,
    iter_pages,
    ogg_stream,
    riff,
    with_serial,
)

_BIG_PICTURE_BYTES = 20_000_000
_LARGEST_FLAC_BLOCK = (1 << 24) - 100
_INFLATED_BYTES = 128 << 20


@functools.cache
def vorbis(seconds: float = 0.5) -> bytes:
    return with_serial(zoo.encode_sndfile("OGG", "VORBIS", seconds), 11)


@functools.cache
def opus(layout: str = "stereo") -> bytes:
    return with_serial(zoo.encode("libopus", "ogg", "s16", layout, 48000), 12)


@functools.cache
def mp3() -> bytes:
    return zoo.encode("libmp3lame", "mp3", "s16p")


def _sndfile(samples: np.ndarray, rate: int, form: str, subtype: str) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=form, subtype=subtype)
    data = out.getvalue()
    return with_serial(data, 13) if form == "OGG" else data


def _float_wav(samples: np.ndarray, bits: int) -> bytes:
    kind = "<f4" if bits == 32 else "<f8"
    return riff(fmt(3, 1, 8000, bits), chunk(b"data", samples.astype(kind).tobytes()))


def _not_numbers() -> np.ndarray:
    wave = np.sin(np.arange(8000) / 10)
    wave[::7], wave[1::11], wave[2::13] = np.nan, np.inf, -np.inf
    return wave


def _remuxed(data: bytes, form: str) -> bytes:
    """The same packets in another container."""
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(data)) as source,
        av.open(out, "w", format=form, options=zoo.EXACT) as to,
    ):
        stream = to.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                to.mux(packet)
    return out.getvalue()


def _multiplexed() -> bytes:
    """Two streams side by side, pages in turn, both first pages in front. Source: RFC 3533, 4."""
    first, second = list(iter_pages(vorbis())), list(iter_pages(opus()))
    woven = [first.pop(0), second.pop(0)]
    while first or second:
        woven += [pages.pop(0) for pages in (first, second) if pages]
    return b"".join(page.encode() for page in woven)


def _chained() -> bytes:
    """Links of other rates, channels and codecs, one behind the other. Source: RFC 3533, 4."""
    slow = _sndfile(zoo.noise(1)[:8000], 8000, "OGG", "VORBIS")
    fast = _sndfile(zoo.noise(6)[:9600], 96000, "OGG", "VORBIS")
    links = (vorbis(), slow, fast, opus(), opus("mono"), vorbis())
    return b"".join(with_serial(link, number) for number, link in enumerate(links, 1))


def _chained_often() -> bytes:
    link = _sndfile(zoo.noise(1)[:64], 8000, "OGG", "VORBIS")
    return b"".join(with_serial(link, number) for number in range(100))


def _saved(tagged: object, file: io.BytesIO) -> bytes:
    file.seek(0)
    tagged.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


def _thousand_tags(kind: type, data: bytes) -> bytes:
    file = io.BytesIO(data)
    tagged = kind(file)
    for number in range(1000):
        tagged[f"FIELD{number}"] = [f"value {number}"]
    tagged["ARTIST"] = [f"Artist {number}" for number in range(1000)]
    return _saved(tagged, file)


def _thousand_frames() -> bytes:
    tag, out = frames.ID3(), io.BytesIO()
    for number in range(1000):
        tag.add(frames.TXXX(encoding=3, desc=f"field {number}", text=[f"value {number}"]))
        tag.add(frames.COMM(encoding=3, lang="eng", desc=str(number), text=[str(number)]))
    tag.save(out)
    return out.getvalue() + mp3()


def _picture(size_bytes: int) -> bytes:
    return zoo.PNG + bytes(size_bytes - len(zoo.PNG))


def _big_flac() -> bytes:
    file = io.BytesIO(zoo.encode_sndfile("FLAC", "PCM_16"))
    tagged, picture = FLAC(file), Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", _picture(_LARGEST_FLAC_BLOCK)
    tagged.add_picture(picture)
    return _saved(tagged, file)


def _big_mp3() -> bytes:
    data = _picture(_BIG_PICTURE_BYTES)
    return id3(id3_frame(b"APIC", b"\0image/png\0\x03\0" + data)) + mp3()


def _big_ogg() -> bytes:
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", _picture(_BIG_PICTURE_BYTES)
    text = b"METADATA_BLOCK_PICTURE=" + base64.b64encode(picture.write())
    first, second, *rest = iter_pages(vorbis())
    setup = second.body[second.body.index(b"\x05vorbis") :]
    headers = ogg_stream([b"\x03vorbis" + comments(text) + b"\x01", setup], first.serial, 1)
    sound = [replace(page, sequence=1 + len(headers) + n) for n, page in enumerate(rest)]
    return b"".join(page.encode() for page in (first, *headers, *sound))


def _big_m4a() -> bytes:
    file = io.BytesIO(zoo.encode("aac", "ipod", "fltp"))
    tagged = MP4(file)
    tagged["covr"] = [MP4Cover(_picture(_BIG_PICTURE_BYTES), MP4Cover.FORMAT_PNG)]
    return _saved(tagged, file)


@functools.cache
def _inflating() -> bytes:
    """A compressed frame of 0.1 MB that unpacks to 0.1 GB. Source: ID3v2.4, 4.1.2."""
    head, block = b"\0image/png\0\x03\0", bytes(16 << 20)
    packer = zlib.compressobj(9, wbits=-15)
    front = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    # Behind a full flush nothing refers to what came before: one block can be repeated.
    one = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    times = _INFLATED_BYTES // len(block)
    checksum = zlib.adler32(head)
    for _ in range(times):
        checksum = zlib.adler32(block, checksum)
    packed = b"\x78\x01" + front + one * times + b"\x03\0" + checksum.to_bytes(4, "big")
    return id3(id3_frame(b"APIC", b"\x7f\x7f\x7f\x7f" + packed, flags=b"\0\x09")) + mp3()


def _exploding_picture() -> bytes:
    """A picture of 1.6 gigapixels in 60 bytes: whoever draws it pays 5 GB."""
    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    part = b"IHDR" + head
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + part + struct.pack(">I", zlib.crc32(part))
    return id3(id3_frame(b"APIC", b"\0image/png\0\x03\0" + png)) + mp3()


def _surrogates() -> bytes:
    """UTF-16 with halves of pairs, with no byte order mark, with an odd byte."""
    lone = b"\xff\xfe" + b"A\0" + b"\x00\xd8" + b"B\0" + b"\x00\xdc\x00\xdc" + b"\x01\xd8"
    texts = {
        b"TIT2": b"\x01" + lone,
        b"TPE1": b"\x02" + b"\xd8\x00\xd8\x00\0A",
        b"TALB": b"\x01" + b"A\0B\0C",
        b"TCON": b"\x01\xff\xfe\xff\xfe",
        b"TPE2": b"\x03\xed\xa0\x80\xed\xb0\x80",
        b"TCOP": b"\x07nonsense",
        b"COMM": b"\x01eng\xff\xfe\0\0" + lone,
    }
    return id3(b"".join(id3_frame(name, body) for name, body in texts.items())) + mp3()


_EIGHT = {
    "eight.flac": ("flac", "flac", "s16", 44100),
    "eight.wv": ("wavpack", "wv", "s16p", 44100),
    "eight.m4a": ("aac", "ipod", "fltp", 44100),
    "eight.opus": ("libopus", "ogg", "s16", 48000),
    "eight.wav": ("pcm_s16le", "wav", "s16", 44100),
    "eight float.wav": ("pcm_f32le", "wav", "flt", 44100),
}
_ONE_SAMPLE = {
    "one sample.wav": ("WAV", "PCM_16"),
    "one sample.flac": ("FLAC", "PCM_16"),
    "one sample.aiff": ("AIFF", "PCM_24"),
    "one sample.w64": ("W64", "FLOAT"),
}


def _eight(codec: str, form: str, sample_format: str, rate: int) -> Callable[[], bytes]:
    def make() -> bytes:
        data = zoo.encode(codec, form, sample_format, "7.1", rate)
        return with_serial(data, 14) if form == "ogg" else data

    return make


def _named() -> tuple[Animal, ...]:
    """Sound under names that some program might read as something else."""
    names = (
        "-rf.flac",
        "a -> b.flac",
        "..flac",
        "new\nline.flac",
        "tab\tand\x1b[31mcolour.flac",
        "\udcff\udcfe no utf-8.flac",
        "\u202ecalf.exe.flac",
        "x" * 250 + ".flac",
        "%2e%2e%2fetc%2fpasswd.flac",
        "~root.flac",
        "$(reboot).flac",
        "http:.flac",
        "concat:a|b.flac",
        "pipe:0.flac",
        "CON.wav",
        "image%03d.flac",
        "flac",
        ".flac",
        "trailing space.flac ",
    )
    sound = functools.partial(zoo.encode_sndfile, "FLAC", "PCM_16", 0.05)

    def tagged(name: str) -> bytes:
        file = io.BytesIO(sound())
        tags = FLAC(file)
        tags["title"] = [ascii(name)]  # so that no two are the same bytes
        return _saved(tags, file)

    return tuple(alive(name, functools.partial(tagged, name)) for name in names)


def _disguised() -> tuple[Animal, ...]:
    """Sound with the extension of something else."""
    return (
        alive("vorbis in truth.mp3", lambda: with_serial(vorbis(), 21)),
        alive("mp3 in truth.flac", lambda: id3(id3_frame(b"TIT2", b"\x03one")) + mp3()),
        alive("mp3 in truth.wav", lambda: id3(id3_frame(b"TIT2", b"\x03two")) + mp3()),
        alive("flac in truth.txt", lambda: zoo.encode_sndfile("FLAC", "PCM_16", 0.1)),
        alive("wav in truth.m4a", lambda: zoo.encode_sndfile("WAV", "PCM_16", 0.1)),
        alive("aac in truth.mp3", lambda: zoo.encode("aac", "ipod", "fltp", seconds=0.3)),
        kept("opus in matroska.opus", _remuxed(opus(), "matroska")),
        kept("opus in matroska.mka", _remuxed(opus("mono"), "matroska")),
        kept("opus in webm.ogg", _remuxed(with_serial(opus(), 3), "webm")),
        dead("transport stream.mp3", _remuxed(zoo.encode("mp2", "mp2", "s16"), "mpegts")),
        Animal("raw.aac", lambda: zoo.encode("aac", "adts", "fltp"), Fate.KEPT),
    )


def animals() -> tuple[Animal, ...]:
    """All of this house."""
    one = np.full((1, 1), 0.25, np.float32)
    silence = np.zeros((8000, 2), np.float32)
    return (
        *(alive(name, _eight(*how)) for name, how in _EIGHT.items()),
        *(
            alive(name, functools.partial(_sndfile, one, 8000, *how))
            for name, how in _ONE_SAMPLE.items()
        ),
        kept("one sample.ogg", _sndfile(one, 8000, "OGG", "VORBIS")),
        alive("one hertz.wav", lambda: riff(fmt(1, 1, 1, 16), chunk(b"data", bytes(40)))),
        alive("one hertz.flac", lambda: _sndfile(zoo.noise(1)[:64], 1, "FLAC", "PCM_16")),
        alive("silence.flac", lambda: _sndfile(silence, 8000, "FLAC", "PCM_16")),
        alive("not numbers.wav", lambda: _float_wav(_not_numbers(), 32)),
        alive("not numbers at all.wav", lambda: _float_wav(np.full(8000, np.nan), 32)),
        alive("double infinity.wav", lambda: _float_wav(np.full(8000, -np.inf), 64)),
        alive("far too loud.wav", lambda: _float_wav(np.full(8000, 1e38), 32)),
        alive("too small to be normal.wav", lambda: _float_wav(np.full(8000, 1e-310), 64)),
        alive("chained.ogg", _chained),
        alive("chained a hundred times.ogg", _chained_often),
        alive("multiplexed.ogg", _multiplexed),
        alive("thousand tags.ogg", lambda: _thousand_tags(OggVorbis, vorbis())),
        alive("thousand tags.opus", lambda: _thousand_tags(OggOpus, opus())),
        alive(
            "thousand tags.flac",
            lambda: _thousand_tags(FLAC, zoo.encode_sndfile("FLAC", "PCM_16")),
        ),
        alive("thousand frames.mp3", _thousand_frames),
        alive("big picture.flac", _big_flac),
        alive("big picture.mp3", _big_mp3),
        alive("big picture.ogg", _big_ogg),
        alive("big picture.m4a", _big_m4a),
        alive("inflating tag.mp3", _inflating),
        alive("exploding picture.mp3", _exploding_picture),
        alive("surrogates.mp3", _surrogates),
        *_named(),
        *_disguised(),
    )
