"""Ogg: streams behind one another and side by side, what is missing, and when."""

import pytest
from tests.audio import zoo
from tests.audio.integrity.files import examined, page, stream, whole

from phonotheque.audio.integrity import Cover, ogg
from phonotheque.music.sound import DAMAGE_LISTED

ID3V1 = b"TAG" + bytes(125)


def _found(data: bytes) -> list[tuple[str, int | None, int | None]]:
    return [(one.what, one.at_byte, one.at_ms) for one in examined(data).damage]


def test_chained_streams_are_whole() -> None:
    """Streams one behind the other are whole, real ones and made-up ones, of any kind."""
    for data in (
        whole("vorbis") + whole("opus") + whole("flac in ogg"),
        b"".join(stream(1) + stream(2) + stream(1)),
    ):
        assert (_found(data), examined(data).cover) == ([], Cover.CHECKSUM)


def test_multiplexed_streams_are_whole() -> None:
    """Streams side by side are whole: each counts its own pages."""
    one, two = stream(1), stream(2)
    mixed = [one[0], two[0]] + [p for pair in zip(one[1:], two[1:], strict=True) for p in pair]
    assert _found(b"".join(mixed)) == []


def test_a_missing_page_is_found_with_its_time() -> None:
    """A page that is gone is found where it stood, with the time of the last one before it."""
    pages = stream(1)
    before = sum(map(len, pages[:3]))
    data = b"".join(pages[:3] + pages[4:])
    assert _found(data) == [("1 pages are missing", before, 2000)]


def test_a_missing_page_of_one_stream_among_two() -> None:
    """Pages of another stream do not hide that one is missing."""
    one, two = stream(1), stream(2)
    mixed = [one[0], two[0], one[1], two[1], two[2], one[3], two[3], *one[4:], *two[4:]]
    assert [what for what, _, _ in _found(b"".join(mixed))] == ["1 pages are missing"]


def test_a_missing_end_is_found() -> None:
    """A file that was cut exactly between two pages lacks its end-of-stream page."""
    data = b"".join(stream(1)[:-1])
    what = "the end is missing: there is no end-of-stream page"
    assert _found(data) == [(what, len(data), 4000)]


def test_the_missing_end_of_a_chain_is_found_where_it_was() -> None:
    """A stream in a chain that does not end is found where the next one begins."""
    data = b"".join(stream(1)[:-1])
    what = "the end is missing: there is no end-of-stream page"
    assert _found(data + b"".join(stream(2))) == [(what, len(data), 4000)]


def test_time_runs_on_in_a_chain() -> None:
    """The time of damage counts the streams before."""
    second = stream(2)
    data = b"".join(stream(1) + second[:3] + second[4:])
    assert [ms for _, _, ms in _found(data)] == [7000]


def test_a_missing_beginning_is_found() -> None:
    """Sound without its first page cannot be played, and is damage."""
    assert [w for w, _, _ in _found(b"".join(stream(1)[1:]))] == [
        "the first page of a stream is missing"
    ]


def test_junk_between_pages_is_one_place() -> None:
    """A spoiled page, scraps behind it and the gap in the numbers are one damage."""
    pages = stream(1)
    spoiled = bytearray(pages[2])
    spoiled[100] ^= 1
    data = b"".join([*pages[:2], bytes(spoiled), b"scraps OggS scraps", *pages[3:]])
    before = sum(map(len, pages[:2]))
    assert _found(data) == [("the checksum of a page differs", before, 1000)]


def test_every_place_is_counted_and_the_first_are_listed() -> None:
    """Of forty spoiled pages sixteen are listed and forty counted."""
    pages = stream(1, pages=100)
    for number in range(2, 82, 2):
        pages[number] = pages[number][:-1] + b"\xff"
    found = examined(b"".join(pages))
    assert (len(found.damage), found.damaged_places) == (16, 40)


def test_foreign_bytes_behind_the_end_are_no_damage() -> None:
    """Tags and scraps behind the last page are named, and the sound is whole."""
    data = whole("vorbis")
    for tail, name in ((ID3V1, "ID3v1 tag"), (b"hello", "5 foreign bytes"), (bytes(9), "padding")):
        found = examined(data + tail)
        assert (found.damage, found.cover) == ((), Cover.CHECKSUM)
        assert name in found.notes[0]


def test_the_beginning_of_a_page_behind_the_end_is_damage() -> None:
    """What looks like a page behind the end may be the next stream, cut: it is no foreign tag."""
    assert examined(whole("vorbis") + whole("opus")[:1000]).damaged_places == 1


def test_an_empty_last_packet_is_no_damage() -> None:
    """Old encoders of Vorbis end with an empty page; that is how it was written."""
    pages = stream(1)[:-1]
    data = b"".join([*pages, page(5, b"", flags=4, granule=4 * 8000)])
    assert _found(data) == []


def test_pages_behind_the_end_of_their_stream_are_noted() -> None:
    """Some muxers mark several pages as the last: nothing is missing then."""
    data = b"".join([*stream(1), page(6, b"x", flags=4, granule=6 * 8000)])
    found = examined(data)
    assert (found.damage, len(found.notes)) == ((), 1)


def test_granules_that_run_backwards_are_found() -> None:
    """Time does not run backwards inside a stream, but the last page may take samples away."""
    pages = stream(1)
    pages[3] = page(3, b"x", granule=8000)
    assert [w for w, _, _ in _found(b"".join(pages))] == ["granule positions run backwards"]
    pages = stream(1)
    pages[5] = page(5, b"x", flags=4, granule=3 * 8000)
    assert _found(b"".join(pages)) == []


def test_a_broadcast_begins_late() -> None:
    """Sound cut out of a running broadcast has a late clock: time counts from its first page."""
    hour = 3600
    pages = [stream(1)[0]]
    pages += [page(n, b"x" * 50, granule=(hour + n) * 8000) for n in range(1, 4)]
    pages.append(page(9, b"x", flags=4, granule=(hour + 9) * 8000))
    assert [ms for _, _, ms in _found(b"".join(pages))] == [2000]


def test_streams_are_not_followed_without_bound() -> None:
    """More streams at once than 1,024 are damage, and cost no more memory."""
    firsts = [stream(n)[0] for n in range(1, 1200)]
    assert examined(b"".join(firsts)).damaged_places == 1199 - 1024 + 1


def test_tags_and_pictures_change_nothing() -> None:
    """A retagged file, its pages numbered anew by the tagger, is whole."""
    for name in ("vorbis.ogg", "opus.opus", "flac.oga"):
        assert _found(zoo.specimen(name).data) == []


def test_the_clock_is_asked_for_what_is_listed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of misplaced pages beside hundreds of streams do not cost their product."""
    asked = 0
    ms = ogg._Stream.ms

    def counted(stream: ogg._Stream) -> int:
        nonlocal asked
        asked += 1
        return ms(stream)

    monkeypatch.setattr(ogg._Stream, "ms", counted)
    streams, pages = 200, 2000
    firsts = [stream(serial)[0] for serial in range(1, streams + 1)]
    astray = [page(3 * n + 9, b"x", serial=1) for n in range(pages)]
    found = examined(b"".join(firsts + astray))
    assert found.damaged_places == pages + 1  # and the end is missing
    assert len(found.damage) == DAMAGE_LISTED
    assert asked <= 2 * streams * DAMAGE_LISTED + pages
