"""What somebody is answered who is to wait, or is asked: in words for a person, in values else."""

from __future__ import annotations

import pytest
from tests.once import made_once

from listen.door import open_on_loopback
from listen.guarded import stock as making
from listen.guarded.stock import SHORT
from listen.sound.stock import copy_of, set_listening
from phonotheque.listen.asked_form import prefers_page

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ITS_PLAYER = "audio/webm,audio/ogg,audio/wav,audio/*;q=0.9,application/ogg;q=0.7,*/*;q=0.5"


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """A door at which an address opens one restricted recording an hour, and has opened it."""
    made = made_once(tmp_path_factory, "guarded", making.make)
    own = copy_of(made, tmp_path_factory.mktemp("turned") / "archive")
    set_listening(own, "restricted_in_hour = 1")
    with open_on_loopback(own.root) as opened:
        for name in SHORT[:10]:  # an address has the budget of ten accounts
            opened.get(f"/sound/{own.gid(name)}")
        yield opened, f"/sound/{own.gid(SHORT[10])}"


def test_a_browser_that_opens_a_sound_is_shown_a_page(door):
    """A refusal is a page where a page is preferred, with the way on as a link and the seconds to
    wait; a player and a program are given values that name the same way."""
    opened, path = door
    page = opened.get(path, Accept=FIREFOX)
    assert (page.status, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert '<a class="btn" href="/about/guard">' in page.text
    assert "may only be heard" in page.text
    assert "no-store" in page.headers["cache-control"]
    for accept in (ITS_PLAYER, "application/json", "*/*", "application/json, text/html;q=0.5"):
        answer = opened.get(path, Accept=accept)
        assert (answer.status, answer.json["page"]) == (429, "/about/guard")
        assert answer.json["page"] in answer.json["todo"]
        assert answer.json["act"] in answer.json["todo"]
        assert answer.headers["retry-after"] == page.headers["retry-after"]
    assert opened.get("/about/guard", Accept=FIREFOX).status == 200


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        (FIREFOX, True), ("text/html", True), ("TEXT/HTML ; q=0.3", True), ("", False),
        ("*/*", False), ("text/*", False), ("text/html;q=0", False), ("text/html;q=x", False),
        ("application/json", False), ("text/html;q=0.4, application/json;q=0.5", False),
        ("application/problem+json, text/html;q=0.9", False), (";;,q=1,text/html;q=2", False),
    ],
)  # fmt: skip
def test_a_page_is_for_who_names_it_first(accept, is_page):
    """Pages are named by their type, and no lower than values are."""
    assert prefers_page(accept) is is_page
