"""What pages tell, and what not: faults of this machine, licences of an album, who answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from threading import current_thread

import httpx
import pytest
from markupsafe import Markup

from listen.pages.conftest import Asked
from listen.pages.shop import BY_SA, CC0, Shop, make_shop_app
from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import FormatTooNewError, MalformedError, NoCatalogueError
from phonotheque.listen.pages.browsing import _licences
from phonotheque.listen.pages.lists import Group, _found
from phonotheque.listen.pages.playlists import format_m3u8
from phonotheque.listen.pages.words import Words
from phonotheque.listen.threads import AnsweringThreads, answering

LIES_AT = "/srv/archive/catalogue/v3/browse.db"


@pytest.mark.parametrize("kind", [MalformedError, NoCatalogueError, FormatTooNewError])
@pytest.mark.parametrize("accepted", ["text/html", "application/json"])
def test_no_visitor_learns_where_the_archive_lies(tmp_path, kind, accepted):
    """An error names what is at fault, to people and to programs, without its folders."""
    shop = Shop()

    def counts():
        raise kind(LIES_AT, "it is damaged", "Tell the operator.")

    shop.counts = counts
    answer = Asked(make_shop_app(shop, tmp_path))("/", headers={"accept": accepted})
    assert answer.status_code >= 400
    assert "browse.db" in answer.text
    assert "/srv" not in answer.text


def test_an_address_that_leads_nowhere_is_shown(ask):
    """It is what the visitor typed."""
    assert '<p class="digest">/nothing/here</p>' in ask("/nothing/here").text


def test_how_much_was_found_is_told_in_a_sentence():
    """It begins with a capital, whatever stands first."""
    hits = Shop().of(Kind.RECORDING)[:2]
    group = Group("songs", Markup("Songs"), hits, "", Markup("All songs"))
    assert _found(Words(), [group], 2) == "The first 2 songs."
    assert _found(Words(), [group], 3) == "2 songs."


def test_an_empty_archive_says_so_where_it_is_browsed(tmp_path):
    """Three links above nothing would look like a page that did not load."""
    assert "Nothing here yet." in Asked(make_shop_app(Shop(albums=()), tmp_path))("/browse").text
    assert "Nothing here yet." not in Asked(make_shop_app(Shop(), tmp_path))("/browse").text


def test_what_comes_in_is_looked_up_where_pages_are_made(tmp_path):
    """A playlist is searched for in the threads that have the catalogue open, and in no other."""
    shop, asked_in = Shop(), []
    by_gids = shop.by_gids

    def counted(gids):
        asked_in.append(current_thread().name)
        return by_gids(gids)

    shop.by_gids = counted
    app = make_shop_app(shop, tmp_path)
    text = format_m3u8("Mine", shop.of(Kind.RECORDING)[:2], "http://door.test").encode()
    threads = AnsweringThreads(1)

    async def bring_in():
        answering.set(threads)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://door.test") as one:
            return await one.post("/playlist/import", files={"file": ("mine.m3u8", text)})

    assert asyncio.run(bring_in()).status_code == 200
    threads.close()
    assert set(asked_in) == {"answering"}


def test_an_album_says_licences_of_all_its_songs_or_that_it_does_not_know():
    """A track of which no song is known has no licence that is known."""
    shop = Shop()
    album = shop.album(shop.named("Office Hours").gid)
    first, *others = album.tracks
    known = f"Its songs are under {_name(CC0)}."
    assert _licences(Words(), album) == known
    lacking = replace(album, tracks=(replace(first, song=None), *others))
    assert "of some no licence is known" in _licences(Words(), lacking)
    mixed = replace(first, song=replace(first.song, licence=BY_SA))
    both = _licences(Words(), replace(album, tracks=(mixed, *others)))
    assert both.startswith("Its songs are under ")
    assert _name(BY_SA) in both


def _name(licence):
    return {CC0: "CC0 1.0", BY_SA: "CC BY-SA"}[licence]
