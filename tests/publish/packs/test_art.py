"""Packs of art: what came beside recordings, and the pictures in their tags."""

from __future__ import annotations

import hashlib

import pytest
from tests.audio import zoo

from faults.memory import MemoryDisk
from faults.way_in import found, make_music
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Picture, Tags
from phonotheque.music.rights import Basis, RightsStatement
from phonotheque.publish.packs.form import PackKind, folder_of
from phonotheque.publish.packs.holding import packs_holding
from phonotheque.publish.packs.reading import OpenPack
from phonotheque.publish.packs.standing import offered_packs
from phonotheque.register.events import Rights
from publish.packs import stock

FLAC, MP3 = "comments.flac", "id3v24.mp3"
PICTURE = zoo.COVER.sha256


@pytest.fixture
def disk():
    """An archive of nothing, in memory."""
    disk = MemoryDisk()
    found(disk)
    return disk


@pytest.fixture
def music(tmp_path):
    """Two recordings that have the very same picture in their tags."""
    folder = make_music(tmp_path / "music", 1)
    for name in (FLAC, MP3):
        (folder / name).write_bytes(zoo.specimen(name).data)
    return folder


def name_of(name):
    return Sha256(hashlib.sha256(zoo.specimen(name).data).digest())


def read_tags(archive, *names):
    """Let the index know what a real reader says of the tags."""
    for name in names:
        archive.index.remember_tags(name_of(name), zoo.specimen(name).tags)


def refuse(archive, sha256):
    statement = RightsStatement(licence="", basis=Basis.DECISION, stated_at="2026-11-21T06:00:00Z")
    archive.record(Rights(sha256.hex, statement))


def art_of(disk, archive):
    """All art that is offered: by key, the bytes and what is said of them."""
    told = {}
    for pack in offered_packs(archive.index, PackKind.ART):
        with OpenPack(disk, folder_of(pack.name)) as opened:
            names = opened.head.columns[4:]
            for one in opened.entries():
                told[one.key] = opened.read(one), dict(zip(names, one.extra, strict=True))
    return told


def test_a_picture_in_tags_is_art(disk, music):
    """It is there once, byte for byte, with the licence, the release and the name of a recording
    that has it; a second run does nothing."""
    with stock.stocked(disk, music) as archive:
        read_tags(archive, FLAC, MP3)
        stock.make_all(disk, archive)
        data, said = art_of(disk, archive)[PICTURE]
        assert data == zoo.PNG
        assert said["recording"] in {name_of(FLAC).hex, name_of(MP3).hex}
        assert (said["extension"], said["file"]) == ("png", "")
        assert (said["release"], said["artists"]) == ("Nacht & Tag", "Various")
        again = stock.make_all(disk, archive)
        assert (again.made, again.retired) == ([], [])


def test_a_companion_says_of_which_recording_nothing(disk, music):
    """Only a picture out of tags names a recording: a file that came beside has its own rights."""
    with stock.stocked(disk, music) as archive:
        stock.make_all(disk, archive)
        ((_, said),) = art_of(disk, archive).values()
        assert (said["file"], said["recording"]) == ("notes.txt", "")


def test_a_picture_goes_by_the_rights_of_its_recordings(disk, music):
    """Refused for one recording it stays for the other's sake; refused for both it goes. A pack is
    known to hold something of the recording that it names."""
    with stock.stocked(disk, music) as archive:
        read_tags(archive, FLAC, MP3)
        left = {name_of(FLAC).hex, name_of(MP3).hex}
        while left:
            stock.make_all(disk, archive)
            named = art_of(disk, archive)[PICTURE][1]["recording"]
            assert named in left
            alive = offered_packs(archive.index, PackKind.ART)
            held = packs_holding(disk, alive, frozenset((Sha256.parse(named),)))
            assert held == [alive[0].name]
            left.remove(named)
            refuse(archive, Sha256.parse(named))
        stock.make_all(disk, archive)
        assert PICTURE not in art_of(disk, archive)


def test_a_file_of_the_same_bytes_speaks_for_itself(disk, music):
    """Where the archive holds the picture as a file, that file's own rights count alone."""
    (music / "cover.png").write_bytes(zoo.PNG)
    with stock.stocked(disk, music) as archive:
        read_tags(archive, FLAC, MP3)
        stock.make_all(disk, archive)
        assert art_of(disk, archive)[PICTURE][1]["file"] == "cover.png"
        refuse(archive, Sha256.parse(PICTURE))
        stock.make_all(disk, archive)
        assert PICTURE not in art_of(disk, archive)


@pytest.mark.parametrize(
    "picture",
    [
        Picture("1" * 64, 9, "image/png", 3),
        Picture(PICTURE, 9, "text/html", 3),
        Picture(PICTURE, 1 << 40, "image/png", 3),
        Picture(PICTURE, 0, "image/png", 3),
    ],
    ids=["absent", "no picture", "too long", "empty"],
)
def test_what_cannot_be_taken_out_is_left_out(disk, music, picture):
    """A picture that tags name and nobody can have stops nothing, and is in no pack."""
    with stock.stocked(disk, music) as archive:
        archive.index.remember_tags(name_of(FLAC), Tags(title="A", pictures=(picture,)))
        done = stock.make_all(disk, archive)
        assert set(art_of(disk, archive)) == {hashlib.sha256(b"liner notes").hexdigest()}
        noted = [note for note in done.notes if picture.sha256 in note]
        assert len(noted) == (picture.sha256 == "1" * 64)
