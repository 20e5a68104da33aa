"""Peers and web servers that lie, stall or send too much: what comes is exact, or is not held."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mirror.swarm_stage import (
    LOOPBACK,
    NAME,
    Origin,
    fetch,
    held,
    make_origin,
    make_place,
    peer,
    swarm_ways,
)
from phonotheque.errors import UnavailableError
from phonotheque.mirror.beginnings import Beginning
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.copying import Folder
from phonotheque.mirror.fetching import Fetching
from phonotheque.mirror.jobs import Job, Outcome, Ways
from phonotheque.mirror.news import Came, News
from phonotheque.mirror.receiving import Receiving
from phonotheque.mirror.swarm import Swarm
from phonotheque.mirror.taking import Place
from phonotheque.publish.engine import Seeder
from phonotheque.publish.fetch import Sources
from phonotheque.store.objects import INCOMING
from publish.loopback import Loopback, Silent
from publish.stage import PATIENCE_S

ORIGIN = make_origin(sizes=(70_000, 1_500_000))
STALL_S = 1.0
_BLOCK = b"\x55" * 65_536


@pytest.fixture(scope="module")
def giver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ORIGIN.lay_out(tmp_path_factory.mktemp("giver"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path / "copy")


class Liar(Silent):
    """Answers ranges as a web seed does, and lies in the way that a subclass says."""

    protocol_version = "HTTP/1.1"
    over = threading.Event()

    def do_GET(self) -> None:
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        with suppress(ConnectionError):
            self.lie(int(first), int(last) - int(first) + 1)

    def lie(self, first: int, size_bytes: int) -> None:
        raise NotImplementedError

    def begin(self, first: int, size_bytes: int, told_bytes: int | None = None) -> None:
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{first + size_bytes - 1}/4000000")
        self.send_header("Content-Length", str(told_bytes or size_bytes))
        self.end_headers()


class WrongBytes(Liar):
    def lie(self, first: int, size_bytes: int) -> None:
        self.begin(first, size_bytes)
        self.wfile.write(b"\0" * size_bytes)


class EndlessBytes(Liar):
    def lie(self, first: int, size_bytes: int) -> None:
        self.begin(first, size_bytes, 1 << 60)
        while not self.over.is_set():
            self.wfile.write(_BLOCK)


class OneByteASecond(Liar):
    def lie(self, first: int, size_bytes: int) -> None:
        self.begin(first, size_bytes)
        while not self.over.wait(1):
            self.wfile.write(b"x")
            self.wfile.flush()


class WrongLength(Liar):
    def lie(self, first: int, size_bytes: int) -> None:
        self.begin(first, size_bytes)
        self.wfile.write(b"\0" * (size_bytes // 2))
        self.close_connection = True


class Elsewhere(Liar):
    """Sends whoever asks to another address of its own, where the bytes are wrong."""

    def lie(self, first: int, size_bytes: int) -> None:
        if self.path.startswith("/elsewhere/"):
            self.begin(first, size_bytes)
            self.wfile.write(b"\0" * size_bytes)
            return
        self.send_response(302)
        self.send_header("Location", f"/elsewhere{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()


class RoundAndRound(Liar):
    def lie(self, first: int, size_bytes: int) -> None:
        self.send_response(302)
        self.send_header("Location", self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()


LIARS = [WrongBytes, EndlessBytes, OneByteASecond, WrongLength, Elsewhere, RoundAndRound]


@pytest.fixture(params=LIARS, ids=lambda liar: liar.__name__)
def liar(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a web seed that lies."""
    Liar.over.clear()
    with Loopback(request.param) as server:
        yield server.address()
        Liar.over.set()


def poisoned(origin: Origin, root: Path, stack: ExitStack) -> Seeder:
    """A peer that believes to have everything, and of two files has zeros."""
    folder = origin.lay_out(root)
    first, *_, last = origin.objects
    (folder / first.target).write_bytes(b"\0" * first.size_bytes)
    (folder / last.target).write_bytes(b"\0" * last.size_bytes)
    seeder = stack.enter_context(Seeder(LOOPBACK))
    # What is known to lack is not looked at, and the rest is not looked at either.
    seeder.add(origin.torrent.data, folder / "volumes", [origin.contents.parts[-1].path])
    return seeder


def test_a_lying_web_seed_beside_a_good_peer_does_no_harm(
    place: Place, giver: Path, liar: str
) -> None:
    """Whatever it does, the volume comes whole and exact from whoever is honest."""
    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, giver / "volumes")
        sources = Sources((peer(seeder),), (liar,))
        outcome = fetch(place, ORIGIN, swarm_ways(place, sources))
    assert outcome.is_whole
    assert held(place.root) == ORIGIN.bodies


def test_a_lying_web_seed_alone_gives_nothing(place: Place, liar: str) -> None:
    """Nothing of it is held, and the fetch ends by itself, saying what came."""
    ways = swarm_ways(place, Sources(web_seeds=(liar,)), stall_s=STALL_S)
    outcome = fetch(place, ORIGIN, ways)
    assert isinstance(outcome.error, UnavailableError)
    assert (outcome.is_whole, outcome.files) == (False, 0)
    assert held(place.root) == {}


def test_a_poisoned_peer_beside_a_good_one_does_no_harm(
    place: Place, giver: Path, tmp_path: Path
) -> None:
    """Pieces that come wrong are asked for elsewhere, and are counted."""
    told: list[Came] = []
    with ExitStack() as stack:
        bad = poisoned(ORIGIN, tmp_path / "bad", stack)
        good = stack.enter_context(Seeder(LOOPBACK))
        good.add(ORIGIN.torrent.data, giver / "volumes")
        sources = Sources(peers=(peer(bad), peer(good)))
        outcome = fetch(place, ORIGIN, swarm_ways(place, sources), told.append)
    assert outcome.is_whole
    assert held(place.root) == ORIGIN.bodies


def test_a_peer_that_gives_a_byte_a_second_holds_nobody_up(place: Place, giver: Path) -> None:
    """Beside an honest peer the volume comes whole in a few seconds."""
    with Seeder(replace(LOOPBACK, upload_limit_bytes_per_s=1)) as slow, Seeder(LOOPBACK) as good:
        for seeder in (slow, good):
            seeder.add(ORIGIN.torrent.data, giver / "volumes")
        sources = Sources(peers=(peer(slow), peer(good)))
        outcome = fetch(place, ORIGIN, swarm_ways(place, sources))
    assert outcome.is_whole
    assert held(place.root) == ORIGIN.bodies


def test_a_peer_that_gives_a_byte_a_second_is_given_up(place: Place, giver: Path) -> None:
    """Alone it is not waited for: what came is told, and nothing is held that is not whole."""
    with Seeder(replace(LOOPBACK, upload_limit_bytes_per_s=1)) as slow:
        slow.add(ORIGIN.torrent.data, giver / "volumes")
        ways = swarm_ways(place, Sources(peers=(peer(slow),)), stall_s=STALL_S)
        outcome = fetch(place, ORIGIN, ways)
    assert isinstance(outcome.error, UnavailableError)
    assert not outcome.is_whole
    assert all(ORIGIN.bodies[path] == body for path, body in held(place.root).items())


def test_of_a_poisoned_peer_alone_only_what_is_right_is_kept(place: Place, tmp_path: Path) -> None:
    """Its wrong pieces are told and thrown away; where it came nothing is whole that is wrong."""
    told: list[Came] = []
    with ExitStack() as stack:
        bad = poisoned(ORIGIN, tmp_path / "bad", stack)
        ways = swarm_ways(place, Sources(peers=(peer(bad),)))
        ways = replace(ways, is_stopping=lambda: any(came.bad_pieces for came in told))
        job = Job(NAME, lambda: ORIGIN.contents)
        assert list(Fetching(place, ways, told.append).run([job])) == []
    assert max(came.bad_pieces for came in told) > 0
    assert held(place.root) == {}
    outcome = fetch(place, ORIGIN, Ways(folders=(Folder.at(tmp_path / "bad"),)))
    assert not outcome.is_whole
    assert all(ORIGIN.bodies[path] == body for path, body in held(place.root).items())


class Turning(Swarm):
    """An engine whose turns can be counted, and that may begin with one source alone."""

    starts: ClassVar[list[tuple[Beginning, int]]] = []
    is_alone_first = False

    def _begin(self, asked: Any, came: Came, turn: Beginning, have: Any = None) -> Any:
        fetch = super()._begin(asked, came, turn, have)
        self.starts.append((fetch.beginning, Counted.asked))
        return fetch

    def begin(self, contents: Contents, *rest: Any) -> None:
        super().begin(contents, *rest)
        if self.is_alone_first:
            self._go_on(contents.torrent, self._fetches[contents.torrent])


class AloneFirst(Turning):
    is_alone_first = True


class Counted(WrongBytes):
    """Lies, and counts how often it is asked."""

    asked = 0

    def lie(self, first: int, size_bytes: int) -> None:
        Counted.asked += 1
        super().lie(first, size_bytes)


def turning(
    place: Place, engine: type[Turning], sources: Sources, stall_s: float = PATIENCE_S
) -> Ways:
    """Ways with an engine that soon begins afresh."""
    Turning.starts.clear()
    Counted.asked = 0

    def start() -> Swarm:
        return engine(LOOPBACK, place.root / INCOMING, stall_s=stall_s, retry_s=0.5)

    return Ways(swarm=start, sources=sources)


def test_who_is_asked_alone_and_lacks_something_is_not_waited_for(
    place: Place, giver: Path
) -> None:
    """What the one that is asked alone does not have comes from another all the same."""
    with Seeder(LOOPBACK) as half, Seeder(LOOPBACK) as whole:
        half.add(ORIGIN.torrent.data, giver / "volumes", [ORIGIN.objects[0].path])
        whole.add(ORIGIN.torrent.data, giver / "volumes")
        sources = Sources(peers=(peer(half), peer(whole)))
        outcome = fetch(place, ORIGIN, turning(place, AloneFirst, sources))
    assert Turning.starts[1][0].alone == peer(half)
    assert outcome.is_whole
    assert held(place.root) == ORIGIN.bodies


def test_who_lied_when_it_was_asked_alone_is_never_asked_again(place: Place, giver: Path) -> None:
    """It is left out of all turns that follow, whatever the others lack."""

    def is_over() -> bool:
        return sum(bool(turn.liars) for turn, _ in Turning.starts) > 3

    told: list[Outcome] = []
    with Seeder(LOOPBACK) as half, Loopback(Counted) as server:
        half.add(ORIGIN.torrent.data, giver / "volumes", [ORIGIN.objects[0].path])
        sources = Sources((peer(half),), (server.address(),))
        for _ in range(5):  # on a busy machine all turns may end before the lie has come
            ways = turning(place, Turning, sources, stall_s=5.0)
            ways = replace(ways, is_stopping=is_over)
            told = list(Fetching(place, ways).run([Job(NAME, lambda: ORIGIN.contents)]))
            if not told:
                break
    assert told == []
    known = [(turn, asked) for turn, asked in Turning.starts if turn.liars]
    assert {liar for turn, _ in known for liar in turn.liars} == {server.address()}
    # What was asked of it before it was known may still arrive while the next turn begins.
    assert {asked for _, asked in known[1:]} == {Counted.asked}
    assert Counted.asked > 0


def test_what_is_complete_is_let_be(
    place: Place, giver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long its last files take to be proven, it is not begun afresh, and each is read
    once."""
    turns, prove, proven = threading.Semaphore(0), Receiving.prove, []

    class Suspicious(Turning):
        def news(self, timeout_s: float = 0.05) -> list[News]:
            for one in self._fetches.values():
                one.wrong |= {0} if one.came.is_complete else set()
            turns.release()
            return super().news(timeout_s)

    def slow(self: Receiving, contents: Contents, part: Part) -> object:
        if part.path == ORIGIN.objects[0].path:
            for _ in range(50):  # of the engine's turns go by, and more than `retry_s`
                turns.acquire(timeout=1)
        proven.append(part.path)
        return prove(self, contents, part)

    monkeypatch.setattr(Receiving, "prove", slow)
    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, giver / "volumes")
        outcome = fetch(place, ORIGIN, turning(place, Suspicious, Sources(peers=(peer(seeder),))))
    assert outcome.is_whole
    assert len(Turning.starts) == 1
    assert sorted(proven) == sorted(ORIGIN.bodies)
