"""Whatever stands in tags, names and pictures stays text, on every page and in all that is sent."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from urllib.parse import quote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from tests.cli.phono import LICENSED, copy_archive, found
from tests.once import made_once

from listen.door import open_on_loopback
from listen.hostile_music import MARK, TRICKS, make_hostile_music

MOST_PAGES = 400
_NEVER = {"iframe", "object", "embed", "base", "style", "frame", "applet", "foreignobject"}
_LEADING = {"href", "src", "action", "formaction", "srcset", "poster", "data", "xlink:href"}


def _make(folder):
    make_hostile_music(folder / "music")
    phono = found(folder / "archive", f"Small Records {TRICKS[1]}")
    phono.add(folder / "music", *LICENSED, "--collection", TRICKS[0])
    phono.publish()
    phono("catalogue", "build", "--jobs", "1").expect(0)
    first = phono.events("accession")[0]["sha256"]
    phono("takedown", first, "--reason", TRICKS[0]).expect(0)
    said = phono.events("removal")[0]["case"]
    phono("takedown", "--counter-notice", said, "--summary", TRICKS[1]).expect(0)


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """The door of an archive whose every text is a trick."""
    stock = made_once(tmp_path_factory, "hostile-music", _make) / "archive"
    phono = copy_archive(stock, tmp_path_factory.mktemp("hostile") / "archive")
    with open_on_loopback(phono.root) as opened:
        yield opened


class Seen(HTMLParser):
    """What a browser would make of a page, as far as it could do harm."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.wrong: list[str] = []
        self.data: list[str] = []
        self._is_data = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self._is_data = tag == "script" and named.get("type") == "application/ld+json"
        if tag in _NEVER or MARK in tag:
            self.wrong.append(f"<{tag}>")
        is_ours = (named.get("src") or "").startswith(("/assets/", "assets/", "../assets/"))
        if tag == "script" and not self._is_data and not is_ours:
            self.wrong.append(f"a script of its own: {named}")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc") or MARK in name:
                self.wrong.append(f"<{tag} {name}=…>")
            if name in _LEADING and tag != "image":
                scheme = (value or "").strip().lower()
                if scheme.startswith(("javascript:", "data:text", "vbscript:")):
                    self.wrong.append(f"<{tag} {name}={value!r}>")
        if tag == "a" and named.get("href"):
            self.links.append(named["href"])

    def handle_data(self, data):
        if self._is_data:
            self.data.append(data)
            self._is_data = False


def _begin(door):
    """Addresses to begin with: every room, and searches for the tricks themselves."""
    yield from ("/", "/browse", "/search", "/work", "/log", "/torrents/", "/shelf", "/player")
    yield from ("/shuffle", "/help", "/browse?order=new", "/nothing-like-this", "/torrents/x")
    for trick in TRICKS:
        for room in ("/search?q=", "/work?q=", "/genre/", "/collection/", "/licence/", "/item/"):
            yield room + quote(trick, safe="")
        yield f"/song/{quote(trick, safe='')}"


def test_no_text_becomes_markup_on_any_page(door):
    """Every page that can be reached is parsed: no script, handler, frame or link of a tag's."""
    waiting, seen = list(_begin(door)), set()
    shown = 0
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        told = door.get(path, Accept="text/html")
        kind = told.headers.get("content-type", "")
        assert told.headers.get("x-content-type-options") == "nosniff", path
        assert told.status < 500, (path, told.text[:300], door.faults)
        if kind.startswith("image/svg"):
            assert is_still(told.body), path
        if not kind.startswith("text/html"):
            continue
        policy = told.headers["content-security-policy"]
        assert "unsafe" not in policy, path
        assert "script-src 'self'" in policy or "default-src 'self'" in policy, path
        page = Seen(told.text)
        assert not page.wrong, (path, page.wrong)
        for data in page.data:
            json.loads(data)
        shown += MARK in told.text
        waiting += [link for link in _own_links(path, page.links) if link not in seen]
    assert shown > 3 * len(TRICKS)  # the tricks were there to be shown
    assert not door.faults


def _own_links(path, links):
    for link in links:
        parts = urlsplit(urljoin(f"http://door{path}", link))
        if parts.netloc == "door" and not parts.path.startswith(("/download/", "/sound/")):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def test_pictures_of_strangers_are_never_sent_as_they_came(door):
    """An SVG that was given as a cover is drawn anew or not at all; its script goes nowhere."""
    songs = door.get("/api/v1/search?q=xssmark&kind=recording").json
    gids = {hit["gid"] for hit in _hits(songs)}
    assert gids
    for gid in gids:
        for address in (f"/cover/{gid}-250.jpg", f"/wave/{gid}.svg", f"/sleeve/{gid}.svg"):
            told = door.get(address)
            is_drawn = told.headers.get("content-type", "").startswith("image/svg")
            assert is_still(told.body) if is_drawn else MARK.encode() not in told.body, address
            assert told.headers["x-content-type-options"] == "nosniff"


def is_still(svg):
    """Whether a drawing is only shapes and words, of our making."""
    parts = list(ElementTree.fromstring(svg).iter())
    names = {part.tag.rpartition("}")[2].lower() for part in parts}
    attributes = {name.rpartition("}")[2].lower() for part in parts for name in part.attrib}
    return not (
        names & {"script", "foreignobject", "image", "a", "use"}
        or any(name.startswith("on") or name == "href" for name in attributes)
    )


def _hits(told):
    for value in told.values() if isinstance(told, dict) else told:
        if isinstance(value, dict) and "gid" in value:
            yield value
        elif isinstance(value, dict | list):
            yield from _hits(value)
