"""Originals of every format, clothes for them, foreign taggers, and what their sound decodes to."""

from __future__ import annotations

import functools
import io
import itertools
import struct
import tempfile
from typing import Any

import av
import mutagen
import mutagen.id3 as id3
import numpy as np
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.dsf import DSF
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from tests.audio import zoo

from phonotheque.dress.dressing import dress
from phonotheque.dress.overlay import Cover, Overlay
from phonotheque.music.facts import ReplayGain, Tags

CLOTHES = Tags(
    title="Neue Kleider",
    artists=("Ada", "Bo & Co."),
    album="Überwurf",
    album_artists=("Various", "Someone"),
    track_number=2,
    track_total=9,
    disc_number=3,
    disc_total=4,
    date="2001-05-06",
    label="Netz",
    catalogue_number="N 1",
    isrcs=("USRC17607839", "GBAYE0000001"),
    barcode="4012345678901",
    musicbrainz=tuple(zoo.MBIDS.items()),
    genres=("Jazz", "Dub"),
    languages=("eng", "deu"),
    comments=("one", "two\nlines"),
    licence=zoo.LICENCE,
    copyright="© 2001 Netz",
    replaygain=ReplayGain(-7.123, 0.987654321, 1.5, 1.0),
)
"""Every field filled, most with more than one value or with what no other format would survive."""


def noise_bytes(size: int, seed: int = 1) -> bytes:
    """Bytes without pattern, the same each time."""
    return np.random.default_rng(seed).bytes(size)


COVER = Cover(zoo.PNG + noise_bytes(40))
LARGE_COVER = Cover(zoo.PNG + noise_bytes(200_000))
"""In Ogg it takes five pages of headers, in all formats more than the sound."""


def _faststart() -> bytes:
    with (  # FFmpeg opens the file a second time to move the sound behind `moov`
        tempfile.NamedTemporaryFile(suffix=".m4a") as out,
        av.open(out.name, "w", format="ipod", options={"movflags": "faststart"}) as container,
    ):
        stream = container.add_stream("aac", rate=44100)
        stream.codec_context.layout, stream.codec_context.format = "stereo", "fltp"
        frame = av.AudioFrame.from_ndarray(
            zoo.noise(seconds=3).reshape(1, -1), format="flt", layout="stereo"
        )
        frame.sample_rate = 44100
        resampler = av.AudioResampler("fltp", "stereo", 44100, frame_size=1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
        container.close()
        return out.read()


@functools.cache
def original(name: str) -> bytes:
    """The bytes of one of `NAMES`."""
    if name == "faststart.m4a":
        return _faststart()
    if name == "long.opus":
        return zoo.encode("libopus", "ogg", rate=48000, seconds=12)
    return zoo.specimen(name).data


def container_of(name: str) -> str:
    """The container of one of `NAMES`."""
    ending = name.rpartition(".")[2]
    known = {"m4a": "mp4", "oga": "ogg", "opus": "ogg", "wv": "wavpack"}
    return known.get(ending, ending)


NAMES = (*zoo.NAMES, "faststart.m4a", "long.opus")


def whole(name: str, tags: Tags = CLOTHES, cover: Cover | None = None) -> bytes:
    """An original dressed, all of it."""
    copy = dress(io.BytesIO(original(name)), container_of(name), Overlay(tags, cover))
    return copy.read(0, copy.size_bytes)


def samples(data: bytes) -> tuple[str, bytes]:
    """What a file decodes to: the codec, and all samples in a row."""
    with av.open(io.BytesIO(data), metadata_errors="ignore") as container:
        stream = container.streams.audio[0]
        decoded = (frame.to_ndarray() for frame in container.decode(stream))
        return stream.codec_context.name, b"".join(frame.tobytes() for frame in decoded)


def retagged(name: str, texts: dict[str, str], cover: bytes | None) -> bytes:
    """An original as a foreign tagger leaves it: mutagen, with its own padding and order."""
    file = io.BytesIO(original(name))
    tagged = _opened(name, file)
    _clear(tagged)
    for key, text in texts.items():
        _put(tagged, key, text)
    if cover is not None:
        _put_cover(tagged, cover)
    file.seek(0)
    tagged.save(file)
    return file.getvalue()


_KINDS: dict[str, Any] = {
    "mp3": id3.ID3,
    "flac": FLAC,
    "ogg": OggVorbis,
    "opus": OggOpus,
    "oga": OggFLAC,
    "m4a": MP4,
    "wv": APEv2,
    "wav": WAVE,
    "aiff": AIFF,
    "dsf": DSF,
}
RETAGGED = tuple(name for name in NAMES if name.rpartition(".")[2] in _KINDS)
"""Those that mutagen writes."""


def _opened(name: str, file: io.BytesIO) -> Any:
    kind = _KINDS[name.rpartition(".")[2]]
    try:
        tagged = kind(file)
    except mutagen.MutagenError:  # no tags there yet
        return kind()
    if getattr(tagged, "tags", tagged) is None:
        tagged.add_tags()
    return tagged


def _clear(tagged: Any) -> None:
    tags = tagged if isinstance(tagged, APEv2 | id3.ID3) else tagged.tags
    tags.clear()
    if isinstance(tagged, FLAC):
        tagged.clear_pictures()


def _put(tagged: Any, key: str, text: str) -> None:
    if isinstance(tagged, id3.ID3 | WAVE | AIFF | DSF):
        tags = tagged if isinstance(tagged, id3.ID3) else tagged.tags
        tags.add(id3.TXXX(encoding=3, desc=key, text=[text]))
    elif isinstance(tagged, MP4):
        tagged[f"----:com.apple.iTunes:{key}"] = [MP4FreeForm(text.encode())]
    else:
        tagged[key] = text


def _put_cover(tagged: Any, cover: bytes) -> None:
    match tagged:
        case id3.ID3():
            tagged.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=cover))
        case WAVE() | AIFF() | DSF():
            tagged.tags.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=cover))
        case FLAC():
            tagged.add_picture(_block(cover))
        case MP4():
            tagged["covr"] = [MP4Cover(cover, MP4Cover.FORMAT_PNG)]
        case APEv2():
            tagged["Cover Art (Front)"] = zoo.APEBinaryValue(b"cover.png\0" + cover)
        case _:
            block = zoo.base64.b64encode(_block(cover).write()).decode()
            tagged["metadata_block_picture"] = [block]


def _block(cover: bytes) -> Picture:
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", cover
    return picture


def pages(data: bytes) -> list[tuple[int, bytes]]:
    """Serial number and bytes of each page of Ogg, read in the plainest way."""
    found, at = [], 0
    while at < len(data):
        assert data[at : at + 4] == b"OggS"
        count = data[at + 26]
        size = 27 + count + sum(data[at + 27 : at + 27 + count])
        found.append((struct.unpack_from("<I", data, at + 14)[0], data[at : at + size]))
        at += size
    return found


def slow_checksum(page: bytes) -> int:
    """The checksum of a page, bit by bit from RFC 3533."""
    state = 0
    for byte in itertools.chain(page[:22], bytes(4), page[26:]):
        state ^= byte << 24
        for _ in range(8):
            state = (state << 1 ^ (0x04C11DB7 if state >> 31 else 0)) & 0xFFFFFFFF
    return state
