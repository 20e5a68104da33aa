"""A copy to listen to: a whole recording, or a preview of it, as Opus in Ogg.

Laws: the copy is exactly as long as what it plays (pre-skip in front and the last granule position
cut what the codec adds: RFC 7845, 4.1 to 4.4); its loudness stands in R128_TRACK_GAIN and the
output gain of its header is 0; the same bytes, recipe and encoder give the same copy, bit for bit.

Decoding and encoding happen in a limited child, which writes into a file handed to it already open.
"""

from __future__ import annotations

import ctypes
import functools
import io
import itertools
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.codec.context
import av.error
import msgspec
import numpy as np

from phonotheque.audio import warm_up as warm_up_readers
from phonotheque.audio.measure.by_sndfile import packed_frame
from phonotheque.audio.measure.loudness import LoudnessMeter
from phonotheque.audio.private_file import open_private
from phonotheque.audio.sandbox import Limits
from phonotheque.audio.warmth import tiny_wav
from phonotheque.derive.comments import comments
from phonotheque.derive.excerpts import cut
from phonotheque.derive.limited import Refused, ask_child
from phonotheque.derive.recipes import COPY, CopyRecipe
from phonotheque.derive.sound_blocks import Samples, iter_blocks
from phonotheque.errors import MalformedError
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags

RATE_HZ = 48_000
"""What Opus always plays at, whatever went in. Source: RFC 7845, 5.1."""

_CPU_S_LEAST = 60
_REAL_TIME_LEAST = 15  # a slow machine: here it is 90 and more
_FILE_BYTES_LEAST = 1 << 20
_WALL_FACTOR = 4.0


class Original(msgspec.Struct, frozen=True):
    """What is known about the master of a copy.

    Attributes:
        sha256: Its name, 64 hexadecimal digits.
        duration_ms: Length of its sound, as measured.
        loudness_lufs: Integrated loudness as measured; None for silence.
        channels: How many it has. Of more than two the mix is measured, since it is another sound.
        tags: What it says about itself.
    """

    sha256: str
    duration_ms: int
    loudness_lufs: float | None = None
    channels: int = 2
    tags: Tags = Tags()


class Encoded(msgspec.Struct, frozen=True, tag="encoded"):
    """A copy that was made.

    Attributes:
        samples: Its length at 48 kHz.
        channels: 1 or 2.
        loudness_lufs: What its gain says; None for silence.
    """

    samples: int
    channels: int
    loudness_lufs: float | None


class _Order(msgspec.Struct, frozen=True):
    """What the parent asks for, as JSON."""

    original: Original
    recipe: CopyRecipe
    encoder: str


@functools.cache
def encoder_version() -> str:
    """Say what encodes here: "libopus 1.6.1, libavcodec 62.28.102"."""
    avcodec = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return f"{_libopus_version()}, libavcodec {avcodec}"


def _libopus_version() -> str:
    """Ask the library itself, which PyAV's wheels carry beside the package."""
    package = Path(av.__file__).parent
    for folder in (package.with_name("av.libs"), package / ".dylibs"):
        for path in sorted(folder.glob("libopus*")):
            try:
                version = ctypes.CDLL(str(path)).opus_get_version_string
            except (OSError, AttributeError):
                continue
            version.restype = ctypes.c_char_p
            return str(version().decode())
    return "libopus"


@functools.cache
def warm_up() -> None:
    """Do everything once that a child cannot do for the first time. See `audio.warm_up`."""
    warm_up_readers()
    order = _Order(Original("0" * 64, 8, None, 1), COPY, encoder_version())
    _encode(io.BytesIO(tiny_wav()), io.BytesIO(), order)


def encode_copy(
    source: BinaryIO, target: BinaryIO, original: Original, recipe: CopyRecipe
) -> Encoded:
    """Make a copy of a recording in a limited child.

    Args:
        source: The master, a real file; its position is neither used nor moved.
        target: An empty real file open for writing; its position is moved.
        original: What is known of the master.
        recipe: How to make it.

    Raises:
        MalformedError: There is no sound that anybody can decode, or it brought the reader down.
        UnavailableError: The disk failed, or no process could be started.

    Cost: one CPU second for 90 s of sound and more at complexity 10; 60 MB.
    """
    warm_up()
    order = _Order(original, recipe, encoder_version())
    text = msgspec.json.encode(order).decode()
    handed = (source.fileno(), target.fileno())
    limits = _limits(original.duration_ms, recipe)
    name = f"the recording {original.sha256[:12]}"
    return ask_child(name, Encoded, encode_of, *handed, text, descriptors=handed, limits=limits)


def _limits(duration_ms: int, recipe: CopyRecipe) -> Limits:
    """What a recording of that length may cost: a lie about its length is found out here."""
    cpu_s = _CPU_S_LEAST + duration_ms // 1000 // _REAL_TIME_LEAST
    coded_bytes = duration_ms * recipe.bit_rate_bps // 8000
    size_bytes = _FILE_BYTES_LEAST + 2 * coded_bytes
    return Limits(cpu_s=cpu_s, wall_s=_WALL_FACTOR * cpu_s, file_bytes=size_bytes)


def encode_of(source: int, target: int, text: str) -> Encoded | Refused:
    """In a child: make a copy of the file behind one descriptor into that behind another."""
    file, raw = open_private(source)
    out = io.FileIO(target, "w", closefd=False)
    try:
        return _encode(file, out, msgspec.json.decode(text, type=_Order))
    except MalformedError as error:
        return Refused(error.wrong)
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, os.strerror(error.errno)) from error
        return Refused(f"the encoder says: {error}")
    finally:
        if raw.failure is not None:
            raise raw.failure


def _encode(file: BinaryIO, out: Any, order: _Order) -> Encoded:
    original, recipe = order.original, order.recipe
    loudness_lufs = original.loudness_lufs
    if original.channels > 2:
        loudness_lufs = _measured_lufs(iter_blocks(file, RATE_HZ))
    blocks: Iterable[Samples] = iter_blocks(file, RATE_HZ)
    if recipe.excerpt is not None:
        blocks = cut(blocks, recipe.excerpt, original.duration_ms, RATE_HZ)
    name = Sha256.parse(original.sha256)
    fields = comments(original.tags, name, order.encoder, loudness_lufs)
    # Without the flag FFmpeg would draw the serial number by chance. RFC 7845, 3: it is arbitrary.
    serial = str(int.from_bytes(name.raw[:4], "big") >> 1 | 1)
    options = {"fflags": "+bitexact", "serial_offset": serial}
    with av.open(out, "w", format="ogg", options=options) as ogg:
        samples, channels = _write(ogg, iter(blocks), recipe, fields)
    return Encoded(samples, channels, loudness_lufs)


def _measured_lufs(blocks: Iterable[Samples]) -> float | None:
    """How loud a mix is that nobody has heard yet."""
    meter = LoudnessMeter(RATE_HZ, ("FL", "FR"))
    for block in blocks:
        meter.add(list(np.ascontiguousarray(block.T)))
    return meter.integrated_lufs()


def _write(
    ogg: Any, blocks: Iterator[Samples], recipe: CopyRecipe, fields: dict[str, str]
) -> tuple[int, int]:
    """Code all blocks into an open container. Returns samples and channels."""
    first = next(blocks, np.zeros((0, 2), np.float32))
    channels = first.shape[1]
    stream = ogg.add_stream(
        recipe.codec, rate=RATE_HZ, layout="mono" if channels == 1 else "stereo"
    )
    codec = stream.codec_context
    codec.format = "flt"
    codec.bit_rate = recipe.bit_rate_for(channels)
    codec.options = {"compression_level": str(recipe.complexity), "application": "audio"}
    codec.flags |= av.codec.context.Flags.bitexact
    stream.metadata.update(fields)
    ogg.start_encoding()
    samples = 0
    for block in itertools.chain((first,), blocks):
        if len(block):
            frame = packed_frame(block, RATE_HZ)
            frame.time_base, frame.pts = Fraction(1, RATE_HZ), samples
            ogg.mux(stream.encode(frame))
            samples += len(block)
    ogg.mux(stream.encode(None))
    return samples, channels
