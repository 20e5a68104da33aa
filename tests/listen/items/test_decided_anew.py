"""What was decided, or corrected, after the catalogue was built: every page says the same of it."""

from __future__ import annotations

import re

import pytest
from tests.cli.phono import copy_archive

from listen.door import open_on_loopback
from phonotheque.archive.listening import desk
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.items.answering import look_for
from phonotheque.listen.values import Choice

BY_ND = "https://creativecommons.org/licenses/by-nd/4.0/"
HELD = Choice(kind=Kind.RECORDING, is_held=True)


@pytest.fixture
def phono(stock, tmp_path, monkeypatch):
    """A copy of the archive, looked at anew with each question."""
    monkeypatch.setattr(desk, "_LOOK_S", 0.0)
    return copy_archive(stock, tmp_path / "archive")


@pytest.fixture
def library(phono):
    opened = ArchiveLibrary(phono.root)
    yield opened
    opened.close()


def _decide(phono, name, licence, *more):
    return phono("rights", "set", name, "--licence", licence, "--evidence", "letter", *more)


@pytest.mark.parametrize("was_free", [True, False], ids=["narrower", "first"])
def test_every_page_states_the_licence_that_the_register_decided_last(phono, library, was_free):
    """The song, its item, lists, search and the API, at once; and what may be taken is offered."""
    hit = next(one for one in library.listing(HELD).hits if one.is_free is was_free)
    (name,) = library.objects(hit.gid)
    said = _decide(phono, name.hex, "CC-BY-ND-4.0").expect(0).out
    assert "from the next `phono catalogue build` on" in said
    told = [library.song(hit.gid).hit, *library.by_gids([hit.gid]), library.song_of(name)]
    told += [one for one in library.listing(HELD).hits if one.gid == hit.gid]
    told += [one for one in library.search(hit.title).hits if one.gid == hit.gid]
    assert {(one.licence, one.is_free) for one in told} == {(BY_ND, True)}
    assert len(told) == 5
    found = phono("search", hit.title, "--json").expect(0).lines()
    assert [one["licence"] for one in found if one.get("gid") == str(hit.gid)] == [BY_ND]
    shown = phono("show", str(hit.gid), "--json").expect(0).one()
    assert [one["licence"] for one in shown["licences"]] == [BY_ND]
    assert shown["is_free"]
    with open_on_loopback(phono.root) as door:
        pages = [door.get(f"/{kind}/{hit.gid}").text for kind in ("song", "item")]
        for page in pages:
            assert "CC BY-ND 4.0.</b> You may copy and share it unchanged" in page
            assert "Nobody has told" not in page
        for form in set(re.findall(r'href="(/download/[^"]+)"', pages[0])):
            assert door.get(form, "HEAD").status == 200, form
        assert "form=original" in pages[0]
        assert "form=dressed" not in pages[0]
        assert door.get(f"/download/{hit.gid}?form=dressed").status == 451
        assert door.get(f"/api/v1/songs/{hit.gid}").json["hit"]["licence"] == BY_ND
        assert "held and shared" in door.get(f"/work?q={hit.gid}").text


def test_a_licence_that_ended_is_no_licence_on_any_page(phono, library):
    """What ran out is not shown as leave to copy; the page says that, and since when."""
    hit = next(one for one in library.listing(HELD).hits if one.is_free)
    (name,) = library.objects(hit.gid)
    _decide(phono, name.hex, "CC-BY-4.0", "--until", "2020-01-01").expect(0)
    song = library.song(hit.gid).hit
    assert (song.licence, song.is_free) == (None, False)
    free = Choice(kind=Kind.RECORDING, is_held=True, is_free=True)
    assert hit.gid not in {one.gid for one in library.listing(free).hits}
    with open_on_loopback(phono.root) as door:
        for kind in ("song", "item"):
            page = door.get(f"/{kind}/{hit.gid}").text
            assert "What was allowed ended on 2020-01-01" in page
            assert "You may copy" not in page


def test_an_album_says_of_its_licence_what_its_songs_do(phono, library):
    """Where one of them was decided anew: theirs if it is one, else none."""
    albums = library.listing(Choice(kind=Kind.RELEASE, is_held=True, is_free=True)).hits
    album = library.album(albums[0].gid)
    songs = [one.song for one in album.tracks if one.song and one.song.is_held]
    assert len(songs) > 1
    for place, song in enumerate(songs, 1):
        (name,) = library.objects(song.gid)
        _decide(phono, name.hex, "CC-BY-ND-4.0").expect(0)
        licence = library.album(album.hit.gid).hit.licence
        assert licence == (BY_ND if place == len(songs) else None)


def test_who_looks_for_his_work_by_an_older_name_finds_it(phono, library):
    """Its title before a correction, what a correction gives it, and its file's artist; a name that
    was never borne finds nothing."""
    hit = next(one for one in library.listing(HELD).hits if one.is_free)
    (name,) = library.objects(hit.gid)
    phono("edit", name.hex, "title=Another name", "artists=Somebody else").expect(0)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    assert library.song(hit.gid).hit.title == "Another name"
    for sought in (hit.title, hit.title.upper(), "another NAME", "Somebody else", hit.credit):
        assert hit.gid in {one.gid for one in look_for(library, sought).held}, sought
    phono("edit", name.hex, "title=A third").expect(0)
    assert hit.gid in {one.gid for one in look_for(library, "a third").held}
    assert look_for(library, "Another").held == ()
