"""Paper to print on: shapes with soft edges, mixed inks, and the sheet as a PNG at last.

A shape is a plane of distances to its outline, positive inside; a pixel on the line takes a share
of the ink. Places are from 0 to 1, right and down.

Not here: what is drawn (`phonotheque.demo.covers`).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 600
"""Pixels to a side."""

Pixels = NDArray[np.uint8]
"""A picture: (height, width, 3), red, green and blue."""

Plane = NDArray[np.floating[Any]]
"""A number for each pixel, or an ink."""

Ink = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Paper to print on, or a part of it.

    Attributes:
        ground: (height, width, 3) of inks, 0 to 255.
        x: Places of the middles of its pixels, on the whole of the paper.
    """

    ground: Plane
    x: Plane
    y: Plane

    @classmethod
    def of(cls, paper: Ink) -> Sheet:
        """Return an empty sheet, SIDE by SIDE."""
        ground = np.empty((SIDE, SIDE, 3), np.float32)
        ground[:] = paper
        middle = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) / np.float32(SIDE)
        return cls(ground, *np.meshgrid(middle, middle))

    def around(self, x: float, y: float, reach_x: float, reach_y: float | None = None) -> Sheet:
        """Return what lies within reach of a point; what is printed there is printed here.

        A small shape is so measured where it lies and not on the whole of the paper.
        """
        spans = ((y, reach_x if reach_y is None else reach_y), (x, reach_x))
        part = tuple(
            slice(max(0, int((at - reach) * SIDE) - 1), int((at + reach) * SIDE) + 2)
            for at, reach in spans
        )
        return Sheet(self.ground[part], self.x[part], self.y[part])

    def print(self, inside: Plane, ink: Ink | Plane, cover: float = 1.0) -> None:
        """Print where `inside` (a distance to the outline) is above 0, with a soft edge."""
        inked = np.nonzero(inside > -0.5 / SIDE)
        share = np.minimum(inside[inked] * SIDE + 0.5, 1.0)[:, None] * np.float32(cover)
        colour = np.asarray(ink, dtype=np.float32)
        below = self.ground[inked]
        self.ground[inked] = below + share * (
            (colour if colour.ndim == 1 else colour[inked]) - below
        )

    def spot(self, x: float, y: float, radius: float, ink: Ink) -> None:
        """Print a disc."""
        part = self.around(x, y, radius)
        part.print(part.disc(x, y, radius), ink)

    def disc(self, x: float, y: float, radius: float) -> Plane:
        """Return the shape of a disc."""
        away: Plane = np.hypot(self.x - np.float32(x), self.y - np.float32(y))
        return np.float32(radius) - away

    def line(self, distance: Plane, width: float) -> Plane:
        """Return the shape of a line, of which `distance` says how far each pixel is from it."""
        return np.float32(width / 2) - np.abs(distance)

    def pixels(self) -> Pixels:
        """Return what was printed."""
        return np.clip(np.rint(self.ground), 0, 255).astype(np.uint8)


def blend(low: Ink, high: Ink, share: Plane) -> Plane:
    """Return a field of inks between two."""
    part = np.clip(share, 0.0, 1.0)[..., None]
    return np.asarray(low, np.float32) * (1 - part) + np.asarray(high, np.float32) * part


def between(low: Ink, high: Ink, share: float) -> Ink:
    """Return one ink between two."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return red, green, blue


def encode_png(pixels: Pixels) -> bytes:
    """Write (height, width, 3) bytes as a PNG.

    Source: ISO/IEC 15948 (PNG), with filter 2, "Up", on every row: it makes bands of ink vanish.

    Cost: level 7 of zlib; level 9 would take six times as long to save 3 %.
    """
    height, width, _ = pixels.shape
    rows = pixels.reshape(height, width * 3)
    filtered = np.full((height, 1 + width * 3), 2, np.uint8)
    filtered[0, 1:] = rows[0]
    filtered[1:, 1:] = rows[1:] - rows[:-1]  # bytes wrap at 256, as the format wants
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered.tobytes(), 7)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
