"""Pictures of the listening door for its documentation: `python -m scripts.listening_pictures`.

Makes the archive of `phono demo`, serves it, and writes each page as one picture, light beside
dark, into `docs/images/listen-<page>.webp`; needs Chromium. With an address as argument the door
that is open there is taken instead.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDE, PHONE = (1280, 900), (390, 844)
SHRUNK = 2
"""Pictures are half as large as the window, so that light and dark stand side by side."""

_FOLLOW = (
    "(path) => { const link = document.createElement('a'); link.href = path;"
    "document.querySelector('main').append(link); link.click(); }"
)
"""Goes to a page as a press on a link does, so that the music plays on."""

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]


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


def shoot(browser: Any, door: str, paths: dict[str, str], mode: str, size: Any) -> dict[str, bytes]:
    """Return a picture of each page with an album playing, as PNG."""
    window = browser.new_context(
        color_scheme=mode, viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE
    )
    page: Page = window.new_page()
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


def beside(light: bytes, dark: bytes) -> Image.Image:
    """Put both modes of a page side by side, at half size."""
    pair = [Image.open(io.BytesIO(one)).convert("RGB") for one in (light, dark)]
    small = [
        one.resize((one.width // SHRUNK, one.height // SHRUNK), Image.Resampling.LANCZOS)
        for one in pair
    ]
    both = Image.new("RGB", (small[0].width * 2 + 8, small[0].height), "#888888")
    both.paste(small[0], (0, 0))
    both.paste(small[1], (small[0].width + 8, 0))
    return both


def take(door: str) -> None:
    """Write all pictures of a door."""
    paths = addresses(door)
    with sync_playwright() as driver:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=program, args=_ARGUMENTS)
        for suffix, size in (("", WIDE), ("-phone", PHONE)):
            chosen = paths if size == WIDE else {n: paths[n] for n in ("home", "album", "player")}
            light, dark = (shoot(browser, door, chosen, m, size) for m in ("light", "dark"))
            for name in chosen:
                picture = beside(light[name], dark[name])
                picture.save(IMAGES / f"listen-{name}{suffix}.webp", quality=70, method=6)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        take(sys.argv[1].rstrip("/"))
    else:
        with served_demo() as address:
            take(address)
