"""Sleeves for the made-up label: flat shapes in few inks, drawn from their equations.

Laws: the same design and seed give the same pixels; the seed moves what a hand would have placed
by eye, and the design stays known.

Not here: how a shape becomes pixels (`phonotheque.demo.sheet`); pictures of anything in an archive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np

from phonotheque.demo.sheet import SIDE, Ink, Pixels, Sheet, between, blend


class Design(StrEnum):
    """The sleeves that can be drawn."""

    HARBOUR = "harbour"
    MACHINERY = "machinery"
    DRAWER = "drawer"
    FERRY = "ferry"
    WEIR = "weir"


def draw_cover(design: Design, seed: Sequence[int]) -> Pixels:
    """Draw a sleeve; the seed moves what a hand would have placed by eye."""
    return _DESIGNS[design](np.random.default_rng(list(seed)))


def _harbour(rng: np.random.Generator) -> Pixels:
    """A low sun over water that darkens towards the reader."""
    sheet = Sheet.of((240, 226, 205))
    sky = blend((244, 214, 178), (196, 214, 208), (0.52 - sheet.y) / 0.52)
    sheet.print(np.ones_like(sheet.x), sky)
    sun_x, sun_y = 0.62 + rng.uniform(-0.04, 0.04), 0.40
    sheet.print(sheet.disc(sun_x, sun_y, 0.17), (226, 88, 62))
    depth = 11
    for layer in range(depth):
        share = layer / (depth - 1)
        level = 0.47 + 0.50 * share**1.35
        height, length = 0.004 + 0.020 * share, 0.10 + 0.26 * share
        bend = np.sin(2 * np.pi * (sheet.x / length + rng.random()))
        bend += 0.5 * np.sin(2 * np.pi * (sheet.x / (length * 1.9) + rng.random()))
        sheet.print(sheet.y - level - height * bend, between((122, 168, 166), (18, 44, 62), share))
        if layer < 9:  # nearer waves hide the sun's way
            half = 0.15 * (1 - share) ** 0.8 + 0.01
            reach = half * (1 - ((sheet.x - sun_x) / half) ** 2)
            crest = sheet.line(sheet.y - level - 0.014 - 0.3 * height * bend, 0.004 + 0.007 * share)
            sheet.print(np.minimum(crest, reach), (240, 158, 110))
    return sheet.pixels()


def _machinery(rng: np.random.Generator) -> Pixels:
    """Quarter circles laid as tiles, like belts and wheels."""
    inks: list[Ink] = [
        (232, 93, 47),
        (247, 178, 64),
        (28, 40, 64),
        (42, 126, 122),
        (244, 232, 211),
    ]
    sheet = Sheet.of(inks[4])
    tiles, side, margin = 5, 106 / SIDE, 35 / SIDE  # whole pixels, so that tiles meet unseen
    for row in range(tiles):
        for column in range(tiles):
            left, top = margin + column * side, margin + row * side
            ground, wheel, hub = rng.choice(5, 3, replace=False)
            tile = sheet.around(left + side / 2, top + side / 2, side / 2)
            square = np.float32(side / 2) - np.maximum(
                np.abs(tile.x - left - side / 2), np.abs(tile.y - top - side / 2)
            )
            tile.print(square, inks[ground])
            if (row + column) % 4 == 3:
                corner_x, corner_y = left + side / 2, top + side / 2
                radii = (0.42, 0.25, 0.1)
            else:
                corner_x = left + side * float(rng.integers(2))
                corner_y = top + side * float(rng.integers(2))
                radii = (1.0, 0.66, 0.33)
            for radius, ink in zip(radii, (wheel, ground, hub), strict=True):
                quarter = np.minimum(square, tile.disc(corner_x, corner_y, side * radius))
                tile.print(quarter, inks[ink])
    return sheet.pixels()


def _drawer(rng: np.random.Generator) -> Pixels:
    """A rosette of turning threads, in three like the waltz."""
    sheet = Sheet.of((46, 26, 56))
    x, y = sheet.x - 0.5, sheet.y - 0.5
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    sheet.print(0.9 - radius, blend((92, 44, 88), (40, 22, 52), radius / 0.62))
    start = rng.uniform(0, 2 * np.pi)
    threads = 16
    for thread in range(threads):
        share = thread / (threads - 1)
        turn = start + 2 * np.pi * share / 3
        base, swing = 0.12 + 0.22 * share, 0.035 + 0.055 * np.sin(np.pi * share)
        for lobes, sign in ((6, 1), (6, -1)):
            curve = base + swing * np.cos(lobes * (angle + sign * turn))
            slope = swing * lobes * np.sin(lobes * (angle + sign * turn)) / np.maximum(radius, 0.02)
            distance = (radius - curve) / np.sqrt(1 + slope**2)
            ink = (246, 205, 120) if sign > 0 else (232, 132, 132)
            sheet.print(sheet.line(distance, 0.0024), ink, 0.9)
    for petal in range(24):
        at = start + 2 * np.pi * petal / 24
        size = 0.009 if petal % 8 else 0.016
        sheet.spot(0.5 + 0.435 * np.cos(at), 0.5 + 0.435 * np.sin(at), size, (246, 205, 120))
    sheet.spot(0.5, 0.5, 0.035, (246, 205, 120))
    return sheet.pixels()


def _ferry(rng: np.random.Generator) -> Pixels:
    """Two discs that overlap, as two artists do, and a crossing drawn in dots."""
    sheet = Sheet.of((236, 238, 230))
    lift = rng.uniform(-0.02, 0.02)
    left, right = sheet.disc(0.385, 0.42 + lift, 0.265), sheet.disc(0.625, 0.50 - lift, 0.265)
    sheet.print(left, (92, 190, 178))
    sheet.print(right, (250, 148, 122))
    sheet.print(np.minimum(left, right), (34, 56, 92))
    stripes = sheet.line((sheet.y * 34) % 1 / 34 - 0.5 / 34, 0.010)
    sheet.print(np.minimum(np.minimum(left, right), stripes), (60, 92, 132))
    for dot in range(40):
        x = 0.06 + 0.88 * dot / 39
        y = 0.84 + 0.035 * np.sin(2 * np.pi * (x * 1.5 + 0.1))
        sheet.spot(x, y, 0.0075 if dot not in (0, 39) else 0.017, (34, 56, 92))
    boat_x = 0.06 + 0.88 * 14 / 39
    boat_y = 0.84 + 0.035 * np.sin(2 * np.pi * (boat_x * 1.5 + 0.1)) - 0.012
    hull = np.minimum(sheet.disc(boat_x, boat_y - 0.012, 0.042), sheet.y - boat_y + 0.012)
    sheet.print(hull, (226, 74, 58))
    cabin = 0.014 - np.maximum(np.abs(sheet.x - boat_x), np.abs(sheet.y - boat_y + 0.026))
    sheet.print(cabin, (226, 74, 58))
    return sheet.pixels()


def _weir(rng: np.random.Generator) -> Pixels:
    """The overtones of a string, one under the other, as a slow eye would see them swing."""
    sheet = Sheet.of((243, 238, 226))
    rows, struck, left = 6, int(rng.integers(1, 5)), 0.09
    for row in range(rows):
        level = 0.165 + 0.134 * row
        ink: Ink = (206, 62, 44) if row == struck else (38, 52, 56)
        height = 0.056 / (1 + 0.10 * row)
        band = sheet.around(0.5, level, 0.5, height + 0.01)
        along = np.clip((band.x - left) / (1 - 2 * left), 0, 1)
        mode = np.sin(np.pi * (row + 1) * along)
        slope = np.pi * (row + 1) / (1 - 2 * left) * np.cos(np.pi * (row + 1) * along)
        for place in np.cos(np.pi * np.arange(9) / 8):
            wave = height * place * mode
            distance = (band.y - level - wave) / np.sqrt(1 + (height * place * slope) ** 2)
            inside = np.minimum(along, 1 - along)
            heavy = abs(place) > 0.99
            band.print(np.minimum(band.line(distance, 0.0052 if heavy else 0.0022), inside), ink)
        for node in range(row + 2):
            x = left + (1 - 2 * left) * node / (row + 1)
            size = 0.0115 if node in (0, row + 1) else 0.0075
            sheet.spot(x, level, size, ink)
    return sheet.pixels()


_DESIGNS: dict[Design, Callable[[np.random.Generator], Pixels]] = {
    Design.HARBOUR: _harbour,
    Design.MACHINERY: _machinery,
    Design.DRAWER: _drawer,
    Design.FERRY: _ferry,
    Design.WEIR: _weir,
}
