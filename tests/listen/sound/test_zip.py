"""A whole album is a zip that every program opens, and that can be gone on with."""

from __future__ import annotations

import asyncio
import io
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listen.door import open_on_loopback
from listen.sound.stock import IN_COPYRIGHT, decide, set_listening
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.listen.sound.album_zip import (
    AlbumZip,
    Checksums,
    Packed,
    Paper,
    packed_paper,
    zip_resource,
)
from phonotheque.listen.sound.sending import Sending
from phonotheque.listen.sound.traffic import BrokenOffError, Traffic
from phonotheque.listen.sound.zip_form import Member, encode_directory, encode_head, size_of
from phonotheque.listen.values import Choice, Kind
from phonotheque.music.rights import Use

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20)


def _packed(files):
    return [
        Packed(Member(name, len(data)), f"{number}", lambda data=data: Paper(data))
        for number, (name, data) in enumerate(files.items())
    ]


@given(st.dictionaries(NAMES, st.binary(max_size=300), max_size=5), st.data())
def test_any_part_is_a_part_of_the_whole(files, data):
    """`read(a, b)` is `whole[a:b]`; the length is known before; the standard library reads it."""
    zipped = AlbumZip(_packed(files), Checksums())
    whole = zipped.read(0, zipped.size_bytes)
    assert len(whole) == zipped.size_bytes
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    assert AlbumZip(_packed(files), Checksums()).read(begin, end) == whole[begin:end]
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in files} == files


def test_more_than_four_gigabytes_are_told_of():
    """Lengths and places beyond 32 bits stand in the fields of 64 bits."""
    members = [Member("a", 5 << 32), Member("b", 7)]
    head = encode_head(members[0], 1)
    assert len(head) == members[0].head_bytes
    directory = encode_directory(members, [1, 2])
    inside = sum(one.head_bytes + one.size_bytes for one in members)
    assert inside + len(directory) == size_of(members)
    assert (5 << 32).to_bytes(8, "little") in directory
    assert (members[0].head_bytes + (5 << 32)).to_bytes(8, "little") in directory


def test_what_was_read_once_is_not_read_again_for_its_checksum():
    """The checksum of the same bytes is computed once, whatever zip they are in."""
    opened = []
    paper = packed_paper("a", "text")
    counted = Packed(paper.member, paper.etag, lambda: opened.append(1) or paper.open())
    checksums = Checksums()
    assert [checksums.of(counted) for _ in range(3)] == [zlib.crc32(b"text")] * 3
    assert opened == [1]


class _Long:
    """A song of which is counted how much was read at a time."""

    size_bytes = 50 << 20

    def __init__(self):
        self.steps, self.is_closed = [0], False
        self.still_may = lambda: True

    def read(self, begin, end):
        self.steps[-1] += end - begin
        return bytes(end - begin)

    def close(self):
        self.is_closed = True


def test_checksums_are_computed_step_by_step():
    """However long songs are, little is read at a time before it is asked whether to go on; what is
    read then needs no more of them."""
    songs = [_Long() for _ in range(2)]
    packed = [
        Packed(Member(f"{number}", song.size_bytes), f"{number}", lambda song=song: song)
        for number, song in enumerate(songs)
    ]
    zipped = AlbumZip(packed, Checksums())
    directory = (zipped.size_bytes - 10, zipped.size_bytes)
    while not zipped.is_ready(*directory):
        for song in songs:
            song.steps.append(0)
        zipped.prepare(*directory)
    assert max(max(song.steps) for song in songs) <= 16 << 20
    assert [sum(song.steps) for song in songs] == [song.size_bytes for song in songs]
    assert all(song.is_closed for song in songs)
    zipped.read(*directory)
    assert [sum(song.steps) for song in songs] == [song.size_bytes for song in songs]


def test_who_went_away_has_nothing_more_computed():
    """What was being computed for him is let go of; nobody's thread is held."""
    song = _Long()
    packed = [Packed(Member("a", song.size_bytes), "a", lambda: song)]
    resource = zip_resource("x", packed, Checksums())
    sending = Sending(resource, Traffic(), is_long=True, is_gone=lambda: sum(song.steps) > 0)
    scope = {"method": "GET", "path": "/", "headers": []}

    async def send(message):
        raise AssertionError(message)

    with pytest.raises(BrokenOffError):
        asyncio.run(sending(scope, send))
    assert 0 < sum(song.steps) < song.size_bytes
    assert song.is_closed


@pytest.fixture(scope="module")
def album(stock):
    """The gid of the one release in the archive."""
    library = ArchiveLibrary(stock.root)
    (hit,) = library.listing(Choice(kind=Kind.RELEASE)).hits
    library.close()
    return hit.gid


def test_an_album_holds_what_may_be_kept_and_says_what_is_not_in_it(stock, door, album):
    """Songs that may only be heard are left out, each with its reason; the others are exact."""
    answer = door.get(f"/download/album/{album}.zip")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-length"] == str(len(answer.body))
    with zipfile.ZipFile(io.BytesIO(answer.body)) as opened:
        assert opened.testzip() is None
        *songs, about = opened.namelist()
        kept = {opened.read(name) for name in songs}
        text = opened.read(about).decode()
    assert kept == {stock.data(name) for name in ("long.wav", "short.flac", "unchanged.flac")}
    assert text.count("not in here") == 5
    assert "https://creativecommons.org/licenses/by/4.0/" in text


def test_an_album_can_be_gone_on_with(stock, door, album):
    """A range of the zip is that part of it, under the same strong name; HEAD has no body."""
    path = f"/download/album/{album}.zip"
    whole = door.get(path)
    for wanted in ("0-99", "1000000-3000000", "-500"):
        part = door.get(path, Range=f"bytes={wanted}", If_Range=whole.headers["etag"])
        first, last = map(int, part.headers["content-range"][6:].partition("/")[0].split("-"))
        assert (part.status, part.body) == (206, whole.body[first : last + 1])
    assert door.get(path, "HEAD").headers["content-length"] == str(len(whole.body))


def test_an_album_that_changes_is_another_one(own, album):
    """When a song may not be kept any more it is not in the zip, whose name is another."""
    path = f"/download/album/{album}.zip"
    with open_on_loopback(own.root) as door:
        before = door.get(path, "HEAD")
        own.phono("takedown", own.names["long.wav"], "--reason", "The maker asked for it")
        after = door.get(path, "HEAD")
    assert before.headers["etag"] != after.headers["etag"]
    assert int(after.headers["content-length"]) < 100_000


@pytest.mark.parametrize(("in_hour", "status"), [(2, 200), (1, 429)])
def test_an_album_that_is_counted_is_had_whole_or_later(own, in_hour, status):
    """Songs that may be kept and are not free count for who asks, who is greeted; when the budget
    is used the album comes later, and not without some of its songs."""
    for name in ("streamed.wav", "unknown.wav"):
        uses = (Use.STREAM, Use.REDISTRIBUTE)
        decide(own.phono, own.names[name], licence=IN_COPYRIGHT, granted=uses)
    set_listening(own, f"restricted_in_hour = {in_hour}")
    library = ArchiveLibrary(own.root)
    (album,) = library.listing(Choice(kind=Kind.RELEASE)).hits
    library.close()
    with open_on_loopback(own.root) as door:
        told = door.get(f"/download/album/{album.gid}.zip", X_Forwarded_For="192.0.2.1")
    assert told.status == status
    assert "set-cookie" in told.headers
    assert ("retry-after" in told.headers) == (status == 429)
