"""Covers: the picture in a recording's own tags, else one that came with it."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image
from tests.audio import zoo
from tests.cli.phono import LICENSED, damage, flip
from tests.dress import wardrobe

from phonotheque.archive.bulk.packing import packs_held_back
from phonotheque.archive.opening import open_to_read
from phonotheque.archive.recordings.covers import open_cover
from phonotheque.archive.recordings.embedded import PictureTaker
from phonotheque.archive.reference import resolve_object
from phonotheque.derive.derivative import Origin
from phonotheque.derive.recipes import THUMBNAILS
from phonotheque.dress.overlay import Cover
from phonotheque.errors import NotHeldError
from phonotheque.music.digest import Sha256
from phonotheque.store.objects import ObjectName

SMALL = THUMBNAILS[250]


def sleeve(colour: tuple[int, int, int], form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 300), colour).save(out, form)
    return out.getvalue()


RED, BLUE = sleeve((200, 30, 30)), sleeve((30, 30, 200), "JPEG")


@pytest.fixture
def album(phono, tmp_path):
    """A recording with a red picture in its tags, one without any, and a blue cover beside them."""
    folder = tmp_path / "album"
    folder.mkdir()
    (folder / "own.mp3").write_bytes(wardrobe.whole("id3v24.mp3", cover=Cover(RED)))
    (folder / "bare.flac").write_bytes(wardrobe.retagged("comments.flac", {}, None))
    (folder / "cover.jpg").write_bytes(BLUE)
    told = phono.add(folder, *LICENSED)
    return {path: one["sha256"] for path, one in told.items()}


def held_in(archive, name):
    return resolve_object(archive.index, name)


def colour(kept):
    """Which of the two it is."""
    with kept:
        red, _, blue = Image.open(kept.file).convert("RGB").getpixel((9, 9))
    return "red" if red > blue else "blue"


def test_a_recordings_own_picture_goes_first(phono, album):
    """Its thumbnail is kept under the recording's name; one without a picture has the folder's."""
    with open_to_read(phono.root) as archive:
        own, bare = (held_in(archive, album[path]) for path in ("own.mp3", "bare.flac"))
        made = open_cover(archive, own, SMALL)
        assert (made.origin, made.record.source) == (Origin.MADE, album["own.mp3"])
        assert colour(made) == "red"
        assert open_cover(archive, own, SMALL).origin is Origin.KEPT
        beside = open_cover(archive, bare, SMALL)
        assert beside.record.source == album["cover.jpg"]
        assert colour(beside) == "blue"


def test_what_cannot_be_read_makes_way(phono, album, tmp_path):
    """Damage in a recording's picture lets the folder's speak; with that damaged, none is had."""
    master = phono.object(album["own.mp3"])
    damage(master, flip(master.read_bytes().find(RED) + 50))
    with open_to_read(phono.root) as archive:
        own = held_in(archive, album["own.mp3"])
        assert colour(open_cover(archive, own, SMALL)) == "blue"
        damage(phono.object(album["cover.jpg"]), flip(99))
        with pytest.raises(NotHeldError):
            open_cover(archive, held_in(archive, album["bare.flac"]), THUMBNAILS[500])
    told = phono("show", album["own.mp3"], "--picture", tmp_path / "x.png", "--of", "cover")
    assert "no cover" in told.expect(2).err


@pytest.mark.parametrize(
    ("path", "file", "data"),
    [
        ("own.mp3", "a.png", RED),
        ("bare.flac", "a.jpg", BLUE),
        ("bare.flac", "a.JPEG", BLUE),
        ("own.mp3", "a.jpg", None),
        ("bare.flac", "a.svg", None),
        ("cover.jpg", "a.jpg", None),
    ],
)
def test_a_cover_is_written_as_it_came(phono, album, tmp_path, path, file, data):
    """Byte for byte, into a file whose ending is that of its type; only a recording has one."""
    target = tmp_path / file
    done = phono("show", album[path], "--picture", target, "--of", "cover")
    if data is None:
        done.expect(2)
        assert not target.exists()
    else:
        assert f"{len(data)} bytes" in done.expect(0).out
        assert target.read_bytes() == data


def test_pictures_are_packed_and_held_back_with_their_recording(phono, album):
    """A publication packs the picture out of the tags; a decision about the recording closes the
    pack, and the next publication leaves it out."""

    def art():
        gone = {event["name"] for event in phono.events("retirement")}
        return [
            one["name"]
            for one in phono.events("pack")
            if one["kind"] == "art" and one["name"] not in gone
        ]

    phono.publish()
    (first,) = art()
    folder = phono.root / "published" / "packs" / first
    assert RED in unpacked(folder)
    phono("rights", "set", album["own.mp3"], *LICENSED, "--onsite-only").expect(0)
    with open_to_read(phono.root) as archive:
        assert first in packs_held_back(archive)
    phono.publish()
    (second,) = art()
    data = unpacked(phono.root / "published" / "packs" / second)
    assert RED not in data
    assert BLUE in data


def unpacked(folder):
    from backports import zstd

    with zstd.open(folder / "art.bin.zst") as file:
        return file.read()


def test_a_picture_taker_goes_on(phono, album):
    """It gives the picture of that name, and none where there is none or no file is; when its
    process dies, the next picture is asked of another, and none is left behind at the end."""
    name = ObjectName(Sha256.parse(album["own.mp3"]), "mp3")
    nobody = Sha256.parse(zoo.COVER.sha256)
    red = Sha256(hashlib.sha256(RED).digest())
    with PictureTaker(phono.root) as take_picture:
        assert take_picture(name, nobody) is None
        assert take_picture(ObjectName(nobody, "mp3"), nobody) is None
        assert take_picture(name, red) == RED
        first = take_picture._process
        first.kill()
        first.wait()
        assert take_picture(name, red) is None
        assert take_picture(name, red) == RED
        second = take_picture._process
    assert first.returncode is not None
    assert second.returncode is not None
