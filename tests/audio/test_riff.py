"""Chunks: sizes are claims, and nothing is read beyond a bound."""

import io
import struct

import pytest
from tests.audio import zoo

from phonotheque.audio.riff import SoundHeader, iter_chunks, iter_subchunks, read_header
from phonotheque.audio.riff_texts import read_chunk_texts
from phonotheque.audio.tag_values import TagFindings
from phonotheque.music.facts import Tags

FMT = zoo.chunk(b"fmt ", zoo.fmt_chunk())


def texts(data: bytes, container: str = "wav") -> Tags:
    found = TagFindings()
    read_chunk_texts(io.BytesIO(data), container, found)
    return found.tags()


def test_lying_sizes_end_with_the_file() -> None:
    """A chunk that claims 4 GiB has the bytes that are there."""
    data = zoo.riff(FMT) + b"data" + struct.pack("<I", 0xFFFFFFF0) + bytes(1764)
    chunks = list(iter_chunks(io.BytesIO(data), "wav"))
    assert [(c.name, c.size_bytes) for c in chunks] == [("fmt ", 16), ("data", 1764)]
    assert read_header(io.BytesIO(data), "wav") == SoundHeader(44100, 2, 16, 10)


def test_a_file_that_was_never_closed() -> None:
    """A recorder that died leaves 0xFFFFFFFF: the sound reaches to the end of the file."""
    data = zoo.riff(FMT) + b"data" + b"\xff\xff\xff\xff" + bytes(17640)
    assert read_header(io.BytesIO(data), "wav").duration_ms == 100


def test_rf64_sizes_come_from_ds64() -> None:
    """What follows 5 GiB of sound is found by the 64-bit size, without reading the sound."""

    class Gap(io.BytesIO):
        """A file with a hole of 5 GiB behind its head."""

        hole = 5 << 30
        head = zoo.rf64_head(hole)
        tail = zoo.INFO
        at = 0

        def seek(self, offset: int, whence: int = 0) -> int:
            end = len(self.head) + self.hole + len(self.tail)
            self.at = offset + (end if whence == 2 else 0)
            return self.at

        def read(self, size: int | None = -1) -> bytes:
            start = self.at - len(self.head) - self.hole
            part = self.tail[start:] if start >= 0 else self.head[self.at :]
            assert size is not None
            assert 0 <= size <= 1 << 20
            return part[:size]

    found = TagFindings()
    read_chunk_texts(Gap(), "rf64", found)
    assert found.tags().title == "Nur INFO"
    assert read_header(Gap(), "rf64").duration_ms == (5 << 30) * 1000 // 176400


def test_more_chunks_than_anyone_writes() -> None:
    """The walk ends after 4,096 chunks."""
    data = zoo.riff(*[zoo.chunk(b"junk", b"")] * 10_000)
    assert len(list(iter_chunks(io.BytesIO(data), "wav"))) == 4096
    assert len(list(iter_subchunks(zoo.chunk(b"INAM", b"") * 10_000))) == 4096


def test_big_endian_wave() -> None:
    """RIFX, the big-endian twin, is read with its own byte order."""
    fmt = struct.pack(">HHIIHH", 1, 2, 44100, 176400, 4, 16)
    body = (
        b"WAVEfmt " + struct.pack(">I", 16) + fmt + b"data" + struct.pack(">I", 1764) + bytes(1764)
    )
    data = b"RIFX" + struct.pack(">I", len(body)) + body
    assert read_header(io.BytesIO(data), "wav") == SoundHeader(44100, 2, 16, 10)


def test_valid_bits_of_an_extensible_format() -> None:
    """20 bits stored in 24 are 20 bits."""
    fmt = struct.pack(
        "<HHIIHHHHI16s", 0xFFFE, 2, 44100, 264600, 6, 24, 22, 20, 3, b"\1" + bytes(15)
    )
    data = zoo.riff(zoo.chunk(b"fmt ", fmt), zoo.chunk(b"data", bytes(2646)))
    assert read_header(io.BytesIO(data), "wav") == SoundHeader(44100, 2, 20, 10)


@pytest.mark.parametrize("container", ["wav", "rf64", "w64", "aiff", "dsf"])
def test_every_cut_is_read_without_error(container: str) -> None:
    """A file cut after any of its first bytes states less, and never raises."""
    whole = next(
        zoo.specimen(name).data for name in zoo.NAMES if zoo.specimen(name).container == container
    )
    full = read_header(io.BytesIO(whole), container)
    assert full.sample_rate_hz
    for length in range(600):
        part = read_header(io.BytesIO(whole[:length]), container)
        assert part.sample_rate_hz in (None, full.sample_rate_hz)
        texts(whole[:length], container)


def test_zero_rates() -> None:
    """A header of zeros states nothing."""
    data = zoo.riff(zoo.chunk(b"fmt ", bytes(16)), zoo.chunk(b"data", bytes(64)))
    assert read_header(io.BytesIO(data), "wav") == SoundHeader()


BODY = "<BWFXML><PROJECT>Kiel</PROJECT></BWFXML>"
BOMB = '<!DOCTYPE x [<!ENTITY b "boom">]><BWFXML><PROJECT>&b;</PROJECT></BWFXML>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_ixml_with_entities_is_left_out(encoding: str) -> None:
    """A document type is how small XML becomes large: it is refused in every encoding."""
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    for text, expected in ((BODY, (("ixml.PROJECT", "Kiel"),)), (BOMB, ())):
        chunk = zoo.chunk(b"iXML", (head + text).encode(encoding))
        assert texts(zoo.riff(chunk)).broadcast == expected


@pytest.mark.parametrize(
    "xml", [b"<a><b>", b"", b"\xff\xfe<", b'<?xml version="1.0" encoding="x"?><a/>']
)
def test_broken_ixml_is_left_out(xml: bytes) -> None:
    """iXML that does not parse costs only itself."""
    assert texts(zoo.riff(zoo.chunk(b"iXML", xml), zoo.INFO)).title == "Nur INFO"


def test_aiff_texts() -> None:
    """Without an ID3 chunk the text chunks of AIFF speak."""

    def part(name: bytes, body: bytes) -> bytes:
        return name + struct.pack(">I", len(body)) + body + bytes(len(body) & 1)

    data = (
        b"FORM\0\0\0\0AIFF"
        + part(b"NAME", b"Odd")
        + part(b"AUTH", b"Ada")
        + part(b"(c) ", b"1999 Ada")
    )
    tags = texts(data, "aiff")
    assert (tags.title, tags.artists, tags.copyright) == ("Odd", ("Ada",), "1999 Ada")


@pytest.mark.parametrize("container", ["w64", "dsf"])
def test_sizes_beyond_any_seek(container: str) -> None:
    """A chunk that claims 2**63 bytes is the last one: no seek goes there."""
    if container == "w64":
        head = zoo.specimen("summary.w64").data[:40]
        data = head + bytes(16) + struct.pack("<Q", (1 << 63) + 24)
    else:
        data = b"DSD " + struct.pack("<Q", 1 << 63) + bytes(16)
    assert len(list(iter_chunks(io.BytesIO(data), container))) == 1
