"""Charts and tables of reports, as a telephone shows them."""

from __future__ import annotations

import pytest
from tests.guard.test_incident import BEGIN, background
from tests.publish.pages.chromium import Chromium

from phonotheque.guard.incident import Taken, report
from phonotheque.guard.papers.charting import Chart, chart_html
from phonotheque.guard.papers.curves import Rising, draw
from phonotheque.guard.papers.incident_paper import incident_page

LEAST_PX = 12
SMALLEST = """Math.min(...[...document.querySelectorAll('.chart, .list')].flatMap(one =>
  [...one.querySelectorAll('*')]).filter(one => one.firstChild?.nodeType === 3 && one.innerText)
  .map(one => parseFloat(getComputedStyle(one).fontSize)))"""
OUTSIDE = """[...document.querySelectorAll('.chart *, .list *')].filter(one => {
  const box = one.getBoundingClientRect();
  return box.width && (box.left < 0 || box.right > innerWidth + 1)}).length"""
SCROLLING = """[...document.querySelectorAll('*')].filter(one =>
  ['auto', 'scroll'].includes(getComputedStyle(one).overflowX)
  && one.scrollWidth > one.clientWidth).length"""


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_all_of_a_report_is_seen_without_scrolling(tmp_path, width):
    """Lines, axes, names and columns are in the window, in letters that can be read."""
    day = 86_400
    taken = {
        ("0123456789abcdef", gid): Taken(BEGIN + number * day, BEGIN + 5 * day, 1_000_000)
        for number, gid in enumerate("abc")
    }
    page = incident_page(report(taken, background()), "An archive")
    (tmp_path / "incident.html").write_bytes(page)
    with Chromium() as browser:
        browser.look(width=width, height=900)
        browser.open((tmp_path / "incident.html").as_uri())
        assert browser.run(SMALLEST) >= LEAST_PX
        assert browser.run(OUTSIDE) == 0
        assert browser.run(SCROLLING) == 0


def test_a_chart_says_where_its_lines_end_and_no_name_is_markup():
    """Both ends of the time, each number of the axis, each line's end."""
    rising = [Rising("<b>x", "own", [BEGIN, BEGIN + 5]), Rising("y", "own", [BEGIN])]
    drawn = draw(rising, BEGIN, BEGIN + 10, at_least=10)
    page = chart_html(Chart(drawn, "course", "<i>so it is", "first", "last"))
    assert "<b>x" not in page
    assert "<i>so" not in page
    for words in ("&lt;b&gt;x", "<b>2</b>", "<b>1</b>", ">first<", ">last<", ">10<"):
        assert words in page
