"""The pages: complete without scripts, the same for the same site, deaf to tricks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from phonotheque.music.tdm_statement import META, SENTENCE
from phonotheque.publish.choice import KeeperWish, choose
from phonotheque.publish.health.report import Level
from phonotheque.publish.pages.rendering import ROWS_PER_PAGE, render
from phonotheque.publish.pages.site import GONE, Site
from phonotheque.publish.pages.zips import parcels_of
from publish.pages.markup import Page, faults
from publish.pages.sites import HOSTILE, header, hostile_site, line, site

EMPTY = Site(header(), ())


def files_of(one: Site) -> dict[str, bytes]:
    """All files by path; no path is written twice."""
    files = list(render(one))
    by_path = {file.path: file.data for file in files}
    assert len(by_path) == len(files)
    return by_path


def pages_of(files: dict[str, bytes]) -> dict[str, Page]:
    return {path: Page(data) for path, data in files.items() if path.endswith(".html")}


@pytest.fixture(scope="module")
def files():
    return files_of(site())


@pytest.fixture(scope="module")
def pages(files):
    return pages_of(files)


def test_the_same_site_gives_the_same_files(files):
    """Nothing depends on time, chance or the order of a set."""
    assert files_of(site()) == files


def test_the_front_page_comes_last(files):
    """Whoever is interrupted has no front page that leads to pages which are not there."""
    assert list(files)[-1] == "index.html"


def test_every_link_leads_to_a_file(files, pages):
    """Each relative link is a page, a feed or a list of these, or one of the archive's papers."""
    known = set(files) | set(site().papers.values()) | {"health.json"}
    known |= {f"{one.id}.torrent" for one in site().offered}
    known |= {f"files/{one.id}.jsonl.zst" for one in site().offered}
    zipped = [group for group in site().groups if group.kind != GONE]
    known |= {parcel.path for group in zipped for parcel in parcels_of(group)}
    for path, page in pages.items():
        for element in page.root.all():
            for name in ("href", "src"):
                address = element.attributes.get(name, "")
                if address and not address.startswith(("magnet:", "#", "http")):
                    there = unquote(urlsplit(urljoin(f"/{path}", address)).path)
                    assert there.lstrip("/") in known, f"{path}: {address}"


def test_every_torrent_stands_on_exactly_one_page_of_its_group(pages):
    """What is offered with size, tier, licences, day, health, magnet and file; what is not with
    its reason and what took its place."""
    found: dict[str, list[str]] = {}
    for path, page in pages.items():
        for row in page.root.all("tr") if path.startswith("torrents/") else ():
            if "id" in row.attributes:
                found.setdefault(row.attributes["id"], []).append(path)
    assert sorted(found) == sorted(f"t-{one.id}" for one in site().lines)
    assert all(len(paths) == 1 for paths in found.values())
    rows = [row for page in pages.values() for row in page.root.all("tr")]
    by_id = {row.attributes["id"]: row for row in rows if "id" in row.attributes}
    first = site().offered[0]
    row = by_id[f"t-{first.id}"]
    for word in ("1.00 GB", "100", "1 Jan 2026", "first half of all listens", "Tidewrack"):
        assert word in row.text
    links = [one.attributes["href"] for one in row.all("a")]
    assert any(link.startswith(f"magnet:?xt=urn:btih:{first.v1}") for link in links)
    assert any(link.endswith(f"{first.id}.torrent") for link in links)
    gone = by_id["t-kettle-comet-nc-t90-00990"]
    assert "Removed: case 7." in gone.text
    assert [a.attributes["href"].rpartition("#")[2] for a in gone.all("a")] == [f"t-{first.id}"]
    assert "magnet:" not in str([a.attributes for a in gone.all("a")])


def test_health_is_told_by_shape_number_and_word(pages):
    """Each level has its own shape and its word; colour only repeats them."""
    shapes: dict[str, set[str]] = {}
    words: dict[str, str] = {}
    for page in pages.values():
        for span in page.root.all("span"):
            kind = span.attributes.get("class", "")
            if kind.startswith("hl "):
                drawn = [str(one.attributes) + one.tag for one in span.all("svg")[0].children]
                shapes.setdefault(kind, set()).add("".join(drawn))
                words[kind] = span.text
    assert set(shapes) == {"hl r", "hl w", "hl g", "hl u"}
    assert len({next(iter(one)) for one in shapes.values()}) == 4
    assert re.fullmatch(r"\d seeders?, at risk", words["hl r"])
    assert re.fullmatch(r"\d+ seeders?, safe", words["hl g"])
    assert words["hl u"] == Level.UNKNOWN.value


def test_totals_add_up(pages):
    """The front page's numbers are those of the index, of what is offered alone."""
    text = pages["index.html"].root.text
    offered = site().offered
    total = sum(one.size_bytes for one in offered)
    assert f"{len(offered)} torrents, {total / 10**12:.2f} TB in all" in text
    counted = [
        int(n) for n in re.findall(r"(?:seeders|to 10|than 10|counted): (\d+) torrent", text)
    ]
    assert sum(counted) == len(offered)


@pytest.mark.parametrize("made", [site(), hostile_site(), EMPTY], ids=["plain", "hostile", "empty"])
def test_pages_can_be_used_without_eyes_and_without_a_mouse(made):
    """Language, title, headings, labels, names of links and pictures: nothing is missing."""
    for path, page in pages_of(files_of(made)).items():
        assert not faults(page), path


@pytest.mark.parametrize("made", [site(), hostile_site(), EMPTY], ids=["plain", "hostile", "empty"])
def test_no_page_has_a_script_or_a_style_inside(made):
    """The policy forbids them, and nothing is there to forbid."""
    for page in pages_of(files_of(made)).values():
        for one in page.root.all():
            assert one.tag != "style"
            assert not [name for name in one.attributes if name == "style" or name[:2] == "on"]
            assert one.tag != "script" or (one.attributes["src"] and not one.text)
        policy = [
            m.attributes["content"]
            for m in page.root.all("meta")
            if "http-equiv" in str(m.attributes)
        ]
        assert policy
        assert "unsafe" not in policy[0]
        assert policy[0].startswith("default-src 'none'")


def test_hostile_texts_stay_texts():
    """No text of an index becomes markup, a link that runs, or a sign that turns the reading."""
    files = files_of(hostile_site())
    for path, data in files.items():
        if not path.endswith((".html", ".xml")):
            continue
        text = data.decode()
        assert "<b onclick" not in text
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text), path
    for page in pages_of(files).values():
        assert not page.root.all("b")
        for one in page.root.all("a"):
            scheme = urlsplit(one.attributes["href"]).scheme
            assert scheme in ("", "magnet"), one.attributes["href"]


def test_the_statement_on_mining_stands_on_every_page(pages, files):
    """Text and machine form come from the one resolver; no page reserves in anybody's name."""
    for page in pages.values():
        assert SENTENCE in page.root.text
        meta = {
            m.attributes.get("name"): m.attributes.get("content") for m in page.root.all("meta")
        }
        assert set(META) <= set(meta.items())
        assert "tdm-reservation" not in meta
    assert json.loads(files["torrents.json"])["statement_on_text_and_data_mining"] == SENTENCE


def test_long_groups_are_split_and_nothing_is_lost():
    """Seven hundred torrents of one group stand on three pages, each once, in their order."""
    lines = tuple(line(number) for number in range(700))
    pages = pages_of(files_of(Site(header(), lines)))
    found = []
    for number in (1, 2, 3):
        page = pages[f"torrents/open-50-{number}.html"]
        rows = [row.attributes["id"] for row in page.root.all("tr") if "id" in row.attributes]
        assert len(rows) <= ROWS_PER_PAGE
        found += rows
    assert found == [f"t-{one.id}" for one in lines]
    assert "torrents/open-50-4.html" not in pages


def test_lists_for_programs_say_what_the_pages_say(files):
    """`torrents.json` has every torrent; a list for a size is what the rule chooses for it."""
    said = json.loads(files["torrents.json"])
    assert [one["id"] for one in said["torrents"]] == [one.id for one in site().lines]
    gone = said["torrents"][-2]
    assert (gone["obsolete"], gone["magnet"], gone["torrent"]) == ("Removed: case 7.", None, None)
    assert said["health"] == {
        "observer": "Kettle & Comet",
        "observed_at": "2026-11-21T18:05:00Z",
    }
    chosen = [one.id for one in choose(site().candidates, KeeperWish(5 * 10**11))]
    helped = json.loads(files["lists/help-500GB.json"])["torrents"]
    assert [one["id"] for one in helped] == chosen
    magnets = files["lists/help-500GB.magnets.txt"].decode().splitlines()
    assert magnets == [one["magnet"] for one in helped]


def test_sizes_end_with_the_one_that_takes_everything(files):
    """No list is offered for more room than the whole archive needs, but for the first."""
    lists = sorted(path for path in files if path.startswith("lists/help-"))
    sizes = {path.split("-")[1].split(".")[0] for path in lists}
    assert sizes == {"100GB", "500GB", "1TB", "2TB"}
    whole = json.loads(files["lists/help-2TB.json"])["torrents"]
    assert len(whole) == len(site().offered)


def test_an_archive_without_anything_has_a_page():
    """Nothing published and nobody counted: said in words, without charts and rows."""
    page = pages_of(files_of(EMPTY))["index.html"]
    assert "Nothing is offered yet." in page.root.text
    assert "Nobody has counted the seeders yet." in page.root.text
    assert not page.root.all("tr") or all(
        not r.attributes.get("data-id") for r in page.root.all("tr")
    )


def test_one_day_is_no_history():
    """A chart needs two days; before that a sentence says so."""
    one = replace(site(), history=site().history[:1])
    assert "Counted on one day so far." in pages_of(files_of(one))["index.html"].root.text


def test_hostile_text_is_what_it_is_called():
    """The text that the tests above use has markup, signs of direction and control characters."""
    assert {"<", "\u202e", "\x00", "\x1b", "\u2066", '"', "&"} <= set(HOSTILE)
