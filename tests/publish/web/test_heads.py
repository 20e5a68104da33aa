"""Heads are read in one way or refused; answers follow from values alone."""

from http import HTTPStatus
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.publish.web.heads import (
    MAX_HEAD_BYTES,
    Answer,
    BadHeadError,
    Request,
    Shown,
    answer,
    encode_head,
    parse_head,
)
from phonotheque.publish.web.ranges import Span, UnsatisfiableError, parse_range

SHOWN = Shown(1000, "ab" * 32, {"Content-Type": "audio/flac"})
ETAG = f'"{"ab" * 32}"'


def get(method="GET", **fields):
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Request(method, "/x", named, True)


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 1000)),
        ("bytes=990-5000", (990, 1000)),
        ("bytes=-10", (990, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("Bytes=5-9", (5, 10)),
    ],
)
def test_a_range_is_a_span(header, span):
    """First, last and open ranges, as RFC 9110 section 14.1.2 has them."""
    assert parse_range(header, 1000) == Span(*span)


@pytest.mark.parametrize(
    "header", ["", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4"]
)
def test_what_is_no_single_range_is_no_range(header):
    """Then the whole file is sent; a list of ranges is answered whole, too."""
    assert parse_range(header, 1000) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_behind_the_end_is_told(header):
    """None of its bytes exists."""
    with pytest.raises(UnsatisfiableError):
        parse_range(header, 1000)
    assert answer(get(range=header), SHOWN).status == 416
    assert answer(get(range=header), SHOWN).fields["Content-Range"] == "bytes */1000"


@given(st.text("bytes=-0123456789, ", max_size=30), st.integers(0, 2000))
def test_a_span_lies_in_the_file(header, size_bytes):
    """Whatever a header says, what is sent are bytes of the file."""
    try:
        span = parse_range(header, size_bytes)
    except UnsatisfiableError:
        return
    if span is not None:
        assert 0 <= span.start < span.end <= size_bytes


def test_a_part_is_sent_only_of_the_bytes_that_are_meant():
    """`If-Range` with this digest gives the part, with any other the whole."""
    part = answer(get(range="bytes=1-2", if_range=ETAG), SHOWN)
    assert (part.status, part.span) == (HTTPStatus.PARTIAL_CONTENT, Span(1, 3))
    assert part.fields["Content-Range"] == "bytes 1-2/1000"
    for other in ('"cd"', f"W/{ETAG}", "Sat, 21 Nov 2026 05:00:00 GMT"):
        whole = answer(get(range="bytes=1-2", if_range=other), SHOWN)
        assert (whole.status, whole.span) == (HTTPStatus.OK, Span(0, 1000))


@pytest.mark.parametrize("tags", [ETAG, f"W/{ETAG}", "*", f'"x", {ETAG}'])
def test_what_is_known_is_not_sent_again(tags):
    """`If-None-Match` with this digest is answered without a body."""
    reply = answer(get(if_none_match=tags), SHOWN)
    assert (reply.status, reply.span, reply.text) == (HTTPStatus.NOT_MODIFIED, None, b"")
    assert answer(get(if_none_match='"other"'), SHOWN).status == 200


def test_only_fetching_is_answered():
    """Every other method is refused, whether the thing is there or not."""
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"):
        for shown in (SHOWN, None):
            reply = answer(get(method), shown)
            assert (reply.status, reply.fields["Allow"]) == (405, "GET, HEAD")


def test_what_may_not_be_given_is_answered_like_nothing():
    """One answer for what is absent and for what is refused."""
    assert answer(get(), None) == answer(get("HEAD", range="bytes=0-1"), None)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET /",
        b"GET / HTTP/2.0",
        b"GET / HTTP/1.1",  # no Host
        b"get / HTTP/1.1\r\nHost: a",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b",
        b"GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nRange: bytes=2-3",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded",
        b"GET / HTTP/1.1\r\nHost : a",
        b"GET / HTTP/1.1\r\nHost: a\nX: b",
        b"GET /a b HTTP/1.1\r\nHost: a",
        b"GET / HTTP/1.1\r\nHost: a\0",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x0bb",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5",
    ],
)
def test_a_head_with_two_meanings_is_refused(head):
    """No line is guessed at: whoever sends it is told, and the connection ends."""
    with pytest.raises(BadHeadError):
        parse_head(head)


@pytest.mark.parametrize("blank", [b" ", b"\t"])
def test_blanks_are_read_in_one_way(blank):
    """Four heads of 16 KiB cost the processor next to nothing, though with each way to share out
    their blanks tried they are seconds in which nobody is answered."""
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: a" + blank * (MAX_HEAD_BYTES - 40)
    begun = thread_time()
    for _ in range(2):
        assert parse_head(head).fields["x"] == "a"
        assert parse_head(head + b"b").fields["x"].endswith("b")
    assert thread_time() - begun < 0.3  # it takes some 0.001 s


def test_letters_of_the_world_are_read_as_bytes():
    """Old programs send them in headers that mean nothing here; they are no reason to refuse."""
    head = "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: mus\u00edca \u00ff".encode("latin-1")
    assert parse_head(head).fields["user-agent"] == "mus\u00edca \u00ff"


@pytest.mark.parametrize(
    ("lines", "is_kept"),
    [
        (b"HTTP/1.1\r\nHost: a", True),
        (b"HTTP/1.1\r\nHost: a\r\nConnection: close", False),
        (b"HTTP/1.1\r\nHost: a\r\nConnection: x, Close", False),
        (b"HTTP/1.1\r\nHost: a\r\nContent-Length: 5", False),
        (b"HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked", False),
        (b"HTTP/1.0", False),
        (b"HTTP/1.0\r\nConnection: keep-alive", True),
    ],
)
def test_a_connection_stays_only_where_its_next_request_is_certain(lines, is_kept):
    """A body is never read, so a request that has one is the last of its connection."""
    assert parse_head(b"GET / " + lines).is_kept is is_kept


def test_a_head_is_bytes_without_doubt():
    """The answer ends its head once, whatever it says."""
    data = encode_head(answer(get(), SHOWN), "Sat, 21 Nov 2026 05:00:00 GMT", is_kept=False)
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert data.count(b"\r\n\r\n") == 1
    assert b"Connection: close\r\n" in data
    assert b"Cache-Control: no-cache\r\n" in data


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x", "a\nb", "a\rb"])
def test_a_header_never_becomes_two(value):
    """The address of a licence was typed by somebody: with an end of line in it nothing is said."""
    reply = Answer(HTTPStatus.OK, {"Link": f'<http://{value}>; rel="license"'})
    with pytest.raises(ValueError, match="end of line"):
        encode_head(reply, "Sat, 21 Nov 2026 05:00:00 GMT", is_kept=True)
