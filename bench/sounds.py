"""Tracks of three minutes and more in every format: real ones where they are, else made here."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEBIAN = Path.home() / ".cache" / "phonotheque" / "debian" / "tree"
"""Music unpacked from Debian packages: docs/how-to/try-on-real-music.md."""

LEAST_S, MOST_S = 180, 300
_RATE_HZ = 44_100
_MADE_S = 190
_LISTED = 40  # files of one kind that are looked at
_ENCODED = (
    ("mp3", "libmp3lame", "mp3", "s16p", 192_000),
    ("flac", "flac", "flac", "s16", None),
    ("aac", "aac", "m4a", "fltp", 192_000),
    ("opus", "libopus", "opus", "s16", 128_000),
    ("alac", "alac", "m4a", "s16p", None),
    ("wavpack", "wavpack", "wv", "s16p", None),
    ("pcm_s16le", "pcm_s16le", "wav", "s16", None),
)
_FORMS = {"m4a": "ipod", "opus": "ogg"}


@dataclass(frozen=True, slots=True)
class Track:
    """A file to measure. `origin` says whether it is real."""

    codec: str
    path: Path
    seconds: float
    origin: str


def make_tracks(folder: Path) -> list[Track]:
    """Fill a folder with one track for each format and describe them."""
    source = _real("ogg", "vorbis")
    if source is None:
        path = folder / "vorbis.ogg"
        _write_vorbis(path)
        source = Track("vorbis", path, _MADE_S, "made here")
    tracks = [source]
    for codec, encoder, extension, sample_format, rate_bps in _ENCODED:
        track = _real("opus", "opus") if codec == "opus" else None
        if track is None:
            path = folder / f"{codec}.{extension}"
            _encode(source.path, path, (encoder, sample_format, rate_bps))
            track = Track(codec, path, source.seconds, "encoded from it")
        tracks.append(track)
    return tracks


def make_thirty_minutes(folder: Path) -> Path:
    """Join MP3 frames to half an hour that is still held in memory as a whole."""
    part = (folder / "mp3.mp3").read_bytes()
    path = folder / "long.mp3"
    times = -(-1800 * 192_000 // 8 // len(part))
    with path.open("wb") as file:
        for _ in range(times):
            file.write(part)
    return path


def _real(extension: str, codec: str) -> Track | None:
    """Return the first real track of the right length, in order of names."""
    import av

    for path in sorted(DEBIAN.rglob(f"*.{extension}"))[: 10 * _LISTED]:
        if path.stat().st_size < 2_000_000:
            continue
        with av.open(str(path), metadata_errors="replace") as container:
            seconds = (container.duration or 0) / 1e6
        if LEAST_S <= seconds <= MOST_S:
            return Track(codec, path, seconds, "real")
    return None


def _encode(source: Path, path: Path, how: tuple[str, str, int | None]) -> None:
    """Decode a file and encode it again."""
    import av

    encoder, sample_format, rate_bps = how
    form = _FORMS.get(path.suffix[1:], path.suffix[1:])
    hz = 48_000 if encoder == "libopus" else _RATE_HZ
    with av.open(str(source)) as given, av.open(str(path), "w", format=form) as made:
        stream: Any = made.add_stream(encoder, rate=hz)
        stream.codec_context.layout = "stereo"
        stream.codec_context.format = sample_format
        if rate_bps:
            stream.codec_context.bit_rate = rate_bps
        resampler = av.AudioResampler(sample_format, "stereo", hz, frame_size=1024)
        for frame in _iter_frames(given, resampler):
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))


def _iter_frames(given: Any, resampler: Any) -> Iterator[Any]:
    for frame in given.decode(audio=0):
        frame.pts = None
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _write_vorbis(path: Path) -> None:
    """Chords that change every half second, with noise that breathes: loud and quiet by turns."""
    import numpy as np
    import soundfile

    rng = np.random.default_rng(1)
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", _RATE_HZ, 2, format="OGG", subtype="VORBIS") as file:
        clock = np.arange(_RATE_HZ // 2) / _RATE_HZ
        fade = np.exp(-4 * clock)[:, None]
        for number in range(2 * _MADE_S):
            notes = 55.0 * 2 ** (rng.integers(0, 60, (6, 2)) / 12)
            tones = np.sin(2 * np.pi * clock[:, None, None] * notes).sum(axis=1)
            noise = rng.normal(0, 0.05, tones.shape) * (1 + np.sin(number / 7))
            file.write((0.1 * tones * fade + noise).clip(-1, 1))
    path.write_bytes(out.getvalue())
