"""Pictures of a recording put into files outside of the archive, each said in a sentence as well.

Not here: how they are drawn (`phonotheque.derive`), pictures that are kept (`derivatives`).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from phonotheque.archive.opening import Archive
from phonotheque.archive.recordings.covers import Cover, iter_covers, read_cover, shrink_cover
from phonotheque.archive.recordings.derivatives import hear, spectrum_of
from phonotheque.audio.pictures import sniff_mime
from phonotheque.derive.axes import spoken_duration
from phonotheque.derive.colours import GREY_HUE
from phonotheque.derive.recipes import THUMBNAILS
from phonotheque.derive.spectrogram import spectrogram_png
from phonotheque.derive.waveform import Drawn, describe, waveform_png, waveform_svg
from phonotheque.disk import refusal
from phonotheque.errors import (
    BadRequestError,
    IntegrityError,
    NotHeldError,
    PhonothequeError,
)
from phonotheque.music.covers import PICTURE_TYPES
from phonotheque.music.sound import Sound
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held

_OTHER_ENDINGS = {"jpg": (".jpeg",), "tif": (".tiff",)}


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
    ending = _ending(file, (".png",) if is_spectrogram else (".svg", ".png"))
    _refuse_place(archive, held, file)
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


def write_cover(archive: Archive, held: Held, file: Path) -> str:
    """Write the cover of a recording as it came in, byte for byte. See `draw_into`.

    Args:
        file: Where; its ending must be that of the picture's type.

    Returns:
        What it is and where it is from, in a sentence.

    Raises:
        BadRequestError: As for `draw_into`, or the picture is of another type.
        NotHeldError: There is no cover that can be had.
        UnavailableError: A disk failed or is full.
    """
    _refuse_place(archive, held, file)
    for cover in iter_covers(archive, held):
        try:
            data = read_cover(archive, cover)
        except (IntegrityError, NotHeldError):
            continue
        _ending(file, _endings_of(data, cover))
        _replace(file, data)
        title = _title(archive, held)
        what = f"Cover of {title}" if title else "Cover"
        source = "that came with it" if cover.picture is None else "in the recording's own tags"
        return f"{what}, {len(data)} bytes: the picture {source}."
    raise NotHeldError(
        held.sha256.hex, "it has no cover that can be read", "Draw its waveform instead."
    )


def _endings_of(data: bytes, cover: Cover) -> tuple[str, ...]:
    declared = PICTURE_TYPES.get(sniff_mime(data, ""), cover.source.extension)
    return (f".{declared}", *_OTHER_ENDINGS.get(declared, ()))


def _ending(file: Path, endings: tuple[str, ...]) -> str:
    ending = file.suffix.lower()
    if ending not in endings:
        raise BadRequestError(
            str(file), "its ending names no form of this picture", f"Use {' or '.join(endings)}."
        )
    return ending


def _refuse_place(archive: Archive, held: Held, file: Path) -> None:
    if file.resolve().is_relative_to(archive.root):
        raise BadRequestError(str(file), "it lies inside the archive", "Choose a place outside it.")
    if held.role is not Role.RECORDING:
        raise BadRequestError(held.sha256.hex, "it is no recording", "Name a recording.")


def _spectrogram(archive: Archive, held: Held) -> tuple[bytes, str]:
    spectrum = spectrum_of(archive, held)
    title = _title(archive, held)
    what = f"Spectrogram of {title}" if title else "Spectrogram"
    length = spoken_duration(spectrum.duration_ms)
    said = f"{what}, {length}: 0 to {spectrum.rate_hz / 2000:g} kHz upwards, level as lightness."
    return spectrogram_png(spectrum), said


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
    """The hue of the cover; that of no colour when there is none."""
    for cover in iter_covers(archive, held):
        try:
            return shrink_cover(archive, cover, THUMBNAILS[250]).hue
        except PhonothequeError:
            continue  # a cover that cannot be read is no reason to draw nothing
    return GREY_HUE
