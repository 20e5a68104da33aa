"""The stream server: one contract for the real one and that of tests; gone, slow and full."""

from __future__ import annotations

import pytest
from tests.guard.streams.memory import MemoryServer

from phonotheque.errors import ConflictError, UnavailableError
from phonotheque.guard.streams.server import BEGIN, Entry, StreamServer


@pytest.fixture(params=["memory", "real"])
def server(request):
    """One of each kind."""
    if request.param == "memory":
        yield MemoryServer()
        return
    there = StreamServer(request.getfixturevalue("real").url)
    yield there
    there.close()


def test_an_entry_is_added_once(server) -> None:
    """Under its identifier; the same one, and any before it, changes nothing."""
    for place in ((5, 1), (5, 1), (3, 0), (5, 2)):
        server.add("s", place, b"head", bytes(place))
    assert server.read({"s": BEGIN}, 0) == [
        Entry("s", (5, 1), b"head", bytes((5, 1))),
        Entry("s", (5, 2), b"head", bytes((5, 2))),
    ]
    assert server.last("s") == Entry("s", (5, 2), b"head", bytes((5, 2)))
    assert server.length("s") == 2


def test_entries_of_several_streams_are_added_together(server) -> None:
    """Each once: what one of the streams has already is left as it is."""
    server.add("b", (5, 1), b"", b"there")
    for _ in range(2):
        server.add_each([Entry(name, (5, 1), b"", name.encode()) for name in "abc"])
    found = server.read(dict.fromkeys("abc", BEGIN), 0)
    assert sorted((one.stream, one.data) for one in found) == [
        ("a", b"a"), ("b", b"there"), ("c", b"c"),
    ]  # fmt: skip


def test_streams_are_read_from_a_place_of_each(server) -> None:
    """So many at once of each; a stream that is not there is empty."""
    for number in range(1, 6):
        server.add("a", (number, 1), b"", b"a")
        server.add("b", (number, 1), b"", b"b")
    found = server.read({"a": (1, 1), "b": (4, 1), "c": BEGIN}, 0, count=2)
    assert sorted((one.stream, one.place) for one in found) == [
        ("a", (2, 1)), ("a", (3, 1)), ("b", (5, 1)),
    ]  # fmt: skip
    assert server.last("c") is None
    assert server.length("c") == 0


def test_what_is_let_go_of_is_gone_and_its_identifiers_are_not_free(server) -> None:
    """What stands at the place stays."""
    for number in range(1, 6):
        server.add("s", (number, 1), b"", b"")
    server.let_go("s", (4, 1))
    server.add("s", (2, 1), b"", b"again")
    assert [one.place for one in server.read({"s": BEGIN}, 0)] == [(4, 1), (5, 1)]


def test_processes_agree(server) -> None:
    """Whoever comes first writes; whoever says otherwise is told."""
    server.agree("key", "4 parts")
    server.agree("key", "4 parts")
    with pytest.raises(ConflictError):
        server.agree("key", "5 parts")
    server.note("seen", "0", 17)
    server.note("seen", "0", 18)
    assert server.noted("seen") == {"0": 18}


def test_a_server_that_is_gone_is_asked_for_a_while(real) -> None:
    """Then it is said which, what it answered, and that nothing is lost."""
    waited: list[float] = []
    there = StreamServer(real.url, patience_s=3, wait=waited.append, clock=lambda: 0.0)
    there.add("s", (1, 1), b"", b"")
    real.kill()
    with pytest.raises(UnavailableError, match="nothing is lost"):
        there.add("s", (2, 1), b"", b"")
    assert 3 <= sum(waited) < 6
    assert waited == sorted(waited)


def test_a_server_that_accepts_and_never_answers_uses_the_patience_up() -> None:
    """What is tried counts as well as what is waited."""
    pytest.importorskip("valkey", reason="the extra `valkey` is not installed")
    now = [0.0]

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    there = StreamServer("unix:///nowhere", wait=lambda _: None, clock=lambda: now[0])
    for _ in there.waits():
        pass_by(10)
    assert 60 <= now[0] <= 70


def test_a_server_that_comes_back_is_used(real) -> None:
    """Whoever asked goes on; what was added is there."""

    def come_back(_: float) -> None:
        if real.process.poll() is not None:
            real.start()

    there = StreamServer(real.url, wait=come_back)
    there.add("s", (1, 1), b"", b"one")
    real.kill()
    there.add("s", (2, 1), b"", b"two")
    assert [one.data for one in there.read({"s": BEGIN}, 0)] == [b"one", b"two"]


def test_a_server_that_is_full_is_told_and_waited_for(real) -> None:
    """It throws nothing away to make room; what it has can be read meanwhile."""
    waited: list[float] = []
    there = StreamServer(real.url, patience_s=1, wait=waited.append)
    there.add("s", (1, 1), b"", b"x")
    real.asked("CONFIG", "SET", "maxmemory", "1mb")
    with pytest.raises(UnavailableError, match="more memory"):
        there.add("s", (2, 1), b"", bytes(2_000_000))
    assert [one.data for one in there.read({"s": BEGIN}, 0)] == [b"x"]
    patient = StreamServer(real.url, wait=lambda _: real.asked("CONFIG", "SET", "maxmemory", "0"))
    patient.add("s", (2, 1), b"", bytes(2_000_000))
    assert there.length("s") == 2


def test_where_one_stream_refuses_it_is_told_and_adding_again_adds_the_rest(real) -> None:
    """The others may have theirs: none is there twice, and none is missing."""
    there = StreamServer(real.url, patience_s=0)
    real.asked("SET", "b", "text")
    entries = [Entry(name, (1, 1), b"", b"x") for name in "abc"]
    with pytest.raises(UnavailableError, match="WRONGTYPE"):
        there.add_each(entries)
    real.asked("DEL", "b")
    there.add_each(entries)
    assert [there.length(name) for name in "abc"] == [1, 1, 1]


def test_a_server_that_is_slow_is_asked_again_and_adds_once(real) -> None:
    """An answer that does not come in time may mean that it was done: it is not done twice."""
    there = StreamServer(real.url, answer_s=0.2)
    real.asked("CLIENT", "PAUSE", "700", "ALL")
    there.add("s", (1, 1), b"", b"x")
    assert there.length("s") == 1


def test_a_key_of_another_kind_is_told(real) -> None:
    """Somebody else uses the same names."""
    there = StreamServer(real.url, patience_s=0)
    real.asked("SET", "s", "text")
    for ask in (lambda: there.length("s"), lambda: there.add("s", (1, 1), b"", b"")):
        with pytest.raises(UnavailableError, match="WRONGTYPE"):
            ask()
