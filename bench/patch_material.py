"""Originals in every format, real ones where they are there, and two ways to tag them anew."""

# mutagen and PyAV are half annotated.
# mypy: disable-error-code="no-untyped-call, union-attr, arg-type"

from __future__ import annotations

import base64
import io
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import mutagen
import mutagen.id3 as id3
import numpy as np
import soundfile
from mutagen.apev2 import APEBinaryValue, APEv2
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

from phonotheque.dress.dressing import dress
from phonotheque.dress.overlay import Cover, Overlay
from phonotheque.music.facts import ReplayGain, Tags

TREE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "phonotheque/debian/tree"
"""Music from Debian, as `python -m scripts.real` unpacks it. It is not fetched here."""

RATE_HZ = 44100
SECONDS = 60
_LEAST_BYTES = 100_000
_PNG = b"\x89PNG\r\n\x1a\n"
COVER = Cover(_PNG + random.Random(7).randbytes(200_000))
TAGS = Tags(
    title="Moorings",
    artists=("Odile Marrow", "Gantry Nine"),
    album="Harbour at Rest",
    album_artists=("Odile Marrow",),
    track_number=2,
    track_total=9,
    date="2021-03-05",
    label="Kettle & Comet",
    catalogue_number="KC-014",
    isrcs=("USRC17607839",),
    musicbrainz=(("recording", "0b8a4d1e-5d6f-4c1a-9d2e-7b1f6f1c2a3d"),),
    genres=("Ambient",),
    licence="https://creativecommons.org/licenses/by/4.0/",
    copyright="2021 Kettle & Comet",
    replaygain=ReplayGain(-7.03, 0.98, -6.5, 1.0),
)
"""Fifteen tags, as a label would write them."""


@dataclass(frozen=True, slots=True)
class Original:
    """A recording in one format."""

    container: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """Originals of one format. `origin` is "real" or "made"."""

    name: str
    origin: str
    originals: tuple[Original, ...]


def wardrobes(most: int) -> Iterator[Wardrobe]:
    """Yield originals format by format, at most `most` of each."""
    for name, ending, container in (
        ("Ogg Vorbis", "ogg", "ogg"),
        ("Ogg Opus", "opus", "ogg"),
        ("FLAC", "flac", "flac"),
        ("WavPack", "wv", "wavpack"),
        ("WAV", "wav", "wav"),
        ("MP3", "mp3", "mp3"),
    ):
        found = [Original(container, path.read_bytes()) for path in _real(ending, most)]
        if found:
            yield Wardrobe(name, "real", tuple(found))
        else:
            yield Wardrobe(name, "made", (Original(container, _MAKERS[ending]()),))
    for name, ending, container in (
        ("AAC", "m4a", "mp4"),
        ("AAC, tags in front", "faststart", "mp4"),
        ("ALAC", "alac", "mp4"),
        ("AIFF", "aiff", "aiff"),
    ):
        yield Wardrobe(name, "made", (Original(container, _MAKERS[ending]()),))


def _real(ending: str, most: int) -> list[Path]:
    found = [path for path in sorted(TREE.rglob(f"*.{ending}")) if path.is_file()]
    long = [path for path in found if path.stat().st_size >= _LEAST_BYTES] or found
    return random.Random(ending).sample(long, min(most, len(long)))


def dressed(original: Original, cover: Cover | None) -> bytes:
    """Our own dressed copy."""
    copy = dress(io.BytesIO(original.data), original.container, Overlay(TAGS, cover))
    return copy.read(0, copy.size_bytes)


def retagged(original: Original) -> bytes:
    """The copy of a foreign tagger: mutagen, with its own padding and order, text and a cover."""
    file = io.BytesIO(original.data)
    if original.container == "wavpack":
        tagged: Any = APEv2()
        tagged["Cover Art (Front)"] = APEBinaryValue(b"cover.png\0" + COVER.data)
    else:
        tagged = mutagen.File(file)
        if tagged.tags is None:
            tagged.add_tags()
        _put_cover(tagged)
    for name, text in (("TITLE", "Moorings"), ("ARTIST", "Odile Marrow"), ("NOTES", "x" * 200)):
        _put(tagged, name, text)
    file.seek(0)
    tagged.save(file)
    return file.getvalue()


def _put(tagged: Any, name: str, text: str) -> None:
    tags = getattr(tagged, "tags", tagged)
    if isinstance(tags, id3.ID3):
        tags.add(id3.TXXX(encoding=3, desc=name, text=[text]))
    elif isinstance(tagged, MP4):
        tagged[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(text.encode())]
    else:
        tagged[name] = text


def _put_cover(tagged: Any) -> None:
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", COVER.data
    if isinstance(tagged.tags, id3.ID3):
        tagged.tags.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=COVER.data))
    elif isinstance(tagged, FLAC):
        tagged.add_picture(picture)
    elif isinstance(tagged, MP4):
        tagged["covr"] = [MP4Cover(COVER.data, MP4Cover.FORMAT_PNG)]
    else:
        block = base64.b64encode(picture.write()).decode()
        tagged["metadata_block_picture"] = [block]


def _sound() -> np.ndarray[Any, np.dtype[np.float32]]:
    rng = np.random.default_rng(3)
    time = np.arange(RATE_HZ * SECONDS)[:, None] / RATE_HZ
    tones = sum(np.sin(2 * np.pi * hz * time * (1 + 0.01 * np.sin(time))) for hz in (220, 331, 553))
    return (0.1 * tones + rng.normal(0, 0.02, (len(time), 2))).astype(np.float32)


def _by_sndfile(form: str, subtype: str) -> bytes:
    out, sound = io.BytesIO(), _sound()
    part = 5 * RATE_HZ  # libvorbis has what it is given at once on the stack
    with soundfile.SoundFile(out, "w", RATE_HZ, 2, format=form, subtype=subtype) as file:
        for begin in range(0, len(sound), part):
            file.write(sound[begin : begin + part])
    return out.getvalue()


def _by_ffmpeg(codec: str, form: str, sample_format: str, **options: str) -> bytes:
    rate = 48000 if codec == "libopus" else RATE_HZ
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as folder:
        path = Path(folder) / "sound"
        with av.open(str(path), "w", format=form, options=options) as container:
            stream = container.add_stream(codec, rate=rate)
            stream.codec_context.layout = "stereo"
            stream.codec_context.format = sample_format
            frame = av.AudioFrame.from_ndarray(
                _sound().reshape(1, -1), format="flt", layout="stereo"
            )
            frame.sample_rate = RATE_HZ
            resampler = av.AudioResampler(sample_format, "stereo", rate, frame_size=1024)
            for piece in (*resampler.resample(frame), *resampler.resample(None)):
                container.mux(stream.encode(piece))
            container.mux(stream.encode(None))
        return path.read_bytes()


_MAKERS: dict[str, Callable[[], bytes]] = {
    "ogg": lambda: _by_sndfile("OGG", "VORBIS"),
    "opus": lambda: _by_ffmpeg("libopus", "ogg", "s16"),
    "flac": lambda: _by_sndfile("FLAC", "PCM_16"),
    "wv": lambda: _by_ffmpeg("wavpack", "wv", "s16p"),
    "wav": lambda: _by_sndfile("WAV", "PCM_16"),
    "mp3": lambda: _by_ffmpeg("libmp3lame", "mp3", "s16p"),
    "m4a": lambda: _by_ffmpeg("aac", "ipod", "fltp"),
    "faststart": lambda: _by_ffmpeg("aac", "ipod", "fltp", movflags="faststart"),
    "alac": lambda: _by_ffmpeg("alac", "ipod", "s16p"),
    "aiff": lambda: _by_sndfile("AIFF", "PCM_16"),
}


def peer_bytes(peer: str, original: bytes, copy: bytes) -> int | None:
    """Length of another tool's patch from copy to original; None when the tool is absent."""
    if not shutil.which(peer):
        return None
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as folder:
        one, other, out = (str(Path(folder) / name) for name in ("one", "other", "out"))
        Path(one).write_bytes(original)
        Path(other).write_bytes(copy)
        commands = {
            "xdelta3": ["xdelta3", "-9", "-e", "-s", other, one, out],
            "bsdiff": ["bsdiff", other, one, out],
            "zstd": ["zstd", "-q", "-19", "--long=27", f"--patch-from={other}", one, "-o", out],
        }
        subprocess.run(commands[peer], check=True, capture_output=True)
        return Path(out).stat().st_size
