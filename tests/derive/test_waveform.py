"""A waveform is drawn as it was measured, for eyes and for ears, by day and by night."""

import io
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from phonotheque.derive.colours import inks
from phonotheque.derive.waveform import (
    POINTS,
    WAVEFORM_BYTES,
    Drawn,
    bar_paths,
    describe,
    levels,
    waveform_png,
    waveform_svg,
)

SVG = "{http://www.w3.org/2000/svg}"
SONG = Drawn(188_000, 'Ebb <Tide> & "Flow"', hue=13)


def wave(left_peak=0, left_mean=0, right_peak=None, right_mean=None) -> bytes:
    right = (
        left_peak if right_peak is None else right_peak,
        left_mean if right_mean is None else right_mean,
    )
    return bytes((left_peak, left_mean, *right)) * POINTS


SILENCE, FULL, MONO = wave(), wave(255, 160), wave(120, 40)
LEFT_ONLY = wave(200, 80, 0, 0)


def bars_of(svg: str, kind: str) -> list[tuple[float, float, float]]:
    """(x, top, bottom) of every bar of a path."""
    path = next(p for p in ElementTree.fromstring(svg).iter(f"{SVG}path") if p.get("class") == kind)
    found = re.findall(r"M([\d.]+) ([\d.]+)h[\d.]+V([\d.]+)h-[\d.]+z", path.get("d"))
    return [tuple(map(float, bar)) for bar in found]


def test_full_scale_fills_the_height():
    """A peak at full scale is as high as a channel can be, the mean as high as its share of it."""
    peaks, means = (bars_of(waveform_svg(FULL, SONG), kind) for kind in ("peak", "mean"))
    assert {(bottom - top) for _, top, bottom in peaks} == {160.0}
    assert means[0][2] - means[0][1] == pytest.approx(160 * 160 / 255, abs=0.1)


def test_silence_is_a_thin_line():
    """Where nothing sounds there is a line, so that the length can be seen."""
    peaks = bars_of(waveform_svg(SILENCE, SONG), "peak")
    assert len(peaks) == 200
    assert {round(bottom - top, 1) for _, top, bottom in peaks} == {1.2}


def test_the_left_channel_is_above_the_line():
    """What is on the left alone rises above the line and leaves nothing below."""
    (_, top, bottom), *_ = bars_of(waveform_svg(LEFT_ONLY, SONG), "peak")
    line = 98.0
    assert line - top == pytest.approx(80 * 200 / 255, abs=0.1)
    assert bottom - line == pytest.approx(0.6, abs=0.1)


def test_a_bar_keeps_the_highest_peak_and_the_mean_of_means():
    """Points that share a bar lose no peak, and a short loud sound does not raise their mean."""
    data = bytearray(SILENCE)
    data[4 * 101 : 4 * 102] = (200, 100, 50, 10)
    bar = levels(bytes(data), 200)[50]
    assert bar == pytest.approx(np.array([200, 50, 50, 5]) / 255)


@pytest.mark.parametrize(
    ("waveform", "words"),
    [
        (SILENCE, "silence from beginning to end"),
        (MONO, "Both channels are alike."),
        (LEFT_ONLY, "Left channel above the line, right below."),
        (bytes(WAVEFORM_BYTES // 2) + MONO[: WAVEFORM_BYTES // 2], "next to silent until 1:34"),
    ],
)
def test_the_picture_is_told_in_words(waveform, words):
    """Whoever does not see the picture hears its title, its length and what is seen in it."""
    said = describe(waveform, SONG)
    assert said.startswith('Waveform of Ebb <Tide> & "Flow", 3 minutes 8 seconds: ')
    assert words in said


def test_the_svg_is_accessible_and_alone():
    """It has a role and a sentence, no script, and nothing in it asks for another file."""
    svg = waveform_svg(MONO, SONG)
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == describe(MONO, SONG) == root.find(f"{SVG}title").text
    assert "<script" not in svg
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]
    assert "url(" not in svg
    assert "@import" not in svg


def test_it_has_colours_for_light_and_dark():
    """Both modes have a ground of their own, chosen by whoever looks."""
    svg = waveform_svg(MONO, SONG)
    light, dark = svg.split("@media (prefers-color-scheme:dark)")
    assert inks(13, is_dark=False).band in light
    assert inks(13, is_dark=True).band in dark.partition("</style>")[0]


@pytest.mark.parametrize("is_dark", [False, True])
def test_the_png_shows_the_same(is_dark):
    """The bars of the PNG stand where those of the SVG do, twice as dense."""
    colours = inks(13, is_dark=is_dark)
    picture = Image.open(io.BytesIO(waveform_png(LEFT_ONLY, SONG, is_dark=is_dark))).convert("RGB")
    column = np.asarray(picture)[:, round((24 + 1.5) * 2)]

    def rows(colour: str) -> list[int]:
        wanted = tuple(bytes.fromhex(colour[1:]))
        return [
            y for y, pixel in enumerate(column) if np.abs(pixel - np.array(wanted, int)).max() < 6
        ]

    top, line = 2 * (98 - 80 * 200 / 255), 2 * 98
    soft = [y for y in rows(colours.soft) if y < line]
    assert min(soft) == pytest.approx(top, abs=1)
    assert rows(colours.strong)[0] == pytest.approx(2 * (98 - 80 * 80 / 255), abs=1)
    assert tuple(column[0]) == pytest.approx(tuple(bytes.fromhex(colours.band[1:])), abs=5)


@pytest.mark.parametrize("data", [b"", bytes(1_599), bytes(1_601)])
def test_another_length_is_a_mistake(data):
    """What is no waveform is not drawn."""
    with pytest.raises(ValueError, match="1600 bytes"):
        waveform_svg(data, SONG)


def test_a_page_can_draw_it_itself():
    """Paths for pages have as many bars as asked for, and refuse what does not divide 400."""
    peaks, means = bar_paths(MONO, 100, 5.0, 40.0)
    assert peaks.count("M") == means.count("M") == 100
    with pytest.raises(ValueError, match="divide"):
        bar_paths(MONO, 300, 4.0, 40.0)


@pytest.mark.parametrize("duration_ms", [0, 1, 900, 61_000, 3_600_000, 90_000_000])
def test_any_length_can_be_drawn(duration_ms):
    """From nothing to a day: no length breaks the axis."""
    ElementTree.fromstring(waveform_svg(MONO, Drawn(duration_ms)))


def test_any_title_leaves_it_well_formed():
    """Titles of files hold what no XML may: it is left out, and the rest is told."""
    unfit = "".join(map(chr, (*range(1, 32), 0xFFFE, 0xFFFF, 0x1F3B5)))
    root = ElementTree.fromstring(waveform_svg(MONO, Drawn(61_000, f"Ebb{unfit}Tide")))
    assert "Ebb" in root.attrib["aria-label"]
    assert "\U0001f3b5Tide" in root.attrib["aria-label"]


def test_another_program_can_render_it(tmp_path):
    """librsvg, which had no part in it, shows band and bars in their colours."""
    if not shutil.which("rsvg-convert"):
        pytest.skip("there is no rsvg-convert here")
    (tmp_path / "w.svg").write_text(waveform_svg(FULL, SONG), encoding="utf-8")
    done = subprocess.run(["rsvg-convert", tmp_path / "w.svg"], capture_output=True, check=True)
    seen = {
        colour
        for _, colour in Image.open(io.BytesIO(done.stdout)).convert("RGB").getcolors(1 << 16)
    }
    colours = inks(13, is_dark=False)
    assert {
        tuple(bytes.fromhex(ink[1:])) for ink in (colours.band, colours.soft, colours.strong)
    } <= seen
