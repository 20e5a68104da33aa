"""The pictures of a map: a pyramid of tiles in two modes, with a palette of six colours.

Laws: on the lowest level a pixel is a release, above it stands for four pixels of the level below
and shows one of them, chosen by its place: so colours take as much room as they have releases. The
same map gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from phonotheque.catalogue.coverage.curve import Layout

Pixels = npt.NDArray[np.uint8]

TILE = 256
"""Pixels of a tile each way."""

MOST_FIRST = 256
"""Height of the first picture at most: with three squares 768 x 256 pixels of four bits."""

PALETTES = {
    "light": ("#f3f5f2", "#cfd5cf", "#93b5a9", "#59615e", "#0b4f43", "#ffd53d"),
    "dark": ("#131615", "#343b38", "#3f6b5f", "#979f9a", "#7fe0c6", "#ffd53d"),
}
"""A colour for each `words.Pixel`. Contrast with the paper rises from missing over free and held to
held and free; the marker is for what is rare."""

_BITS = 4


def zoom_of(layout: Layout) -> int:
    """Return how often the first picture is doubled until a pixel is a release."""
    return max((layout.side // MOST_FIRST).bit_length() - 1, 0)


def levels_of(whole: Pixels, zoom: int) -> Iterator[tuple[int, Pixels]]:
    """Give each level's number and pixels, the lowest, `zoom`, first and the first picture, 0,
    last."""
    yield zoom, whole
    for level in range(zoom - 1, -1, -1):
        whole = _halved(whole)
        yield level, whole


def _halved(pixels: Pixels) -> Pixels:
    """Return a picture half as wide and high: of four pixels the one that its place chooses."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    y, x = np.arange(height, dtype=np.uint32)[:, None], np.arange(width, dtype=np.uint32)[None, :]
    mixed = (x * np.uint32(0x9E3779B1)) ^ (y * np.uint32(0x85EBCA77))
    chosen = (mixed >> np.uint32(15)) & np.uint32(3)
    four = pixels.reshape(height, 2, width, 2).transpose(0, 2, 1, 3).reshape(height, width, 4)
    return np.take_along_axis(four, chosen[..., None].astype(np.intp), axis=2)[..., 0]


def tiles_of(pixels: Pixels) -> Iterator[tuple[int, int, Pixels]]:
    """Give each tile of a level: column, row, pixels. Empty ones, too: a page asks for them."""
    for row in range(0, pixels.shape[0], TILE):
        for column in range(0, pixels.shape[1], TILE):
            part = pixels[row : row + TILE, column : column + TILE]
            yield column // TILE, row // TILE, part


def png_of(pixels: Pixels, mode: str) -> bytes:
    """Return pixels as PNG with a palette; `mode` is "light" or "dark"."""
    picture = Image.fromarray(np.ascontiguousarray(pixels), "P")
    picture.putpalette(b"".join(bytes.fromhex(colour[1:]) for colour in PALETTES[mode]))
    data = io.BytesIO()
    picture.save(data, "PNG", bits=_BITS, optimize=False)
    return data.getvalue()
