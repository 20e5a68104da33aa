"""Recordings, poor copies of them, and fingerprints of a million strangers."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray
from scripts.real.fetch import cache_folder

from phonotheque.audio import decoding
from phonotheque.audio.containers import sniff_file
from phonotheque.audio.fingerprint import SAMPLE_RATE_HZ, Words
from phonotheque.audio.likeness.keys import KEY_BITS, KEY_SPACE, keys_of
from phonotheque.audio.measure import Wanted, measure
from phonotheque.errors import PhonothequeError

RATE_HZ = 44_100
STARTS_S = (0, 0.7, 3, 10, 30)
"""How much of its beginning a copy lacks."""

_ONLY_WORDS = Wanted(
    payload=False, samples_md5=False, loudness=False, levels=False, cutoff=False, fingerprint=True
)
_LEAST_BYTES = 400_000  # shorter files are noises of games
_RELATIVES = ("fretsonfire", "menu_enhanced")  # guitar and rest apart; another mix of the menu


@dataclass(frozen=True, slots=True)
class Coding:
    """A way to make a copy: FFmpeg's names, and how many bits are spent."""

    name: str
    encoder: str
    container: str
    sample_format: str
    bit_rate_bps: int
    rate_hz: int = RATE_HZ
    options: tuple[tuple[str, str], ...] = ()


_FAST = (("compression_level", "7"),)
CODINGS = (
    Coding("MP3 128", "libmp3lame", "mp3", "s16p", 128_000, options=_FAST),
    Coding("MP3 64", "libmp3lame", "mp3", "s16p", 64_000, options=_FAST),
    Coding("Opus 75", "libopus", "ogg", "s16", 75_000, 48_000, (("compression_level", "5"),)),
    Coding("Opus 32", "libopus", "ogg", "s16", 32_000, 48_000, (("compression_level", "5"),)),
    Coding("AAC 96", "aac", "mp4", "fltp", 96_000),
    Coding("Vorbis q1", "oggenc", "ogg", "s16", 0),
)


def real_tracks(most: int) -> list[Path]:
    """Return music from Debian's packages, spread over them; none where they were not fetched."""
    tree = cache_folder(os.environ, Path.home()) / "tree"
    endings = (".ogg", ".opus", ".mp3", ".flac")
    by_name = {
        path.name: path  # some packages share a file
        for path in sorted(tree.rglob("*"))
        if path.suffix in endings
        and path.is_file()
        and path.stat().st_size >= _LEAST_BYTES
        and not any(one in str(path) for one in _RELATIVES)
    }
    found = list(by_name.values())
    return found[:: max(1, len(found) // most)][:most]


def made_tracks(folder: Path, most: int, seconds: int) -> list[Path]:
    """Make up to eight pieces of music as the demo has them, for machines without Debian's."""
    from phonotheque.demo.encode import Coding as Written
    from phonotheque.demo.encode import WrittenTags, encode
    from phonotheque.demo.manners import Manner
    from phonotheque.demo.mastering import mastered
    from phonotheque.demo.score import Sketch, compose
    from phonotheque.demo.synth import render

    paths = []
    for number, manner in enumerate(list(Manner)[:most]):
        sketch = Sketch(manner, 90 + 7 * number, "C major", "C Am7 Dm9 G7", number % 2)
        mix = mastered(render(compose(sketch, seconds, [number]), RATE_HZ, [number]), RATE_HZ)
        path = folder / f"{number}.flac"
        tags = WrittenTags(manner, "", "", "", number + 1, most, "2024", "", "", "")
        encode(path, mix, Written.FLAC_16, tags)
        paths.append(path)
    return paths


def words_of_file(path: Path) -> Words:
    """Return the fingerprint as the archive computes it, or none for what FFmpeg refuses."""
    with open(path, "rb") as file:
        container = sniff_file(file)
        try:
            if container is None:
                return np.zeros(0, np.uint32)
            with decoding.opened(file, container) as audio:
                return measure(audio, wanted=_ONLY_WORDS).fingerprint
        except PhonothequeError:
            return np.zeros(0, np.uint32)


def fpcalc_words(path: Path) -> list[int] | None:
    """Return fpcalc's fingerprint, or None where it or the file cannot be had."""
    tool = shutil.which("fpcalc")
    if tool is None:
        return None
    command = [tool, "-raw", "-plain", "-length", "120", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(word) % 2**32 for word in done.stdout.split(",")] if done.stdout.strip() else None


def samples_of(
    path: Path | bytes, seconds: float, *, rate_hz: int, layout: str
) -> NDArray[np.int16]:
    """Decode the first seconds, shape (samples, channels)."""
    pieces: list[NDArray[np.int16]] = []
    left = round(seconds * rate_hz)
    resampler = av.AudioResampler("s16", layout, rate_hz)
    file = io.BytesIO(path) if isinstance(path, bytes) else str(path)
    with av.open(file, "r") as source:
        for packet in source.demux(source.streams.audio[0]):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue  # an empty last packet, a damaged one: the rest will do
            for frame in frames:
                frame.pts = None
                for piece in resampler.resample(frame):
                    flat = piece.to_ndarray().astype(np.int16, copy=False)
                    pieces.append(flat.reshape(-1, piece.layout.nb_channels))
                    left -= len(pieces[-1])
            if left <= 0:
                break
    return np.concatenate(pieces)[: round(seconds * rate_hz)]


def iter_copies(path: Path, seconds: int) -> Iterator[tuple[str, NDArray[np.int16]]]:
    """Yield the name of each coding and what is left of the first seconds after it, mono."""
    sound = samples_of(path, seconds, rate_hz=RATE_HZ, layout="stereo")
    for coding in CODINGS:
        coded = _vorbis(sound) if coding.encoder == "oggenc" else _coded(sound, coding)
        left = samples_of(coded, seconds, rate_hz=SAMPLE_RATE_HZ, layout="mono")
        yield coding.name, left[:, 0]


def _coded(sound: NDArray[np.int16], coding: Coding) -> bytes:
    out = io.BytesIO()
    frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate = RATE_HZ
    with av.open(out, "w", format=coding.container) as container:
        stream = container.add_stream(coding.encoder, rate=coding.rate_hz)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = "stereo"
        stream.codec_context.format = coding.sample_format
        stream.codec_context.bit_rate = coding.bit_rate_bps
        stream.codec_context.options = dict(coding.options)
        step = stream.codec_context.frame_size or 1_024
        resampler = av.AudioResampler(coding.sample_format, "stereo", coding.rate_hz, step)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return out.getvalue()


def _vorbis(sound: NDArray[np.int16]) -> bytes:
    """Code with libvorbis at quality 1: by oggenc, else by libsndfile."""
    if tool := shutil.which("oggenc"):
        raw = ("-Q", "-r", "-R", str(RATE_HZ), "-C", "2", "-B", "16", "-q", "1", "-o", "-", "-")
        return subprocess.run([tool, *raw], input=sound.tobytes(), stdout=-1, check=True).stdout
    import soundfile

    out = io.BytesIO()
    with soundfile.SoundFile(
        out, "w", RATE_HZ, 2, "VORBIS", format="OGG", compression_level=0.8
    ) as file:
        for start in range(0, len(sound), RATE_HZ):  # libvorbis overflows its stack on long blocks
            file.write(sound[start : start + RATE_HZ])
    return out.getvalue()


KEYS_OF_STRANGER = 98
_SKEW = 2.6
"""How unequal keys are: the r-th most common of N has a share of r ** (1 / skew) of N ** (1 / skew)
before it. The commonest is then in 13 of 100 tracks (measured: 3.7), and two tracks share the
others as often as tracks of different Debian packages do."""

_UNMIX = pow(0x9E3779B1, -1, 1 << KEY_BITS)
_SCATTER = next(one for one in range(10_000_019, KEY_SPACE) if gcd(one, KEY_SPACE) == 1)


def strangers(count: int, seed: int) -> NDArray[np.uint32]:
    """Return fingerprints of made-up tracks, shape (count, 98): only words that become keys."""
    drawn = np.random.default_rng(seed).random(count * KEYS_OF_STRANGER) ** _SKEW
    ranks = (KEY_SPACE * drawn).astype(np.uint64)
    keys = ranks * np.uint64(_SCATTER) % np.uint64(KEY_SPACE)
    words = (keys * np.uint64(_UNMIX) & np.uint64((1 << KEY_BITS) - 1)).astype(np.uint32)
    words <<= np.uint32(32 - KEY_BITS)
    if set(keys_of(words[:KEYS_OF_STRANGER]).tolist()) != set(keys[:KEYS_OF_STRANGER].tolist()):
        raise RuntimeError("made-up words do not become the keys they were made for")
    return words.reshape(count, KEYS_OF_STRANGER)
