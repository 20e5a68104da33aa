"""What was removed after the catalogue was built, as albums and lists tell it until the next."""

from __future__ import annotations

import os
import sqlite3

import pytest
from tests.cli.phono import copy_archive

from phonotheque.archive.listening import desk, reading
from phonotheque.archive.listening.copies import ArchiveCopies
from phonotheque.archive.listening.desk import Desk, Desks
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.values import Choice

SHARED = Choice(kind=Kind.RELEASE, is_held=True, is_free=True)


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


def _take_away(phono, library, song):
    for name in library.objects(song.gid):
        phono("takedown", name.hex, "--reason", "The maker asked for it").expect(0)


def test_an_album_of_which_nothing_is_left_claims_nothing(phono, library):
    """As long as one song is left it is held, free and under its licence; then neither, wherever
    it is shown, and it is in no list of what is."""
    (shared,) = library.listing(SHARED).hits
    assert shared.licence
    songs = [one.song for one in library.album(shared.gid).tracks if one.song and one.song.is_held]
    assert len(songs) > 1
    for song in songs[1:]:
        _take_away(phono, library, song)
    assert library.album(shared.gid).hit == shared
    assert library.listing(SHARED).hits == (shared,)
    _take_away(phono, library, songs[0])
    album = library.album(shared.gid)
    told = [album.hit, *library.by_gids([shared.gid]), *library.search(shared.title).hits]
    told += [track.song for track in album.tracks if track.song]
    assert {(one.is_held, one.is_free, one.licence) for one in told if one.gid == shared.gid} == {
        (False, False, None)
    }
    assert {(one.song.is_held, one.song.licence) for one in album.tracks if one.song} == {
        (False, None)
    }
    assert shared.gid not in {one.gid for one in library.search(shared.title).hits}
    assert str(shared.gid) not in phono("search", shared.title, "--json").out
    assert library.listing(SHARED).hits == ()
    artist = Choice(kind=Kind.RELEASE, artist=shared.artist.gid, is_held=True)
    assert shared.gid not in {hit.gid for hit in library.listing(artist).hits}


def test_after_a_removal_the_catalogue_is_opened_once(phono, library, monkeypatch):
    """The question after the next one finds it open."""
    opened, real = [], reading.Browse

    def counted(*given):
        opened.append(given)
        return real(*given)

    (shared,) = library.listing(SHARED).hits
    song = next(one.song for one in library.album(shared.gid).tracks if one.song.is_held)
    _take_away(phono, library, song)
    monkeypatch.setattr(reading, "Browse", counted)
    for _ in range(3):
        library.counts()
    assert len(opened) == 1


def test_who_has_the_archive_in_hand_goes_on_while_it_is_opened_anew(phono, library):
    """What was taken before the settings changed still answers; with the next change it is
    closed."""
    (shared,) = library.listing(SHARED).hits
    name = next(name for one in library.album(shared.gid).tracks for name in _files(library, one))
    one, settings = Desk(phono.root), phono.root / "phonotheque.toml"
    taken = []
    for changed_ns in (1, 2, 3):
        os.utime(settings, ns=(changed_ns, changed_ns))
        taken.append(one.archive())
        assert {archive.index.held(name) for archive in taken[-2:]} == {taken[-1].index.held(name)}
    assert len(set(map(id, taken))) == 3
    with pytest.raises(sqlite3.ProgrammingError):
        taken[0].index.held(name)
    one.close()
    for archive in taken:
        with pytest.raises(sqlite3.ProgrammingError):
            archive.index.held(name)


def test_a_torrent_of_before_an_artist_was_named_otherwise_is_still_fed(phono, library):
    """The files of an album are those of its gid, whatever the folder of a torrent is called."""
    copies = ArchiveCopies(Desks(phono.root), library, "")
    (shared,) = library.listing(SHARED).hits
    (name,) = next(iter(copies.release(shared.gid).paths))
    for folder in (copies.release(shared.gid).name, "[unknown] - Harbour (2001)"):
        found = copies.release_file(shared.gid, (folder, name))
        assert found.file_name == name
        found.data.close()
    for trick in ((), ("x",), ("x", ".."), ("x", name, name)):
        assert copies.release_file(shared.gid, trick) is None


def _files(library, track):
    return library.objects(track.song.gid) if track.song else ()
