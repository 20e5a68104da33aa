"""The server stays up, answers in order and within bounds, whoever is at the other end."""

import hashlib
import socket
from contextlib import closing, contextmanager
from errno import EINVAL
from threading import Thread
from time import monotonic

import pytest

from phonotheque.errors import UnavailableError
from phonotheque.publish.web.heads import MAX_HEAD_BYTES, Shown
from phonotheque.publish.web.server import Bounds, Server
from phonotheque.publish.web.shelves import Resource
from phonotheque.publish.web.wire import Patience

BODY = bytes(range(256)) * 20_000
PATIENCE_S = 120


class Folder:
    """Files of a folder, and two names that stand for faults."""

    def __init__(self, root):
        self.root = root

    def find(self, parts):
        if parts == ("away",):
            raise UnavailableError("the disk", "is away", "Wait.")
        if parts == ("fault",):
            raise RuntimeError("a mistake")
        path = self.root.joinpath(*parts)
        if not path.is_file():
            return None
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        shown = Shown(path.stat().st_size, digest, {"Content-Type": "text/plain"})
        return Resource(path.open("rb", buffering=0), shown)


def patience(**bounds):
    """Waits for everything but what is named as if for ever."""
    asked = dict.fromkeys(("idle_s", "head_s", "block_s", "end_s"), PATIENCE_S)
    return Patience(**{**asked, **bounds})


@contextmanager
def serving(root, **bounds):
    """A server on a free port, and what it told of faults."""
    faults = []

    @contextmanager
    def opening():
        yield Folder(root)

    asked = {"threads": 2, "patience": patience(), **bounds}
    server = Server(opening, ("127.0.0.1", 0), Bounds(**asked), faults.append)
    server.start()
    try:
        yield server.port, faults
    finally:
        server.close()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "file").write_bytes(BODY)
    (tmp_path / "small").write_bytes(b"small")
    return tmp_path


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def ask(line, *fields):
    return "\r\n".join((f"{line} HTTP/1.1", "Host: a", *fields, "", "")).encode()


def read_all(one):
    data = b""
    while block := one.recv(1 << 16):
        data += block
    return data


def read_answer(one, *, is_head=False):
    """One answer: its status, its fields, its body; the rest stays in the socket."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = one.recv(1)
        assert block, f"the connection ended in a head: {data!r}"
        data += block
    line, *fields = data.decode("latin-1").split("\r\n")
    named = dict(field.split(": ", 1) for field in fields if field)
    left = 0 if is_head or line.split()[1] == "304" else int(named["Content-Length"])
    body = b""
    while len(body) < left:
        block = one.recv(left - len(body))
        assert block
        body += block
    return int(line.split()[1]), named, body


def test_a_file_comes_whole_in_part_and_not_at_all(folder):
    """GET, HEAD, a range, a known one and an absent one, over one connection, in order."""
    with serving(folder) as (port, faults), closing(connect(port)) as one:
        one.sendall(ask("GET /file"))
        status, fields, body = read_answer(one)
        assert (status, body) == (200, BODY)
        assert fields["ETag"] == f'"{hashlib.sha256(BODY).hexdigest()}"'
        one.sendall(ask("HEAD /file"))
        status, head, _ = read_answer(one, is_head=True)
        assert status == 200
        assert {**head, "Date": ""} == {**fields, "Date": ""}
        one.sendall(ask("GET /file", "Range: bytes=1000-300999"))
        assert read_answer(one)[::2] == (206, BODY[1000:301_000])
        one.sendall(ask("GET /file", f"If-None-Match: {fields['ETag']}"))
        assert read_answer(one)[0] == 304
        one.sendall(ask("GET /nothing"))
        assert read_answer(one)[0] == 404
        one.sendall(ask("GET /small") + ask("GET /small", "Connection: close"))
        assert [read_answer(one)[2] for _ in range(2)] == [b"small", b"small"]
        assert one.recv(1) == b""
    assert faults == []


def test_what_is_away_or_wrong_ends_no_more_than_one_answer(folder):
    """A store that is away is told as such; a mistake of ours is told to us; both threads live."""
    with serving(folder) as (port, faults):
        for _ in range(5):
            with closing(connect(port)) as one:
                one.sendall(ask("GET /away"))
                status, fields, _ = read_answer(one)
                assert (status, fields["Retry-After"]) == (503, "10")
            with closing(connect(port)) as one:
                one.sendall(ask("GET /fault"))
                assert read_answer(one)[0] == 500
        with closing(connect(port)) as one:
            one.sendall(ask("GET /small"))
            assert read_answer(one)[2] == b"small"
    assert sum("a mistake" in fault for fault in faults) == 5


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 2 * MAX_HEAD_BYTES, 431),
        (b"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 405),
        (b"\r\n\r\nGET /small HTTP/1.0\r\n\r\n", 200),
    ],
)
def test_nonsense_is_answered_and_ends_the_connection(folder, sent, status):
    """TLS at the wrong door, heads without an end, bodies: one answer each, then the end."""
    with serving(folder) as (port, faults), closing(connect(port)) as one:
        one.sendall(sent)
        assert read_all(one).startswith(f"HTTP/1.1 {status} ".encode())
    assert faults == []


def test_who_sends_a_head_letter_by_letter_is_cut_off(folder):
    """A head must come whole within its time; until then the others are served."""
    with serving(folder, threads=1, patience=patience(head_s=0.3)) as (port, _):
        with closing(connect(port)) as slow:
            slow.sendall(b"GET /small HTTP/1.1\r\nX")
            assert slow.recv(1) == b""  # the server hangs up, without an answer
        with closing(connect(port)) as other:
            other.sendall(ask("GET /small"))
            assert read_answer(other)[2] == b"small"


def test_who_takes_no_bytes_is_cut_off(folder):
    """A body must move on: a connection that takes nothing gives its thread back."""
    with open(folder / "long", "wb") as file:
        file.truncate(64 << 20)
    with (
        serving(folder, threads=1, patience=patience(block_s=0.3)) as (port, _),
        closing(connect(port)) as slow,
        closing(connect(port)) as other,
    ):
        slow.sendall(ask("GET /long"))
        other.sendall(ask("GET /small"))  # waits until the thread is free
        assert read_answer(other)[2] == b"small"
        assert len(read_all(slow)) < 64 << 20


def test_who_says_nothing_is_let_go(folder):
    """An open connection without a request does not keep a thread."""
    with (
        serving(folder, threads=1, patience=patience(idle_s=0.2)) as (port, _),
        closing(connect(port)) as idle,
    ):
        deadline = monotonic() + PATIENCE_S
        while not is_served(port):  # who takes too long to ask is let go, too
            assert monotonic() < deadline, "the thread is kept"
        assert idle.recv(1) == b""


def test_a_stop_waits_for_nobody_who_asks_nothing(folder):
    """Open connections are let go at once, also in the middle of a head."""
    longer = patience(idle_s=10 * PATIENCE_S, head_s=10 * PATIENCE_S)  # than we wait for an end
    with serving(folder, patience=longer) as (port, _):
        idle, slow = connect(port), connect(port)
        idle.sendall(ask("GET /small"))
        assert read_answer(idle)[2] == b"small"
        slow.sendall(ask("GET /small") + b"GET /small HTTP/1.1\r\nX")
        assert read_answer(slow)[2] == b"small"
    for one in (idle, slow):
        with closing(one):
            assert read_all(one) == b""


def test_a_stop_gives_up_who_takes_no_bytes(folder):
    """However many do: all of them have the same little time, and their threads end."""
    with open(folder / "long", "wb") as file:
        file.truncate(64 << 20)
    with serving(folder, threads=3, patience=patience(end_s=0.1)) as (port, _):
        held = [connect(port) for _ in range(3)]
        for one in held:
            one.sendall(ask("GET /long"))
            assert one.recv(1)
    for one in held:
        with closing(one):
            assert len(read_all(one)) < 64 << 20


def test_a_stop_lets_an_answer_end(folder):
    """What is taken in time comes whole, and nothing behind it."""
    with open(folder / "long", "wb") as file:
        file.truncate(16 << 20)
    came = []
    with serving(folder) as (port, _):
        one = connect(port)
        one.sendall(ask("GET /long"))
        assert one.recv(1)
        reader = Thread(target=lambda: came.extend(iter(lambda: one.recv(1 << 20), b"")))
        reader.start()
    reader.join()
    one.close()
    assert b"".join(came).partition(b"\r\n\r\n")[2] == bytes(16 << 20)


def test_a_connection_that_fails_at_its_first_touch_costs_itself_alone(folder, monkeypatch):
    """Its thread and the place of its address are there for the next: some systems refuse all
    calls on a socket that was reset."""
    failing = [OSError(EINVAL, "Invalid argument")]
    real = socket.socket.setsockopt

    def once(self, *given):
        if failing:
            raise failing.pop()
        return real(self, *given)

    with serving(folder, threads=1, of_one=1) as (port, faults):
        monkeypatch.setattr(socket.socket, "setsockopt", once)
        with closing(connect(port)) as one:
            assert one.recv(1) == b""
        deadline = monotonic() + PATIENCE_S
        while not is_served(port):
            assert monotonic() < deadline, "no thread is left"
    assert faults == []


def test_one_address_holds_only_so_many_connections(folder):
    """What is above the bound is told to wait; when one ends, another is taken."""
    with serving(folder, threads=4, of_one=2) as (port, _):
        held = []
        for _ in range(2):  # one after the other: nobody waits, so that each is kept
            held.append(connect(port))
            held[-1].sendall(ask("GET /small"))
            assert read_answer(held[-1])[0] == 200
        with closing(connect(port)) as more:
            assert read_answer(more)[0] == 429
        for one in held:
            one.sendall(ask("GET /small", "Connection: close"))
            assert b"200 OK" in read_all(one)
            one.close()
        # The server learns a moment later that they have gone: who is told to wait comes again.
        deadline = monotonic() + PATIENCE_S
        while not is_served(port):
            assert monotonic() < deadline, "no place is given back"


def is_served(port):
    """Whether one who comes now is given an answer, and not sent away."""
    with closing(connect(port)) as one:
        try:
            one.sendall(ask("GET /small", "Connection: close"))
            return read_all(one).startswith(b"HTTP/1.1 200 ")
        except ConnectionError:  # sent away before the question was read
            return False


def test_when_too_many_wait_more_are_sent_away(folder):
    """Threads and queue are bounded: beyond both, the answer is 503 at once, and no memory."""
    with serving(folder, threads=1, waiting=1, of_one=100) as (port, _):
        first = connect(port)
        first.sendall(ask("GET /small"))
        assert read_answer(first)[0] == 200  # the one thread waits for its next request
        waiting = connect(port)
        with closing(connect(port)) as more:
            assert read_answer(more)[0] == 503
        first.close()
        waiting.sendall(ask("GET /small"))
        assert read_answer(waiting)[0] == 200
        waiting.close()


def test_a_taken_port_is_told(folder):
    """Where nobody can listen, it is said what and why."""
    with (
        serving(folder) as (port, _),
        pytest.raises(UnavailableError, match=rf"{port}: the port is taken: another program"),
    ):
        Server(lambda: None, ("127.0.0.1", port), Bounds(), print)
