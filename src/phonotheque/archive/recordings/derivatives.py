"""Copies to listen to and pictures to look at, of what an archive holds.

Laws: a derivative is made only of bytes that were proven against their name a moment before; what
the index knows (length, loudness, waveform, tags) is not measured again, what it lacks is measured
on the spot.

Whether somebody may have a copy is decided where it goes out (`phonotheque.music.doors`), not here.
Not here: which picture is the cover (`covers`), pictures that go into files (`drawing`).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

from phonotheque.archive.opening import Archive, now
from phonotheque.audio import facts_in_child
from phonotheque.derive import opus, thumbnails
from phonotheque.derive.cache import Cache, Make
from phonotheque.derive.derivative import Facts, Kept, Wanted
from phonotheque.derive.limited import refused
from phonotheque.derive.opus import Original, encode_copy
from phonotheque.derive.recipes import COPY, SPECTROGRAM, CopyRecipe, Recipe, ThumbnailRecipe
from phonotheque.derive.spectrogram import spectrogram_png
from phonotheque.derive.spectrum import Spectrum, measure_spectrum
from phonotheque.music.sound import Sound
from phonotheque.register.holdings import Held
from phonotheque.store.fixity import open_proven
from phonotheque.store.objects import ObjectName


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
        with proven(archive, held) as master:
            made = encode_copy(master, target, original, recipe)
        return {
            "duration_ms": made.samples * 1000 // opus.RATE_HZ,
            "channels": made.channels,
            "loudness_lufs": made.loudness_lufs,
        }

    return open_kept(archive, held, recipe, opus.encoder_version(), make)


def open_thumbnail(archive: Archive, held: Held, recipe: ThumbnailRecipe) -> Kept:
    """Open a small picture of a cover, made now if it is not kept.

    Its record's facts have `width`, `height` and `hue` (0 to 23, of the sleeve).

    Raises:
        MalformedError: It is no picture that is read here, or it asks for more than one may.
        DigestMismatchError: The object is damaged.
        UnavailableError: The disk failed or is full.
    """

    def make(target: BinaryIO) -> Facts:
        with proven(archive, held) as picture:
            made = thumbnails.make_thumbnail(picture, recipe)
        target.write(made.jpeg)
        return {"width": made.width, "height": made.height, "hue": made.hue}

    return open_kept(archive, held, recipe, thumbnails.encoder_version(), make)


def open_spectrogram(archive: Archive, held: Held) -> Kept:
    """Open the spectrogram of a recording, made now if it is not kept. Raises as `open_copy`."""

    def make(target: BinaryIO) -> Facts:
        target.write(spectrogram_png(spectrum_of(archive, held)))
        return {}

    return open_kept(archive, held, SPECTROGRAM, thumbnails.encoder_version(), make)


def spectrum_of(archive: Archive, held: Held) -> Spectrum:
    """Measure all frequencies of a recording over time. Raises as `open_copy`."""
    declared_ms = held.technical.duration_ms if held.technical else None
    known_ms = held.sound.decoded_ms if held.sound else declared_ms
    with proven(archive, held) as master:
        return measure_spectrum(master, known_ms)


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
    with proven(archive, held) as master:
        facts = facts_in_child(master)
    if facts.sound is None:
        reason = facts.reason or held.reason or "it has no sound that could be measured"
        raise refused(ObjectName(held.sha256, held.extension).path, reason)
    return Heard(facts.sound, facts.waveform)


def open_kept(archive: Archive, held: Held, recipe: Recipe, encoder: str, make: Make) -> Kept:
    """Open what is made of an object by a recipe, made now if it is not kept."""
    wanted = Wanted(held.sha256, recipe, encoder)
    return cache_of(archive).open(wanted, make, now())


def proven(archive: Archive, held: Held) -> AbstractContextManager[BinaryIO]:
    """Open an object whose bytes were read just now. See `open_proven`."""
    return open_proven(archive.store, ObjectName(held.sha256, held.extension))
