"""A person who is asked something finds the question: in the player, by mouse and by keys."""

from __future__ import annotations

import json

import pytest
from tests.cli.phono import call
from tests.once import made_once

from listen.door import open_on_loopback
from listen.guarded import stock as making
from listen.guarded.stock import LONG, SHORT
from listen.pages.browsing import axe_script, click, complaints, findings, press_at
from listen.sound.stock import copy_of
from listen.sound.waiting import until

READY = "!document.querySelector('.scripted[hidden]')"
BOX = "document.querySelector('.held')"
SHOWN = f"{BOX} && !{BOX}.hidden"
WAY = f"{BOX}.querySelector('a').getAttribute('href')"
PLAYS = "document.querySelector('.deck [data-do=toggle]').classList.contains('is-playing')"
REFUSED = """window.refused = false; new PerformanceObserver((list) => {
  window.refused ||= list.getEntries().some((one) => one.responseStatus === 429);
}).observe({type: 'resource'}); 0"""
LINE = "[...document.querySelectorAll('.wait')].filter((one) => one.checkVisibility())[0]"


@pytest.fixture
def asked(request, browser, tmp_path, tmp_path_factory):
    """An archive, its door's address, and the page of a case: the browser's account was asked a
    question after it had begun two restricted recordings."""
    stock = copy_of(made_once(tmp_path_factory, "guarded", making.make), tmp_path / "archive")
    with open_on_loopback(stock.root) as door:
        origin = door.address.rstrip("/")
        browser.open(f"{origin}/help")
        browser.run("localStorage.clear()")
        for name in getattr(request, "param", SHORT[:2]):
            how = {"headers": {"Range": "bytes=0-9"}}
            browser.run(f"fetch('/sound/{stock.gid(name)}', {how}).then((one) => one.status)")
        words = ("challenge", "--reason", "A group.", "--json")
        told = call("--archive", stock.root, "guard", "decide", _account(door), *words).one()
        yield stock, origin, f"/case/{told['case']}"
        assert complaints(browser) == []
        browser.open("about:blank")  # or the door waits for the sound that is still being sent


def _account(door):
    """The account of the last restricted play, from the access log."""
    found = []

    def is_written():
        door.get("/healthz")
        text = "".join(path.read_text() for path in door.root.glob("state/access/*.jsonl"))
        lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        found.extend(line["account"] for line in lines if line.get("account"))
        return found

    until(is_written, "the log is not written")
    return found[-1]


def test_who_is_asked_finds_the_question_and_answers_it(browser, asked):
    """The refusal is announced and stays, through other words and other pages; its link is reached
    by keys, the question answered, and the same button plays the same song."""
    stock, origin, case = asked
    browser.open(f"{origin}/song/{stock.gid(LONG)}")
    browser.until(READY)
    assert not browser.run(SHOWN)
    click(browser, ".tune [data-do=play]")
    browser.until(SHOWN)
    assert browser.run(f"{BOX}.getAttribute('role')") == "alert"
    assert browser.run(WAY) == case
    assert "a question waits" in browser.run(f"{BOX}.textContent")
    browser.press("k")  # keeps the song, and says so
    browser.until("document.querySelector('.said').textContent")
    browser.press("q")
    browser.until("document.querySelector('.p-player .np:not([hidden])')")
    assert browser.run(SHOWN)
    assert browser.run(f"{LINE}.getAttribute('href')") == case
    browser.run(f"{BOX}.querySelector('a').focus()")
    browser.press("Enter")
    browser.until(f"location.pathname === {case!r} && document.querySelector('#answer')")
    assert not browser.run(SHOWN)
    browser.run("document.querySelector('#answer').value = 'Songs that a neighbour told me of.'")
    click(browser, "form[action$='/answer'] button")
    browser.until("!document.querySelector('#answer')")
    click(browser, ".deck [data-do=toggle]")
    browser.until(PLAYS)
    assert not browser.run(f"{SHOWN} || {LINE}")


@pytest.mark.parametrize("asked", [(SHORT[0], LONG)], indirect=True)
def test_what_comes_next_and_is_refused_says_so_too(browser, asked):
    """A queue that stops at a song that may not be opened tells it, though that song was refused
    while the one before played; a message that was closed leaves its way in the deck."""
    stock, origin, case = asked
    browser.open(f"{origin}/song/{stock.gid(LONG)}")
    browser.until(READY)
    click(browser, ".tune [data-do=play]")
    browser.until(PLAYS)
    browser.open(f"{origin}/song/{stock.gid(SHORT[5])}")
    browser.until(READY)
    browser.run("document.querySelector('.under [data-do=enqueue]').click()")
    browser.run(REFUSED)
    click(browser, ".deck [data-do=toggle]")
    browser.until(PLAYS)
    go_to_the_end(browser)
    browser.until(f"window.refused && {SHOWN}")
    assert browser.run(WAY) == case
    browser.run(f"{BOX}.querySelector('[data-do]').focus()")
    browser.press("Enter")
    browser.until(f"{BOX}.hidden")
    assert browser.run(f"{LINE}.getAttribute('href')") == case
    assert browser.run("document.activeElement.id") == "main"


def go_to_the_end(browser):
    """Press on the waveform of the deck where 98 of 100 parts are over."""
    box = "document.querySelector('.deck .wv').getBoundingClientRect()"
    x, y = browser.run(
        f"(() => {{ const b = {box}; return [b.x + b.width * 0.98, b.y + b.height / 2]; }})()"
    )
    press_at(browser, x, y)


@pytest.mark.parametrize(("width", "is_dark"), [(1280, False), (320, True)], ids=["wide", "phone"])
def test_the_message_is_for_everybody(browser, asked, width, is_dark):
    """No finding of axe while it is shown, on the song's page and in the whole player; nothing is
    wider than the window, the page of the refusal itself is one like others, and a player in
    another page leads there, too."""
    stock, origin, _ = asked
    browser.look(width=width, height=900, is_dark=is_dark)
    browser.open(f"{origin}/song/{stock.gid(SHORT[6])}")
    browser.until(READY)
    click(browser, ".tune [data-do=play]")
    browser.until(SHOWN)
    found = findings(browser, axe_script())
    browser.press("q")
    browser.until("document.querySelector('.p-player .np:not([hidden])')")
    found += findings(browser, axe_script())
    assert browser.run("document.documentElement.scrollWidth") <= width
    browser.open(f"{origin}/sound/{stock.gid(SHORT[6])}")
    browser.until("document.querySelector('h1')")
    assert browser.run("document.querySelector('main .btn').pathname").startswith("/case/g")
    found += findings(browser, axe_script())
    browser.open(f"{origin}/embed/{stock.gid(SHORT[6])}")
    click(browser, "[data-do=toggle]")
    browser.until("document.querySelector('[role=alert]').textContent.includes('question')")
    assert browser.run("document.querySelector('.now .by').pathname").startswith("/case/g")
    assert found == []
