"""The short way of plain requests: what it reads means the same to everybody, or it leaves it."""

from __future__ import annotations

import asyncio
import socket
from time import thread_time

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listen.door import open_on_loopback
from listen.sound.waiting import PATIENCE_S, rest
from phonotheque.archive.listening.bounded_heads import BoundedHeads, is_costly
from phonotheque.archive.listening.plain_requests import Cycle, parse_plain, scope_of
from phonotheque.listen.sound.traffic import BrokenOffError
from phonotheque.publish.web.heads import BadHeadError, parse_head

HEAD = b"GET /sound/a?b=c HTTP/1.1\r\nHost: a\r\nRange: bytes=0-9\r\n\r\n"
PARTS = (
    b"GET ", b"HEAD ", b"POST ", b"/a", b"?b", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\n", b"\r",
    b"Host: a", b"Host:", b"X: y", b" z", b"\t", b":", b"\0", b"\xff", b"Upgrade: h2c",
    b"Content-Length: 1", b"Expect: 100-continue", b"Transfer-Encoding: chunked",
    b"Connection: close",
)  # fmt: skip


def _as_others_read(data):
    """The request as h11 has it; None when it is not one whole request and nothing else."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    request, end = connection.next_event(), connection.next_event()
    assert isinstance(request, h11.Request)
    assert isinstance(end, h11.EndOfMessage)
    assert not connection.trailing_data[0]
    return request


@given(st.lists(st.sampled_from(PARTS), max_size=14).map(b"".join), st.booleans())
def test_what_is_read_the_short_way_is_read_alike(data, is_framed):
    """Whatever it takes, h11 takes as the same one request without a body."""
    if is_framed:
        data = b"GET /a HTTP/1.1\r\nHost: a\r\n" + data + b"\r\n\r\n"
    plain = parse_plain(data)
    if plain is None:
        return
    other = _as_others_read(data)
    assert (plain.method, plain.target) == (other.method.decode(), other.target)
    assert plain.headers == [(name, value) for name, value in other.headers]


def test_a_plain_request_is_read():
    """What players send goes the short way."""
    plain = parse_plain(HEAD)
    assert plain is not None
    scope = scope_of(plain, ("192.0.2.1", 5), ("127.0.0.1", 80))
    told = (scope["method"], scope["path"], scope["query_string"], dict(scope["headers"]))
    assert told == ("GET", "/sound/a", b"b=c", {b"host": b"a", b"range": b"bytes=0-9"})


@pytest.mark.parametrize(
    "data",
    [HEAD[:-1], HEAD + HEAD, HEAD.replace(b"Host: a\r\n", b""), b"POST" + HEAD[3:],
     HEAD.replace(b"Range", b"Content-Length"), HEAD.replace(b"1.1", b"1.0"),
     HEAD.replace(b"Range", b"Range "), HEAD.replace(b"a\r\n", b"a\r\nHost: b\r\n"),
     HEAD.replace(b"/sound", b"http://a/sound"), HEAD.replace(b"bytes", b"\r bytes")],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_others(data):
    """Half a head, two, a body, another version, anything that can be read in two ways."""
    assert parse_plain(data) is None


@pytest.mark.parametrize("blank", [b" ", b"\t", b" \t"])
def test_a_head_of_blanks_costs_next_to_nothing(blank):
    """16 KiB of them, which a pattern that tries each way to share them reads for seconds: of the
    processor's time next to nothing goes, here and in h11."""
    data = b"GET / HTTP/1.1\r\nHost: a\r\na:" + blank * (16_000 // len(blank)) + b"\0\r\n\r\n"
    general = BoundedHeads(h11.SERVER, 16 << 10)
    begun = thread_time()
    assert parse_plain(data) is None
    general.receive_data(data)
    with pytest.raises(h11.RemoteProtocolError):
        general.next_event()
    assert thread_time() - begun < 0.3  # it takes some 0.0002 s


def test_blanks_at_both_ends_of_a_value_are_none_of_it():
    """Also where there is no value, and where blanks stand within it."""
    head = b"GET / HTTP/1.1\r\nHost: \t a \t b\t \r\nX:  \t\r\nY:\r\n\r\n"
    plain = parse_plain(head)
    assert plain is not None
    assert plain.headers == [(b"host", b"a \t b"), (b"x", b""), (b"y", b"")]
    assert plain.headers == list(_as_others_read(head).headers)


def test_both_doors_read_a_line_alike():
    """What the short way takes, the bulk door's server takes as the same."""
    lines = b"Host: a\r\nX: \ta \xff\t\r\nY:\r\nZ: :\r\n\r\n"
    plain = parse_plain(b"GET / HTTP/1.1\r\n" + lines)
    assert plain is not None
    bulk = parse_head(b"GET / HTTP/1.1\r\n" + lines[:-4])
    assert bulk.fields == {name.decode(): value.decode("latin-1") for name, value in plain.headers}
    for bad in (b"X : a", b"X: a\x0bb", b"X: a\0", b" X: a", b"X", b"X: a\rb"):
        with pytest.raises(BadHeadError):
            parse_head(b"GET / HTTP/1.1\r\nHost: a\r\n" + bad)
        assert parse_plain(b"GET / HTTP/1.1\r\nHost: a\r\n" + bad + b"\r\n\r\n") is None


def test_heads_that_are_costly_are_known():
    """Long blanks, lines that go on in the next, chunks; the like of it in a body is none."""
    start = b"POST /a HTTP/1.1\r\nHost: a\r\n"
    assert not is_costly(start + b"a:" + b" " * 255 + b"b\r\n\r\n" + b" " * 999 + b"\n \r\n")
    assert is_costly(start + b"a:" + b" \t" * 128 + b"b\r\n\r\n")
    assert is_costly(start + b"a: b\r\n c\r\n\r\n")
    assert is_costly(start + b"Transfer-encoding: chunked\r\n\r\n")


def test_a_costly_head_that_follows_an_answer_is_refused(own):
    """Also when it comes together with what was asked before it, or with the rest of a body."""
    costly = b"GET / HTTP/1.1\r\nHost: a\r\na:" + b" " * 300 + b"\r\n\r\n"
    with_body = b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
    with open_on_loopback(own.root) as door:
        for before in (HEAD.replace(b"/sound/a", b"/healthz"), with_body):
            address = ("127.0.0.1", door.port)
            with socket.create_connection(address, timeout=PATIENCE_S) as connection:
                connection.sendall(before + costly)
                answers = rest(connection)
            assert answers.startswith(b"HTTP/1.1 200")
            assert answers.count(b"HTTP/1.1 400") == 1


class _Connection:
    """Keeps what is written."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.data = b""

    async def write(self, data):
        self.data += data

    def finished(self, cycle):
        self.cycle = cycle


def _answered(messages, method="GET"):
    connection = _Connection()

    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    scope = scope_of(parse_plain(HEAD.replace(b"GET", method.encode())), None, None)
    cycle = Cycle(scope, connection, [(b"server", b"a")], {200: b"OK", 304: b"Not Modified"})
    try:
        connection.loop.run_until_complete(cycle.run(app))
    finally:
        connection.loop.close()
    return connection.data, cycle.response_complete


def _start(*headers, status=200):
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def _body(data, *, more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


def test_an_answer_has_its_length_or_says_how_it_ends():
    """As long as it names; in chunks when it names none; no body to HEAD and 304."""
    head = b"HTTP/1.1 200 OK\r\nserver: a\r\n"
    five = (b"content-length", b"5")
    assert _answered([_start(five), _body(b"abc", more=True), _body(b"de")]) == (
        head + b"content-length: 5\r\n\r\nabcde",
        True,
    )
    assert _answered([_start(), _body(b"abc", more=True), _body(b"")]) == (
        head + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        True,
    )
    assert _answered([_start(five), _body(b"abcde")], "HEAD") == (
        head + b"content-length: 5\r\n\r\n",
        True,
    )
    known, is_whole = _answered([_start(status=304), _body(b"")])
    assert is_whole
    assert b"chunked" not in known


@pytest.mark.parametrize(
    "bodies", [[_body(b"abcd")], [_body(b"abcdef")], [_body(b"abc", more=True)]]
)
def test_an_answer_of_another_length_is_never_whole(bodies):
    """Shorter, longer, or left unfinished: the connection ends with it."""
    assert not _answered([_start((b"content-length", b"5")), *bodies])[1]


@pytest.mark.parametrize("value", [b"a\r\nb: c", b"a\nb", b"a\rb"])
def test_a_header_never_becomes_two(value):
    """What has an end of line in it is refused before anything is written."""
    with pytest.raises(ValueError, match="end of line"):
        _answered([_start((b"x", value))])


def test_nothing_is_said_to_who_went_away():
    """Whoever answers is told, so that it stops reading."""
    connection = _Connection()
    cycle = Cycle(scope_of(parse_plain(HEAD), None, None), connection, [], {200: b"OK"})
    told = []

    async def app(scope, receive, send):
        cycle.disconnected = True
        with pytest.raises(BrokenOffError):
            await send(_start())
        told.append(True)

    connection.loop.run_until_complete(cycle.run(app))
    connection.loop.close()
    assert told
    assert connection.data == b""
