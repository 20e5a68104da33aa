"""What an ID3v2 tag may cost: frames that unpack to much, frames without number."""

import io
import tracemalloc
import zlib

import pytest
from tests.audio import zoo
from tests.zoo.bricks import id3, id3_frame

from phonotheque.audio import tags
from phonotheque.audio.id3 import MOST_FRAMES, frames_end, picture_begins, read_synchsafe
from phonotheque.audio.tags import read_tags
from phonotheque.dress.id3 import synchsafe
from phonotheque.music.facts import Tags

MP3 = zoo.encode("libmp3lame", "mp3", "s16p", seconds=0.1)
TITLE, ARTIST = id3_frame(b"TIT2", b"\x03Ebb"), id3_frame(b"TPE1", b"\x03Ada")
PICTURE = b"\0image/png\0\x03\0" + zoo.PNG
ROOM_BYTES = 1 << 20


def read(*frames: bytes, version: int = 4, flags: int = 0) -> Tags:
    return read_tags(io.BytesIO(id3(b"".join(frames), version=version, flags=flags) + MP3), "mp3")


def packed(name: bytes, body: bytes, version: int = 4) -> bytes:
    """A compressed frame with its size in front. Source: ID3v2.3.0, 3.3.1; ID3v2.4.0, 4.1.2."""
    size = len(body).to_bytes(4, "big") if version == 3 else synchsafe(len(body))
    whole = size + zlib.compress(body)
    if version == 3:  # its sizes are plain
        return name + len(whole).to_bytes(4, "big") + b"\0\x80" + whole
    return id3_frame(name, whole, flags=b"\0\x09")


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames may unpack to 1 MiB in all."""
    monkeypatch.setattr(tags, "_MAX_UNPACKED_BYTES", ROOM_BYTES)


@pytest.mark.parametrize("version", [3, 4])
def test_compressed_frames_are_read(version: int) -> None:
    """Frames that unpack to something usual are read like any other."""
    frames = packed(b"TIT2", b"\0Ebb", version), packed(b"APIC", PICTURE, version)
    found = read(*frames, version=version)
    assert (found.title, found.pictures) == ("Ebb", (zoo.COVER,))


def test_compressed_frames_without_a_size_are_read() -> None:
    """Old files of Quod Libet lack the size in front of a compressed frame."""
    frame = id3_frame(b"TIT2", zlib.compress(b"\x03Ebb"), flags=b"\0\x08")
    assert read(frame, ARTIST) == Tags(title="Ebb", artists=("Ada",))


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("version", [3, 4])
def test_a_frame_that_unpacks_to_too_much_is_left_out(version: int) -> None:
    """It costs the tag that frame and no more, and next to no memory."""
    blown = packed(b"APIC", PICTURE + bytes(64 * ROOM_BYTES), version)
    latin = id3_frame(b"TIT2", b"\0Ebb"), id3_frame(b"TPE1", b"\0Ada")
    tracemalloc.start()
    found = read(latin[0], blown, latin[1], version=version)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == Tags(title="Ebb", artists=("Ada",))
    assert peak_bytes < 20 * ROOM_BYTES


@pytest.mark.usefixtures("little_room")
def test_many_frames_share_their_room() -> None:
    """Many compressed frames unpack to no more than one may; those that fit are read."""
    frames = [packed(b"APIC", PICTURE + bytes([n]) * (ROOM_BYTES // 4)) for n in range(64)]
    found = read(TITLE, *frames, ARTIST)
    assert len(found.pictures) == 3
    assert (found.title, found.artists) == ("Ebb", ("Ada",))


@pytest.mark.usefixtures("little_room")
def test_chapters_hide_no_frames() -> None:
    """A frame inside a chapter is neither read nor unpacked."""
    inner = packed(b"APIC", PICTURE + bytes(64 * ROOM_BYTES))
    chapter = id3_frame(b"CHAP", b"one\0" + bytes(16) + inner)
    tracemalloc.start()
    found = read(TITLE, chapter, ARTIST)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == Tags(title="Ebb", artists=("Ada",))
    assert peak_bytes < 20 * ROOM_BYTES


@pytest.mark.usefixtures("little_room")
def test_a_dsf_is_bounded_like_the_others() -> None:
    """The tag that the header of a DSF points at is read in the same way."""
    data = bytearray(zoo.specimen("id3.dsf").data)
    at = int.from_bytes(data[20:28], "little")
    blown = packed(b"APIC", PICTURE + bytes(64 * ROOM_BYTES))
    data[at:] = id3(TITLE + blown + ARTIST)
    assert read_tags(io.BytesIO(bytes(data)), "dsf") == Tags(title="Ebb", artists=("Ada",))


@pytest.mark.parametrize("name", [b"TIT2", b"QQQQ", b"T\xff\xff2"])
@pytest.mark.parametrize(("version", "flags"), [(3, 0), (3, 0x80), (4, 0)])
def test_frames_without_number_cost_little(name: bytes, version: int, flags: int) -> None:
    """A tag of half a million tiny frames is read as far as its first few thousand.

    Each frame would be paid for with a copy of all that follow: two terabytes.
    """
    found = read(TITLE, id3_frame(name, b"\x03") * 500_000, version=version, flags=flags)
    assert found.title == "Ebb"


@pytest.mark.parametrize("version", [2, 3, 4])
def test_frames_end_where_the_last_that_is_read_does(version: int) -> None:
    """All of a usual tag is read, and of a crowded one so many frames exactly."""
    head = 3 if version == 2 else 4
    one = b"TIT2"[:head] + (9).to_bytes(head, "big") + bytes(0 if version == 2 else 2) + bytes(9)
    assert frames_end(one * 40 + bytes(90_000), version) == 40 * len(one) + 90_000
    assert frames_end(one * (MOST_FRAMES + 1), version) == MOST_FRAMES * len(one)
    assert frames_end(b"", version) == 0


def test_sizes_as_itunes_wrote_them() -> None:
    """In version 2.4 a large frame of a plain size ends the walk no sooner than one of its own."""
    large = bytes([1]) * 70_000
    for size in (len(large).to_bytes(4, "big"), synchsafe(len(large))):
        body = b"APIC" + size + bytes(2) + large + TITLE
        assert frames_end(body, 4) == len(body)
    assert read_synchsafe(b"\xff\xff\xff\xff") == (1 << 28) - 1


MILLIONS = 5 << 20

LISTS = [
    pytest.param(b"TPE1", b"\x03", b"a\0", MILLIONS, id="values"),
    pytest.param(b"TPE1", b"\x01\xff\xfe", b"\xfc\0", MILLIONS, id="one text in UTF-16"),
    pytest.param(b"TCON", b"\x03", b"(1)", 3 << 20, id="genres"),
    pytest.param(b"COMM", b"\x03eng", b"a\0", MILLIONS, id="comments"),
    pytest.param(b"SYLT", b"\x03eng\x01\x01\0", b"a\0\0\0\0\1", 1 << 20, id="lyrics"),
    pytest.param(b"APIC", b"\x01image/png\0\x03", b"\1\0", MILLIONS, id="a description"),
]
"""Name, beginning and what follows so many times: put together in the test, since 60 MB that lie
in this process all the while would be in every fork of it."""


@pytest.mark.parametrize(("name", "head", "value", "count"), LISTS)
@pytest.mark.parametrize("version", [pytest.param(3, marks=pytest.mark.torture), 4])
def test_a_frame_of_countless_values_costs_little(
    name: bytes, head: bytes, value: bytes, count: int, version: int
) -> None:
    """A frame of ten million letters, packed into 20 KB, is read as far as any text is, in no more
    memory than it unpacks to twice and a little; the other frames are read as ever.

    To split such a frame takes the square of its length: 20 s, and a gigabyte for its genres.
    """
    body = head + value * count
    tracemalloc.start()
    found = read(
        TITLE, packed(name, body, version), id3_frame(b"TALB", b"\x03Tide"), version=version
    )
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.title, found.album, found.pictures) == ("Ebb", "Tide", ())
    assert peak_bytes < 40 << 20


def test_texts_share_their_room() -> None:
    """All frames of text of a tag together are read to a MiB, the first ones first."""
    frames = [
        id3_frame(b"TXXX", b"\x03COMMENT\0" + b"%03d " % n + b"x" * 60_000) for n in range(64)
    ]
    found = read(TITLE, *frames, ARTIST)
    assert (found.title, found.artists) == ("Ebb", ())
    assert [text[:3] for text in found.comments] == [f"{n:03d}" for n in range(len(found.comments))]
    assert 10 < len(found.comments) < 20


@pytest.mark.parametrize(
    ("body", "at"),
    [
        (b"\0image/png\0\x03\0P", 13),
        (b"\x03image/png\0\x03front\0P", 18),
        (b"\x01image/png\0\x03\xff\xfef\0\0\0P", 18),
        (b"\x02image/png\0\x03\0f\0\0P", 16),
        (b"\x01image/png\0\x03\xff\xfe\0\1\0\0P", 18),
        (b"", None),
        (b"\0image/png", None),
        (b"\0image/png\0\x03front", None),
        (b"\x01image/png\0\x03\xff\xfe\0\1\0\1P", None),
        (b"\0image/png\0\x03" + b"x" * 5000 + b"\0P", None),
    ],
)
def test_where_a_picture_begins(body: bytes, at: int | None) -> None:
    """Behind its media type and its description, which end where their encoding says."""
    assert picture_begins(body) == at


def test_where_an_old_picture_begins() -> None:
    """In version 2.2 the type has three letters and no end."""
    assert picture_begins(b"\0PNG\x03front\0P", is_old=True) == 11
    assert picture_begins(b"\x01PNG\x03\xff\xfef\0\0\0P", is_old=True) == 11
