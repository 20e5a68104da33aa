"""Covers made small: a JPEG that every browser shows, from whatever picture came in.

Laws: a picture is opened in a limited child alone; what it would take to unpack is asked before
anything is unpacked; it is turned as its camera said, brought to sRGB, put on white where it is
transparent, never enlarged; nothing of what it said about itself (place, camera, software) is kept.

Of a moving picture the first frame counts.
"""

from __future__ import annotations

import functools
import io
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec
import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from phonotheque.audio import warm_up as warm_up_readers
from phonotheque.audio.private_file import open_private
from phonotheque.audio.sandbox import Limits
from phonotheque.derive.colours import sleeve_hue
from phonotheque.derive.limited import Refused, ask_child
from phonotheque.derive.recipes import THUMBNAILS, ThumbnailRecipe

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
"""What is read. Others (SVG, PSD, AVIF) are kept like every companion, and have no thumbnail."""

MAX_PIXELS = 64 << 20
"""A sleeve of 31 cm scanned at 600 dpi has 54 million; unpacked these take 256 MiB at most."""

MAX_FILE_BYTES = 256 << 20
"""Longest picture that is read: 64 million pixels are not longer in any format."""

_LIMITS = Limits(memory_bytes=1 << 30, cpu_s=20, wall_s=60.0)
_STRIP_BYTES = 8 << 20
_TOO_MANY = f"it has more than {MAX_PIXELS:,} pixels"
_WHITE = (255, 255, 255)
_HUE_PX = 64
_GAP = 3.0  # a picture is averaged down to three times its size, then filtered
_PROFILE_BYTES = 4 << 20
_FOREIGN_ERRORS = (OSError, ValueError, TypeError, SyntaxError, KeyError, IndexError, OverflowError)
_BEYOND_EIGHT_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")


class Thumbnail(msgspec.Struct, frozen=True, tag="thumbnail"):
    """A small picture.

    Attributes:
        jpeg: Its bytes.
        width: In pixels.
        height: In pixels.
        hue: Of the sleeve, 0 to 23 (class `h00` to `h23`).
    """

    jpeg: bytes
    width: int
    height: int
    hue: int


def encoder_version() -> str:
    """Say what draws here."""
    return f"Pillow {PIL.__version__}"


@functools.cache
def warm_up() -> None:
    """Do everything once that a child cannot do for the first time. See `audio.warm_up`."""
    warm_up_readers()
    for form in FORMATS:
        sample = io.BytesIO()
        Image.new("P" if form == "GIF" else "RGB", (8, 8), 1).save(sample, form)
        _shrink(sample, THUMBNAILS[250])
    profiled = io.BytesIO()
    Image.new("RGB", (8, 8)).save(profiled, "PNG", icc_profile=_srgb_profile())
    _shrink(profiled, THUMBNAILS[250])


def make_thumbnail(file: BinaryIO, recipe: ThumbnailRecipe) -> Thumbnail:
    """Make a picture small in a limited child.

    Args:
        file: A real file; its position is neither used nor moved.
        recipe: How small.

    Raises:
        MalformedError: It is no picture that is read here, it is damaged, or it asks for more
            than a picture may.
        UnavailableError: The disk failed, or no process could be started.

    Cost: 20 ms for a JPEG of 1,400 pixels, 0.1 s for such a PNG.
    """
    warm_up()
    handed = (file.fileno(),)
    text = msgspec.json.encode(recipe).decode()
    return ask_child(
        "the picture", Thumbnail, thumbnail_of, *handed, text, descriptors=handed, limits=_LIMITS
    )


def thumbnail_of(descriptor: int, text: str) -> Thumbnail | Refused:
    """In a child: a thumbnail of the file behind a descriptor."""
    file, raw = open_private(descriptor)
    recipe = msgspec.json.decode(text, type=ThumbnailRecipe)
    data = file.read(MAX_FILE_BYTES + 1)  # a file in memory: libtiff would ask for a descriptor
    if raw.failure is not None:
        raise raw.failure
    if len(data) > MAX_FILE_BYTES:
        return Refused(f"it is longer than {MAX_FILE_BYTES >> 20} MiB")
    try:
        return _shrink(io.BytesIO(data), recipe)
    except MemoryError:
        return Refused("unpacking it takes more memory than is allowed")
    except UnidentifiedImageError:
        return Refused("it is no picture that is read here")
    except Image.DecompressionBombError:
        return Refused(_TOO_MANY)
    except _FOREIGN_ERRORS as error:
        return Refused(f"it is damaged: {str(error)[:200].lower() or type(error).__name__}")


def _shrink(file: BinaryIO, recipe: ThumbnailRecipe) -> Thumbnail | Refused:
    side = recipe.longest_px
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of what is refused here or does no harm
        with Image.open(file, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                return Refused(_TOO_MANY)
            picture.draft(None, (2 * side, 2 * side))  # a JPEG unpacks at a half, quarter, eighth
            small = _upright_srgb(picture, side)
    small.info = {}  # Pillow would write the comment of a JPEG into the next one
    out = io.BytesIO()
    options = {"quality": recipe.quality, "progressive": True, "optimize": True}
    small.save(out, "JPEG", icc_profile=_srgb_profile(), **options)
    hue = sleeve_hue(np.asarray(small.resize((_HUE_PX, _HUE_PX), Image.Resampling.BOX)))
    return Thumbnail(out.getvalue(), *small.size, hue)


def _upright_srgb(picture: Image.Image, side: int) -> Image.Image:
    """Return a small, upright picture in sRGB. Small first, wherever that comes to the same."""
    profile = picture.info.get("icc_profile")
    small: Image.Image = picture
    if small.mode in _BEYOND_EIGHT_BITS:
        small = _eight_bits(small)
    if small.mode not in ("RGB", "L", "CMYK", "YCbCr", "LAB") or "transparency" in small.info:
        small = _on_white(small, side)  # also palettes, whose numbers cannot be mixed
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=_GAP)
    turned = ImageOps.exif_transpose(_with_orientation(small, picture))
    return _to_srgb(turned or small, profile)


def _with_orientation(small: Image.Image, picture: Image.Image) -> Image.Image:
    """Let a converted picture say again how its camera was held."""
    if small is not picture:
        small.info.pop("exif", None)
        small.getexif()[0x0112] = picture.getexif().get(0x0112, 1)
    return small


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Bring 16 bits, or whole or real numbers, to 8: Pillow would cut them off.

    Strip by strip, or a large sleeve would take more memory than there is.
    """
    highest = max(_highest(strip) for _, strip in _strips(picture))
    levels = Image.new("L", picture.size)
    for top, strip in _strips(picture):
        if picture.mode == "F":
            scaled = np.nan_to_num(strip * np.float32(255 if highest <= 1 else 1))
        else:
            scaled = strip // 257 if highest > 255 else strip
        eight = np.clip(scaled, 0, 255).astype(np.uint8)
        levels.paste(Image.fromarray(eight, "L"), (0, top))
    return levels


def _highest(strip: NDArray[Any]) -> float:
    return float(np.fmax.reduce(strip, axis=None))  # which passes over what is no number


def _strips(picture: Image.Image) -> Iterator[tuple[int, NDArray[Any]]]:
    """The numbers of a picture of one channel from top to bottom, some rows at a time."""
    width, height = picture.size
    rows = max(1, _STRIP_BYTES // (4 * width))
    for top in range(0, height, rows):
        yield top, np.asarray(picture.crop((0, top, width, min(top + rows, height))))


def _on_white(picture: Image.Image, side: int) -> Image.Image:
    """Put a picture on white, strip by strip, so that only a small one is ever there in full."""
    width, height = picture.size
    factor = max(1, int(min(width, height) / (side * _GAP)))
    rows = max(1, _STRIP_BYTES // (4 * width * factor)) * factor
    ground = Image.new("RGB", (-(-width // factor), -(-height // factor)), _WHITE)
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(top + rows, height))).convert("RGBA")
        shown = Image.new("RGB", strip.size, _WHITE)
        shown.paste(strip, mask=strip.getchannel("A"))
        ground.paste(shown.reduce(factor), (0, top // factor))
    return ground


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Bring colours to sRGB by the picture's own profile, if it has one that can be used."""
    if profile and len(profile) <= _PROFILE_BYTES and picture.mode in ("RGB", "CMYK", "L", "LAB"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.ImageCmsProfile(io.BytesIO(_srgb_profile()))
            made = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
            if made is not None:
                return made
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile for something else: better as it stands than not at all
    return picture.convert("RGB")


@functools.cache
def _srgb_profile() -> bytes:
    """Return the profile of sRGB, 0.6 KB, without the time at which it was made."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[24:36] = bytes(12)  # ICC.1:2022, 7.2.8: date and time
    return bytes(made)
