"""A browser at the door of a real archive: policy, sound and pages as they are served."""

from __future__ import annotations

import pytest
from tests.cli.phono import copy_archive

from listen.door import open_on_loopback
from listen.items.conftest import stock  # noqa: F401  the archive that item pages are tested on
from listen.pages.browsing import axe_script, click, complaints, findings

PLAYS = "document.querySelector('.deck [data-do=toggle]').classList.contains('is-playing')"


@pytest.fixture(scope="module")
def real_door(stock, tmp_path_factory):  # noqa: F811
    phono = copy_archive(stock, tmp_path_factory.mktemp("real") / "archive")
    with open_on_loopback(phono.root) as opened:
        yield opened


def test_an_album_of_a_real_archive_plays(browser, real_door):
    """From the home page to an album, whose stored sound plays; nothing is refused on the way."""
    browser.open(real_door.address)
    browser.until("document.querySelector('.covers a')")
    click(browser, ".covers a")
    browser.until("document.querySelector('.p-album')")
    click(browser, "[data-do=play-all]")
    browser.until(f"{PLAYS} && document.querySelector('.deck .wv').ariaValueNow > 0")
    assert complaints(browser) == []


def _facts_pages(door):
    """Pages of facts and forms, by name: what a shop of pages alone does not have."""
    page = door.get("/browse?order=heard", Accept="text/html").text
    song = page.partition('href="/song/')[2][:36]
    sent = door.post("/work", {"concern": "other", "item": song, "words": "Where is side two?"})
    gone = door.get("/log").text.partition('href="/item/')[2][:36]
    return {
        "item": f"/item/{song}",
        "report": f"/item/{song}/report",
        "reported": sent.headers["location"],
        "work": "/work",
        "work that is here": f"/work?q={song}",
        "work that is not": "/work?q=Nobody%20Whatsoever",
        "log": "/log",
        "removed": f"/item/{gone}" if gone else "/log",
        "unknown": "/item/00000000-0000-4000-8000-000000000000",
    }


def _looked_at(browser, door, width, is_dark, step):
    """What is wrong with pages of facts in one look; of `step` pages one is opened."""
    browser.look(width=width, height=900, is_dark=is_dark)
    found, script = [], axe_script()
    for name, path in list(_facts_pages(door).items())[is_dark::step]:
        browser.open(door.address.rstrip("/") + path)
        browser.until("!document.querySelector('.scripted[hidden]')")
        found += [f"{name}: {one}" for one in (*findings(browser, script), *complaints(browser))]
        wide = browser.run("document.documentElement.scrollWidth")
        found += [f"{name}: {wide} px wide"] if wide > width else []
    return found


@pytest.mark.parametrize(("width", "is_dark"), [(1280, False), (390, True)], ids=["wide", "phone"])
def test_axe_finds_nothing_on_pages_of_facts(browser, real_door, width, is_dark):
    """Items, reports, removals and the search for one's own work: no finding, no complaint,
    nothing wider than the window."""
    assert _looked_at(browser, real_door, width, is_dark, 2) == []


@pytest.mark.torture
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("is_dark", [False, True])
def test_axe_finds_nothing_on_pages_of_facts_in_any_look(browser, real_door, width, is_dark):
    """The same for each page in both modes, wide and on a phone."""
    found = _looked_at(browser, real_door, width, is_dark, 1)
    assert found == []


def test_a_page_seen_again_looks_the_same(browser, real_door):
    """The second visit, answered with 304, has its style and its scripts."""
    for _ in range(2):
        browser.open(f"{real_door.address}help")
        browser.until("!document.querySelector('.scripted[hidden]')")
        assert browser.run("getComputedStyle(document.querySelector('.top')).display") == "flex"
    assert complaints(browser) == []


def test_a_long_playlist_comes_in_and_a_longer_one_does_not(real_door):
    """A file of a few MiB is read; what is longer, or sent elsewhere, is refused by its length."""
    line = "#EXTINF:1,Nobody - Nothing\nnowhere.mp3\n"
    long = "#EXTM3U\n" + f"# {'x' * 1000}\n" * 3000 + line
    kind = {"Content-Type": "audio/x-mpegurl"}
    page = real_door._ask("POST", "/playlist/import", long, kind)
    assert page.status == 200
    assert "Nobody - Nothing" in page.text
    too_long = "x" * ((4 << 20) + (65 << 10))
    assert real_door._ask("POST", "/playlist/import", too_long, kind).status == 413
    assert real_door._ask("POST", "/work", long, kind).status == 413


def test_what_is_not_measured_yet_is_asked_for_again(real_door):
    """A waveform that is known may be kept for minutes; of one that is not nothing is kept."""
    page = real_door.get("/browse?order=heard", Accept="text/html").text
    song = page.partition('href="/song/')[2][:36]
    known = real_door.get(f"/wave/{song}.json")
    assert len(known.json["bars"]) == 400
    assert known.headers["cache-control"] == "public, max-age=300"
    nothing = real_door.get(f"/wave/{song[:-1]}{'0' if song[-1] != '0' else '1'}.json")
    assert nothing.json["bars"] == []
    assert nothing.headers["cache-control"] == "no-store"


def test_only_the_embedded_player_may_be_framed(real_door):
    """The policy of every page forbids frames, and that of `/embed/` allows them."""
    page = real_door.get("/", Accept="text/html")
    album = page.text.partition('href="/album/')[2][:36]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    embed = real_door.get(f"/embed/{album}", Accept="text/html")
    assert "frame-ancestors *" in embed.headers["content-security-policy"]
