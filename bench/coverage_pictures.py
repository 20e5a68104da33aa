"""The pictures of coverage in the docs: `python -m bench.coverage_pictures`; needs Chromium.

A synthetic catalogue is counted and drawn as `phono catalogue coverage` does it: the table by
licence, and the page of a map, light beside dark. Law: nothing in these pictures was
touched up, and whoever runs the script gets them again.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import altair
from playwright.sync_api import ViewportSize
from scripts.browser import IMAGES, MODES, chromium, write_beside

from bench.charts_material import make_catalogue, make_releases
from phonotheque.catalogue.charts.page import Origin
from phonotheque.catalogue.coverage.counting import coverage_of
from phonotheque.catalogue.coverage.drawing import coverage_chart
from phonotheque.catalogue.coverage.page import write_map
from phonotheque.catalogue.coverage.telling import shown_of
from phonotheque.catalogue.coverage.words import By
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.look.drawing import svg_of

_SOURCES = (SourceEntry(1, "synthetic", "Synthetic: every row is invented", "", 1),)
_ORIGIN = Origin("Synthetic", "snapshot-000001", "2026-01-01T00:00:00Z", _SOURCES, "2026-01-01")
_MACHINE = Machine(jobs=2, memory_bytes=1 << 30)
_TRACKS, _RELEASES = 100_000, 60_000
_WINDOW = ViewportSize(width=1280, height=900)


def main() -> None:
    """Make both catalogues in a folder of their own, draw them, and forget them."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-pictures-") as name:
        folder = Path(name)
        make_catalogue(folder / "tracks", _TRACKS)
        rows = coverage_of(folder / "tracks", By.LICENCE, _SOURCES, folder / "work", _MACHINE)
        shown = shown_of(rows, By.LICENCE)
        if shown is None:
            raise ValueError("the synthetic catalogue names no licence")
        picture = svg_of(coverage_chart(altair, shown, By.LICENCE))
        (IMAGES / "coverage-by-licence.svg").write_text(picture, encoding="utf-8")
        make_releases(folder / "releases", _RELEASES)
        about, work = (_ORIGIN, "/album/"), (folder / "work", _MACHINE)
        write_map(folder / "map", folder / "releases", By.LABEL, about, work, lambda _: None)
        with _served(folder / "map") as address:
            light, dark = _shoot(address)
        write_beside(light, dark, "coverage-map")


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve a folder of plain files, as any web server does; gives its address."""
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _shoot(address: str) -> list[bytes]:
    """Return the page in both modes, as PNG."""
    shots = []
    with chromium() as browser:
        for mode in MODES:
            window = browser.new_context(color_scheme=mode, viewport=_WINDOW)
            page = window.new_page()
            page.goto(address)
            page.wait_for_load_state("networkidle")
            shots.append(page.screenshot())
            window.close()
    return shots


if __name__ == "__main__":
    main()
