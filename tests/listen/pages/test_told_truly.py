"""What a page says of itself is so: the draw of the day, and a form that was not taken."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace

import pytest

from listen.pages.browsing import served
from listen.pages.conftest import Asked
from listen.pages.shop import BY_SA, Shop, make_shop_app
from phonotheque.listen.turning_away import too_long
from phonotheque.listen.values import Pool

SEND = """(() => { const form = document.querySelector('form[action="/playlist/import"]');
const files = new DataTransfer(); files.items.add(new File(['#EXTM3U'], 'mine.m3u'));
form.querySelector('input').files = files.files; form.requestSubmit(); return 0; })()"""
SAID = "document.querySelector('.said').textContent"


def test_the_draw_of_the_day_says_from_how_many_and_can_be_drawn_again(tmp_path):
    """Also where all there is fits into it; nothing is said that a visitor could find untrue."""
    shop = Shop([("Odds", "Somebody", "Depot", 2016, BY_SA, ["One", "Two", "Three"])])
    shop.listeners = {}
    shop.hits = {gid: replace(hit, listens=0) for gid, hit in shop.hits.items()}
    ask = Asked(make_shop_app(shop, tmp_path))
    page = ask("/").text
    assert "What is heard most here cannot be said yet." in page
    assert "each of the 3 recordings in this pool is equally likely" in page
    (seed,) = re.findall(r'href="/shuffle\?seed=([\d-]+)"', page)
    drawn = [str(hit.gid) for hit in shop.draw(Pool(), seed=seed).hits]
    again = ask(f"/shuffle?seed={seed}").text
    for shown in (page[page.index('id="drawn"') :], again):
        places = [shown.index(f"/song/{gid}") for gid in drawn]
        assert places == sorted(places)


@contextmanager
def _refusing(app, refusal):
    """The pages behind something that takes no form."""

    async def door(scope, receive, send):
        is_form = scope["type"] == "http" and scope["method"] == "POST"
        await (refusal if is_form else app)(scope, receive, send)

    with served(door) as address:
        yield address


async def _of_a_proxy(scope, receive, send):
    fields = [(b"content-type", b"text/html"), (b"content-length", b"26")]
    await send({"type": "http.response.start", "status": 413, "headers": fields})
    await send({"type": "http.response.body", "body": b"<h1>413 Much too large</h1"})


@pytest.mark.parametrize(
    ("refusal", "said"),
    [(too_long(4 << 20), "it has more than 4096 KiB"), (_of_a_proxy, "answer 413")],
)
def test_a_form_that_is_refused_says_why_and_stays(browser, tmp_path, refusal, said):
    """No other page takes its place, and what was put into it is there still."""
    with _refusing(make_shop_app(Shop(), tmp_path), refusal) as door:
        browser.open(f"{door}/shelf")
        browser.until("!document.querySelector('.scripted[hidden]')")
        browser.run("window.stays = true")
        browser.run(SEND)
        browser.until(f"{SAID}.includes({said!r})")
        assert browser.run("window.stays && location.pathname") == "/shelf"
        kept = "document.querySelector('#list-file').files[0].name"
        assert browser.run(kept) == "mine.m3u"
