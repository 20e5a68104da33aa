"""Colour as people see it: OKLab, the hue of a sleeve, the inks of a picture. Pure.

Laws: lightness here is perceived lightness, so that equal steps of it look equal; a sleeve has one
of 24 hues whatever it shows; colours of a band follow from its hue at fixed lightness, so that text
on any band keeps its contrast.

Source: Björn Ottosson, "A perceptual color space for image processing" (2020), for OKLab; the
transfer function of sRGB is IEC 61966-2-1.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HUES = 24
"""How many hues a sleeve can have: steps of 15 degrees, `h00` to `h23`."""

GREY_HUE = 14
"""What a sleeve without any colour gets: 210 degrees, the cool side of the paper."""

_HUE_DEGREES = 360 / HUES
_GREY_CHROMA = 0.02  # below it nobody would name a colour
_COLOURED_SHARE = 0.005  # of the pixels: a coloured line of text on grey is still a colour

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the OKLab values of sRGB pixels; the last axis is (L, a, b), L from 0 to 1."""
    linear = _LINEAR[pixels]
    lab: NDArray[np.float64] = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    return lab


def srgb(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the sRGB pixels of OKLab values; what no screen can show is clipped."""
    cones = (lab @ np.linalg.inv(_TO_LAB).T) ** 3
    linear = np.clip(cones @ np.linalg.inv(_TO_CONES).T, 0, 1)
    coded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    pixels: NDArray[np.uint8] = np.rint(coded * 255).astype(np.uint8)
    return pixels


def _decode_srgb(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    share = codes / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


_LINEAR = _decode_srgb(np.arange(256, dtype=np.float64))


def oklch(lightness: float, chroma: float, hue_degrees: float) -> str:
    """Return a colour as "#rrggbb"."""
    angle = np.radians(hue_degrees)
    lab = np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
    return "#" + bytes(srgb(lab)).hex()


def sleeve_hue(pixels: NDArray[np.uint8]) -> int:
    """Return the hue that a cover gives its pages, 0 to 23.

    Pixels vote for their hue with their chroma, half of it for the neighbours; greys do not vote.

    Args:
        pixels: sRGB as (..., 3), any number of them; a thumbnail is enough.
    """
    lab = oklab(pixels.reshape(-1, 3))
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    coloured = chroma >= _GREY_CHROMA
    if coloured.sum() < _COLOURED_SHARE * len(lab) or not coloured.any():
        return GREY_HUE
    degrees = np.degrees(np.arctan2(lab[coloured, 2], lab[coloured, 1])) % 360
    bins = np.rint(degrees / _HUE_DEGREES).astype(np.intp) % HUES
    votes = np.bincount(bins, weights=chroma[coloured], minlength=HUES)
    smooth = votes + (np.roll(votes, 1) + np.roll(votes, -1)) / 2
    return int(np.argmax(smooth))


@dataclass(frozen=True, slots=True)
class Inks:
    """The colours of a picture on its band, each "#rrggbb".

    Attributes:
        band: The ground.
        rule: Hairlines.
        soft: Peaks: 3.2 : 1 on the band or more.
        strong: Average level: 6.2 : 1 or more.
        text: Labels: 6.4 : 1 or more.
    """

    band: str
    rule: str
    soft: str
    strong: str
    text: str


@functools.cache
def inks(hue: int, *, is_dark: bool) -> Inks:
    """Return the inks of a sleeve's hue, 0 to 23."""
    degrees = hue * _HUE_DEGREES
    if is_dark:
        steps = ((0.255, 0.03), (0.37, 0.035), (0.57, 0.05), (0.80, 0.075))
    else:
        steps = ((0.885, 0.035), (0.76, 0.045), (0.56, 0.05), (0.40, 0.075))
    text = "#bcc3be" if is_dark else "#424947"
    band, rule, soft, strong = (oklch(light, chroma, degrees) for light, chroma in steps)
    return Inks(band, rule, soft, strong, text)


@functools.cache
def night_to_paper() -> NDArray[np.uint8]:
    """Return the 256 colours of a spectrogram, (256, 3): silence dark, sound light.

    The way from one colour to the next is equally long in OKLab, so that equal steps of level look
    equal, and lightness never falls, so that a grey print reads the same. The hue goes from night
    blue over teal to the colour of paper, told apart without red or green, too.
    """
    place = np.linspace(0, 1, 4096)
    lightness = 0.16 + 0.80 * place
    chroma = 0.02 + 0.07 * np.sin(np.pi * place**0.85) ** 1.2  # nearly all of it within sRGB
    hue = np.radians(275 - 175 * place**1.1)
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))])
    even = np.interp(np.linspace(0, way[-1], 256), way, place)
    steps = np.stack([np.interp(even, place, axis) for axis in lab.T], axis=1)
    return srgb(steps)
