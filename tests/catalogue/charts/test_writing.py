"""Charts on the disk: pictures with their data, and a page that leads to nothing that is not
there."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from tests.catalogue.charts.test_counting import asked, concentration_of
from tests.catalogue.charts.village import HOSTILE

from phonotheque.catalogue.charts.all_charts import CHARTS, charts_named
from phonotheque.catalogue.charts.drawing import chart_of
from phonotheque.catalogue.charts.page import Origin
from phonotheque.catalogue.charts.top_lists import BOUND
from phonotheque.catalogue.charts.values import Answer, Finding
from phonotheque.catalogue.charts.writing import write_charts
from phonotheque.errors import BadRequestError, ConflictError
from phonotheque.look import drawing
from publish.pages.chromium import Chromium, Served

pytest.importorskip("vl_convert", reason="the extra charts is not installed")

SOME = ("concentration", "held-by-popularity", "lengths", "releases-by-popularity-log", "licences")


def origin_of(snapshot):
    made = snapshot.descriptor
    sources = tuple(one for one in made.sources if one.id)
    return Origin(HOSTILE, made.name, made.made_at, sources, "2026-01-02")


def written(snapshot, out, answers):
    write_charts(out, snapshot.folder, origin_of(snapshot), answers, lambda _: None)
    return out


@pytest.fixture(scope="module")
def snapshot(built_village):
    return built_village


@pytest.fixture(scope="module")
def answers(snapshot, tmp_path_factory):
    """One of each form by name, and one that cannot be drawn. Of the village's few recordings there
    is no most played hundredth: that one is of others."""
    charts = charts_named((*SOME, "top-artists-7-days"))
    found = asked(snapshot, tmp_path_factory.mktemp("work"), charts)
    chart = found["concentration"].chart
    return found | {"concentration": Answer(chart, *concentration_of([900, *[5] * 199]))}


@pytest.fixture(scope="module")
def folder(snapshot, answers, tmp_path_factory):
    """Made once, and only read."""
    return written(snapshot, tmp_path_factory.mktemp("charts"), list(answers.values()))


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


def test_the_same_answers_give_the_same_bytes_until_there_are_none(
    snapshot, answers, folder, tmp_path
):
    """Made again, a picture and its data are the same to the last byte. Of a catalogue without the
    data, into the same folder: no old picture stays."""
    out = written(snapshot, tmp_path / "charts", [answers["licences"]])
    for name in ("licences.svg", "licences.csv", "licences.sql", "page/licences-narrow.svg"):
        assert (out / name).read_bytes() == (folder / name).read_bytes()
    written(snapshot, out, [replace(answers["licences"], rows=[], finding=None)])
    assert list(out.rglob("licences*")) == []


@pytest.mark.parametrize("index", [None, '{"name": "a program"}', "[]", "no JSON"])
def test_a_folder_of_other_people_stays_as_it_is(snapshot, tmp_path, index):
    """Whoever keeps something there keeps it, also beside an index.json that is none of ours."""
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    if index is not None:
        (tmp_path / "index.json").write_text(index, encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ConflictError, match="not empty"):
        written(snapshot, tmp_path, [])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_is_no_folder(snapshot, tmp_path):
    """A file, and a place below one, are refused with what to do."""
    (tmp_path / "file").write_bytes(b"")
    for place in ("file", "file/below/it"):
        with pytest.raises(BadRequestError, match="Name a"):
            written(snapshot, tmp_path / place, [])


def test_a_run_that_was_stopped_can_be_repeated(snapshot, answers, tmp_path, monkeypatch):
    """What a stop leaves in a new folder is known as ours, without a page."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("phonotheque.catalogue.charts.writing.chart_of", stop)
        with pytest.raises(KeyboardInterrupt):
            written(snapshot, tmp_path, [answers["licences"]])
    assert not (tmp_path / "index.html").exists()
    written(snapshot, tmp_path, [])
    assert (tmp_path / "index.html").exists()


LONG = ("Dream On", "W" * 60, "illi" * 9, "東京の夜" * 9, "a\x1bb\0c\nd\ufffe\ud800")


def test_nothing_of_a_picture_is_cut_off(answers, tmp_path):
    """Whatever typeface a browser has, on a phone and on a desk, each name and number lies within
    the picture; a name that is shortened is so at its end. Signs that XML lacks do no harm."""
    altair, chart = drawing.altair_for("svg"), answers["licences"].chart
    titles = {"short": LONG[:1], "long": LONG}
    for word, names in titles.items():
        rows = [
            {"licence": f"{n}. {name}", "recordings": 987_654_321 // n}
            for n, name in enumerate(names, 1)
        ]
        answer = Answer(chart, rows, Finding("All", (), rows))
        for width in (380, 860):
            svg = drawing.svg_of(chart_of(altair, answer, width, has_title=False))
            (tmp_path / f"{word}-{width}.svg").write_text(svg, encoding="utf-8")
    with Chromium() as browser, Served(tmp_path) as server:
        for path in sorted(tmp_path.iterdir()):
            browser.open(server.url(f"/{path.name}"))
            found = json.loads(browser.run(_OUTSIDE))
            assert found["outside"] == [], path.name
            assert "1. Dream On" in found["all"], path.name


_OUTSIDE = """(() => {
  const frame = document.documentElement.getBoundingClientRect();
  const all = [...document.querySelectorAll("text")];
  const outside = all.filter((one) => {
    const box = one.getBoundingClientRect();
    return box.left < frame.left || box.right > frame.right;
  });
  const told = (some) => some.map((one) => one.textContent);
  return JSON.stringify({ all: told(all), outside: told(outside) });
})()"""


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
