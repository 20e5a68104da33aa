"""The torrents page in a real browser: the chooser, the keyboard, no scripts, dark, a phone."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from phonotheque.look import typeface_style
from phonotheque.publish.choice import KINDS_OF, Freedom, KeeperWish, Priority, choose, rank
from phonotheque.publish.pages.rendering import render
from phonotheque.publish.pages.site import Site
from phonotheque.publish.pages.texts import format_size
from publish.pages.chromium import Chromium, Served
from publish.pages.sites import hostile_site, site

SITE = site()


def torrent_of(name: str) -> bytes:
    """What stands in for a .torrent file."""
    return f"torrent of {name}".encode()


def write(one: Site, folder: Path) -> None:
    """Put the pages and the .torrent files of a site into a folder."""
    for file in render(one):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    for line in one.offered:
        (folder / f"{line.id}.torrent").write_bytes(torrent_of(line.id))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("page")
    write(SITE, folder)
    write(hostile_site(), folder / "hostile")
    with Served(folder) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as one:
        yield one


def complaints(browser: Chromium) -> list[object]:
    """What the browser had to say: errors, refusals of the policy, exceptions."""
    browser.run("1")
    kinds = ("Log.entryAdded", "Runtime.exceptionThrown")
    return [one for one in browser.events if one.get("method") in kinds]


def chosen_in(browser: Chromium) -> list[str]:
    return list(
        browser.run("[...document.querySelectorAll('.picks .mono')].map(x => x.textContent)")
    )


WISHES = [
    KeeperWish(space, "somebody", licence, collection, order)
    for space in (0, 10**11, 5 * 10**11, 10**13)
    for licence in Freedom
    for collection in ("", "Tidewrack Editions")
    for order in Priority
]


def test_the_page_chooses_what_the_rule_chooses(browser: Chromium, served: Served) -> None:
    """For every wish the script gives the very list that the Python module gives, in its order."""
    browser.open(served.url("index.html"))
    asked = [
        {
            "bytes": wish.space_bytes,
            "keeper": wish.keeper,
            "kinds": sorted(KINDS_OF[wish.licence]),
            "collection": wish.collection,
            "order": wish.order.value,
        }
        for wish in WISHES
    ]
    lists = browser.run(
        "(async () => { const page = await import('./assets/torrents.js');"
        "const data = await (await fetch('choice.json')).json();"
        f"return {json.dumps(asked)}.map((wish) => page.choose(data,"
        "{...wish, kinds: new Set(wish.kinds)}).map((one) => one.id)); })()"
    )
    assert lists == [[one.id for one in choose(SITE.candidates, wish)] for wish in WISHES]
    assert len({tuple(one) for one in lists}) > 20


def test_ranks_and_sizes_are_the_same_in_both_languages(browser: Chromium, served: Served) -> None:
    """The number that spreads keepers, and the words for a size, do not depend on the language."""
    browser.open(served.url("index.html"))
    pairs = [("", ""), ("m", "kettle-comet-open-t50-00001"), ("\u00fc\U0001f3b5", "a" * 99)]
    sizes = [0, 999, 1000, 999_499_999, 999_500_000, 9_995_000, 34_310_000_000, 6 * 10**12]
    said = browser.run(
        "import('./assets/torrents.js').then((page) => ["
        f"{json.dumps(pairs)}.map((pair) => page.rank(...pair)),"
        f"{json.dumps(sizes)}.map(page.size)])"
    )
    assert said == [[rank(*pair) for pair in pairs], [format_size(one) for one in sizes]]


def test_a_zip_made_in_the_page_is_a_zip(browser: Chromium, served: Served) -> None:
    """The archive that the script puts together holds every file, byte for byte."""
    browser.open(served.url("index.html"))
    data = browser.run(
        "import('./assets/torrents.js').then(async (page) => { const text = new TextEncoder();"
        "const blob = page.zip([['a.torrent', text.encode('one')], ['\u00fc.torrent',"
        "new Uint8Array(70000).map((_, n) => n)]]);"
        "return [...new Uint8Array(await blob.arrayBuffer())]; })"
    )
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as file:
        assert file.testzip() is None
        assert file.namelist() == ["a.torrent", "\u00fc.torrent"]
        assert file.read("a.torrent") == b"one"
        assert file.read("\u00fc.torrent") == bytes(n % 256 for n in range(70_000))


def test_the_chooser_works_with_the_keyboard_alone(browser: Chromium, served: Served) -> None:
    """Tab reaches every field in the order of reading, with a ring to see; Enter chooses."""
    browser.look()
    browser.open(served.url("index.html"))
    browser.until("!document.querySelector('.chooser').hidden")
    browser.run("document.querySelector('.top nav a:last-child').focus()")
    seen = []
    for _ in range(5):
        browser.press("Tab")
        seen.append(browser.run("document.activeElement.name || document.activeElement.type"))
        ring = browser.run(
            "(s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)"
            "(getComputedStyle(document.activeElement))"
        )
        assert ring, seen
    assert seen == ["tb", "licence", "collection", "order", "submit"]
    browser.press("Enter")
    browser.until("!document.querySelector('.result').hidden")
    keeper = browser.run("new URLSearchParams(location.hash.slice(1)).get('keeper')")
    wanted = [one.id for one in choose(SITE.candidates, KeeperWish(10**12, keeper))]
    assert chosen_in(browser) == wanted
    assert browser.run("document.querySelectorAll('.picked path').length") > 5
    marked = browser.run("[...document.querySelectorAll('tr.is')].map((row) => row.dataset.id)")
    assert set(marked) <= set(wanted)
    assert marked
    assert complaints(browser) == []


def test_an_address_gives_its_list_again(browser: Chromium, served: Served) -> None:
    """The list that somebody sends is the list that is seen: the choice stands in the address."""
    browser.open(served.url("index.html#tb=0.2&licence=open&order=newest&keeper=weir"))
    browser.until("!document.querySelector('.result').hidden")
    wish = KeeperWish(2 * 10**11, "weir", Freedom.OPEN, "", Priority.NEWEST)
    assert chosen_in(browser) == [one.id for one in choose(SITE.candidates, wish)]


def downloads(browser: Chromium, folder: Path) -> None:
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))


def take(browser: Chromium, what: str, path: Path) -> bytes:
    """Press one of the three buttons and return the file that comes."""
    browser.run(f"document.querySelector('[data-take={what}]').click()")
    browser.until("document.querySelector('.said').textContent.startsWith('Done')")
    while browser.wait_for("Page.downloadProgress")["state"] != "completed":
        pass
    return path.read_bytes()


def test_magnets_json_and_zip_can_be_taken(
    browser: Chromium, served: Served, tmp_path: Path
) -> None:
    """Each button gives the chosen torrents, in the order of need, whole."""
    browser.open(served.url("index.html#tb=0.2&keeper=weir"))
    browser.until("!document.querySelector('.result').hidden")
    downloads(browser, tmp_path)
    wanted = [one.id for one in choose(SITE.candidates, KeeperWish(2 * 10**11, "weir"))]
    magnets = take(browser, "magnets", tmp_path / "magnets.txt").decode().splitlines()
    assert [one.partition("&dn=")[2].partition("&")[0] for one in magnets] == wanted
    said = json.loads(take(browser, "json", tmp_path / "torrents.json"))
    assert [one["id"] for one in said["torrents"]] == wanted
    assert said["keeper"] == "weir"
    with zipfile.ZipFile(io.BytesIO(take(browser, "zip", tmp_path / "torrents.zip"))) as file:
        assert file.namelist() == [f"{name}.torrent" for name in wanted]
        for name in wanted:
            assert file.read(f"{name}.torrent") == torrent_of(name)
    assert complaints(browser) == []


def test_a_server_that_fails_is_told(browser: Chromium, served: Served, tmp_path: Path) -> None:
    """When a torrent file cannot be fetched the page says which, and points to the lists."""
    lonely = replace(SITE, lines=SITE.lines[:1])
    write(lonely, tmp_path)
    (tmp_path / f"{SITE.lines[0].id}.torrent").unlink()
    with Served(tmp_path) as other:
        browser.open(other.url("index.html#tb=1"))
        browser.until("!document.querySelector('.result').hidden")
        browser.run("document.querySelector('[data-take=zip]').click()")
        browser.until("document.querySelector('.said').textContent.startsWith('That did not')")
        said = browser.run("document.querySelector('.said').textContent")
    assert SITE.lines[0].id in said
    assert "404" in said


def test_without_scripts_the_page_is_whole(browser: Chromium, served: Served) -> None:
    """No form that does nothing; lists for sizes, magnets, files and feeds are all there."""
    browser.scripts(are_on=False)
    try:
        browser.open(served.url("index.html"))
        shown = "(x => x !== null && getComputedStyle(x).display !== 'none')"
        assert not browser.run(f"{shown}(document.querySelector('.chooser'))")
        assert not browser.run(f"{shown}(document.querySelector('.result'))")
        assert browser.run("document.querySelectorAll('.sizes a').length") >= 8
        assert browser.run("document.querySelectorAll('.vols a[href^=magnet]').length") == 30
        assert browser.run(f"{shown}(document.querySelector('.shelf'))")
    finally:
        browser.scripts(are_on=True)
    assert complaints(browser) == []


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_runs_out_of_the_window(
    browser: Chromium,
    served: Served,
    width: int,
    is_dark: bool,  # noqa: FBT001 (pytest gives it by name)
) -> None:
    """At 390 and 1,280 pixels nothing scrolls sideways but what says so; the mode is the reader's;
    what a finger presses is large enough (WCAG 2.5.8: 24 by 24)."""
    browser.look(width=width, is_dark=is_dark)
    browser.open(served.url("index.html#tb=0.5"))
    browser.until("!document.querySelector('.result').hidden")
    assert browser.run("document.documentElement.scrollWidth") == width
    ground = browser.run("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == ("rgb(19, 22, 21)" if is_dark else "rgb(243, 245, 242)")
    small = browser.run(
        "[...document.querySelectorAll('button, input, select, .take a, nav a, .acts a')]"
        ".filter((x) => x.checkVisibility()).map((x) => [x.textContent || x.name,"
        "x.getBoundingClientRect()]).filter(([, box]) => box.height < 23.9 || box.width < 23.9)"
        ".map(([name]) => name)"
    )
    assert small == []
    faces = typeface_style("").count("@font-face")
    assert browser.run("document.fonts.ready.then(() => document.fonts.size)") == faces


def test_the_same_page_opens_from_a_disk(browser: Chromium, served: Served, tmp_path: Path) -> None:
    """A copy on a disk has its style, and all that needs no scripts; from there scripts are not
    run by browsers."""
    write(SITE, tmp_path)
    browser.look()
    browser.open((tmp_path / "index.html").as_uri())
    assert browser.run("getComputedStyle(document.querySelector('h1')).fontFamily").startswith(
        "Bes"
    )
    assert browser.run("document.querySelector('.chooser').hidden")


def test_hostile_texts_do_nothing(browser: Chromium, served: Served) -> None:
    """A page full of other people's tricks shows them as words: no element, no dialogue, no
    request to anywhere else, no complaint of the policy."""
    browser.open(served.url("hostile/index.html#tb=1"))
    browser.until("!document.querySelector('.result').hidden")
    assert browser.run("document.querySelectorAll('b, [onclick], script:not([src])').length") == 0
    assert browser.run("[...document.scripts].map((one) => new URL(one.src).host)") == [
        served.url().split("/")[2]
    ]
    assert not [e for e in browser.events if e.get("method") == "Page.javascriptDialogOpening"]
    assert complaints(browser) == []


def test_the_script_is_small() -> None:
    """One module of a few kilobytes, nothing fetched from elsewhere."""
    files = {file.path: file.data for file in render(SITE)}
    script = files["assets/torrents.js"]
    assert len(script) < 16_000
    assert b"http://" not in script.replace(b"http://www.w3.org/2000/svg", b"")
    assert b"https://" not in script
