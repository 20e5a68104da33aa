"""Music as it is: no artist, no number, a blink long, several licences, never counted, no cover."""

from __future__ import annotations

from dataclasses import replace

import pytest

from listen.pages.browsing import click
from listen.pages.conftest import Asked
from listen.pages.shop import BY_SA, CC0, Shop, gid, make_shop_app
from listen.pages.test_listening import PLAYS, TITLE, fresh, go  # noqa: F401  # a fixture
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.pages.drawing import hue_class
from phonotheque.listen.pages.said import clock


def asked_of(shop: Shop, folder) -> Asked:
    folder.mkdir(exist_ok=True)
    return Asked(make_shop_app(shop, folder))


def album_of(*songs, licence=None):
    """A shop with one album whose songs differ from the usual in these fields."""
    shop = Shop([("Odds", "Somebody", "Depot", 2016, BY_SA, [f"Odd {n}" for n, _ in songs])])
    album = shop.albums[gid("album Odds")]
    tracks = tuple(
        replace(track, number=number, song=replace(track.song, **fields))
        for track, (number, fields) in zip(album.tracks, songs, strict=True)
    )
    hit = replace(album.hit, licence=licence)
    shop.albums[hit.gid] = replace(album, hit=hit, tracks=tracks)
    shop.hits |= {hit.gid: hit} | {track.song.gid: track.song for track in tracks}
    return shop, f"/album/{hit.gid}"


def test_a_song_without_a_number_has_a_button_without_one(tmp_path):
    """ "0" stands for no number: it is never shown as one."""
    shop, path = album_of(("0", {}), ("7", {}))
    page = asked_of(shop, tmp_path)(path).text
    assert 'aria-label="Play Odd 0"' in page
    assert 'aria-label="Play 7, Odd 7"' in page
    assert 'num">7<' in page
    assert 'num">0<' not in page
    assert ">0</text>" not in page
    assert ">7</text>" in page


def test_an_album_says_the_licences_of_its_songs(tmp_path):
    """Where nothing is said of the album itself, its songs are not passed over in silence."""
    unknown = "Nobody has told this archive"
    shop, path = album_of(("1", {"licence": CC0}), ("2", {"licence": BY_SA}))
    page = asked_of(shop, tmp_path / "mixed")(path).text
    assert "Its songs are under CC BY-SA 4.0, CC0 1.0." in page
    assert unknown not in page
    shop, path = album_of(("1", {"licence": CC0}), ("2", {"licence": None}))
    page = asked_of(shop, tmp_path / "some")(path).text
    assert "Songs are under CC0 1.0; of some no licence is known." in page
    shop, path = album_of(("1", {"licence": None}))
    assert unknown in asked_of(shop, tmp_path / "none")(path).text


def test_who_is_unknown_is_said_to_be(tmp_path):
    """Without a name the page says "unknown" beside the album, in every list."""
    nobody = {"credit": None, "artist": None}
    shop, _path = album_of(("1", nobody))
    ask = asked_of(shop, tmp_path)
    assert "unknown, <i>" in ask("/search?q=odd").text
    song = shop.of(Kind.RECORDING)[0]
    assert "<bdi>unknown</bdi> on " in ask(f"/song/{song.gid}").text


@pytest.mark.parametrize(
    ("length_ms", "said"), [(None, ""), (0, "0:00"), (1, "0:01"), (999, "0:01"), (61_500, "1:01")]
)
def test_a_blink_is_not_nothing(length_ms, said):
    """What is shorter than a second is a second on the clock."""
    assert clock(length_ms) == said


def test_a_sleeve_that_is_drawn_gives_its_hue():
    """Without a cover the band has the hue of the drawing that stands for it."""
    one = gid("anything")
    assert hue_class(one, None) == f"h{one.int % 24:02}"
    assert hue_class(one, 3) == "h03"


def test_nothing_is_most_heard_that_nobody_counted(tmp_path):
    """Where nothing is known to have been heard, songs are drawn, and said to be."""
    shop = Shop()
    ask = asked_of(shop, tmp_path)
    page = ask("/").text
    assert 'id="heard"' not in page
    assert 'id="drawn"' in page
    assert "data-song" in page
    song = shop.of(Kind.RECORDING)[0]
    shop.hits[song.gid] = replace(song, listens=9)
    page = ask("/").text
    assert 'id="heard"' in page
    assert 'id="drawn"' not in page
    assert page.count("data-song") == 1
    assert "come last" in ask("/browse?order=heard").text


def test_what_is_not_there_is_told_in_words_first(ask):
    """The headline says what is wrong; the address stands below it."""
    page = ask("/song/nothing").text
    assert "<h1>Nothing in this archive has that address.</h1>" in page
    assert '<p class="digest">/song/nothing</p>' in page


def test_a_playlist_is_saved_under_the_name_of_the_album(ask, shop):
    """A file that is found again among others."""
    album = shop.named("Office Hours")
    for form in ("m3u8", "jspf"):
        headers = ask(f"/playlist/album/{album.gid}.{form}").headers
        assert (
            f'filename="Bureau of Small Bells - Office Hours.{form}"'
            in (headers["content-disposition"])
        )


def test_programs_are_shown_their_way(ask):
    """The foot of every page leads to what programs can ask for, in words."""
    assert 'href="/help#programs"' in ask("/").text
    page = ask("/help").text
    assert 'id="programs"' in page
    assert "/api/v1/openapi.json" in page


def test_an_empty_shelf_offers_nothing_to_do_with_it(fresh, door, shop):  # noqa: F811
    """Buttons stand only where there is something; a playlist of nothing is not kept."""
    go(fresh, f"{door}/shelf")
    shown = "[...document.querySelectorAll('[data-when]')].map((one) => !one.hidden)"
    assert fresh.run(shown) == [False, False]
    fresh.run("document.querySelector('#new-list').value = 'Mine'")
    click(fresh, "[data-form=playlist] button")
    fresh.until("document.querySelector('.said').textContent.includes('The queue is empty')")
    assert fresh.run("document.querySelectorAll('[data-list=playlists] li').length") == 0
    song = shop.named("Small Rains")
    go(fresh, f"{door}/song/{song.gid}")
    click(fresh, "article [data-do=keep]")
    click(fresh, ".tune [data-do=play]")
    fresh.until(PLAYS)
    go(fresh, f"{door}/shelf")
    assert fresh.run(shown) == [True, True]


def test_the_player_says_when_nothing_plays(fresh, door, shop):  # noqa: F811
    """An empty player leads to music; one that plays shows it instead."""
    none = "!document.querySelector('.np-none').hidden"
    fresh.open(f"{door}/healthz")  # where nothing writes its queue down when it is left
    fresh.run("localStorage.clear()")
    go(fresh, f"{door}/player")
    assert fresh.run(none)
    click(fresh, ".np-none a[href='/browse']")
    fresh.until("location.pathname === '/browse'")
    go(fresh, f"{door}/album/{shop.named('Office Hours').gid}")
    click(fresh, "[data-do=play-all]")
    fresh.until(PLAYS)
    go(fresh, f"{door}/player")
    assert not fresh.run(none)


def test_on_a_phone_a_song_plays_and_the_queue_is_a_tap_away(fresh, door, shop):  # noqa: F811
    """A song's page has its button on any width, and the words of the deck lead to the player."""
    fresh.look(width=390, height=844)
    go(fresh, f"{door}/song/{shop.named('Lunch Is Rung').gid}")
    click(fresh, ".tune [data-do=play]")
    fresh.until(PLAYS)
    assert fresh.run(TITLE) == "Lunch Is Rung"
    click(fresh, ".deck .t")
    fresh.until("location.pathname === '/player' && document.querySelector('.p-player')")


def test_what_plays_goes_on_when_somebody_leaves_these_pages(fresh, door, shop):  # noqa: F811
    """A page that is none of ours opens beside this one while something plays, else in its place.

    What is opened is asked of the browser's own function: the tests' browser has one window.
    """
    go(fresh, f"{door}/album/{shop.named('Office Hours').gid}")
    click(fresh, "[data-do=play-all]")
    fresh.until(PLAYS)
    fresh.run("window.beside = []; window.open = (address) => window.beside.push(address); 0")
    fresh.run(
        "(() => { const link = document.createElement('a');"
        "link.href = document.querySelector('link[rel=icon]').href; link.id = 'away';"
        "link.textContent = 'away'; document.querySelector('main').prepend(link); })()"
    )
    click(fresh, "#away")
    fresh.until("window.beside.length === 1")
    assert fresh.run("window.beside[0].endsWith('icon.svg')")
    assert fresh.run(PLAYS)
    click(fresh, ".deck [data-do=toggle]")
    fresh.until(f"!({PLAYS})")
    fresh.events.clear()
    click(fresh, "#away")
    fresh.wait_for("Page.loadEventFired")
    assert fresh.run("location.pathname.endsWith('icon.svg')")
