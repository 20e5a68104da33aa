"""MP3: what is harmless is noted, what is not is damage, and a checksum settles it."""

import io
import struct

import pytest
from mutagen.apev2 import APEv2
from tests.audio import zoo
from tests.audio.integrity.files import examined, whole

from phonotheque.audio.integrity import Cover, Examined
from phonotheque.audio.integrity.crc import CRC16, CRC16_MIRRORED
from phonotheque.audio.integrity.tails import Tail, find_tail
from phonotheque.audio.mpeg import parse_header

ID3V1 = b"TAG" + bytes(125)
LYRICS = b"LYRICSBEGIN" + b"IND00002" + b"00" + b"000021" + b"LYRICS200"


def _ape(**texts: str) -> bytes:
    tag, out = APEv2(), io.BytesIO()
    for name, text in texts.items():
        tag[name] = text
    tag.save(out)
    return out.getvalue()


def _whats(found: Examined) -> list[str]:
    return [one.what for one in found.damage]


def _frames(data: bytes, count: int, start: int = 0) -> bytes:
    """`count` frames of a file without header, from frame `start` on."""
    at, places = 0, []
    while len(places) <= start + count:
        places.append(at)
        header = parse_header(data[at : at + 4])
        assert header is not None
        at += header.size_bytes
    return data[places[start] : places[start + count]]


def _bare() -> bytes:
    data = whole("mp3 without header")
    return data[data.index(b"\xff\xfb") :]


def _with_xing(sound: bytes, frames: int, *, lame: bytes = b"") -> bytes:
    """Sound behind a Xing header that promises so many frames."""
    head = sound[:4]
    header = parse_header(head)
    assert header is not None
    body = bytes(32) + b"Xing" + struct.pack(">II", 1, frames) + lame
    return (head + body).ljust(header.size_bytes, b"\0") + sound


@pytest.mark.parametrize(
    "tail",
    [
        ID3V1,
        LYRICS + ID3V1,
        b"TAG+" + bytes(223) + ID3V1,
        _ape(title="x"),
        _ape(title="x") + ID3V1,
        bytes(4096),
        bytes(77) + ID3V1,
        b"",
    ],
)
@pytest.mark.parametrize("name", ["mp3", "mp3 without header"])
def test_what_stands_behind_the_sound_is_no_damage(name: str, tail: bytes) -> None:
    """Tags of every age and padding behind the sound leave it as whole as it was."""
    found = examined(whole(name) + tail)
    assert _whats(found) == []
    assert found.cover is examined(whole(name)).cover


def test_padding_before_the_sound_is_no_damage() -> None:
    """Zeros between the tag and the first frame are padding that a tagger left."""
    found = examined(zoo.id3_bytes() + bytes(1000) + _bare())
    assert (_whats(found), len(found.notes)) == ([], 1)


def test_a_header_that_counts_itself_is_tolerated() -> None:
    """One frame less than promised is the habit of some encoders; two less are missing."""
    sound = _frames(_bare(), 20)
    assert _whats(examined(_with_xing(sound, 20))) == []
    found = examined(_with_xing(sound, 21))
    assert (_whats(found), len(found.notes)) == ([], 1)
    what = "its header promises 22 frames, 20 are there"
    assert _whats(examined(_with_xing(sound, 22))) == [what]


def test_more_frames_than_promised_are_no_damage() -> None:
    """A header that promises fewer frames than there are loses nothing."""
    assert _whats(examined(_with_xing(_frames(_bare(), 20), 15))) == []


def test_a_header_without_numbers_promises_nothing() -> None:
    """Zero frames in a Xing header are no promise."""
    assert _whats(examined(_with_xing(_frames(_bare(), 20), 0))) == []


def test_old_lame_wrote_no_checksum() -> None:
    """What stands where LAME 3.90 has its checksum is none in the versions before."""
    text = b"LAME3.88 (beta)".ljust(36, b"U")
    found = examined(_with_xing(_frames(_bare(), 20), 20, lame=text))
    assert (_whats(found), found.cover) == ([], Cover.NONE)


def test_a_checksum_of_zero_is_none() -> None:
    """A LAME header whose checksum is zero proves nothing and accuses nobody."""
    sound = _frames(_bare(), 20)
    lame = b"LAME3.99r".ljust(28, b"\0") + struct.pack(">IHH", 9999, 0, 0)
    found = examined(_with_xing(sound, 20, lame=lame))
    assert (_whats(found), found.cover) == ([], Cover.NONE)


def _with_lame(sound: bytes, *, extra: int = 0) -> bytes:
    size = len(_with_xing(sound, 20)) + extra
    crc = CRC16_MIRRORED.update(0, sound)
    lame = b"LAME3.99r".ljust(28, b"\0") + struct.pack(">IHH", size, crc, 0)
    return _with_xing(sound, 20, lame=lame)


def test_the_checksum_of_lame_settles_it() -> None:
    """With the checksum of LAME the sound is covered, also when its length counts a tag behind."""
    sound = _frames(_bare(), 20)
    for data in (_with_lame(sound), _with_lame(sound, extra=128) + ID3V1):
        assert examined(data).cover is Cover.CHECKSUM
    spoiled = bytearray(_with_lame(sound))
    spoiled[-200] ^= 4
    assert _whats(examined(bytes(spoiled))) == ["the checksum of LAME over all sound differs"]


@pytest.mark.parametrize("tag", ["ape", "id3"])
def test_mp3gain_explains_a_checksum_that_differs(tag: str) -> None:
    """mp3gain changes every frame and leaves the checksum; its mark makes that no damage."""
    spoiled = bytearray(_with_lame(_frames(_bare(), 20)))
    spoiled[-200] ^= 4
    mark = {"MP3GAIN_UNDO": "+003,+003,N"}
    if tag == "ape":
        data = bytes(spoiled) + _ape(**mark)
    else:
        body = b"TXXX\0\0\0\x1a\0\0\0MP3GAIN_UNDO\0+003,+003,N"
        data = b"ID3\x03\0\0\0\0\0" + bytes([len(body)]) + body + bytes(spoiled)
    found = examined(data)
    assert (_whats(found), found.cover) == ([], Cover.NONE)
    assert "mp3gain" in found.doubt


def test_sound_behind_the_covered_part_is_a_doubt() -> None:
    """Frames that were appended stand under no checksum."""
    data = _with_lame(_frames(_bare(), 20)) + _frames(_bare(), 5, start=20)
    found = examined(data)
    assert (_whats(found), found.cover) == ([], Cover.NONE)
    assert "behind" in found.doubt


def test_joined_files_are_compared_one_by_one() -> None:
    """Files put one behind the other, tags included, are covered by the checksums of each."""
    one = whole("mp3")
    found = examined(one + ID3V1 + one)
    assert (_whats(found), found.cover) == ([], Cover.CHECKSUM)
    spoiled = bytearray(one + one)
    spoiled[len(one) + len(one) // 2] ^= 1
    assert examined(bytes(spoiled)).damaged_places >= 1


def test_a_cut_last_frame_is_damage() -> None:
    """A frame that the end of the file cuts is damage, with its place and time."""
    sound = _frames(_bare(), 20)
    (damage,) = examined(sound[:-30]).damage
    assert "the last frame is cut" in damage.what
    assert damage.at_byte == len(_frames(_bare(), 19))


def test_junk_between_frames_is_damage_with_its_time() -> None:
    """Bytes that are no frame, between frames, are found where they begin, and when."""
    first, second = _frames(_bare(), 30), _frames(_bare(), 20, start=30)
    (damage,) = examined(first + b"junk!" + second).damage
    assert (damage.what, damage.at_byte) == ("5 bytes that are no frame", len(first))
    assert damage.at_ms == pytest.approx(30 * 1152 / 44.1, abs=1)


def test_other_formats_of_frames_behind_are_no_damage() -> None:
    """A file joined from mono and stereo, or from two sample rates, has no damage between them."""
    other = zoo.encode("libmp3lame", "mp3", "s16p", "mono", 22050, 1)
    assert _whats(examined(_frames(_bare(), 20) + other[other.index(b"Info") - 13 :])) == []


def _protect(frames: bytes, wrong: int) -> bytes:
    """Give every frame a checksum, wrong in the first `wrong` ones, and cut it to its length."""
    out, at, number = [], 0, 0
    while header := parse_header(frames[at : at + 4]):
        frame = bytearray(frames[at : at + header.size_bytes])
        frame[1] &= 0xFE
        frame[4:4] = bytes(2)
        crc = CRC16.update(CRC16.update(0xFFFF, frame[2:4]), frame[6:38]) ^ (number < wrong)
        frame[4:6] = crc.to_bytes(2, "big")
        out.append(bytes(frame[: header.size_bytes]))
        at, number = at + header.size_bytes, number + 1
    return b"".join(out)


def test_checksums_of_frames_are_compared() -> None:
    """Frames that carry checksums are held against them; an encoder that never gets one right
    is not believed."""
    frames = _frames(_bare(), 20)
    assert _whats(examined(_protect(frames, 0))) == []
    assert _whats(examined(_protect(frames, 2))) == ["the checksums of 2 frames differ"]
    found = examined(_protect(frames, 20))
    assert (_whats(found), len(found.notes)) == ([], 1)


def test_lyrics_are_stepped_over_only_from_their_first_word() -> None:
    """A number in front of "LYRICS200" hides no sound unless the tag begins where it says."""
    words = b"LYRICSBEGIN" + b"IND00002" + b"10"
    tag = words + f"{len(words):06}".encode() + b"LYRICS200"
    sound = whole("mp3")
    assert find_tail(io.BytesIO(sound + tag), 0) == Tail(len(sound), ("Lyrics3",))
    for wrong in (b"000020LYRICS200", b"999999LYRICS200", tag[1:]):
        assert find_tail(io.BytesIO(sound + wrong), 0).start == len(sound + wrong)
