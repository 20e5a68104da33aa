"""The curve of a map, and its pictures: nothing is lost on the way to a pixel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from phonotheque.catalogue.coverage.curve import layout_of
from phonotheque.catalogue.coverage.groups import Groups
from phonotheque.catalogue.coverage.tiles import PALETTES, levels_of, png_of, tiles_of, zoom_of
from phonotheque.catalogue.coverage.words import Pixel


@given(st.integers(1, 5_000))
def test_every_place_has_a_pixel_of_its_own_beside_the_one_before(count):
    """No pixel twice, all within the map, and neighbours in the order are neighbours on it."""
    layout = layout_of(count)
    x, y = layout.pixels(np.arange(count))
    assert len(set(zip(x.tolist(), y.tolist(), strict=True))) == count
    assert 0 <= x.min() <= x.max() < layout.width
    assert 0 <= y.min() <= y.max() < layout.side
    assert (np.abs(np.diff(x)) + np.abs(np.diff(y)) == 1).all()


@given(st.integers(200, 10**9))
def test_a_map_is_never_mostly_empty(count):
    """More than half of its width is used, whatever the number of releases."""
    layout = layout_of(count)
    assert layout.squares * layout.side**2 >= count
    assert count > (layout.squares - 1) * layout.side**2
    assert layout.squares <= 3


def test_ten_million_are_within_reach_of_the_first_picture():
    """The first picture is at most 768 x 256, however many releases there are."""
    for count in (1, 5_000, 10_000_000, 200_000_000):
        layout = layout_of(count)
        assert layout.side >> zoom_of(layout) <= 256


def test_a_pixel_above_is_one_of_four_below():
    """On each level a pixel has the colour of a release that it stands for, in fair shares."""
    rng = np.random.default_rng(5)
    whole = rng.choice(6, (1024, 1024), p=[0, 0.5, 0.2, 0.2, 0.09, 0.01]).astype(np.uint8)
    levels = dict(levels_of(whole, 2))
    assert sorted(levels) == [0, 1, 2]
    for above, below in ((levels[1], levels[2]), (levels[0], levels[1])):
        four = np.stack([below[y::2, x::2] for y in (0, 1) for x in (0, 1)])
        assert (four == above).any(axis=0).all()
    shares = np.bincount(levels[0].ravel(), minlength=6) / levels[0].size
    assert shares == pytest.approx([0, 0.5, 0.2, 0.2, 0.09, 0.01], abs=0.01)


def test_tiles_are_the_level_cut_up():
    """Put together again, tiles are the level; a small level is one tile."""
    level = np.random.default_rng(1).integers(0, 6, (512, 1536)).astype(np.uint8)
    again = np.zeros_like(level)
    for column, row, part in tiles_of(level):
        again[row * 256 : row * 256 + 256, column * 256 : column * 256 + 256] = part
    assert (again == level).all()
    assert len(list(tiles_of(level[:8, :16]))) == 1


@pytest.mark.parametrize("mode", PALETTES)
def test_the_worst_first_picture_is_small(mode):
    """Noise in all colours, 768 x 256 of it, is below 300 kB, and read back it is the same."""
    noise = np.random.default_rng(2).integers(0, 6, (256, 768)).astype(np.uint8)
    data = png_of(noise, mode)
    assert len(data) < 300_000
    read = Image.open(io.BytesIO(data))
    assert read.mode == "P"
    assert (np.asarray(read) == noise).all()
    colours = [f"#{bytes(read.getpalette()[n * 3 : n * 3 + 3]).hex()}" for n in range(6)]
    assert tuple(colours) == PALETTES[mode]
    assert len(PALETTES[mode]) == len(Pixel)


@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.integers(1, 5)), min_size=1))
def test_groups_do_not_depend_on_batches(releases):
    """Added at once or one by one, groups have the same places and counts."""
    names, pixels = [name for name, _ in releases], np.array([p for _, p in releases], np.uint8)
    at_once, singly = Groups(), Groups()
    at_once.add(names, pixels)
    for place, name in enumerate(names):
        singly.add([name], pixels[place : place + 1])

    def told(groups):
        return [(one.name, one.first, one.counts.tolist()) for one in groups.all]

    assert told(at_once) == told(singly)
    assert sum(at_once.total(pixel) for pixel in Pixel) == len(releases)
    assert [one.first for one in at_once.largest(2)] == sorted(
        one.first for one in at_once.largest(2)
    )
