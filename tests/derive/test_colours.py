"""Colours are computed as people see them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.derive.colours import (
    GREY_HUE,
    HUES,
    inks,
    night_to_paper,
    oklab,
    oklch,
    sleeve_hue,
    srgb,
)


def pixels(*colours: str, share: tuple[int, ...] = ()) -> np.ndarray:
    rows = [bytes.fromhex(colour) for colour in colours]
    counts = share or (1,) * len(rows)
    return np.array(
        [list(row) for row, count in zip(rows, counts, strict=True) for _ in range(count)], np.uint8
    )


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, relative luminance and contrast ratio."""

    def luminance(colour: str) -> float:
        share = np.array(list(bytes.fromhex(colour[1:]))) / 255
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_there_and_back(colour):
    """Every colour of a screen survives the way to OKLab and back."""
    pixel = np.array([colour], np.uint8)
    assert (srgb(oklab(pixel)) == pixel).all()


@pytest.mark.parametrize(
    ("colour", "lab"),
    [("ffffff", (1, 0, 0)), ("000000", (0, 0, 0)), ("ff0000", (0.62796, 0.22486, 0.12585))],
)
def test_known_values(colour, lab):
    """White, black and red are where the paper on OKLab has them."""
    assert oklab(pixels(colour))[0] == pytest.approx(lab, abs=1e-4)


@pytest.mark.parametrize("hue", range(HUES))
def test_a_sleeve_of_one_hue_has_that_hue(hue):
    """Each of the 24 hues is found again in a picture of it, bright or dark, on black or white."""
    for lightness in (0.4, 0.6, 0.75):
        colour = oklch(lightness, 0.06, hue * 15)[1:]
        assert sleeve_hue(pixels(colour)) == hue
        assert sleeve_hue(pixels(colour, "000000", "ffffff", share=(9, 50, 41))) == hue


def test_the_stronger_colour_gives_the_hue():
    """More of a colour, or more colour in it, decides; the order of pixels does not."""
    red, blue = oklch(0.6, 0.15, 30)[1:], oklch(0.6, 0.05, 255)[1:]
    mixed = pixels(red, blue, share=(40, 60))
    assert sleeve_hue(mixed) == 2
    assert sleeve_hue(mixed[::-1]) == 2
    assert sleeve_hue(pixels(red, blue, share=(10, 90))) == 17


@pytest.mark.parametrize(
    "colours", [("000000",), ("ffffff",), ("808080", "7f807f"), ("ffffff",) * 9]
)
def test_grey_sleeves_have_one_hue(colours):
    """What has no colour gets the hue that is kept for it."""
    assert sleeve_hue(pixels(*colours)) == GREY_HUE


def test_the_shape_does_not_matter():
    """Rows and columns or one long line: the pixels decide."""
    flat = np.random.default_rng(3).integers(0, 255, (60, 3)).astype(np.uint8)
    assert sleeve_hue(flat) == sleeve_hue(flat.reshape(6, 10, 3))


@pytest.mark.parametrize("hue", range(HUES))
@pytest.mark.parametrize("is_dark", [False, True])
def test_inks_keep_their_contrast_on_any_band(hue, is_dark):
    """Whatever the hue: labels 6.4 : 1 and more, mean levels 5.9, peaks 3.0."""
    found = inks(hue, is_dark=is_dark)
    assert contrast(found.text, found.band) >= 6.4
    assert contrast(found.strong, found.band) >= 5.9
    assert contrast(found.soft, found.band) >= 3.0


def test_equal_steps_of_level_look_equal():
    """The colours of a spectrogram rise in lightness throughout, in steps of one size."""
    lab = oklab(night_to_paper())
    lightness = lab[::8, 0]
    assert (np.diff(lightness) > 0).all()
    steps = np.linalg.norm(np.diff(lab[::16], axis=0), axis=1)
    assert steps.max() / steps.min() < 1.35
    assert (lightness[0], lightness[-1]) == pytest.approx((0.16, 0.96), abs=0.04)
