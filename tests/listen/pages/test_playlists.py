"""Playlists out and in: what is written reads back, and what is none is refused."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listen.pages.shop import HOSTILE, Shop
from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import BadRequestError
from phonotheque.listen.pages import playlists
from phonotheque.listen.pages.playlists import (
    MOST_ENTRIES,
    format_jspf,
    format_m3u8,
    parse_playlist,
)

SONGS = Shop().of(Kind.RECORDING)


@pytest.mark.parametrize("write", [format_m3u8, format_jspf])
def test_what_is_written_reads_back(write):
    """Title, songs and their order survive both forms."""
    title, entries = parse_playlist(write("Rain, slowly", SONGS, "http://door.test").encode())
    assert title == "Rain, slowly"
    assert [entry.gid for entry in entries] == [song.gid for song in SONGS]
    assert [entry.title for entry in entries] == [song.title for song in SONGS]
    assert {entry.creator for entry in entries} >= {"Saltmarsh Relay"}


def test_a_playlist_of_another_player_names_its_files():
    """Without tags the name of a file stands for the title; no other address names a song."""
    text = "#EXTM3U\n\n#EXTINF:200,Kestrel - Rain\nC:\\music\\x.mp3\n/home/me/02 Tide.flac\n"
    _, entries = parse_playlist(text.encode())
    assert [(entry.creator, entry.title) for entry in entries] == [
        ("Kestrel", "Rain"),
        ("", "02 Tide"),
    ]
    assert all(entry.gid is None for entry in entries)


def test_no_more_lines_are_looked_at_than_are_taken(monkeypatch):
    """The other two million, which fit into 4 MiB, cost nothing but their cutting."""
    looked_at = []
    monkeypatch.setattr(playlists, "plain", lambda text: looked_at.append(text) or text)
    title, entries = parse_playlist(b"#PLAYLIST:Long\n" + b"a\n" * (1 << 20))
    assert (title, len(entries)) == ("Long", MOST_ENTRIES)
    assert len(looked_at) <= 3 * MOST_ENTRIES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#EXTM3U\n",
        b"{",
        b"{}",
        b'{"playlist": 3}',
        b"a\0b",
        b'{"playlist": {"track": 1}}',
        b'{"playlist":' * 5000,
    ],
)
def test_what_is_no_playlist_is_refused(data):
    """The error says so, and nothing else is raised."""
    with pytest.raises(BadRequestError):
        parse_playlist(data)


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_any_bytes_are_read_or_refused(data):
    """Reading never raises anything but its own error."""
    with contextlib.suppress(BadRequestError):
        parse_playlist(data)


def test_a_playlist_comes_in_by_a_form(ask, shop):
    """What is found is shown in order, by gid and by name; what is not is named."""
    text = format_m3u8("Mine", shop.of(Kind.RECORDING)[:2], "http://other.test")
    text += f"#EXTINF:1,Kestrel Post Office - It Rained on the Envelope\nx.mp3\n{HOSTILE}.mp3\n"
    answer = ask("/playlist/import", "POST", files={"file": ("mine.m3u8", text.encode())})
    assert answer.status_code == 200
    places = [answer.text.index(title) for title in ("Gauge at Zero", "Ferry, Unlit", "It Rained")]
    assert places == sorted(places)
    assert "<img src=x" not in answer.text


@pytest.mark.parametrize(
    "more",
    [
        {"content": b"", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"x" * 100, "headers": {"content-type": "multipart/form-data; boundary=a"}},
        {"data": {"file": "no file"}, "files": {"other": b""}},
        {"content": b"x" * (9 << 20)},
    ],
)
def test_a_form_that_is_none_is_refused(ask, more):
    """A broken or too large form is the sender's fault."""
    assert ask("/playlist/import", "POST", **more).status_code == 400


def test_an_album_goes_out_in_both_forms(ask, shop):
    """Each has every song of the album."""
    album = shop.named("Office Hours")
    m3u8 = ask(f"/playlist/album/{album.gid}.m3u8").text
    assert m3u8.count("/sound/") == album.songs
    jspf = json.loads(ask(f"/playlist/album/{album.gid}.jspf").text)
    assert len(jspf["playlist"]["track"]) == album.songs
    assert ask(f"/playlist/album/{album.gid}.exe").status_code == 404
