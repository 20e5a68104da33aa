"""The map: a pixel and a record for each release, and a page that can be walked by hand."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
from PIL import Image
from tests.catalogue.build.small import build_small, by, cards, together, write_source
from tests.catalogue.charts.village import HOSTILE

from listen.pages.browsing import axe_script, complaints, findings, press_at
from phonotheque.catalogue.charts.page import Origin
from phonotheque.catalogue.coverage.curve import layout_of
from phonotheque.catalogue.coverage.page import write_map
from phonotheque.catalogue.coverage.tiles import PALETTES
from phonotheque.catalogue.coverage.words import By, Pixel
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.gids import gid_of
from phonotheque.errors import ConflictError
from publish.pages.chromium import Chromium, Served

COUNT = 2_500


def written(snapshot, out, order, work):
    made = snapshot.descriptor
    origin = Origin("Boats", made.name, made.made_at, made.sources, "2026-01-02")
    about, using = (origin, "/album/"), (work, Machine(1, 256 << 20))
    return write_map(out, snapshot.folder, order, about, using, lambda _: None)


def records_of(out):
    """What stands in all blocks, in the order of places."""
    return [
        record
        for path in sorted((out / "records").iterdir())
        for record in json.loads(zlib.decompress(path.read_bytes()))
    ]


def many(root):
    """Releases of sixty labels; of each third one a recording, a few of them held."""
    numbers = range(1, COUNT + 1)
    rows = together(
        by(1, "Ada Marrow"),
        {
            "release": [
                {"key": n, "title": HOSTILE if n == 1 else f"Release {n}", "artist_credit": 1,
                 "date": str(1960 + n % 50)} for n in numbers
            ],
            "label": [{"key": n, "name": f"Label {n:02}"} for n in range(1, 61)],
            "release_label": [{"release": n, "label": n % 60 + 1} for n in numbers],
            "recording": [
                {"key": n, "title": f"Song {n}", "artist_credit": 1} for n in numbers if n % 3 == 0
            ],
            "track": [
                {"recording": n, "release": n, "medium_position": 1, "position": 1}
                for n in numbers if n % 3 == 0
            ],
            "file": [
                {"recording": n, "state": "held" if n % 2 else "elsewhere",
                 "address": None if n % 2 else "https://a.example/x"}
                for n in numbers if n % 3 == 0
            ],
        },
    )  # fmt: skip
    write_source(root, "many", rows)
    return build_small(root)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Made once, and only read: a snapshot, its map by label, what was told of it."""
    base = tmp_path_factory.mktemp("map")
    snapshot = many(base / "catalogue")
    return snapshot, base / "map", written(snapshot, base / "map", By.LABEL, base / "work")


def test_each_release_has_one_record(drawn):
    """All releases are there once, under the gid that every door knows them by."""
    snapshot, out, told = drawn
    records = records_of(out)
    titles = sorted(record[2] for record in records)
    assert titles == sorted(card["title"] for card in cards(snapshot, "release"))
    assert told["releases"] == len(records) == COUNT
    by_title = {record[2]: record[5] for record in records}
    for number in (2, 3, 700):
        assert by_title[f"Release {number}"] == str(gid_of("many", "release", str(number)))


def test_groups_stand_together_and_are_named(drawn):
    """Along the curve no label comes twice, and each range names what is in it."""
    _, out, _ = drawn
    groups = [record[1] for record in records_of(out)]
    ranges = json.loads((out / "map.json").read_bytes())["ranges"]
    assert len(ranges) == len(set(groups)) == 60
    for first, name, known in ranges:
        assert groups[first : first + known] == [name] * known


@pytest.mark.parametrize("mode", PALETTES)
def test_a_pixel_is_what_its_record_says(drawn, mode):
    """On the lowest level each place has the colour of its release; what follows is paper."""
    _, out, told = drawn
    layout, records = layout_of(COUNT), records_of(out)
    picture = Image.open(out / "tiles" / f"{mode}.png")
    assert picture.size == (layout.width, layout.side)
    for place, record in enumerate(records):
        x, y = _pixel(layout, place)
        assert picture.getpixel((x, y)) == record[0]
    counts = {pixel: told[pixel.name.lower()] for pixel in Pixel if pixel is not Pixel.NOTHING}
    assert counts == {
        pixel: sum(record[0] == pixel.value for record in records) for pixel in counts
    }
    assert counts[Pixel.HELD] == 417  # every third number that is odd
    assert counts[Pixel.RARE] == 416  # and those that one other place has


def _pixel(layout, place):
    x, y = layout.pixels(np.array([place]))
    return int(x[0]), int(y[0])


@pytest.mark.parametrize("order", [By.YEAR, By.REGISTRANT])
def test_other_orders(built_village, order, tmp_path):
    """By year and by registrant, the village's three releases stand in that order."""
    out = tmp_path / "map"
    written(built_village, out, order, tmp_path / "work")
    groups = [record[1] for record in records_of(out)]
    expected = {By.YEAR: ["1990", "1990", "2001"], By.REGISTRANT: ["DEAAA", "DEAAA", "FRBBB"]}
    assert groups == expected[order]


def files_in(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip


@pytest.mark.parametrize("described", [None, '{"version": 8}'])
def test_a_folder_of_other_people_stays_as_it_is(built_village, tmp_path, described):
    """Folders that are called as those of a map are somebody's, also beside a map.json of his."""
    out = tmp_path / "mine"
    (out / "records").mkdir(parents=True)
    (out / "records/one.txt").write_text("mine", encoding="utf-8")
    if described is not None:
        (out / "map.json").write_text(described, encoding="utf-8")
    before = files_in(out)
    with pytest.raises(ConflictError, match="not empty"):
        written(built_village, out, By.YEAR, tmp_path / "work")
    assert files_in(out) == before


def test_a_map_stays_whole_until_the_next_one_is(built_village, tmp_path, monkeypatch):
    """Stopped while it is drawn, the old map is as it was, and a new folder has none; run again,
    nothing of the stopped one is left. What else lies beside a map stays."""

    def stop(*_):
        raise KeyboardInterrupt

    out, fresh, work = tmp_path / "map", tmp_path / "fresh", tmp_path / "work"
    written(built_village, out, By.YEAR, work)
    (out / "robots.txt").write_text("mine", encoding="utf-8")
    before = files_in(out)
    with monkeypatch.context() as patch:
        patch.setattr("phonotheque.catalogue.coverage.mapping._write_tiles", stop)
        for place in (out, fresh):
            with pytest.raises(KeyboardInterrupt):
                written(built_village, place, By.REGISTRANT, work)
            found = {name for name in files_in(place) if not name.startswith(".part/")}
            assert found == (before.keys() if place == out else set())
    assert {name: files_in(out)[name] for name in before} == before
    for place in (out, fresh):
        written(built_village, place, By.REGISTRANT, work)
        assert [record[1] for record in records_of(place)] == ["DEAAA", "DEAAA", "FRBBB"]
    assert files_in(out).keys() == before.keys()
    assert files_in(fresh).keys() == before.keys() - {"robots.txt"}


@pytest.fixture(scope="module")
def browser():
    with Chromium() as one:
        yield one


@pytest.fixture(scope="module")
def served(drawn):
    with Served(drawn[1]) as server:
        yield server


def opened(browser, served, *, place="", width=1280, is_dark=False):
    browser.look(width=width, height=900, is_dark=is_dark)
    browser.open(served.url(f"/index.html{place}"))
    browser.until("document.documentElement.dataset.map === 'ready'")
    browser.run("document.fonts.ready.then(() => 0)")  # with them the page moves for the last time


def test_the_keyboard_walks_to_a_record(drawn, served, browser):
    """Arrows move from pixel to pixel and say whose they are; Enter shows the record, in text."""
    opened(browser, served)
    browser.run("document.querySelector('canvas').focus()")
    for key in "++++":
        browser.press(key)
    browser.press("ArrowDown")
    assert "Label 01" in browser.run("document.querySelector('#over').textContent")
    browser.press("Enter")
    browser.until("document.querySelector('#record a')")
    place = int(browser.run("location.hash.slice(1)"))
    record = records_of(drawn[1])[place]
    assert browser.run("document.querySelector('#record h2').textContent") == record[2]
    assert browser.run("document.querySelector('#record a').getAttribute('href')") == (
        f"/album/{record[5]}"
    )
    assert complaints(browser) == []


def spots_of(browser, places):
    """Where places are on the screen, by the archive's own curve, while the whole map is shown."""
    box = browser.run(
        "(() => { const one = document.querySelector('canvas').getBoundingClientRect();"
        "return [one.x, one.y, one.width, one.height]; })()"
    )
    layout = layout_of(COUNT)
    scale = min(box[2] / layout.width, box[3] / layout.side)
    left, top = (box[0] + (box[2] - layout.width * scale) / 2,
                 box[1] + (box[3] - layout.side * scale) / 2)  # fmt: skip
    pixels = [_pixel(layout, place) for place in places]
    return [(left + (x + 0.5) * scale, top + (y + 0.5) * scale) for x, y in pixels]


def test_a_click_shows_the_record_under_it(drawn, served, browser):
    """Whatever is clicked, the page's own curve finds the place that the archive gave it."""
    opened(browser, served)
    records, places = records_of(drawn[1]), (0, 777, COUNT - 1)
    for place, spot in zip(places, spots_of(browser, places), strict=True):
        press_at(browser, *spot)
        browser.until(f"location.hash === '#{place}'")
        browser.until(
            f"document.querySelector('#record h2')?.textContent === {json.dumps(records[place][2])}"
        )


def test_a_wheel_leaves_the_place_under_the_hand(served, browser):
    """What the hand is on stays there, and the first click takes it, not where keys would begin."""
    opened(browser, served)
    ((x, y),) = spots_of(browser, [777])
    browser.run(
        "document.querySelector('canvas').dispatchEvent(new WheelEvent('wheel', "
        f"{{deltaY: -600, clientX: {x}, clientY: {y}, cancelable: true}}))"
    )
    press_at(browser, x, y)
    browser.until("location.hash === '#777'")


def test_a_link_to_a_place_opens_it(drawn, served, browser):
    """An address with a place shows its record at once; a title that looks like markup is text."""
    place = next(n for n, one in enumerate(records_of(drawn[1])) if one[2] == HOSTILE)
    opened(browser, served, place=f"#{place}")
    browser.until("document.querySelector('#record h2')")
    assert browser.run("document.querySelector('#record h2').textContent") == HOSTILE
    assert browser.run("document.querySelectorAll('#record script').length") == 0


@pytest.mark.parametrize(("width", "is_dark"), [(1280, False), (390, True)], ids=["wide", "phone"])
def test_everybody_can_use_it(served, browser, width, is_dark):
    """No finding of axe, no complaint of the browser, nothing wider than the window."""
    opened(browser, served, width=width, is_dark=is_dark)
    assert findings(browser, axe_script()) == []
    assert complaints(browser) == []
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_without_scripts_there_is_a_picture_and_a_table(served, browser):
    """The picture is shown with words for it, and the table has every label."""
    browser.scripts(are_on=False)
    try:
        browser.look()
        browser.open(served.url("/index.html"))
    finally:
        browser.scripts(are_on=True)
    assert browser.run("getComputedStyle(document.querySelector('#map img')).display") != "none"
    assert browser.run("document.querySelectorAll('tbody th').length") >= 60
