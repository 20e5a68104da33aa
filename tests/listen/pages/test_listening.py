"""A person listens: by mouse, by keys alone, on a phone, from page to page, without scripts."""

from __future__ import annotations

import pytest

from listen.pages.browsing import click, complaints, press_at
from listen.sound.waiting import until

TITLE = "document.querySelector('.deck .t').textContent"
PLAYS = "document.querySelector('.deck [data-do=toggle]').classList.contains('is-playing')"
MOVES = "document.querySelector('.deck .wv').getAttribute('aria-valuenow') > 0"
_SLACK_MS = 3500
"""A jump of less than two seconds counts as heard; where a song stands is told in whole seconds,
four times in one."""
QUEUED = "[...document.querySelectorAll('.qu .t')].map((one) => one.textContent)"
READY = "!document.querySelector('.scripted[hidden]')"


def seconds(browser) -> int:
    """Where the song stands."""
    return int(browser.run("document.querySelector('.deck .wv').getAttribute('aria-valuenow')"))


@pytest.fixture
def fresh(browser, door):
    """The browser at the home page, with nothing kept."""
    browser.open(f"{door}/help")
    browser.run("localStorage.clear()")
    browser.open(f"{door}/")
    browser.until(READY)
    yield browser
    assert complaints(browser) == []


def go_to(browser, wave: str, part: float) -> None:
    """Press on a waveform so far from its beginning; `window.before` is the second it left."""
    box = f"document.querySelector({wave!r}).getBoundingClientRect()"
    x, y = browser.run(
        f"(() => {{ const b = {box}; return [b.x + b.width * {part}, b.y + b.height / 2]; }})()"
    )
    browser.run(
        "addEventListener('pointerdown', () => { window.before = "
        "Number(document.querySelector('.deck .wv').ariaValueNow) }, {capture: true, once: true})"
    )
    press_at(browser, x, y)


def go(browser, address: str, wait: str = READY) -> None:
    """Open an address as a visitor who comes anew."""
    browser.open(address)
    browser.until(wait)


def test_a_song_plays_on_while_pages_change(fresh, door, shop):
    """A press on an album plays real sound, and it goes on when a link is followed."""
    album = shop.named("Ledger of Small Rains")
    go(fresh, f"{door}/album/{album.gid}")
    click(fresh, ".sides li:nth-child(2) [data-do=play]")
    fresh.until(f"{PLAYS} && {MOVES}")
    assert fresh.run(TITLE) == "Ferry, Unlit"
    assert fresh.run("document.querySelector('.sides li.is .t').textContent") == "Ferry, Unlit"
    fresh.run("window.stays = true")
    click(fresh, ".who a")
    fresh.until("location.pathname.startsWith('/artist/') && document.querySelector('.p-artist')")
    assert fresh.run(f"window.stays && {PLAYS}")
    assert fresh.run("document.activeElement.id") == "main"
    fresh.run("history.back()")
    fresh.until("document.querySelector('.p-album')")
    assert fresh.run(PLAYS)


def test_one_song_follows_the_other_without_a_hand(fresh, door, shop):
    """At the end of a song the next one is ready and plays; each that was heard is reported."""
    album = shop.named("Office Hours")
    go(fresh, f"{door}/album/{album.gid}")
    first, before = str(shop.named("Lunch Is Rung").gid), len(door.plays)
    click(fresh, "[data-do=play-all]")
    fresh.until(f"{PLAYS} && {MOVES}")
    go_to(fresh, ".deck .wv", 0.85)
    fresh.until(f"{TITLE} === 'Rain Delay at the Velodrome' && {PLAYS} && {MOVES}")
    most_ms = fresh.run("window.before") * 1000 + shop.length_ms * 0.15 + _SLACK_MS
    until(lambda: first in [play["gid"] for play in door.plays[before:]], "it is not reported")
    told = {play["play"]: play for play in door.plays[before:] if play["gid"] == first}
    assert len(told) == 1
    assert all(play["played_ms"] <= most_ms for play in told.values())


def test_the_waveform_is_a_slider(fresh, door, shop):
    """A press on the waveform goes there, and so do arrow keys; both say where."""
    song = shop.named("Small Rains")
    go(fresh, f"{door}/song/{song.gid}")
    go_to(fresh, "[data-wave]", 0.6)
    fresh.until(f"{PLAYS} && document.querySelector('[data-wave]').ariaValueNow >= 11")
    fresh.run(
        "window.said = []; window.wave = document.querySelector('.deck .wv'); wave.focus();"
        "new MutationObserver(() => said.push([wave.ariaValueNow, wave.ariaValueText]))"
        ".observe(wave, {attributes: true})"
    )
    fresh.press("Home")
    fresh.until("said.some(([now, text]) => now == 0 && text.startsWith('0:00 of'))")


def test_an_address_with_a_time_waits_there(fresh, door, shop):
    """?t= shows the song at that second, and plays from there when it is told to."""
    song = shop.named("Small Rains")
    go(fresh, f"{door}/song/{song.gid}?t=2")
    fresh.until(f"{TITLE} === 'Small Rains'")
    assert seconds(fresh) == 2
    assert not fresh.run(PLAYS)
    click(fresh, ".tune [data-do=play]")
    fresh.until(PLAYS)
    assert seconds(fresh) >= 2


def test_the_queue_is_kept_and_can_be_changed(fresh, door, shop):
    """Songs are added, moved by keys and removed; a page loaded anew has the queue again."""
    album = shop.named("Ledger of Small Rains")
    go(fresh, f"{door}/album/{album.gid}")
    click(fresh, "[data-do=play-all]")
    fresh.until(PLAYS)
    go(fresh, f"{door}/player", f"{QUEUED}.length === 5")
    assert fresh.run(QUEUED)[0] == "Ferry, Unlit"
    click(fresh, ".qu li:nth-child(2) [data-do=up]")
    fresh.until(f"{QUEUED}[0] === 'A Clerk Counts the Drops'")
    click(fresh, ".qu li:nth-child(2) [data-do=remove]")
    fresh.until(f"{QUEUED}.length === 4 && !{QUEUED}.includes('Ferry, Unlit')")


def test_results_come_while_one_types_and_keys_choose(fresh, door):
    """A combobox: what is typed finds, arrows choose, Space plays, Enter opens."""
    fresh.run("document.querySelector('main .ask input').focus()")
    for letter in "rain":
        fresh.press(letter)
    fresh.until("document.querySelector('.hit mark')?.textContent.toLowerCase() === 'rain'")
    assert fresh.run("document.querySelectorAll('.hit').length") >= 5
    fresh.press("ArrowDown")
    chosen = "document.querySelector('.hit[aria-selected=true]')"
    assert fresh.run(
        f"{chosen}.id === document.activeElement.getAttribute('aria-activedescendant')"
    )
    title = fresh.run(f"{chosen}.querySelector('.t').textContent")
    fresh.press(" ")
    fresh.until(f"{PLAYS} && {TITLE} === {title!r}")
    fresh.press("Enter")
    fresh.until("document.querySelector('.p-song')")
    assert fresh.run("document.querySelector('h1').textContent") == title
    assert fresh.run(PLAYS)


def test_keys_alone_are_enough(fresh):
    """Slash searches, R draws, Space pauses, K keeps, M mutes, ? helps; one setting ends it."""
    fresh.press("r")
    fresh.until(PLAYS)
    fresh.press("k")
    fresh.until("document.querySelector('.deck [data-do=keep]').ariaPressed === 'true'")
    fresh.press("m")
    fresh.until("document.querySelector('.deck [data-do=mute]').ariaPressed === 'true'")
    fresh.press("m")
    fresh.press(" ", text=" ")
    fresh.until(f"!{PLAYS}")
    fresh.press("?")
    fresh.until("document.querySelector('[data-setting=keys]')")
    click(fresh, "[data-setting=keys]")
    fresh.run("document.activeElement.blur()")
    fresh.press("r")
    fresh.press("/")
    assert not fresh.run(PLAYS)
    assert fresh.run("document.activeElement.localName") == "body"


def test_a_fair_draw_plays_what_it_drew(fresh, door, shop):
    """The sentence draws from what was chosen, and nothing of it comes twice."""
    fresh.run("document.querySelector('.lot [name=licence]').value = 'cc0'")
    click(fresh, ".lot [type=submit]")
    fresh.until(PLAYS)
    drawn = fresh.run("JSON.parse(localStorage.getItem('phonotheque.queue')).songs")
    assert len({song["gid"] for song in drawn}) == len(drawn) == 3
    assert {song["licence"] for song in drawn} == {"CC0"}


def test_what_is_kept_stands_on_the_shelf(fresh, door, shop):
    """A kept song, a playlist made of the queue and what was heard stay when the page is left."""
    album = shop.named("Office Hours")
    go(fresh, f"{door}/album/{album.gid}")
    click(fresh, ".sides li:nth-child(3) [data-do=keep]")
    click(fresh, "[data-do=play-all]")
    fresh.until(PLAYS)
    go(fresh, f"{door}/shelf", "document.querySelector('[data-list=kept] li')")
    kept = "document.querySelector('[data-list=kept] .t').textContent"
    assert fresh.run(kept) == "The Eleven Silences"
    fresh.run("document.querySelector('#new-list').value = 'Bells'")
    click(fresh, "[data-form=playlist] button")
    fresh.until("document.querySelector('[data-list=playlists] .t')?.textContent === 'Bells'")
    assert (
        fresh.run("document.querySelector('[data-list=history] .t').textContent") == "Lunch Is Rung"
    )


def test_playlists_are_the_same_in_both_languages(fresh, door, shop):
    """The script writes M3U8 as the server does."""
    album = shop.named("Office Hours")
    both = fresh.run(
        "(async () => { const root = document.body.dataset.assets;"
        "const text = async (path) => (await fetch(path)).text();"
        f"const theirs = await text('/playlist/album/{album.gid}.m3u8');"
        f"const page = await text('/album/{album.gid}');"
        "const {m3u8} = await import(`${root}formats.js`);"
        "const {songsIn} = await import(`${root}deck.js`);"
        "const list = new DOMParser().parseFromString(page, 'text/html').querySelector('.sides');"
        "return [theirs, m3u8('Office Hours', songsIn(list), location.origin)]; })()"
    )
    assert both[0] == both[1]


def test_a_theme_that_is_chosen_holds(fresh, door):
    """Dark is put on at once, and the next page comes dark from the server."""
    go(fresh, f"{door}/help")
    click(fresh, "input[name=theme][value=dark]")
    assert fresh.run("document.documentElement.dataset.theme") == "dark"
    go(fresh, f"{door}/help")
    assert fresh.run("document.querySelector('[name=theme]:checked').value") == "dark"
    click(fresh, "input[name=theme][value='']")
    assert fresh.run("document.cookie") == ""


def test_a_song_that_fails_is_told_and_passed_over(fresh, door, shop):
    """When a sound is refused, the reason is said and the next song plays."""
    album = shop.named("Return to Weather")
    go(fresh, f"{door}/album/{album.gid}")
    lost = "00000000-0000-4000-8000-000000000000"
    fresh.run(
        "(() => { const row = document.querySelector('.sides li');"
        "const song = JSON.parse(row.dataset.song);"
        f"song.gid = '{lost}'; row.dataset.song = JSON.stringify(song); }})()"
    )
    click(fresh, "[data-do=play-all]")
    fresh.until(f"{TITLE} === 'Forecast: Rain, Then Cake' && {PLAYS}")
    assert "It Rained on the Envelope" in fresh.run("document.querySelector('.said').textContent")


def test_a_phone_has_the_deck_and_the_menu(fresh, door, shop):
    """On a narrow window the deck plays and pauses, and the menu leads on."""
    fresh.look(width=390, height=844)
    album = shop.named("Office Hours")
    go(fresh, f"{door}/album/{album.gid}")
    click(fresh, ".sides li [data-do=play]")
    fresh.until(PLAYS)
    click(fresh, ".deck [data-do=toggle]")
    fresh.until(f"!{PLAYS}")
    click(fresh, ".menu summary")
    click(fresh, ".menu a[href='/shelf']")
    fresh.until("document.querySelector('[data-shelf]')")


def test_without_scripts_one_finds_and_hears(fresh, door, shop):
    """Search answers, an album leads to its sound, and nothing dead is shown."""
    fresh.scripts(are_on=False)
    try:
        fresh.open(f"{door}/search?q=rain")
        assert fresh.run("document.querySelectorAll('a.hit').length") >= 5
        song = shop.named("Small Rains").gid
        fresh.open(f"{door}/song/{song}")
        assert (
            fresh.run("document.querySelector('.tune .key').getAttribute('href')")
            == f"/sound/{song}"
        )
        shown = "[...document.querySelectorAll('button')].filter((one) => one.checkVisibility())"
        assert fresh.run(f"{shown}.map((one) => one.textContent)") == []
    finally:
        fresh.scripts(are_on=True)


def test_an_embedded_player_plays(fresh, door, shop):
    """The frame for other pages plays an album, song by song."""
    album = shop.named("Office Hours")
    fresh.open(f"{door}/embed/{album.gid}")
    fresh.until("document.querySelector('.t').textContent === 'Lunch Is Rung'")
    click(fresh, "[data-do=next]")
    fresh.until("document.querySelector('.t').textContent === 'Rain Delay at the Velodrome'")
    fresh.until("document.querySelector('[data-do=toggle]').classList.contains('is-playing')")


def test_an_embedded_player_keeps_nothing(fresh, door, shop):
    """What is heard in a frame changes neither the listener's queue nor what he has heard."""
    mine = shop.named("Ledger of Small Rains")
    go(fresh, f"{door}/album/{mine.gid}")
    click(fresh, "[data-do=play-all]")
    fresh.until(f"{PLAYS} && {MOVES}")
    fresh.open(f"{door}/help")
    kept = (
        "JSON.stringify([localStorage['phonotheque.history'],"
        " JSON.parse(localStorage['phonotheque.queue']).songs])"
    )
    before = fresh.run(kept)
    fresh.open(f"{door}/embed/{shop.named('Office Hours').gid}")
    fresh.until("document.querySelector('.t').textContent === 'Lunch Is Rung'")
    click(fresh, "[data-do=toggle]")
    playing = "document.querySelector('[data-do=toggle]').classList.contains('is-playing')"
    fresh.until(playing)
    click(fresh, "[data-do=next]")
    fresh.until("document.querySelector('.t').textContent === 'Rain Delay at the Velodrome'")
    assert fresh.run(kept) == before


def test_a_play_that_could_not_be_told_is_told_within_a_day(fresh, door, shop):
    """What is left from an hour ago is reported with the next play, what is older is dropped: it
    may have been counted, and the door would not know it again."""
    hour_ms, song = 3_600_000, str(shop.named("Small Rains").gid)
    left = [("a", 1), ("b", 23), ("c", 25), ("d", 1000)]
    plays = ", ".join(
        f"{{play: '{name}', gid: '{song}', played_ms: 9000, begun: Date.now() - {ago * hour_ms}}}"
        for name, ago in left
    )
    fresh.run(f"localStorage['phonotheque.unsent'] = JSON.stringify([{plays}])")
    first, before = str(shop.named("Lunch Is Rung").gid), len(door.plays)
    go(fresh, f"{door}/album/{shop.named('Office Hours').gid}")
    click(fresh, "[data-do=play-all]")
    fresh.until(f"{PLAYS} && document.querySelector('.deck .wv').ariaValueNow >= 2")
    click(fresh, ".deck [data-do=next]")
    fresh.until(f"{TITLE} === 'Rain Delay at the Velodrome' && {PLAYS}")
    until(lambda: len(door.plays) >= before + 3, "not all is reported")
    assert first in [play["gid"] for play in door.plays[before:]]
    told = [play for play in door.plays if play["play"] in "abcd"]
    assert {play["play"] for play in told} == {"a", "b"}
    assert all(set(play) == {"play", "gid", "played_ms"} for play in told)
    assert fresh.run("localStorage['phonotheque.unsent']") == "[]"
