"""Pictures of the listening door for its documentation: `python -m scripts.listening_pictures`.

Makes the archive of `phono demo`, serves it, and writes each page as one picture, light beside
dark, into `docs/images/listen-<page>.webp`; needs Chromium. With an address as argument the door
that is open there is taken instead.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.request import urlopen

from scripts.browser import MODES, chromium, write_beside

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDE, PHONE = (1280, 900), (390, 844)

_FOLLOW = (
    "(path) => { const link = document.createElement('a'); link.href = path;"
    "document.querySelector('main').append(link); link.click(); }"
)
"""Goes to a page as a press on a link does, so that the music plays on."""


@contextmanager
def served_demo() -> Iterator[str]:
    """Serve the archive of the demonstration; gives the address of the door."""
    command = [sys.executable, "-m", "phonotheque"]
    with tempfile.TemporaryDirectory(prefix="phonotheque-pictures-") as folder:
        subprocess.run([*command, "demo", "--to", "try"], cwd=folder, check=True)
        door = subprocess.Popen(
            [*command, "--archive", f"{folder}/try/archive", "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert door.stdout is not None
        try:
            lines = (re.search(r"http://\S+", line) for line in door.stdout)
            yield next(found[0].rstrip("/") for found in lines if found)
        finally:
            door.terminate()
            door.wait()


def addresses(door: str) -> dict[str, str]:
    """Return the paths of the pages that are pictured, by the name of the picture."""

    def first(path: str, kind: str) -> str:
        text = urlopen(f"{door}{path}").read().decode()
        found = re.search(rf"/{kind}/[0-9a-f-]{{36}}", text)
        assert found, f"{path} has no {kind}"
        return found[0]

    album = first("/browse?order=new", "album")
    song = first(album, "song")
    return {
        "home": "/",
        "search": f"/search?q={word_in_title(door, album)}",
        "album": album,
        "song": song,
        "item": song.replace("/song/", "/item/"),
        "report": song.replace("/song/", "/item/") + "/report",
        "artist": first(album, "artist"),
        "label": first(album, "label"),
        "browse": "/browse",
        "list": "/browse?order=heard",
        "shuffle": "/shuffle?seed=pictures",
        "player": "/player",
        "shelf": "/shelf",
        "help": "/help",
        "work": "/work",
        "log": "/log",
        "missing": "/song/00000000-0000-4000-8000-000000000000",
    }


def word_in_title(door: str, album: str) -> str:
    """Return a word to search for: the longest in the title of an album."""
    title = re.search(r"<title>([^,]*)", urlopen(f"{door}{album}").read().decode())
    assert title
    return str(max(re.findall(r"\w+", title[1]), key=len))


def shoot(
    browser: Browser, door: str, paths: dict[str, str], mode: Literal["light", "dark"], size: Any
) -> dict[str, bytes]:
    """Return a picture of each page with an album playing, as PNG."""
    window = browser.new_context(
        color_scheme=mode, viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE
    )
    page = window.new_page()
    page.goto(door + paths["album"])
    page.locator("[data-do=play-all]").click()
    page.wait_for_selector(".deck [data-do=toggle].is-playing")
    shots = {}
    for name, path in paths.items():
        page.evaluate(_FOLLOW, path)
        page.wait_for_function("(path) => location.pathname + location.search === path", arg=path)
        page.wait_for_load_state("networkidle")
        shots[name] = page.screenshot()
    window.close()
    return shots


def take(door: str) -> None:
    """Write all pictures of a door."""
    paths = addresses(door)
    with chromium("--autoplay-policy=no-user-gesture-required") as browser:
        for suffix, size in (("", WIDE), ("-phone", PHONE)):
            chosen = paths if size == WIDE else {n: paths[n] for n in ("home", "album", "player")}
            light, dark = (shoot(browser, door, chosen, mode, size) for mode in MODES)
            for name in chosen:
                write_beside(light[name], dark[name], f"listen-{name}{suffix}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        take(sys.argv[1].rstrip("/"))
    else:
        with served_demo() as address:
            take(address)
