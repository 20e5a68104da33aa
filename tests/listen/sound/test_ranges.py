"""Sound goes out whole or in exact parts, proven, under a strong name."""

from __future__ import annotations

import hashlib

import pytest
from tests.cli.phono import damage

from listen.door import open_on_loopback
from listen.sound.stock import set_listening
from phonotheque.listen.sound.sending import disposition


def test_the_original_goes_out_byte_for_byte(stock, door):
    """What is heard is what was received, under the digest of its bytes."""
    answer = door.get(f"/sound/{stock.gid('long.wav')}")
    assert answer.status == 200
    assert hashlib.sha256(answer.body).hexdigest() == stock.names["long.wav"]
    assert answer.headers["etag"] == f'"{stock.names["long.wav"]}"'
    assert answer.headers["link"] == '<https://creativecommons.org/licenses/by/4.0/>; rel="license"'
    assert answer.headers["content-type"] == "audio/wav"


@pytest.mark.parametrize(
    "wanted",
    [
        (0, 0),
        (0, 99),
        (1_048_575, 1_048_576),  # the last byte of a piece and the first of the next
        (1_000_000, 2_200_000),
        (2_097_152, None),
        (None, 7),
    ],
)
def test_a_range_is_that_part_and_no_other(stock, door, wanted):
    """206 carries exactly the bytes that were asked for, and says which."""
    data = stock.data("long.wav")
    first, last = wanted
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    start = len(data) - last if first is None else first
    end = len(data) if first is None or last is None else last + 1
    answer = door.get(f"/sound/{stock.gid('long.wav')}", Range=header)
    assert (answer.status, answer.body) == (206, data[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(data)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("bytes=99999999-", 416),
        ("bytes=-0", 416),
        ("bytes=5-2", 200),
        ("bytes=0-1,4-5", 200),
        ("bytes=a-b", 200),
        ("lines=0-1", 200),
        ("bytes=99999999999999999999999-", 200),
        ("bytes=0-99999999999", 206),
    ],
)
def test_tricks_with_ranges_give_the_whole_or_nothing(stock, door, header, status):
    """What is no single range of the file is the whole of it, or a refusal; never other bytes."""
    data = stock.data("short.flac")
    answer = door.get(f"/sound/{stock.gid('short.flac')}", Range=header)
    assert answer.status == status
    assert answer.body == (b"The file ends before that.\n" if status == 416 else data)


def test_a_part_of_other_bytes_is_not_given(stock, door):
    """If-Range with another name gives the whole; with this name, the part."""
    path, etag = f"/sound/{stock.gid('short.flac')}", f'"{stock.names["short.flac"]}"'
    assert door.get(path, Range="bytes=0-9", If_Range='"other"').status == 200
    assert door.get(path, Range="bytes=0-9", If_Range=f"W/{etag}").status == 200
    assert door.get(path, Range="bytes=0-9", If_Range=etag).status == 206
    assert door.get(path, If_None_Match=etag).status == 304


def test_a_head_is_the_answer_without_its_body(stock, door):
    """HEAD says what GET would, for every form that is at hand."""
    for path in (f"/sound/{stock.gid('long.wav')}", f"/download/{stock.gid('short.flac')}"):
        got, told = door.get(path), door.get(path, "HEAD")
        leaving = {"date", "x-request-id"}
        assert {k: v for k, v in told.headers.items() if k not in leaving} == {
            k: v for k, v in got.headers.items() if k not in leaving
        }
        assert (told.status, told.body) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/sound/..%2f..%2fphonotheque.toml",
        "/sound/%00",
        "/sound/",
        "/sound/{gid}/x",
        "/sound/{gid}x",
        "/sound/%7B{gid}%7D",
        "/download/album/{gid}.zip",
        "/cover/{gid}-251.jpg",
        "/wave/../keys/listeners.json",
    ],
)
def test_tricks_with_paths_lead_nowhere(stock, door, path):
    """What is no gid names nothing, however it is written; no other file leaves."""
    answer = door.get(path.replace("{gid}", stock.gid("short.flac")))
    assert answer.status in (302, 404)
    assert b"format = 1" not in answer.body
    assert b'"key"' not in answer.body


def test_names_of_files_survive_every_script():
    """A name is given in ASCII for all, and in full for those who read RFC 8187."""
    text = disposition("attachment", 'a"b\\c%\r\nテ.flac')
    assert "\r" not in text
    assert "\n" not in text
    assert text.startswith('attachment; filename="a_b_c___')
    assert "%E3%83%86.flac" in text


def test_a_proxy_is_told_where_a_proven_file_lies(own):
    """With a proxy in front the door says which file, and sends nothing; damage is still 503."""
    set_listening(own, 'proxy_files = "/archive/"')
    damage(own.path("long.wav"), lambda data: data[:-1] + b"x")
    with open_on_loopback(own.root) as door:
        answer = door.get(f"/sound/{own.gid('short.flac')}", Range="bytes=0-9")
        told = own.path("short.flac").relative_to(own.root).as_posix()
        assert answer.headers["x-accel-redirect"] == f"/archive/{told}"
        assert (answer.status, answer.body) == (200, b"")
        damaged = door.get(f"/sound/{own.gid('long.wav')}?form=original", Range="bytes=0-9")
        assert (damaged.status, "x-accel-redirect" in damaged.headers) == (503, False)
        assert door.get(f"/sound/{own.gid('unknown.wav')}").status == 451
