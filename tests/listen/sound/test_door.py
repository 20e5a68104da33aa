"""The door as a whole: headers, log, health, forms of other sites, slow and many clients."""

from __future__ import annotations

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from listen.door import open_on_loopback
from listen.sound.stock import set_listening
from listen.sound.waiting import PATIENCE_S, rest
from phonotheque.archive.listening import protocol


def test_every_answer_has_a_number_and_safe_headers(stock, door):
    """Pages, sound, errors: nothing is sniffed, framed, or run that is not ours."""
    sound = f"/sound/{stock.gid('short.flac')}"
    assert "content-security-policy" not in door.get(sound).headers
    for path in ("/", "/nothing/here", "/api/v1/nothing", sound):
        answer = door.get(path)
        assert len(answer.headers["x-request-id"]) == 16
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers.get("content-security-policy", "")
        assert "default-src 'none'" in policy or path == sound
        assert "unsafe" not in policy
        assert "content-usage" in answer.headers


def test_what_is_known_already_keeps_its_policy(door):
    """A 304 says nothing of what a browser may do: it would be put to the page that was kept."""
    etag = door.get("/").headers["etag"]
    again = door.get("/", If_None_Match=etag)
    assert again.status == 304
    assert "content-security-policy" not in again.headers


def test_errors_are_for_people_and_for_programs(stock, door):
    """A browser gets a page, a program JSON; both say what is wrong and what to do."""
    path = f"/sound/{stock.gid('unknown.wav')}"
    told = door.get(path)
    assert set(told.json) == {"error", "thing", "wrong", "todo"}
    page = door.get(path, Accept="text/html")
    assert (page.status, page.headers["content-type"]) == (451, "text/html; charset=utf-8")
    assert "kept, never served" in page.text


def test_health_tells_of_catalogue_and_register(own):
    """200 while both can be read; 503, with the reason, when the catalogue is gone."""
    with open_on_loopback(own.root) as door:
        well = door.get("/healthz")
        assert (well.status, well.json["status"]) == (200, "ok")
        (own.root / "catalogue").rename(own.root / "elsewhere")
        unwell = door.get("/healthz")
        assert (unwell.status, unwell.json["status"]) == (503, "unwell")
        assert "catalogue" in unwell.json["catalogue"]


def test_counts_are_for_the_operator(door):
    """Who comes through a proxy does not see them; this machine does."""
    assert door.get("/metrics").status == 200
    assert door.get("/metrics", X_Forwarded_For="192.0.2.1").status == 404


def test_each_request_is_a_line_without_an_address(own):
    """What was asked and sent stands in the log; the address does not."""
    gid = own.gid("streamed.wav")
    with open_on_loopback(own.root) as door:
        answer = door.get(
            f"/sound/{gid}", Range="bytes=0-99", X_Forwarded_For="192.0.2.77", User_Agent="curl/8.5"
        )
    (path,) = (own.root / "state/access").iterdir()
    (line,) = [one for one in map(json.loads, path.read_text().splitlines()) if "item" in one]
    assert "192.0.2" not in path.read_text()
    assert line["id"] == answer.headers["x-request-id"]
    told = {key: line[key] for key in ("method", "endpoint", "item", "form", "restricted", "status",
                                       "bytes", "client")}  # fmt: skip
    assert told == {
        "method": "GET",
        "endpoint": "/sound/{gid}",
        "item": gid,
        "form": "original",
        "restricted": True,
        "status": 206,
        "bytes": 100,
        "client": "curl/8",
    }


def test_who_asks_too_often_is_sent_to_the_bulk_door(own):
    """After the burst: 429, when to come again, and where all of it is; sound goes on."""
    set_listening(own, "requests_per_s = 1")
    with open_on_loopback(own.root) as door:
        statuses = [
            door.get("/api/v1/nothing", "HEAD", X_Forwarded_For="192.0.2.9") for _ in range(60)
        ]
        refused = [answer for answer in statuses if answer.status == 429]
        assert refused
        assert "/torrents/" in refused[0].headers["link"]
        sound = f"/sound/{own.gid('short.flac')}"
        assert door.get(sound, X_Forwarded_For="192.0.2.9").status == 200
        assert door.get("/api/v1/nothing", X_Forwarded_For="192.0.2.10").status == 404


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",  # no host
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 500_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /plays HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n",
        b"POST /plays HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"GET /sound/%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_heads_that_were_tampered_with_are_refused(door, head):
    """What cannot be understood is refused, and the next one is answered."""
    reply = b""
    with (
        socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE_S) as connection,
        suppress(ConnectionError),  # it may be closed before all of a long one is sent
    ):
        connection.sendall(head)
        reply = connection.recv(65536)
    assert reply == b"" or reply.split(b" ")[1] in (b"400", b"404", b"413", b"431")
    assert door.get("/healthz").status == 200


def test_a_head_that_comes_too_slowly_ends_its_connection(own, monkeypatch):
    """Who never ends a head holds a connection for a bounded time, at first and later."""
    with open_on_loopback(own.root) as door:
        address = ("127.0.0.1", door.port)
        with socket.create_connection(address, timeout=PATIENCE_S) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /he")
            begun = connection.recv(4096)
            monkeypatch.setattr(protocol, "HEAD_S", 0.3)
            assert (begun + rest(connection)).count(b"HTTP/1.1 200 OK") == 1
        with socket.create_connection(address, timeout=PATIENCE_S) as connection:
            connection.sendall(b"GET / HT")
            assert rest(connection) == b""


def test_a_thousand_connections(stock, door):
    """A thousand who are connected at once are all answered."""
    head = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    async def ask() -> bytes:
        for _ in range(50):  # the queue of the system holds some hundreds
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            except OSError:
                continue
            writer.write(head)
            reply = await reader.read()
            writer.close()
            return reply
        return b""

    async def all_of_them() -> list[bytes]:
        return await asyncio.gather(*(ask() for _ in range(1000)))

    with ThreadPoolExecutor(1) as pool:
        replies = pool.submit(asyncio.run, all_of_them()).result()
    assert sum(reply.startswith(b"HTTP/1.1 200") for reply in replies) == 1000


def test_the_catalogue_is_replaced_while_it_serves(own):
    """Before and after a build every answer is whole; the new one needs no restart."""
    path = f"/sound/{own.gid('short.flac')}"
    with open_on_loopback(own.root) as door:
        before = door.get("/healthz").json["catalogue"]
        own.phono("catalogue", "build", "--jobs", "1").expect(0)
        own.phono("edit", own.names["short.flac"], "title=Another").expect(0)
        own.phono("catalogue", "build", "--jobs", "1").expect(0)
        assert door.get(path).body == own.data("short.flac")
        assert door.get("/healthz").json["catalogue"] != before
        assert not door.faults
