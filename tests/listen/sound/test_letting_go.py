"""Who takes nothing, or never ends, is let go of; what may not be sent any more is broken off."""

from __future__ import annotations

import asyncio
import socket
from threading import Thread

import pytest

from listen.door import open_on_loopback
from listen.sound.stock import IN_COPYRIGHT, decide
from listen.sound.waiting import PATIENCE_S, asked_and_not_read, rest, until
from phonotheque.archive.listening import desk, protocol, serving
from phonotheque.archive.listening.copies import ArchiveCopies
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.listen.values import Choice, Kind

AHEAD_BYTES = 32 << 10


def _get(path, *more):
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: a", *more, "", "")).encode()


@pytest.mark.parametrize(("form", "more"), [("original", ()), ("dressed", ("Connection: close",))])
def test_who_stops_taking_is_let_go_of(own, monkeypatch, form, more):
    """A window that stays shut costs neither connection nor memory for long, however it is sent:
    read for the first time, put together, or from the file."""
    path = f"/sound/{own.gid('long.wav')}?form={form}"
    with open_on_loopback(own.root, ahead_bytes=AHEAD_BYTES) as door:
        for _ in range(2):  # the second finds it proven
            with asked_and_not_read(door, _get(path, *more)) as slow, monkeypatch.context() as soon:
                assert slow.recv(1), "it ended before it began"
                assert door.get("/healthz").status == 200  # others are served meanwhile
                soon.setattr(protocol, "TAKE_S", 0.5)
                until(lambda: not door.connections, "it is held for ever")
        assert door.get(path).status == 200


@pytest.mark.parametrize(
    "head",
    [
        _get("/healthz", "Content-Length: 9") + b"x",
        b"POST /plays HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
    ],
)
def test_a_body_that_never_ends_ends_its_connection(own, monkeypatch, head):
    """Whether it was answered before or not."""
    monkeypatch.setattr(protocol, "BODY_S", 0.3)
    with open_on_loopback(own.root) as door:
        with socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE_S) as connection:
            connection.sendall(head)
            assert rest(connection).count(b"HTTP/1.1 ") <= 1
        until(lambda: not door.connections, "it is held for ever")
        assert not door.faults


def test_a_connection_that_asks_nothing_more_is_closed(own, monkeypatch):
    """Between two requests, and without having asked at all."""
    with open_on_loopback(own.root) as door:
        for head, bound in ((_get("/healthz"), "IDLE_S"), (b"", "HEAD_S")):
            with (
                monkeypatch.context() as soon,
                socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE_S) as kept,
            ):
                soon.setattr(protocol, bound, 0.3)
                kept.sendall(head)
                assert rest(kept).count(b"HTTP/1.1 200") == (1 if head else 0)


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("/sound/{gid}", b""),
        ("/sound/{gid}", _get("/healthz")),
        ("/download/{gid}", b""),
        ("/download/album/{album}.zip", b""),
    ],
)
def test_what_is_taken_down_while_it_plays_stops(own, monkeypatch, path, before):
    """However slowly it is taken, no more of it is sent than the system had in hand; also when it
    was asked for together with something else."""
    monkeypatch.setattr(desk, "_LOOK_S", 0.0)
    whole = own.data("long.wav")
    path = path.format(gid=own.gid("long.wav"), album=_album(own))
    with (
        open_on_loopback(own.root, ahead_bytes=AHEAD_BYTES) as door,
        asked_and_not_read(door, before + _get(path)) as slow,
    ):
        data = b""
        while data.count(b"HTTP/1.1 200") < (2 if before else 1):
            block = slow.recv(4096)
            assert block, "it ended before it began"
            data += block
        decide(own.phono, own.names["long.wav"], licence=IN_COPYRIGHT)
        until(lambda: not door.connections, "it goes on")
        assert len(data + rest(slow)) < len(whole) // 2
        assert not door.faults


def test_who_went_away_leaves_no_more_than_so_many_waiting(monkeypatch):
    """What was asked by those who hung up counts as what is under way: others are told to come
    again, and not queued behind it without end."""
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 4)
    begun = []

    async def app(scope, receive, send):
        begun.append(scope["path"])
        await asyncio.Event().wait()

    listening = serving.listen_at("127.0.0.1", 0)
    server = serving.server_of(app, lambda: None)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        port = listening.getsockname()[1]
        for number in range(4):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
                connection.sendall(_get(f"/{number}"))
                until(lambda asked=number: len(begun) > asked, "it is not asked")
        until(lambda: not server.server_state.connections, "they are still there")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
            connection.sendall(_get("/more"))
            assert connection.recv(4096).startswith(b"HTTP/1.1 503")
        assert "/more" not in begun
    finally:
        server.force_exit = server.should_exit = True
        thread.join(PATIENCE_S)
        listening.close()


def test_what_goes_on_being_allowed_is_sent_to_its_end(own):
    """Being asked about each second breaks nothing off."""
    path = f"/sound/{own.gid('long.wav')}"
    with (
        open_on_loopback(own.root, ahead_bytes=AHEAD_BYTES) as door,
        asked_and_not_read(door, _get(path, "Connection: close")) as slow,
    ):
        until(lambda: "phonotheque_sending 1\n" in door.get("/metrics").text, "nothing is sent")
        until(lambda: "phonotheque_sending 1\n" in door.get("/metrics").text, "nothing is sent")
        assert rest(slow).endswith(own.data("long.wav"))


def test_a_web_seed_asks_again(own):
    """A file of a release's torrent may not be sent on once it may not be shared."""
    library = ArchiveLibrary(own.root)
    copies = ArchiveCopies(Desks(own.root), library, "http://a.example/")
    (hit,) = library.listing(Choice(kind=Kind.RELEASE)).hits
    torrent = copies.release(hit.gid)
    (path,) = [path for path, one in torrent.paths.items() if one == own.sha256("long.wav")]
    sent = copies.release_file(hit.gid, (torrent.name, *path))
    assert sent.still_may()
    decide(own.phono, own.names["long.wav"], licence=IN_COPYRIGHT)
    until(lambda: not sent.still_may(), "it may still be sent")
    sent.data.close()
    library.close()


def _album(own):
    library = ArchiveLibrary(own.root)
    (hit,) = library.listing(Choice(kind=Kind.RELEASE)).hits
    library.close()
    return hit.gid
