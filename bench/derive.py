"""Copies to listen to, pictures to look at: what they cost, beside tools that make the same.

CPU seconds of parent and children together, the best of the rounds, peers in turn. A track is three
minutes and more of real music where Debian's lies in the cache (`make real`), else the made-up
label's pieces in a row; it is FLAC, so that decoding costs all tools the same.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from bench.measure import best_in_turn, cpu_seconds, own_cpu_s, program
from bench.rows import Row, Sense
from phonotheque.audio import facts_in_child
from phonotheque.demo.label import make_label
from phonotheque.derive.opus import Original, encode_copy
from phonotheque.derive.recipes import COPY, THUMBNAILS, CopyRecipe
from phonotheque.derive.spectrogram import spectrogram_png
from phonotheque.derive.spectrum import measure_spectrum
from phonotheque.derive.thumbnails import make_thumbnail
from phonotheque.derive.waveform import Drawn, waveform_png, waveform_svg

_LEAST_REAL_TIME = {10: 75, 5: 100, 0: 160}  # by complexity; alone on a core 117, 142, 227
_REAL = Path.home() / ".cache/phonotheque/debian/tree"
_LEAST_S, _MOST_S = 180, 300
_COVER_PX = 1400
_DRAWN_TIMES = 10
_MOST_WAVEFORM_MS, _MOST_SPECTROGRAM_MS, _MOST_THUMBNAIL_MS = 5, 700, 150


def rows(scale: str) -> Iterator[Row]:
    """Measure one track and one cover; at every scale the same."""
    del scale
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        track = Path(name) / "track.flac"
        seconds = _make_track(track)
        yield from _copies(track, seconds)
        yield from _pictures(track, seconds)
        yield from _thumbnails(Path(name))


def _make_track(target: Path) -> float:
    """Write a track of three to five minutes as FLAC and return its length in seconds."""
    samples, rate_hz = _real_music() or _made_up_music()
    soundfile.write(target, samples[: _MOST_S * rate_hz], rate_hz, "PCM_16")
    return min(_MOST_S, len(samples) / rate_hz)


def _real_music() -> tuple[np.ndarray, int] | None:
    for path in sorted(_REAL.glob("wesnoth*/**/*.ogg")):
        if _LEAST_S <= soundfile.info(path).duration <= _MOST_S:
            samples, rate_hz = soundfile.read(path, dtype="int16")
            return samples, rate_hz
    return None


def _made_up_music() -> tuple[np.ndarray, int]:
    with tempfile.TemporaryDirectory() as name:
        label = make_label(Path(name) / "label")
        paths = sorted(label.folder.rglob("*.flac"))
        pieces = [soundfile.read(path, dtype="int16") for path in paths]
    rate_hz = pieces[0][1]
    row = np.concatenate([samples for samples, rate in pieces if rate == rate_hz])
    times = -(-_LEAST_S * rate_hz // len(row))
    return np.tile(row, (times, 1)), rate_hz


def _copies(track: Path, seconds: float) -> Iterator[Row]:
    for complexity, least in _LEAST_REAL_TIME.items():
        recipe = CopyRecipe("bench", COPY.bit_rate_bps, complexity)
        sizes: dict[str, int] = {}
        peers = {
            "ours": partial(_our_copy, track, seconds, recipe, sizes),
            "opusenc": partial(_opusenc, track, complexity),
            "ffmpeg": partial(_ffmpeg, track, complexity),
        }
        best = best_in_turn(peers, rounds=2)
        ours = best["ours"]
        assert ours is not None
        title = f"Opus 75 kbit/s of {seconds:.0f} s of FLAC, complexity {complexity}"
        yield Row(title, seconds / ours, "x real time", least)
        for peer in ("opusenc", "ffmpeg"):
            cost = best[peer]
            told = "absent" if cost is None else f"{seconds / cost:.0f} x real time"
            ratio = None if cost is None else cost / ours
            yield Row("  less CPU than", seconds / ours, "x", None, f"{peer}: {told}", ratio)
        yield Row("  its size", sizes["bytes"] * 8 / seconds / 1000, "kbit/s")


def _our_copy(track: Path, seconds: float, recipe: CopyRecipe, sizes: dict[str, int]) -> float:
    original = Original("00" * 32, int(seconds * 1000), -14.0)
    with open(track, "rb") as source, tempfile.TemporaryFile() as target:
        before = own_cpu_s()
        encode_copy(source, target, original, recipe)
        cost = own_cpu_s() - before
        sizes["bytes"] = target.seek(0, io.SEEK_END)
    return cost


def _opusenc(track: Path, complexity: int) -> float:
    options = ("--quiet", "--bitrate", "75", "--comp", str(complexity))
    return cpu_seconds([program("opusenc"), *options, track, track.with_suffix(".opus")])


def _ffmpeg(track: Path, complexity: int) -> float:
    coding = ("-c:a", "libopus", "-b:a", "75k", "-compression_level", str(complexity))
    target = track.with_suffix(".ogg")
    quiet = ("-nostdin", "-v", "error", "-y", "-threads", "1")
    return cpu_seconds([program("ffmpeg"), *quiet, "-i", track, *coding, target])


def _pictures(track: Path, seconds: float) -> Iterator[Row]:
    with open(track, "rb") as file:
        waveform = facts_in_child(file).waveform
        drawn = Drawn(int(seconds * 1000), "A track")
        svg_ms = _ms(lambda: waveform_svg(waveform, drawn))
        yield Row("waveform as SVG", svg_ms, "CPU-ms", _MOST_WAVEFORM_MS, sense=Sense.AT_MOST)
        yield Row("  its size", len(waveform_svg(waveform, drawn).encode()) / 1000, "kB")
        yield Row("waveform as PNG", _ms(lambda: waveform_png(waveform, drawn)), "CPU-ms")
        yield Row("  its size", len(waveform_png(waveform, drawn)) / 1000, "kB")
        yield from _spectrogram(file, track, seconds)


def _spectrogram(file: io.BufferedReader, track: Path, seconds: float) -> Iterator[Row]:
    duration_ms = int(seconds * 1000)
    found: dict[str, bytes] = {}

    def ours() -> float:
        before = own_cpu_s()
        found["png"] = spectrogram_png(measure_spectrum(file, duration_ms))
        return own_cpu_s() - before

    best = best_in_turn({"ours": ours, "ffmpeg": lambda: _showspectrumpic(track)}, rounds=2)
    cost, peer = best["ours"], best["ffmpeg"]
    assert cost is not None
    title = f"spectrogram of {seconds:.0f} s, decoding and all"
    yield Row(title, cost * 1000, "CPU-ms", _MOST_SPECTROGRAM_MS, sense=Sense.AT_MOST)
    told = "absent" if peer is None else f"{peer * 1000:.0f} CPU-ms"
    ratio = None if peer is None else peer / cost
    yield Row("  less than showspectrumpic", cost * 1000, "CPU-ms", None, f"ffmpeg: {told}", ratio)
    yield Row("  its size", len(found["png"]) / 1000, "kB")


def _showspectrumpic(track: Path) -> float:
    picture = track.with_suffix(".png")
    draw = ("-lavfi", "showspectrumpic=s=1000x512:mode=combined")
    quiet = ("-nostdin", "-v", "error", "-y", "-threads", "1")
    return cpu_seconds([program("ffmpeg"), *quiet, "-i", track, *draw, picture])


def _thumbnails(folder: Path) -> Iterator[Row]:
    cover = Image.fromarray(_gradient()).resize((_COVER_PX, _COVER_PX), Image.Resampling.BICUBIC)
    for form in ("JPEG", "PNG"):
        path = folder / f"cover.{form.lower()}"
        cover.save(path, form)
        for recipe in THUMBNAILS.values():
            with open(path, "rb") as file:
                sizes = [len(make_thumbnail(file, recipe).jpeg)]
                cost_ms = _ms(partial(make_thumbnail, file, recipe))
            title = f"{recipe.longest_px} px of a {form} of {_COVER_PX} px"
            yield Row(title, cost_ms, "CPU-ms", _MOST_THUMBNAIL_MS, sense=Sense.AT_MOST)
            yield Row("  its size", sizes[0] / 1000, "kB")


def _gradient() -> np.ndarray:
    """A cover's worth of shapes: neither flat nor noise."""
    return np.random.default_rng(1).integers(0, 255, (48, 48, 3)).astype(np.uint8)


def _ms(work: Callable[[], object]) -> float:
    """CPU of one call in ms, children's too, the best of a few batches."""
    work()
    batches = []
    for _ in range(3):
        before = own_cpu_s()
        for _ in range(_DRAWN_TIMES):
            work()
        batches.append((own_cpu_s() - before) / _DRAWN_TIMES * 1000)
    return min(batches)
