"""Covers made small: whatever comes in, a plain JPEG or a typed refusal comes out."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from tests.derive.sounds import real_file

from phonotheque.audio.isolate import run_limited
from phonotheque.audio.sandbox import Limits
from phonotheque.derive import thumbnails
from phonotheque.derive.recipes import THUMBNAILS
from phonotheque.derive.thumbnails import MAX_PIXELS, make_thumbnail
from phonotheque.errors import MalformedError

SMALL = THUMBNAILS[250]
RED, BLUE = (200, 30, 30), (30, 30, 200)


def halves(width: int = 600, height: int = 300) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture


def coded(picture: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def thumbnail(data: bytes, recipe=SMALL):
    with real_file(data) as file:
        made = make_thumbnail(file, recipe)
    picture = Image.open(io.BytesIO(made.jpeg))
    picture.load()
    assert picture.size == (made.width, made.height)
    return made, picture


def colour_at(picture: Image.Image, x: float, y: float):
    return picture.getpixel((int(x * picture.width), int(y * picture.height)))


def is_like(pixel, wanted, by: int = 24) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("recipe", THUMBNAILS.values(), ids=lambda recipe: recipe.name)
def test_a_thumbnail_is_a_progressive_jpeg_in_srgb(recipe):
    """It fits its recipe, keeps its shape, and says in which colours it is."""
    _, picture = thumbnail(coded(halves(3000, 1500), "PNG"), recipe)
    assert picture.size == (recipe.longest_px, recipe.longest_px // 2)
    assert (picture.format, picture.mode, picture.info["progressive"]) == ("JPEG", "RGB", 1)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileName(profile)


FORMS = [
    *((mode, "PNG", {}) for mode in ("RGB", "RGBA", "P", "L", "LA", "1")),
    *((mode, "JPEG", {"quality": 95}) for mode in ("RGB", "L", "CMYK")),
    ("P", "GIF", {}),
    ("RGB", "WEBP", {"quality": 95}),
    ("RGBA", "WEBP", {"lossless": True}),
    ("RGB", "BMP", {}),
    ("P", "BMP", {}),
    *(("RGB", "TIFF", {"compression": how}) for how in (None, "tiff_lzw", "tiff_deflate", "jpeg")),
    ("CMYK", "TIFF", {"compression": "tiff_lzw"}),
    ("LAB", "TIFF", {}),
]


@pytest.mark.parametrize(("mode", "form", "options"), FORMS)
def test_every_form_shows_the_same_picture(mode, form, options):
    """Whatever the format and the kind of pixels: left is left, and colours are what they were."""
    if mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        srgb = ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(halves(), srgb, lab, outputMode="LAB")
    else:
        picture = halves().convert(mode)
    _, small = thumbnail(coded(picture, form, **options))
    left, right = colour_at(small, 0.2, 0.5), colour_at(small, 0.8, 0.5)
    if mode in ("RGB", "RGBA", "P", "CMYK"):
        assert is_like(left, RED)
        assert is_like(right, BLUE)
    elif mode != "1":
        assert left[0] == pytest.approx(left[2], abs=200)
        assert left != right
    assert small.size == (250, 125)


def test_sixteen_bits_are_brought_to_eight():
    """A scan of 16 bits is as light as it was, not white."""
    values = np.full((300, 300), 0x8000, np.uint16)
    _, small = thumbnail(coded(Image.fromarray(values), "PNG"))
    assert is_like(colour_at(small, 0.5, 0.5), (128, 128, 128), by=4)


def test_a_whole_sleeve_of_sixteen_bits_is_read():
    """54 million grey pixels of 16 bits, a sleeve at 600 dpi, fit into the memory of a child."""
    values = np.full((7_350, 7_350), 0xFFFF, np.uint16)
    _, small = thumbnail(coded(Image.fromarray(values), "TIFF", compression="tiff_lzw"))
    assert small.size == (250, 250)
    assert is_like(colour_at(small, 0.5, 0.5), (255, 255, 255), by=1)


def test_what_is_transparent_is_white():
    """Glass over nothing is paper; what is half there is mixed with it."""
    picture = Image.new("RGBA", (600, 600), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 128), (0, 300, 600, 600))
    _, small = thumbnail(coded(picture, "PNG"))
    assert is_like(colour_at(small, 0.5, 0.2), (255, 255, 255), by=3)
    assert is_like(colour_at(small, 0.5, 0.8), (127, 127, 127), by=4)


def test_a_transparent_colour_of_a_palette_is_white():
    """A GIF that names one of its colours transparent is put on white as well."""
    picture = halves().quantize(4)
    index = picture.getpixel((10, 10))
    _, small = thumbnail(coded(picture, "GIF", transparency=index))
    assert is_like(colour_at(small, 0.2, 0.5), (255, 255, 255), by=6)
    assert is_like(colour_at(small, 0.8, 0.5), BLUE)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "red_at", "size"),
    [
        (1, (0.2, 0.5), (250, 125)),
        (2, (0.8, 0.5), (250, 125)),
        (3, (0.8, 0.5), (250, 125)),
        (6, (0.5, 0.2), (125, 250)),
        (8, (0.5, 0.8), (125, 250)),
    ],
)
def test_it_stands_upright(form, orientation, red_at, size):
    """The camera's word on how it was held is followed once, and not passed on."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    _, small = thumbnail(coded(halves(), form, exif=exif))
    assert small.size == size
    assert is_like(colour_at(small, *red_at), RED)
    assert not small.getexif()


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (249, 249), (250, 1)])
def test_nothing_is_enlarged(size):
    """What is small stays as small as it is."""
    _, small = thumbnail(coded(halves(*size), "PNG"))
    assert small.size == size


@pytest.mark.parametrize("size", [(8_000, 2), (2, 8_000)])
def test_a_strip_stays_a_strip(size):
    """The thinnest picture keeps at least one pixel of its thickness."""
    _, small = thumbnail(coded(Image.new("P", size), "PNG"))
    assert sorted(small.size) == [1, 250]


def test_nothing_is_told_of_where_it_was_taken():
    """Place, camera and software do not leave with the thumbnail."""
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[1] = "N"
    made, _ = thumbnail(coded(halves(), "JPEG", exif=exif, comment=b"Secret words"))
    assert b"Secret" not in made.jpeg
    assert b"Exif" not in made.jpeg


def test_colours_of_another_profile_are_brought_to_srgb():
    """Numbers mean what their profile says: the same numbers in another space look otherwise."""
    linear = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = linear.index(b"rXYZ"), linear.index(b"gXYZ")
    linear[red : red + 4], linear[green : green + 4] = b"gXYZ", b"rXYZ"  # red and green change
    _, small = thumbnail(coded(halves(), "PNG", icc_profile=bytes(linear)))
    assert is_like(colour_at(small, 0.2, 0.5), (30, 200, 30), by=40)


@pytest.mark.parametrize("profile", [b"no profile", bytes(200)])
def test_a_profile_that_is_none_is_passed_over(profile):
    """A broken profile costs nothing: the picture is shown as it stands."""
    _, small = thumbnail(coded(halves(), "PNG", icc_profile=profile))
    assert is_like(colour_at(small, 0.2, 0.5), RED)


def test_the_same_picture_gives_the_same_thumbnail():
    """No clock and no chance is in it."""
    data = coded(halves(), "PNG")
    assert thumbnail(data)[0] == thumbnail(data)[0]


def png(width: int, height: int, colour: int, *, rows: int | None = None, depth: int = 8) -> bytes:
    """A PNG of nothing, made without ever holding its pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    samples = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
    row = bytes(1 + (width * samples * depth + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height if rows is None else rows))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(768)) if colour == 3 else b""
    body = chunk(b"IHDR", head) + palette + chunk(b"IDAT", packed + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (1 << 30, 1), (8_192, 8_193)])
def test_a_bomb_is_refused_before_it_is_unpacked(width, height):
    """A header that asks for more pixels than a sleeve has is refused by its numbers alone."""
    data = png(width, height, 0, rows=1, depth=1)
    assert width * height > MAX_PIXELS
    with (
        real_file(data) as file,
        pytest.raises(MalformedError, match="more than 67,108,864 pixels"),
    ):
        make_thumbnail(file, SMALL)


def test_the_memory_of_a_child_is_bounded():
    """A palette of 32 million pixels is made small without ever being there in full colour."""
    thumbnails.warm_up()
    with real_file(png(8_192, 4_096, 3)) as file:
        handed = (file.fileno(),)
        text = '{"name": "cover-250", "longest_px": 250}'
        outcome = run_limited(thumbnails.thumbnail_of, *handed, text, descriptors=handed)
    assert outcome.failure == ""
    shared_bytes = run_limited(int).peak_bytes  # pages of this process count as a child's, too
    assert outcome.peak_bytes - shared_bytes < 200 << 20


def test_too_little_memory_is_a_typed_refusal(monkeypatch):
    """Where unpacking takes more memory than is allowed, the child says so or is ended."""
    monkeypatch.setattr(thumbnails, "_LIMITS", Limits(memory_bytes=24 << 20))
    with real_file(png(8_000, 4_000, 6)) as file, pytest.raises(MalformedError):
        make_thumbnail(file, SMALL)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a text named cover.jpg\n",
        SVG,
        b"%PDF-1.4",
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
        b"BM" * 40,
    ],
)
def test_what_is_no_picture_is_refused_with_a_type(data):
    """A text named .jpg, a drawing, a page, a bare beginning: one error that says so."""
    with real_file(data) as file, pytest.raises(MalformedError):
        make_thumbnail(file, SMALL)


@pytest.mark.parametrize(("mode", "form", "options"), FORMS[:-1])
def test_a_picture_that_breaks_off_is_refused(mode, form, options):
    """Half a picture is damage, not a cover."""
    noisy = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8))
    data = coded(noisy.convert(mode), form, **options)
    with real_file(data[: len(data) * 2 // 5]) as file, pytest.raises(MalformedError):
        make_thumbnail(file, SMALL)


@pytest.mark.parametrize("seed", range(40))
def test_damage_ends_in_a_picture_or_a_type(seed):
    """Whatever is written over a picture's bytes, there is a thumbnail or a `MalformedError`."""
    rng = np.random.default_rng(seed)
    mode, form, options = FORMS[seed % (len(FORMS) - 1)]
    data = bytearray(coded(halves(64, 48).convert(mode), form, **options))
    for _ in range(rng.integers(1, 6)):
        data[int(rng.integers(0, len(data)))] = int(rng.integers(0, 256))
    with real_file(bytes(data)) as file:
        try:
            made = make_thumbnail(file, SMALL)
        except MalformedError:
            return
    assert max(made.width, made.height) <= 250
    assert 0 <= made.hue < 24
