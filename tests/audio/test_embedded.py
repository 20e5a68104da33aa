"""Pictures taken out of tags: exactly the one that was asked for, or none."""

import hashlib
import io

import pytest
from mutagen.id3 import APIC, ID3
from tests.audio import zoo
from tests.dress import wardrobe
from tests.dress.wardrobe import LARGE_COVER

from phonotheque.audio import facts_in_child, picture_in_child, warm_up
from phonotheque.audio.isolate import run_limited
from phonotheque.audio.sandbox import Limits

NOBODY = hashlib.sha256(b"no picture").hexdigest()


@pytest.mark.parametrize("name", wardrobe.NAMES)
def test_a_picture_comes_out_as_it_went_in(name: str, tmp_path) -> None:
    """In every format each picture that the tags name is had byte for byte by that name alone."""
    (tmp_path / name).write_bytes(wardrobe.whole(name, cover=LARGE_COVER))
    with open(tmp_path / name, "rb") as file:
        file.seek(5)
        (picture,) = facts_in_child(file).tags.pictures
        assert picture_in_child(file, picture.sha256) == LARGE_COVER.data
        assert picture_in_child(file, NOBODY) is None
        assert file.tell() == 5


def test_of_many_pictures_the_right_one() -> None:
    """Several pictures of one file are told apart by their names."""
    file = io.BytesIO(wardrobe.original("id3v24.mp3"))
    tag = ID3(file)
    for kind in (4, 5, 6):
        tag.add(APIC(mime="image/png", type=kind, desc=str(kind), data=zoo.PNG + bytes([kind])))
    file.seek(0)
    tag.save(file)
    names = [one.sha256 for one in facts_in_child(file).tags.pictures]
    found = [picture_in_child(file, name) for name in names]
    assert sorted(found) == [zoo.PNG, *(zoo.PNG + bytes([kind]) for kind in (4, 5, 6))]
    assert [hashlib.sha256(one).hexdigest() for one in found] == names


def test_what_is_no_sound_has_no_picture() -> None:
    """Text, a bare picture and nothing give no picture, whatever is asked for."""
    for data in (b"", b"text" * 99, zoo.PNG):
        assert picture_in_child(io.BytesIO(data), zoo.COVER.sha256) is None


def test_damage_gives_no_other_picture() -> None:
    """Wherever a bit is flipped in the picture, nothing comes out under its name."""
    data = bytearray(wardrobe.original("comments.flac"))
    at = data.find(zoo.PNG)
    assert picture_in_child(io.BytesIO(data), zoo.COVER.sha256) == zoo.PNG
    for place in (at, at + len(zoo.PNG) // 2, at + len(zoo.PNG) - 1):
        damaged = bytearray(data)
        damaged[place] ^= 1
        assert picture_in_child(io.BytesIO(damaged), zoo.COVER.sha256) is None


def test_a_file_that_ends_its_child_has_no_picture(tmp_path) -> None:
    """Where the reader is stopped by its limits, the answer is that there is none."""
    tight = Limits(memory_bytes=1 << 20, result_bytes=64)
    data = wardrobe.whole("id3v24.mp3", cover=LARGE_COVER)
    name = hashlib.sha256(LARGE_COVER.data).hexdigest()
    assert picture_in_child(io.BytesIO(data), name, tight) is None


def test_a_child_is_not_believed(monkeypatch) -> None:
    """Bytes that do not hash to the name that was asked for are none, whoever says them."""
    from phonotheque.audio import embedded

    warm_up()

    def lying(*_args: object, **_more: object):
        return run_limited(lambda: zoo.PNG, limits=Limits())

    monkeypatch.setattr(embedded, "run_limited", lying)
    assert picture_in_child(io.BytesIO(b""), zoo.COVER.sha256) == zoo.PNG
    assert picture_in_child(io.BytesIO(b""), NOBODY) is None
