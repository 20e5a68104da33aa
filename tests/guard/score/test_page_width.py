"""The report as a page, on any width."""

from __future__ import annotations

import pytest
from tests.guard.score.logs import combined, listeners, scraper
from tests.guard.score.scored import judged
from tests.guard.test_incident import BEGIN, background
from tests.publish.pages.chromium import Chromium

from phonotheque.guard.incident import Taken, report
from phonotheque.guard.papers.incident_paper import incident_page
from phonotheque.guard.score.courses import drawing_of
from phonotheque.guard.score.page import page_of

IS_END_SEEN = "document.querySelector('figure svg').getBoundingClientRect().right <= innerWidth"


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_fits_its_window(tmp_path, width):
    """Nothing reaches beyond the window, the end of the drawing, where the names stand, is in it,
    and each account says what a guard would do."""
    fetches = listeners() + scraper("203.0.113.9", 400, first=4_000)
    with judged(tmp_path / "access.log", combined(sorted(fetches))) as (gathering, judgement, _):
        (tmp_path / "report.html").write_bytes(page_of(judgement, drawing_of(judgement, gathering)))
    with Chromium() as browser:
        browser.look(width=width, height=900)
        browser.open((tmp_path / "report.html").as_uri())
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run(IS_END_SEEN)
        assert browser.run("document.querySelector('.who .does').innerText") != ""
        seen = "getComputedStyle(document.querySelector('.who thead')).display"
        assert browser.run(seen) == ("none" if width < 704 else "table-header-group")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_of_an_incident_fits_its_window(tmp_path, width):
    """So it is with what left: the page fits, and the end of its drawing is in the window."""
    taken = {("x", gid): Taken(BEGIN, BEGIN + 60, 1_000) for gid in "ab"}
    page = incident_page(report(taken, background()), "An archive")
    (tmp_path / "incident.html").write_bytes(page)
    with Chromium() as browser:
        browser.look(width=width, height=900)
        browser.open((tmp_path / "incident.html").as_uri())
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run(IS_END_SEEN)
