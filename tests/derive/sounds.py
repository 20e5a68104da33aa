"""Small sounds made up for the tests, as real files."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import av
import numpy as np
import soundfile
from mutagen.ogg import OggPage
from numpy.typing import NDArray

Samples = NDArray[np.float64]


def tone(hz: float, seconds: float, rate_hz: int, *, peak: float = 0.5) -> Samples:
    """A sine as (frames, 1)."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return peak * np.sin(2 * np.pi * hz * time_s)[:, None]


def noise(frames: int, channels: int = 2, *, seed: int = 1, peak: float = 0.25) -> Samples:
    """Noise in which no part is like another, so that a shift would be seen."""
    return np.random.default_rng(seed).uniform(-peak, peak, (frames, channels))


def wav(samples: Samples, rate_hz: int) -> bytes:
    """A WAV file of 16 bits."""
    out = io.BytesIO()
    soundfile.write(out, samples, rate_hz, "PCM_16", format="WAV")
    return out.getvalue()


def flac_in_layout(samples: Samples, rate_hz: int, layout: str) -> bytes:
    """A FLAC file whose channels mean what the layout says."""
    out = io.BytesIO()
    with av.open(out, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate_hz, layout=layout)
        whole = np.rint(samples * 32767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout=layout)
        frame.sample_rate = rate_hz
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def vorbis(samples: Samples, rate_hz: int, serial: int) -> bytes:
    """A Vorbis file whose stream has a number of its own, so that several make a chain."""
    out = io.BytesIO()
    soundfile.write(out, samples, rate_hz, "VORBIS", format="OGG")
    file, pages = io.BytesIO(out.getvalue()), []
    while file.tell() < len(out.getvalue()):
        page = OggPage(file)
        page.serial = serial
        pages.append(page.write())
    return b"".join(pages)


@contextmanager
def real_file(data: bytes = b"") -> Iterator[BinaryIO]:
    """A file that children can be handed."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(0)
        yield file


def whole(file: BinaryIO) -> bytes:
    """All bytes of a file."""
    file.seek(0)
    return file.read()


def decoded(data: bytes) -> tuple[NDArray[np.float64], int]:
    """What libsndfile, which had no part in making it, hears in a file."""
    return soundfile.read(io.BytesIO(data), always_2d=True)
