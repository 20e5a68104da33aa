"""Colours can be told apart by everybody: the style's own tokens, measured.

Source: WCAG 2.2: 1.4.3 (text 4.5:1), 1.4.11 (shapes and edges of controls 3:1); relative luminance
as defined there.
"""

from __future__ import annotations

import re

import pytest

from phonotheque.publish.pages.rendering import asset_files

STYLE = {file.path: file.data for file in asset_files()}["assets/site.css"].decode()
GROUNDS = ("paper", "raise", "sink", "wash")


def tokens(mode: int) -> dict[str, str]:
    """Colours by name: light 0, dark 1."""
    found = {}
    for name, value in re.findall(r"--([a-z0-9-]+):([^;]+);", STYLE):
        pair = re.findall(r"#[0-9a-f]{6}", value)
        if pair:
            found.setdefault(name, pair[mode] if len(pair) == 2 else pair[0])
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_the_one_of_the_standard():
    """Black on white is 21 to 1, and #777777 on white just fails for text."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", ["ink", "ink-2", "good", "watch", "risk"])
def test_text_can_be_read(mode, ground, text):
    """Every text on every ground it stands on has 4.5 to 1, in both modes."""
    colours = tokens(mode)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_controls_and_marks_can_be_seen(mode):
    """Edges of controls have 3 to 1, text on the marker and on buttons 4.5 to 1."""
    colours = tokens(mode)
    assert contrast(colours["edge"], colours["paper"]) >= 3
    assert contrast(colours["on-marker"], colours["marker"]) >= 4.5
    assert contrast(colours["paper"], colours["ink"]) >= 4.5


def test_every_colour_comes_from_a_token():
    """Beside the tokens no rule names a colour, but for the black disc of the mark."""
    rules = STYLE[STYLE.index("@layer base{") :]
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", rules)) <= {"#15181a", "#717a75"}
