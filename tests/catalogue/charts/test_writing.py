"""Charts on the disk: pictures with their data, and a page that leads to nothing that is not
there."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser

import pytest
from tests.catalogue.charts.test_counting import asked
from tests.catalogue.charts.village import HOSTILE, empty, village

from phonotheque.catalogue.charts.all_charts import CHARTS, charts_named
from phonotheque.catalogue.charts.page import Origin
from phonotheque.catalogue.charts.top_lists import BOUND
from phonotheque.catalogue.charts.writing import write_charts
from phonotheque.look import drawing

pytest.importorskip("vl_convert", reason="the extra charts is not installed")

SOME = ("concentration", "held-by-popularity", "lengths", "releases-by-popularity-log", "licences")


def origin_of(snapshot):
    made = snapshot.descriptor
    sources = tuple(one for one in made.sources if one.id)
    return Origin(HOSTILE, made.name, made.made_at, sources, "2026-01-02")


def written(snapshot, out, work, names=SOME):
    answers = list(asked(snapshot, work, charts_named(names)).values())
    write_charts(out, snapshot.folder, origin_of(snapshot), answers, lambda _: None)
    return out


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return village(tmp_path_factory.mktemp("village"))


@pytest.fixture(scope="module")
def folder(snapshot, tmp_path_factory):
    """Made once, and only read: one chart of each form, and one that cannot be drawn."""
    out = tmp_path_factory.mktemp("charts")
    return written(snapshot, out, tmp_path_factory.mktemp("work"), (*SOME, "top-artists-7-days"))


class Page(HTMLParser):
    """What a page leads to, and what it must not have."""

    def __init__(self, text):
        super().__init__()
        self.links, self.tags, self.alternatives, self.styled = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.links += [found[name] for name in ("href", "src", "srcset") if name in found]
        self.styled += [name for name in found if name == "style" or name.startswith("on")]
        if tag == "img":
            self.alternatives.append(found.get("alt", ""))


def test_everything_that_the_page_leads_to_is_there(folder):
    """Pictures, data, queries, styles: each link within the folder is a file in it."""
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    inside = [link for link in page.links if not link.startswith(("https://", "#"))]
    assert len(inside) > 5 * len(SOME)
    assert [link for link in inside if not (folder / link).is_file()] == []


def test_no_text_becomes_markup(folder):
    """A title of an archive that looks like markup is text; nothing is inside the page's policy."""
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert "style" not in page.tags
    assert page.styled == []


def test_every_picture_says_its_finding_twice(folder):
    """In the picture itself, for who gets it alone, and as words for who does not see it."""
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    drawn = [one for one in index["charts"] if not one["not_drawn"]]
    assert {one["name"] for one in drawn} == set(SOME)
    assert len(page.alternatives) == len(drawn)
    for one, alternative in zip(drawn, page.alternatives, strict=True):
        assert one["finding"] in alternative
        svg = (folder / f"{one['name']}.svg").read_text(encoding="utf-8")
        said = "".join(re.findall(r">([^<>]+)</t(?:ext|span)>", svg)).replace("&amp;", "&")
        assert one["finding"].replace(" ", "") in said.replace(" ", "")
        png = (folder / f"{one['name']}.png").read_bytes()
        assert png.startswith(b"\x89PNG")


def test_what_is_not_drawn_says_why(folder):
    """It has a reason in the index and on the page, and no file."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    (absent,) = [one for one in index["charts"] if one["not_drawn"]]
    assert absent["name"] == "top-artists-7-days"
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert absent["not_drawn"] in text
    assert list(folder.glob("top-artists*")) == []
    assert index["suppressed"] == BOUND


def test_csv_and_json_have_the_same_rows(folder):
    """Both forms of the data say the same, with the meaning of every column in the one."""
    for name in SOME:
        record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == list(record["columns"])
        as_text = [
            {key: "" if value is None else str(value) for key, value in row.items()}
            for row in record["rows"]
        ]
        assert rows == as_text
        assert {one["name"] for one in record["sources"]} == {"records", "shelf"}


def test_a_chart_that_cannot_be_drawn_any_more_goes(snapshot, tmp_path):
    """Into the same folder, charts of a catalogue without the data: no old picture stays."""
    out = written(snapshot, tmp_path / "charts", tmp_path / "work", ("lengths",))
    assert (out / "lengths.svg").exists()
    written(empty(tmp_path / "empty"), out, tmp_path / "work", ("lengths",))
    assert list(out.rglob("lengths*")) == []


def test_the_same_answers_give_the_same_bytes(snapshot, folder, tmp_path):
    """Made again, a picture and its data are the same to the last byte."""
    again = written(snapshot, tmp_path / "charts", tmp_path / "work", ("licences",))
    for name in ("licences.svg", "licences.csv", "licences.sql", "page/licences-narrow.svg"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_a_picture_follows_the_mode(folder):
    """Each token of the house that a picture has changes in the dark."""
    svg = (folder / "lengths.svg").read_text(encoding="utf-8")
    for token in (drawing.PAPER, drawing.INK, drawing.INK_2):
        assert f'fill="{token}"' in svg
        assert f'[fill="{token}"]' in svg.partition("</style>")[0]


def test_names_of_charts_are_names_of_files():
    """Each name is in lower case, once, and says nothing to a shell."""
    names = [chart.name for chart in CHARTS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)
