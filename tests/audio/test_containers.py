"""Containers are told by bytes, and text is never one."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audio import zoo

from phonotheque.audio import AUDIO_EXTENSIONS, CONTAINERS, sniff_file
from phonotheque.audio.containers import sniff

MP3 = zoo.encode("libmp3lame", "mp3", "s16p")
TEXTS = {
    "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "m3u": b"#EXTM3U\n#EXTINF:1,x\nhttp://example.org/x.mp3\n",
    "pls": b"[playlist]\nFile1=x.mp3\n",
    "utf-16 text": "\ufeff#EXTM3U\r\n".encode("utf-16-le") * 400,
    "page": b"<!DOCTYPE html><title>mp3</title>" * 100,
    "hls": b"#EXTM3U\n#EXT-X-VERSION:3\nsegment.ts\n",
    "nothing": b"",
    "one byte": b"\xff",
    "zeros": bytes(70_000),
    "AVIF": b"\0\0\0\x1cftypavif" + bytes(64),
    "RIFF that is a picture": b"RIFF\x10\0\0\0WEBPVP8 ",
}


@pytest.mark.parametrize("name", TEXTS)
def test_no_container(name: str) -> None:
    """Text, pictures and nothing are no container, with or without an ID3v2 tag in front."""
    assert sniff(TEXTS[name]) is None
    assert sniff_file(io.BytesIO(TEXTS[name])) is None
    assert sniff_file(io.BytesIO(zoo.id3_bytes() + TEXTS[name])) is None


def test_behind_tags_longer_than_the_head() -> None:
    """Sound is found behind several ID3v2 tags, each longer than what is read at once."""
    tag = b"ID3\x04\0\0\0\x0c\0\0" + bytes(0x0C << 14)
    assert sniff(tag[:4096]) is None
    assert sniff_file(io.BytesIO(tag + tag + MP3)) == "mp3"
    assert sniff_file(io.BytesIO(tag + b"fLaC" + bytes(40))) == "flac"


def test_endless_tags_end() -> None:
    """A file that is nothing but ID3v2 tags is given up, not walked to its end."""
    assert sniff_file(io.BytesIO(b"ID3\x04\0\0\0\0\0\0" * 10_000)) is None


def test_junk_in_front() -> None:
    """An MP3 that was cut out of a stream is still told by three frames in a row."""
    begins_mid_frame = MP3[500:]
    assert sniff_file(io.BytesIO(b"\0" * 999 + begins_mid_frame)) == "mp3"


def test_id3_hides_no_other_container() -> None:
    """Only MP3 and FLAC are written behind ID3v2: anything else there is not believed."""
    wav = zoo.specimen("info.wav").data
    assert sniff_file(io.BytesIO(zoo.id3_bytes() + wav)) is None


@given(st.binary(max_size=300))
def test_sniffing_never_raises(data: bytes) -> None:
    """Any bytes get an answer, and it is one of the known names or none."""
    assert sniff(data) in (None, *CONTAINERS)
    assert sniff_file(io.BytesIO(data)) in (None, *CONTAINERS)


def test_extensions_are_usable_as_they_are() -> None:
    """Extensions are lower case without a dot, sound in, playlists and pictures out."""
    assert all(e == e.lower() and "." not in e for e in AUDIO_EXTENSIONS)
    assert {"mp3", "flac", "opus", "ape", "wma", "xm"} <= AUDIO_EXTENSIONS
    assert not {"m3u", "m3u8", "pls", "cue", "jpg", "txt", "ram"} & AUDIO_EXTENSIONS
