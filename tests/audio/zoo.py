"""Tiny files of every container, made here, with full tags and what must be read from them.

Encoders come from PyAV and libsndfile, tags from mutagen; what neither writes (RF64, Wave64, DSF,
`bext`, iXML, INFO, old habits) is written by hand from the specifications.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import av
import mutagen.id3 as id3
import numpy as np
import soundfile
from mutagen.apev2 import APEBinaryValue, APEv2
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from phonotheque.music import facts
from phonotheque.music.facts import ReplayGain, Tags

RATE_HZ = 44100
SECONDS = 0.5
EXACT = {"fflags": "+bitexact"}
"""No number drawn by lot and no version: the same bytes every time."""


@dataclass(frozen=True)
class Specimen:
    """A file and what must be read from it."""

    name: str
    data: bytes
    container: str
    codec: str
    tags: Tags
    sample_rate_hz: int = RATE_HZ
    channels: int = 2
    bit_depth: int | None = None
    duration_ms: int = int(SECONDS * 1000)


def tiny_png() -> bytes:
    """A picture of one grey pixel."""

    def part(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\x7f")
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", pixels) + part(b"IEND", b"")


PNG = tiny_png()
COVER = facts.Picture(hashlib.sha256(PNG).hexdigest(), len(PNG), "image/png", 3)
MBIDS = {
    kind: f"{number:08x}-0000-4000-8000-{number:012x}"
    for number, kind in enumerate(
        ("recording", "track", "release", "release_group", "artist", "album_artist", "work"), 1
    )
}
LICENCE = "https://creativecommons.org/licenses/by-sa/4.0/"
FULL = Tags(
    title="Überlicht",
    artists=("Ada", "Bo"),
    album="Nacht & Tag",
    album_artists=("Various",),
    track_number=3,
    track_total=12,
    disc_number=1,
    disc_total=2,
    date="1999-12-31",
    label="Netz",
    catalogue_number="NL-042",
    isrcs=("USRC17607839",),
    barcode="4012345678901",
    musicbrainz=tuple(MBIDS.items()),
    genres=("Ambient", "Dub"),
    languages=("deu",),
    comments=("recorded at night",),
    licence=LICENCE,
    copyright="1999 Netz",
    replaygain=ReplayGain(-7.03, 0.98, -6.5, 1.0),
    pictures=(COVER,),
)
VORBIS_NAMES = {
    "title": ["Überlicht"],
    "artist": ["Ada", "Bo"],
    "album": ["Nacht & Tag"],
    "albumartist": ["Various"],
    "tracknumber": ["3"],
    "tracktotal": ["12"],
    "discnumber": ["1/2"],
    "date": ["1999-12-31"],
    "label": ["Netz"],
    "catalognumber": ["NL-042"],
    "isrc": ["US-RC1-76-07839"],
    "barcode": ["4012345678901"],
    "musicbrainz_trackid": [MBIDS["recording"]],
    "musicbrainz_releasetrackid": [MBIDS["track"]],
    "musicbrainz_albumid": [MBIDS["release"]],
    "musicbrainz_releasegroupid": [MBIDS["release_group"]],
    "musicbrainz_artistid": [MBIDS["artist"]],
    "musicbrainz_albumartistid": [MBIDS["album_artist"]],
    "musicbrainz_workid": [MBIDS["work"]],
    "genre": ["Ambient", "Dub"],
    "language": ["deu"],
    "comment": ["recorded at night"],
    "license": [LICENCE],
    "copyright": ["1999 Netz"],
    "replaygain_track_gain": ["-7.03 dB"],
    "replaygain_track_peak": ["0.98"],
    "replaygain_album_gain": ["-6.50 dB"],
    "replaygain_album_peak": ["1.000000"],
}


def noise(channels: int = 2, seconds: float = SECONDS) -> np.ndarray:
    """Quiet noise, the same each time; one row per sample."""
    samples = np.random.default_rng(7).normal(0, 0.05, (int(RATE_HZ * seconds), channels))
    return samples.clip(-1, 1).astype(np.float32)


def encode(
    codec: str,
    form: str,
    sample_format: str = "s16",
    layout: str = "stereo",
    rate: int = RATE_HZ,
    seconds: float = SECONDS,
) -> bytes:
    """Encode noise with PyAV."""
    out = io.BytesIO()
    channels = av.AudioLayout(layout).nb_channels
    frame = av.AudioFrame.from_ndarray(
        noise(channels, seconds).reshape(1, -1), format="flt", layout=layout
    )
    frame.sample_rate = RATE_HZ
    with av.open(out, "w", format=form, options=EXACT) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.codec_context.layout = layout
        stream.codec_context.format = sample_format
        resampler = av.AudioResampler(sample_format, layout, rate, frame_size=1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        # The last packet of FLAC is empty and only carries a new header, which Ogg refuses.
        container.mux([packet for packet in stream.encode(None) if packet.size])
    return out.getvalue()


def encode_sndfile(form: str, subtype: str, seconds: float = SECONDS) -> bytes:
    """Encode noise with libsndfile."""
    out = io.BytesIO()
    soundfile.write(out, noise(seconds=seconds), RATE_HZ, format=form, subtype=subtype)
    return out.getvalue()


def id3_tag(version: int = 4) -> id3.ID3:
    """All of `FULL` as ID3 frames."""
    tag = id3.ID3()
    for frame, texts in {
        "TIT2": ["Überlicht"],
        "TPE1": ["Ada", "Bo"],
        "TALB": ["Nacht & Tag"],
        "TPE2": ["Various"],
        "TRCK": ["3/12"],
        "TPOS": ["1/2"],
        "TDRC": ["1999-12-31"],
        "TPUB": ["Netz"],
        "TSRC": ["ISRC US RC1 76 07839"],
        "TCON": ["Ambient", "Dub"],
        "TLAN": ["deu"],
        "TCOP": ["1999 Netz"],
    }.items():
        tag.add(getattr(id3, frame)(encoding=1, text=texts))
    for name, text in {
        "CATALOGNUMBER": "NL-042",
        "BARCODE": "4012345678901",
        "MusicBrainz Release Track Id": MBIDS["track"],
        "MusicBrainz Album Id": MBIDS["release"],
        "MusicBrainz Release Group Id": MBIDS["release_group"],
        "MusicBrainz Artist Id": MBIDS["artist"],
        "MusicBrainz Album Artist Id": MBIDS["album_artist"],
        "MusicBrainz Work Id": MBIDS["work"],
        "replaygain_track_gain": "-7.03 dB",
        "REPLAYGAIN_TRACK_PEAK": "0.98",
        "replaygain_album_gain": "-6.5 dB",
        "replaygain_album_peak": "1.0",
    }.items():
        tag.add(id3.TXXX(encoding=3, desc=name, text=[text]))
    tag.add(id3.UFID(owner="http://musicbrainz.org", data=MBIDS["recording"].encode()))
    tag.add(id3.WCOP(url=LICENCE))
    tag.add(id3.COMM(encoding=3, lang="eng", desc="", text=["recorded at night"]))
    tag.add(id3.COMM(encoding=0, lang="eng", desc="iTunNORM", text=["0000"]))
    tag.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="front", data=PNG))
    return tag


def id3_bytes(version: int = 4) -> bytes:
    """All of `FULL` as an ID3v2 tag."""
    out = io.BytesIO()
    id3_tag().save(out, v2_version=version, padding=lambda _info: 0)
    return out.getvalue()


def _picture() -> Picture:
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", PNG
    return picture


def tag_comments(kind: type, data: bytes) -> bytes:
    """Write `FULL` as Vorbis comments with the picture in base64."""
    file = io.BytesIO(data)
    tagged = kind(file)
    tagged.tags.clear()
    for name, texts in VORBIS_NAMES.items():
        tagged[name] = texts
    tagged["metadata_block_picture"] = [base64.b64encode(_picture().write()).decode()]
    file.seek(0)
    tagged.save(file)
    return file.getvalue()


def _flac() -> bytes:
    file = io.BytesIO(encode_sndfile("FLAC", "PCM_24"))
    tagged = FLAC(file)
    assert tagged.tags is not None
    tagged.tags.clear()
    for name, texts in VORBIS_NAMES.items():
        tagged[name] = texts
    tagged.add_picture(_picture())
    file.seek(0)
    tagged.save(file)
    return file.getvalue()


def _mp4(data: bytes) -> bytes:
    file = io.BytesIO(data)
    tagged = MP4(file)
    tagged.add_tags() if tagged.tags is None else tagged.tags.clear()
    tagged["\xa9nam"], tagged["\xa9ART"] = ["Überlicht"], ["Ada", "Bo"]
    tagged["\xa9alb"], tagged["aART"] = ["Nacht & Tag"], ["Various"]
    tagged["trkn"], tagged["disk"] = [(3, 12)], [(1, 2)]
    tagged["\xa9day"], tagged["\xa9gen"] = ["1999-12-31"], ["Ambient", "Dub"]
    tagged["\xa9cmt"], tagged["cprt"] = ["recorded at night"], ["1999 Netz"]
    tagged["covr"] = [MP4Cover(PNG, MP4Cover.FORMAT_PNG)]
    for name, text in {
        "LABEL": "Netz",
        "CATALOGNUMBER": "NL-042",
        "ISRC": "USRC17607839",
        "BARCODE": "4012345678901",
        "MusicBrainz Track Id": MBIDS["recording"],
        "MusicBrainz Release Track Id": MBIDS["track"],
        "MusicBrainz Album Id": MBIDS["release"],
        "MusicBrainz Release Group Id": MBIDS["release_group"],
        "MusicBrainz Artist Id": MBIDS["artist"],
        "MusicBrainz Album Artist Id": MBIDS["album_artist"],
        "MusicBrainz Work Id": MBIDS["work"],
        "LANGUAGE": "deu",
        "LICENSE": LICENCE,
        "replaygain_track_gain": "-7.03 dB",
        "replaygain_track_peak": "0.98",
        "replaygain_album_gain": "-6.5 dB",
        "replaygain_album_peak": "1.0",
    }.items():
        tagged[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(text.encode())]
    file.seek(0)
    tagged.save(file)
    return file.getvalue()


def ape_tag() -> APEv2:
    """All of `FULL` under the names of APEv2."""
    tag = APEv2()
    other = {
        "tracknumber": "Track",
        "discnumber": "Disc",
        "date": "Year",
        "albumartist": "Album Artist",
    }
    for name, texts in VORBIS_NAMES.items():
        tag[other.get(name, name)] = texts
    tag["Cover Art (Front)"] = APEBinaryValue(b"cover.png\0" + PNG)
    return tag


def _with_ape(data: bytes) -> bytes:
    file = io.BytesIO(data)
    ape_tag().save(file)
    return file.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk."""
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) & 1)


def fmt_chunk(bits: int = 16, channels: int = 2) -> bytes:
    """The body of `fmt ` for integer PCM."""
    block = channels * bits // 8
    return struct.pack("<HHIIHH", 1, channels, RATE_HZ, RATE_HZ * block, block, bits)


def pcm16(seconds: float = SECONDS) -> bytes:
    """Noise as interleaved 16-bit samples."""
    return (noise(seconds=seconds) * 32767).astype("<i2").tobytes()


def riff(*chunks: bytes) -> bytes:
    """A WAVE file of these chunks."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


INFO = chunk(
    b"LIST",
    b"INFO"
    + chunk(b"INAM", b"Nur INFO\0")
    + chunk(b"IART", "Jürgen".encode("cp1252") + b"\0")
    + chunk(b"ITRK", b"4/9\0")
    + chunk(b"ICRD", b"1987\0")
    + chunk(b"ISRC", b"a tape\0"),
)
BEXT = chunk(
    b"bext",
    struct.pack(
        "<256s32s32s10s8s", b"Rain in Kiel", b"Radio X", b"REF1", b"2001-02-03", b"04:05:06"
    )
    + struct.pack(
        "<QH64s5h180s", 88200, 2, b"\x06\x0a" + bytes(62), -2300, 800, -100, 0x7FFF, 0x7FFF, b""
    )
    + b"A=PCM,F=44100,W=16,M=stereo\r\n",
)
IXML = chunk(
    b"iXML",
    b"<?xml version='1.0' encoding='UTF-8'?><BWFXML><PROJECT>Kiel</PROJECT>"
    b"<SPEED><NOTE>slow</NOTE></SPEED></BWFXML>\0",
)
BROADCAST = (
    ("bext.description", "Rain in Kiel"),
    ("bext.originator", "Radio X"),
    ("bext.originator_reference", "REF1"),
    ("bext.origination_date", "2001-02-03"),
    ("bext.origination_time", "04:05:06"),
    ("bext.time_reference_samples", "88200"),
    ("bext.version", "2"),
    ("bext.umid", "060a" + "00" * 62),
    ("bext.loudness_lufs", "-23.00"),
    ("bext.range_lu", "8.00"),
    ("bext.true_peak_dbtp", "-1.00"),
    ("bext.coding_history", "A=PCM,F=44100,W=16,M=stereo"),
    ("ixml.PROJECT", "Kiel"),
    ("ixml.SPEED.NOTE", "slow"),
)
INFO_TAGS = Tags(
    title="Nur INFO",
    artists=("Jürgen",),
    track_number=4,
    track_total=9,
    date="1987",
    broadcast=BROADCAST,
)


def _wav_full() -> bytes:
    return riff(
        chunk(b"fmt ", fmt_chunk()),
        BEXT,
        IXML,
        chunk(b"data", pcm16()),
        chunk(b"id3 ", id3_bytes()),
        INFO,
    )


def rf64_head(data_bytes: int, *before: bytes) -> bytes:
    """Everything of an RF64 file up to its samples."""
    fmt = chunk(b"fmt ", fmt_chunk())
    size = 4 + 36 + len(fmt) + sum(map(len, before)) + 8 + data_bytes
    ds64 = chunk(b"ds64", struct.pack("<QQQI", size, data_bytes, data_bytes // 4, 0))
    head = b"RF64" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + ds64 + fmt + b"".join(before)
    return head + b"data" + struct.pack("<I", 0xFFFFFFFF)


def _rf64() -> bytes:
    samples = pcm16()
    return rf64_head(len(samples), BEXT, IXML) + samples + chunk(b"ID3 ", id3_bytes())


def _w64_chunk(name: bytes, body: bytes, guid: bytes | None = None) -> bytes:
    tail = bytes.fromhex("f3acd3118cd100c04f8edb8a")
    return (guid or name + tail) + struct.pack("<Q", 24 + len(body)) + body + bytes(-len(body) & 7)


def _w64() -> bytes:
    summary = b"".join(
        name + struct.pack("<I", len(text.encode("utf-16-le"))) + text.encode("utf-16-le")
        for name, text in (
            (b"INAM", "Nur INFO\0"),
            (b"IART", "Jürgen\0"),
            (b"ITRK", "4/9\0"),
            (b"ICRD", "1987\0"),
        )
    )
    body = (
        _w64_chunk(b"fmt ", fmt_chunk())
        + _w64_chunk(b"bext", BEXT[8:])
        + _w64_chunk(b"iXML", IXML[8:])
        + _w64_chunk(
            b"", struct.pack("<I", 4) + summary, bytes.fromhex("bc945f925a52d21186dc00c04f8edb8a")
        )
        + _w64_chunk(b"data", pcm16())
    )
    riff_guid = bytes.fromhex("726966662e91cf11a5d628db04c10000")
    wave = bytes.fromhex("77617665f3acd3118cd100c04f8edb8a")
    return riff_guid + struct.pack("<Q", 40 + len(body)) + wave + body


def _aiff() -> bytes:
    plain = encode_sndfile("AIFF", "PCM_24")

    def part(name: bytes, body: bytes) -> bytes:
        return name + struct.pack(">I", len(body)) + body + bytes(len(body) & 1)

    body = plain[8:] + part(b"NAME", b"Not this") + part(b"ID3 ", id3_bytes())
    return b"FORM" + struct.pack(">I", len(body)) + body


def _dsf() -> bytes:
    hz, channels, block = 2822400, 2, 4096
    blocks = 16
    samples = blocks * block * 8
    sound = b"\x69" * (blocks * block * channels)
    tag = id3_bytes()
    fmt = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 2, channels, hz, 1, samples, block, 0)
    data = struct.pack("<4sQ", b"data", 12 + len(sound)) + sound
    pointer = 28 + len(fmt) + len(data)
    return struct.pack("<4sQQQ", b"DSD ", 28, pointer + len(tag), pointer) + fmt + data + tag


def _makers() -> dict[str, Callable[[], Specimen]]:
    opus = functools.partial(Specimen, codec="opus", sample_rate_hz=48000)
    return {
        "id3v24.mp3": lambda: Specimen(
            "id3v24.mp3", id3_bytes() + encode("libmp3lame", "mp3", "s16p"), "mp3", "mp3", FULL
        ),
        "ape.mp3": lambda: Specimen(
            "ape.mp3", _with_ape(encode("libmp3lame", "mp3", "s16p")), "mp3", "mp3", FULL
        ),
        "comments.flac": lambda: Specimen(
            "comments.flac", _flac(), "flac", "flac", FULL, bit_depth=24
        ),
        "id3.flac": lambda: Specimen(
            "id3.flac",
            id3_bytes() + encode_sndfile("FLAC", "PCM_16"),
            "flac",
            "flac",
            FULL,
            bit_depth=16,
        ),
        "vorbis.ogg": lambda: Specimen(
            "vorbis.ogg",
            tag_comments(OggVorbis, encode_sndfile("OGG", "VORBIS")),
            "ogg",
            "vorbis",
            FULL,
        ),
        "opus.opus": lambda: opus(
            "opus.opus",
            tag_comments(OggOpus, encode("libopus", "ogg", rate=48000)),
            "ogg",
            tags=FULL,
        ),
        "flac.oga": lambda: Specimen(
            "flac.oga",
            tag_comments(OggFLAC, encode("flac", "ogg")),
            "ogg",
            "flac",
            FULL,
            bit_depth=16,
        ),
        "aac.m4a": lambda: Specimen(
            "aac.m4a", _mp4(encode("aac", "ipod", "fltp")), "mp4", "aac", FULL
        ),
        "alac.m4a": lambda: Specimen(
            "alac.m4a", _mp4(encode("alac", "ipod", "s32p")), "mp4", "alac", FULL, bit_depth=24
        ),
        "ape.wv": lambda: Specimen(
            "ape.wv",
            _with_ape(encode("wavpack", "wv", "s16p")),
            "wavpack",
            "wavpack",
            FULL,
            bit_depth=16,
        ),
        "full.wav": lambda: Specimen(
            "full.wav", _wav_full(), "wav", "pcm_s16le", with_broadcast(FULL), bit_depth=16
        ),
        "info.wav": lambda: Specimen(
            "info.wav",
            riff(chunk(b"fmt ", fmt_chunk()), BEXT, IXML, INFO, chunk(b"data", pcm16())),
            "wav",
            "pcm_s16le",
            INFO_TAGS,
            bit_depth=16,
        ),
        "long.rf64": lambda: Specimen(
            "long.rf64", _rf64(), "rf64", "pcm_s16le", with_broadcast(FULL), bit_depth=16
        ),
        "summary.w64": lambda: Specimen(
            "summary.w64", _w64(), "w64", "pcm_s16le", INFO_TAGS, bit_depth=16
        ),
        "id3.aiff": lambda: Specimen("id3.aiff", _aiff(), "aiff", "pcm_s24be", FULL, bit_depth=24),
        "id3.dsf": lambda: Specimen(
            "id3.dsf",
            _dsf(),
            "dsf",
            "dsd_lsbf_planar",
            FULL,
            sample_rate_hz=2822400,
            bit_depth=1,
            duration_ms=185,
        ),
    }


def with_broadcast(tags: Tags) -> Tags:
    """`tags` with what `BEXT` and `IXML` say."""
    return Tags(**{**{f: getattr(tags, f) for f in tags.__struct_fields__}, "broadcast": BROADCAST})


NAMES = tuple(_makers())


@functools.cache
def specimen(name: str) -> Specimen:
    """Make one of `NAMES`, once."""
    return _makers()[name]()
