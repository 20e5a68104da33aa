"""Files whose tags say little, through the whole door: no artist, no number."""

from __future__ import annotations

import io
import zipfile

import pytest
import soundfile
from tests.cli.phono import LICENSED, found
from tests.once import made_once

from listen.door import open_on_loopback
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.values import Choice


def _make(folder):
    """An album of two songs without numbers, and a file that says nothing at all."""
    (folder / "music").mkdir()
    for number, title in enumerate(("First", "Second", "")):
        path = folder / "music" / f"untitled_{number}.flac"
        with soundfile.SoundFile(path, "w", 8000, 1, format="FLAC", subtype="PCM_16") as file:
            if title:
                file.title, file.artist, file.album = title, "Somebody", "Unnumbered"
            file.buffer_write(bytes((number, 1)) * 20_000, "int16")
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED)
    phono("catalogue", "build", "--jobs", "1").expect(0)


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    root = made_once(tmp_path_factory, "listened-unnamed", _make) / "archive"
    with open_on_loopback(root) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(door):
    opened = ArchiveLibrary(door.root)
    yield opened
    opened.close()


def test_what_nobody_is_named_for_has_no_credit(door, library):
    """The catalogue's word for an unknown artist is no name: pages and API say so."""
    songs = {hit.title: hit for hit in library.listing(Choice()).hits}
    unnamed = songs["untitled_2"]
    assert (unnamed.credit, unnamed.artist) == (None, None)
    assert songs["First"].credit == "Somebody"
    assert door.get(f"/api/v1/songs/{unnamed.gid}").json["hit"]["credit"] is None
    page = door.get(f"/song/{unnamed.gid}").text
    assert "<bdi>unknown</bdi>" in page
    assert "[unknown]" not in page


def test_an_album_without_numbers_has_none_in_its_zip(door, library):
    """A number that nobody gave stands neither on the page nor before a name."""
    (album,) = library.listing(Choice(kind=Kind.RELEASE)).hits
    told = door.get(f"/download/album/{album.gid}.zip?form=original").body
    names = zipfile.ZipFile(io.BytesIO(told)).namelist()
    assert sorted(names)[1:] == ["Somebody - First.flac", "Somebody - Second.flac"]
    assert 'num">0<' not in door.get(f"/album/{album.gid}").text


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/"])
def test_the_front_of_the_api_leads_to_its_description(door, path):
    """The address that `phono serve` prints is no dead end."""
    answer = door.get(path)
    assert (answer.status, answer.headers["location"]) == (307, "/api/v1/openapi.json")
