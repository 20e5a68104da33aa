"""The report as a page, a drawing, a record, and a rule for others."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

from tests.guard.score.logs import combined, listeners, scraper
from tests.guard.score.scored import judged, report_of

from phonotheque.guard.papers.curves import HEIGHT, RIGHT
from phonotheque.guard.rungs import FROM_SCORE
from phonotheque.guard.score import courses
from phonotheque.guard.score.courses import drawing_of
from phonotheque.guard.score.page import page_of
from phonotheque.guard.score.reasons import does, reasons_of, record_of, summary_of

EVIL = '<script>alert(1)</script>&"'


class Parts(HTMLParser):
    """Elements and words of a page."""

    def __init__(self):
        super().__init__()
        self.elements, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_nothing_of_a_log_becomes_markup(tmp_path):
    """Not the name of an account, not that of a program, not that of a file."""
    data = combined(listeners(30), EVIL.replace('"', "")) + combined(
        scraper("<img/src=x>", 300), EVIL.replace('"', "")
    )
    with judged(tmp_path / "a<b>.log", data) as (gathering, report, _):
        page = page_of(report, drawing_of(report, gathering))
    parts = Parts()
    parts.feed(page.decode())
    assert "script" not in parts.elements
    assert "img" not in parts.elements
    assert any("<script>" in words for words in parts.words)
    assert any("<img/src=x>" in words for words in parts.words)
    assert re.search(rb"https?://(?!www\.w3\.org)", page) is None  # it fetches nothing


def test_the_drawing_ends_where_the_report_says(tmp_path, monkeypatch):
    """Each line rises from the ground to the number of items; names keep apart; only so many."""
    monkeypatch.setattr(courses, "MOST_LINES", 2)
    fetches = listeners()
    for number in range(3):
        fetches += scraper(f"203.0.113.{number}", 400 + number, first=4_000 + 500 * number)
    with judged(tmp_path / "access.log", combined(sorted(fetches))) as (gathering, report, _):
        drawing = drawing_of(report, gathering)
    drawn = drawing.curves.curves
    assert [one.count for one in drawn] == [402, 401]
    for curve in drawn:
        points = [tuple(map(float, step.split("V"))) for step in curve.path.split("H")[1:]]
        assert points[-1] == (RIGHT, round(curve.end_y, 1))
        heights = [y for _, y in points]
        assert heights == sorted(heights, reverse=True)
        assert all(0 <= x <= RIGHT and 0 <= y <= HEIGHT for x, y in points)
    labels = sorted(one.label_y for one in drawn)
    assert all(after - before >= 16 for before, after in pairwise(labels))


def test_a_report_says_what_was_seen(tmp_path):
    """In sentences with numbers, and the same in a record."""
    path = tmp_path / "access.log"
    report = report_of(path, combined(sorted(listeners() + scraper("203.0.113.1", 500))))
    assert summary_of(report).startswith(
        "1 account of 401 with 4 fetches or more goes through the catalogue (500 items"
    )
    (suspect,) = report.suspects
    words = " ".join(reasons_of(suspect, [use.limit for use in report.budgets]))
    for said in (
        "500 different items in 5 h 32 min",
        "499 of them followed",
        "40 new items an hour",
    ):
        assert said in words
    record = json.loads(json.dumps(record_of(report)))
    assert record["suspects"][0]["account"] == "203.0.113.1"
    assert record["suspects"][0]["rung"] == "suspend"
    assert record["budgets"][0] == {
        "items": 40, "seconds": 3_600, "others": 0, "suspects": 1,
        "kept_back": record["budgets"][0]["kept_back"],
    }  # fmt: skip
    assert summary_of(report_of(path, combined(listeners()))) == "Nobody stands out."


def test_the_rungs_stand_in_the_report_and_in_its_page(tmp_path):
    """With the scores that decide, and in the words of the report; without a score they do not."""
    guide = (Path(__file__).parents[3] / "docs" / "how-to" / "score-any-log.md").read_text("utf-8")
    for people, is_known in ((listeners(), True), (listeners(20), False)):
        data = combined(sorted(people + scraper("203.0.113.1", 500)))
        with judged(tmp_path / "access.log", data) as (gathering, report, _):
            page = page_of(report, drawing_of(report, gathering)).decode()
        for rung, least in FROM_SCORE.items():
            assert (f"{does(rung)} from {least}" in page) == is_known
            assert re.search(rf"\| {least} \| {does(rung)}.*`{rung.name.lower()}` \|", guide)
