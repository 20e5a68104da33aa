"""Pages of Ogg: checksums by linearity, numbers that can be undone, headers of any shape."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.dress.wardrobe import (
    CLOTHES,
    LARGE_COVER,
    container_of,
    original,
    pages,
    samples,
    slow_checksum,
    whole,
)

from phonotheque.audio.tags import read_tags
from phonotheque.dress.dressing import dress
from phonotheque.dress.ogg_pages import (
    FIRST,
    MAX_PAGE_BYTES,
    Page,
    find_pages,
    lay_out,
    parse_page,
    renumber,
)
from phonotheque.dress.overlay import Overlay
from phonotheque.errors import MalformedError
from phonotheque.music.facts import Tags

OGG = ("vorbis.ogg", "opus.opus", "flac.oga", "long.opus")
HEAD = Page(0, 0, bytes(8), 7, 1, b"")


@pytest.mark.parametrize("name", OGG)
def test_every_page_of_a_copy_has_its_checksum_and_number(name):
    """Numbers go up by one and each checksum is that of its page, worked out bit by bit."""
    for number, (_, page) in enumerate(pages(whole(name, CLOTHES, LARGE_COVER))):
        assert struct.unpack_from("<I", page, 18)[0] == number
        assert struct.unpack_from("<I", page, 22)[0] == slow_checksum(page)


@given(st.lists(st.binary(max_size=700), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
@example([bytes(65_025)], 2**32 - 1)
@example([b"x" * 255], 1)
def test_linearity_equals_working_it_out(packets, shift):
    """A renumbered page has the checksum of the page with that number."""
    laid = list(lay_out(packets, HEAD))
    data = bytearray(b"".join(laid))
    table, _ = find_pages(bytes(data), 0, len(data))
    renumber(data, table, shift, HEAD.serial)
    numbered = list(lay_out(packets, replace(HEAD, number=(1 + shift) % 2**32)))
    assert bytes(data) == b"".join(numbered)


junk = st.lists(
    st.binary(max_size=60)
    | st.sampled_from([b"OggS", b"OggS\0", b"Ogg", *lay_out([bytes(300), b"a"], HEAD)]),
    max_size=8,
).map(b"".join)


@given(junk, st.integers(0, 2**32 - 1))
def test_a_renumbering_can_be_undone(data, shift):
    """Whatever the bytes are, numbers moved on and back again give what was there before."""
    moved = bytearray(data)
    renumber(moved, find_pages(data, 0, len(data))[0], shift, HEAD.serial)
    back = bytearray(moved)
    renumber(back, find_pages(bytes(moved), 0, len(moved))[0], -shift, HEAD.serial)
    assert back == data


@given(junk)
def test_pages_are_found_wherever_the_bytes_are_cut(data):
    """Looking block by block finds the pages that looking at all of it finds."""
    data = data + bytes(MAX_PAGE_BYTES) + data
    expected = find_pages(data, 0, len(data))[0].starts.tolist()
    found, at = [], 0
    while at < len(data):
        end = min(at + MAX_PAGE_BYTES + 50, len(data))
        table, at = find_pages(data, at, end, is_last=end == len(data))
        found += table.starts.tolist()
    assert found == expected


@given(st.lists(st.integers(0, 70_000), min_size=1, max_size=4))
def test_packets_come_back_from_their_pages(sizes):
    """Packets of any length are what the segments of their pages hold, the last page ending one."""
    packets = [bytes([n]) * size for n, size in enumerate(sizes)]
    data, read, packet, at = b"".join(lay_out(packets, HEAD)), [], b"", 0
    while at < len(data):
        page = parse_page(data, at)
        assert page is not None
        place = page.body
        for segment in page.segments:
            packet += data[place : place + segment]
            place += segment
            if segment < 255:
                read.append(packet)
                packet = b""
        at = page.end
    assert (read, packet) == (packets, b"")


def dressed(data: bytes, tags: Tags = CLOTHES) -> bytes:
    """An Ogg file in other clothes, with more header pages than before."""
    copy = dress(io.BytesIO(data), "ogg", Overlay(tags, LARGE_COVER))
    return copy.read(0, copy.size_bytes)


def test_of_chained_streams_the_first_is_dressed():
    """What is chained behind the first stream stays as it is, to the last byte."""
    for second in ("opus.opus", "vorbis.ogg"):
        data = original("vorbis.ogg") + original(second)
        made = dressed(data)
        assert made.endswith(original(second))
        assert made[: -len(original(second))] == dressed(original("vorbis.ogg"))


def test_interleaved_streams_are_refused():
    """Headers of two streams between each other are refused by name."""
    first, second = (pages(original(name)) for name in ("vorbis.ogg", "opus.opus"))
    data = b"".join(page for pair in zip(first, second, strict=False) for _, page in pair)
    with pytest.raises(MalformedError, match="interleaved"):
        dressed(data)


def test_sound_on_a_page_of_headers_stays_with_them():
    """Files whose sound begins on the page that ends the headers, which no encoder should write
    and some did, are dressed and sound the same."""
    found = pages(original("vorbis.ogg"))
    head = parse_page(original("vorbis.ogg"), len(found[0][1]))
    assert head is not None
    data = b"".join(page for _, page in found)
    first, second = parse_page(data, head.start), parse_page(data, head.end)
    assert first is not None
    assert second is not None
    merged = _merged(data, first, second)
    made = dressed(merged)
    assert samples(made) == samples(merged)
    assert read_tags(io.BytesIO(made), "ogg").title == CLOTHES.title


def _merged(data: bytes, first: Page, second: Page) -> bytes:
    """The file with one page in place of two."""
    size = len(first.segments) + len(second.segments)
    head = data[first.start : first.start + 6] + data[second.start + 6 : second.start + 14]
    head += data[first.start + 14 : first.start + 22] + bytes(4) + bytes([size])
    page = head + first.segments + second.segments
    page += data[first.body : first.end] + data[second.body : second.end]
    page = page[:22] + struct.pack("<I", slow_checksum(page)) + page[26:]
    rest = bytearray(data[second.end :])
    renumber(rest, find_pages(bytes(rest), 0, len(rest))[0], -1, first.serial)
    return data[: first.start] + page + bytes(rest)


def test_the_encoder_stays_named():
    """The vendor string tells of the sound, not of the tags: it stays."""
    from mutagen.oggvorbis import OggVorbis

    before = OggVorbis(io.BytesIO(original("vorbis.ogg"))).tags.vendor
    assert OggVorbis(io.BytesIO(whole("vorbis.ogg"))).tags.vendor == before


@pytest.mark.parametrize("name", OGG)
def test_a_file_cut_in_its_headers_is_refused(name):
    """An Ogg that ends among its headers is refused, wherever it ends."""
    data = original(name)
    sound = len(pages(data)[0][1]) + len(pages(data)[1][1]) - 1
    for size in (0, 4, 27, 28, sound // 2, sound):
        with pytest.raises(MalformedError):
            dress(io.BytesIO(data[:size]), container_of(name), Overlay(CLOTHES))


def test_a_stream_must_begin():
    """A first page that does not say that it is one is refused."""
    data = bytearray(original("vorbis.ogg"))
    data[5] &= ~FIRST
    with pytest.raises(MalformedError, match="begin"):
        dressed(bytes(data))
