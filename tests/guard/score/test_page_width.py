"""The report as a page, on any width."""

from __future__ import annotations

import pytest
from tests.guard.score.logs import combined, listeners, scraper
from tests.guard.score.scored import judged
from tests.publish.pages.chromium import Chromium

from phonotheque.guard.score.courses import drawing_of
from phonotheque.guard.score.page import page_of


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_its_window(tmp_path, width):
    """Nothing reaches beyond the window, and each account says what a guard would do."""
    fetches = listeners() + scraper("203.0.113.9", 400, first=4_000)
    with judged(tmp_path / "access.log", combined(sorted(fetches))) as (gathering, report, _):
        (tmp_path / "report.html").write_bytes(page_of(report, drawing_of(report, gathering)))
    with Chromium() as browser:
        browser.look(width=width, height=900)
        browser.open((tmp_path / "report.html").as_uri())
        assert browser.run("document.documentElement.scrollWidth <= innerWidth")
        assert browser.run("document.querySelector('.who .does').innerText") != ""
        seen = "getComputedStyle(document.querySelector('.who thead')).display"
        assert browser.run(seen) == ("none" if width < 704 else "table-header-group")
