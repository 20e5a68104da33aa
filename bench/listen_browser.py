"""What a browser waits for: the first load of the home page, and results after a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from urllib.request import Request, urlopen

from scripts.browser import chromium, chromium_path

from bench.listen_material import Running
from bench.rows import Row, Sense

MOST_HOME_KB = 150.0
MOST_KEY_MS = 100.0
_KEYS = 12
_WORDS = ("love", "night", "river", "song", "the", "blue")

_LINKS = re.compile(rb'(?:href|src)="(/assets/[^"]+)"')
_IN_STYLE = re.compile(rb"url\(\"?([^\")]+)\"?\)")
_IMPORTS = re.compile(rb"""(?:from|import)\s*\(?\s*["']([^"']+\.js)["']""")


def browser_rows(running: Running, songs: int) -> Iterator[Row]:
    """Measure the home page's bytes, then keys in Chromium where it is installed."""
    sizes = _home(running)
    total = sum(sizes.values()) / 1000
    name = "first load of the home page without covers, on the way"
    yield Row(name, total, "kB", MOST_HOME_KB, sense=Sense.AT_MOST)
    for kind in ("html", "css", "js", "woff2"):
        of_kind = sum(size for path, size in sizes.items() if _kind(path) == kind)
        yield Row(f"  {kind}", of_kind / 1000, "kB")
    took = _keys(running)
    what = f"results after a key in Chromium, {songs:,} tracks"
    middle = sorted(took)[len(took) // 2] if took else None
    yield Row(f"{what}: median", middle, "ms", MOST_KEY_MS, sense=Sense.AT_MOST)
    if took:
        yield Row("  the slowest", max(took), "ms")


def _kind(path: str) -> str:
    return "html" if path == "/" else path.rpartition(".")[2]


def _home(running: Running) -> dict[str, int]:
    """Bytes on the way of the page and of all it loads but covers, as a browser asks."""
    sizes: dict[str, int] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in sizes:
            continue
        asked = Request(
            f"http://127.0.0.1:{running.port}{path}", headers={"Accept-Encoding": "gzip"}
        )
        with urlopen(asked, timeout=60) as reply:
            data = reply.read()
            is_packed = reply.headers.get("Content-Encoding") == "gzip"
        sizes[path] = len(data)
        waiting += _loaded(path, _unpacked(data) if is_packed else data)
    return sizes


def _unpacked(data: bytes) -> bytes:
    import gzip

    return gzip.decompress(data)


def _loaded(path: str, data: bytes) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    match _kind(path):
        case "html":
            yield from (found.decode() for found in _LINKS.findall(data))
        case "css":
            fonts = {found.decode() for found in _IN_STYLE.findall(data)}
            yield from (f"{folder}/{name}" for name in sorted(fonts) if name.endswith("woff2"))
        case "js":
            for name in (found.decode() for found in _IMPORTS.findall(data)):
                yield name if name.startswith("/") else f"{folder}/{name.removeprefix('./')}"


def _keys(running: Running) -> list[float]:
    """Milliseconds from a key to the results of it on the page; empty without a browser."""
    if chromium_path() is None or find_spec("playwright") is None:
        return []
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{running.port}/search")
        page.wait_for_load_state("networkidle")
        took: list[float] = []
        for number in range(_KEYS):
            word = _WORDS[number % len(_WORDS)][: 2 + number // len(_WORDS)]
            page.fill("main input[type=search]", "")
            page.wait_for_timeout(300)
            took.append(float(page.evaluate(_TYPED, word)))
    return took


_TYPED = """async (word) => {
  const field = document.querySelector("main input[type=search]");
  const seen = () => [...document.querySelectorAll("main .hit")].map((one) => one.href).join();
  const before = seen();
  field.focus();
  const begun = performance.now();
  field.value = word;
  field.dispatchEvent(new InputEvent("input", {bubbles: true, data: word.slice(-1)}));
  return await new Promise((told) => {
    const look = () => {
      const now = seen();
      if (now && now !== before) told(performance.now() - begun);
      else if (performance.now() - begun > 10000) told(10000);
      else requestAnimationFrame(look);
    };
    look();
  });
}"""
