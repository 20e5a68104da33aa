"""Copies to listen to and pictures to look at, of what an archive holds.

Laws: a derivative is made only of bytes that were proven against their name a moment before; what
the index knows (length, loudness, waveform, tags) is not measured again, what it lacks is measured
on the spot.

Whether somebody may have a copy is decided where it goes out (`phonotheque.music.doors`), not here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from phonotheque.archive.opening import Archive, now
from phonotheque.audio import facts_in_child
from phonotheque.derive import opus, thumbnails
from phonotheque.derive.axes import spoken_duration
from phonotheque.derive.cache import Cache, Facts, Kept, Make, Wanted
from phonotheque.derive.colours import GREY_HUE
from phonotheque.derive.limited import refused
from phonotheque.derive.opus import Original, encode_copy
from phonotheque.derive.recipes import (
    COPY,
    SPECTROGRAM,
    THUMBNAILS,
    CopyRecipe,
    Recipe,
    ThumbnailRecipe,
)
from phonotheque.derive.spectrogram import spectrogram_png
from phonotheque.derive.spectrum import Spectrum, measure_spectrum
from phonotheque.derive.waveform import Drawn, describe, waveform_png, waveform_svg
from phonotheque.disk import refusal
from phonotheque.errors import BadRequestError, DigestMismatchError, PhonothequeError
from phonotheque.music.covers import likeliest_covers
from phonotheque.music.sound import Sound
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a recording's sound, from the index or measured just now."""

    sound: Sound
    waveform: bytes


def cache_of(archive: Archive) -> Cache:
    """The cache of an archive, as large as its settings allow."""
    return Cache(archive.root, archive.disk, archive.config["copies.max_bytes"])


def open_copy(archive: Archive, held: Held, recipe: CopyRecipe = COPY) -> Kept:
    """Open a copy of a recording to listen to, made now if it is not kept.

    Raises:
        MalformedError: It has no sound that anybody can decode.
        DigestMismatchError: The master is damaged.
        UnavailableError: The disk failed or is full.
    """

    def make(target: BinaryIO) -> Facts:
        heard = hear(archive, held)
        channels = held.technical.channels if held.technical else None
        original = Original(
            sha256=held.sha256.hex,
            duration_ms=heard.sound.decoded_ms,
            loudness_lufs=heard.sound.loudness.integrated_lufs,
            channels=channels or 2,
            tags=archive.index.tags(held.sha256),
        )
        with _proven(archive, held) as master:
            made = encode_copy(master, target, original, recipe)
        return {
            "duration_ms": made.samples * 1000 // opus.RATE_HZ,
            "channels": made.channels,
            "loudness_lufs": made.loudness_lufs,
        }

    return _open(archive, held, recipe, opus.encoder_version(), make)


def open_thumbnail(archive: Archive, held: Held, recipe: ThumbnailRecipe) -> Kept:
    """Open a small picture of a cover, made now if it is not kept.

    Its record's facts have `width`, `height` and `hue` (0 to 23, of the sleeve).

    Raises:
        MalformedError: It is no picture that is read here, or it asks for more than one may.
        DigestMismatchError: The object is damaged.
        UnavailableError: The disk failed or is full.
    """

    def make(target: BinaryIO) -> Facts:
        with _proven(archive, held) as picture:
            made = thumbnails.make_thumbnail(picture, recipe)
        target.write(made.jpeg)
        return {"width": made.width, "height": made.height, "hue": made.hue}

    return _open(archive, held, recipe, thumbnails.encoder_version(), make)


def open_spectrogram(archive: Archive, held: Held) -> Kept:
    """Open the spectrogram of a recording, made now if it is not kept. Raises as `open_copy`."""

    def make(target: BinaryIO) -> Facts:
        target.write(draw_spectrogram(archive, held))
        return {}

    return _open(archive, held, SPECTROGRAM, thumbnails.encoder_version(), make)


def draw_spectrogram(archive: Archive, held: Held) -> bytes:
    """Draw the spectrogram of a recording as PNG, keeping nothing.

    Raises:
        MalformedError: It has no sound that anybody can decode.
        DigestMismatchError: The master is damaged.
        UnavailableError: The disk failed.
    """
    return spectrogram_png(_spectrum(archive, held))


def hear(archive: Archive, held: Held) -> Heard:
    """Return what is known of a recording's sound; what the index lacks is measured now.

    Raises:
        MalformedError: It has no sound that anybody can decode.
        DigestMismatchError: The master is damaged.
        UnavailableError: The disk failed.
    """
    curves = archive.index.curves(held.sha256)
    if held.sound is not None and curves is not None and curves.waveform:
        return Heard(held.sound, curves.waveform)
    with _proven(archive, held) as master:
        facts = facts_in_child(master)
    if facts.sound is None:
        reason = facts.reason or held.reason or "it has no sound that could be measured"
        raise refused(ObjectName(held.sha256, held.extension).path, reason)
    return Heard(facts.sound, facts.waveform)


def draw_into(archive: Archive, held: Held, file: Path, *, is_spectrogram: bool) -> str:
    """Draw a recording into a file outside the archive, which is replaced when it is there.

    Args:
        file: Where; its ending decides the form: .svg or .png, for a spectrogram .png.
        is_spectrogram: Draw all frequencies over time instead of the waveform.

    Returns:
        What the picture shows, in a sentence.

    Raises:
        BadRequestError: The ending or the place of `file` cannot be meant, or it is no recording.
        MalformedError: It has no sound that anybody can decode.
        DigestMismatchError: The master is damaged.
        UnavailableError: A disk failed or is full.
    """
    endings = (".png",) if is_spectrogram else (".svg", ".png")
    ending = file.suffix.lower()
    if ending not in endings:
        raise BadRequestError(
            str(file), "its ending names no form of this picture", f"Use {' or '.join(endings)}."
        )
    if file.resolve().is_relative_to(archive.root):
        raise BadRequestError(str(file), "it lies inside the archive", "Choose a place outside it.")
    if held.role is not Role.RECORDING:
        raise BadRequestError(held.sha256.hex, "it is no recording", "Name a recording.")
    if is_spectrogram:
        data, said = _spectrogram(archive, held)
    else:
        heard = hear(archive, held)
        drawn = describe_for_drawing(archive, held, heard.sound)
        said = describe(heard.waveform, drawn)
        if ending == ".svg":
            data = waveform_svg(heard.waveform, drawn).encode()
        else:
            data = waveform_png(heard.waveform, drawn)
    _replace(file, data)
    return said


def _spectrogram(archive: Archive, held: Held) -> tuple[bytes, str]:
    spectrum = _spectrum(archive, held)
    title = _title(archive, held)
    what = f"Spectrogram of {title}" if title else "Spectrogram"
    length = spoken_duration(spectrum.duration_ms)
    said = f"{what}, {length}: 0 to {spectrum.rate_hz / 2000:g} kHz upwards, level as lightness."
    return spectrogram_png(spectrum), said


def _spectrum(archive: Archive, held: Held) -> Spectrum:
    declared_ms = held.technical.duration_ms if held.technical else None
    known_ms = held.sound.decoded_ms if held.sound else declared_ms
    with _proven(archive, held) as master:
        return measure_spectrum(master, known_ms)


def _replace(file: Path, data: bytes) -> None:
    """Put a picture in its place, whole or not at all."""
    temporary = file.with_name(f".{file.name}.new")
    try:
        temporary.write_bytes(data)
        temporary.replace(file)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise refusal(str(file), error) from error


def describe_for_drawing(archive: Archive, held: Held, sound: Sound) -> Drawn:
    """Return what a waveform says beside itself: length, title, and the hue of the sleeve."""
    return Drawn(sound.decoded_ms, _title(archive, held), _hue(archive, held))


def _title(archive: Archive, held: Held) -> str:
    tags = archive.index.tags(held.sha256)
    artist = "; ".join(tags.artists)
    return f"{tags.title} by {artist}" if tags.title and artist else tags.title or ""


def _hue(archive: Archive, held: Held) -> int:
    """The hue of the cover that came in the same folder; that of no colour when there is none."""
    for accession in archive.index.accessions(held.sha256)[:1]:
        for name in likeliest_covers(archive.index.companions(accession)):
            cover = archive.index.held(name)
            try:
                if cover is not None and cover.role is Role.COMPANION:
                    with _proven(archive, cover) as picture:
                        return thumbnails.make_thumbnail(picture, THUMBNAILS[250]).hue
            except PhonothequeError:
                continue  # a cover that cannot be read is no reason to draw nothing
    return GREY_HUE


def _open(archive: Archive, held: Held, recipe: Recipe, encoder: str, make: Make) -> Kept:
    wanted = Wanted(held.sha256, recipe, encoder)
    return cache_of(archive).open(wanted, make, now())


@contextmanager
def _proven(archive: Archive, held: Held) -> Iterator[BinaryIO]:
    """Open an object whose bytes were read just now and are what its name says."""
    name = ObjectName(held.sha256, held.extension)
    with archive.store.open(name) as file:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
        if digest.digest() != held.sha256.raw:
            raise DigestMismatchError(
                name.path, "its bytes are not what its name says", "See `phono verify`."
            )
        file.seek(0)
        yield file
