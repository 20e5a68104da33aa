"""What is taken over from an original's ID3v2 tag, in every version, and what that may cost."""

import zlib

import mutagen.id3 as mutagen_id3
import pytest
from tests.audio import zoo
from tests.zoo.bricks import id3, id3_frame

from phonotheque.dress import id3_pictures
from phonotheque.dress.id3 import synchsafe
from phonotheque.dress.id3_pictures import kept_frames

HEAD = b"\0image/png\0\x03\0"
SAFE_PICTURE = b"\x89PNG\r\n\x1a\n" + b"\xff\0\xff\0\0" * 9
ALL_FRAMES, THIS_FRAME = 0x80, b"\0\x02"


def pictures(tag: bytes) -> list[bytes]:
    """The pictures in the frames that are taken over."""
    return [kept[10 + len(HEAD) :] for kept in kept_frames(tag, with_pictures=True)]


def desynchronised(data: bytes) -> bytes:
    return mutagen_id3._util.unsynch.decode(data)


@pytest.mark.parametrize(
    ("of_tag", "of_frame"), [(ALL_FRAMES, THIS_FRAME), (ALL_FRAMES, b"\0\0"), (0, THIS_FRAME)]
)
def test_a_picture_is_taken_over_as_it_was(of_tag: int, of_frame: bytes) -> None:
    """Zeros that a writer put behind 0xFF are taken out, wherever version 2.4 says that it did."""
    frame = id3_frame(b"APIC", HEAD + SAFE_PICTURE, flags=of_frame)
    tag = id3(frame, flags=of_tag)
    assert pictures(tag) == [desynchronised(SAFE_PICTURE)]


def test_a_flag_that_lies_harms_no_picture() -> None:
    """What holds a sync was never unsynchronised, whatever its flags say."""
    picture = SAFE_PICTURE + b"\xff\xfb\x90"
    frame = id3_frame(b"APIC", HEAD + picture, flags=THIS_FRAME)
    assert pictures(id3(frame, flags=ALL_FRAMES)) == [picture]


def test_compressed_frames_share_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compressed pictures unpack to no more than a head may be, all tags together."""
    room_bytes = 1 << 20
    monkeypatch.setattr(id3_pictures, "MAX_HEADER_BYTES", room_bytes)
    body = HEAD + zoo.PNG + bytes(room_bytes // 4)
    frame = id3_frame(b"APIC", synchsafe(len(body)) + zlib.compress(body), flags=b"\0\x09")
    huge = HEAD + bytes(50 * room_bytes)
    bomb = id3_frame(b"APIC", synchsafe(len(huge)) + zlib.compress(huge), flags=b"\0\x09")
    tag = id3(bomb + frame * 2) + id3(frame * 60)
    found = pictures(tag)
    assert [len(picture) for picture in found] == [len(body) - len(HEAD)] * 3
