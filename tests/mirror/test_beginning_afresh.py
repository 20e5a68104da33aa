"""What stands still after a wrong piece is begun afresh, and every source has its turn alone."""

from __future__ import annotations

import libtorrent as lt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.mirror.beginnings import RETRY_S, Beginning, Pace, Source, is_due
from phonotheque.mirror.wishing import ask, ask_as, known_sources

PEERS: tuple[Source, ...] = tuple(("127.0.0.1", port) for port in range(1, 6))
LONG_S = 6 * RETRY_S


@given(st.integers(1, 12), st.data())
def test_each_honest_source_has_its_turn_alone(count: int, data: st.DataObject) -> None:
    """Within twice as many turns as there are sources, whatever comes in between and whoever is
    found to lie."""
    known: tuple[Source, ...] = tuple(("peer", port) for port in range(count))
    turn, seen, lied = Beginning(known=known), set(), set()
    for _ in range(2 * count):
        alone = turn.alone
        assert alone not in turn.liars
        seen.add(alone)
        if data.draw(st.booleans()):
            turn = turn.moved()
        if alone is not None and data.draw(st.booleans()):
            lied.add(alone)
            turn = turn.next({alone})
        else:
            turn = turn.next()
    assert seen - {None} | lied == set(known)


@given(st.integers(0, 40), st.integers(0, 12))
def test_between_these_turns_all_are_asked(number: int, count: int) -> None:
    """At every even turn, and where nobody is known by name, nobody is alone."""
    known = tuple(("peer", port) for port in range(count))
    assert (Beginning(number, known=known).alone is None) is (number % 2 == 0 or not known)


@pytest.mark.parametrize("number", range(5))
def test_the_engine_is_told_whom_a_turn_asks(number: int) -> None:
    """One alone without trackers and strangers, or all; who lied is banned and left out."""
    params = lt.add_torrent_params()
    ask(params, ["http://one", "http://one/"], [PEERS[0], PEERS[1]], ["http://tracker/"])
    known = known_sources(params)
    assert known == (PEERS[0], PEERS[1], "http://one/")
    turn = Beginning(number, known=known, liars=frozenset({PEERS[0]}))
    ask_as(params, turn)
    asked = [*params.peers, *params.url_seeds]
    assert asked == ([PEERS[1], "http://one/"] if turn.alone is None else [turn.alone])
    assert params.banned_peers == [PEERS[0]]
    assert bool(params.trackers) is (turn.alone is None)
    assert bool(params.flags & lt.torrent_flags.disable_dht) is (turn.alone is not None)


def test_nobody_is_asked_alone_for_long() -> None:
    """Whoever gives a piece now and then is left after a minute; who is silent, or lies, sooner."""
    turn = Beginning(1, known=PEERS)
    pace = Pace(0.0, heard_at=LONG_S, moved_at=LONG_S)
    assert is_due(turn, pace, LONG_S)
    assert not is_due(turn, pace, LONG_S - 1)
    assert is_due(turn, Pace.from_now(0.0), RETRY_S)
    pace = Pace.from_now(0.0)
    pace.liars.add(PEERS[0])
    assert is_due(turn, pace, 0.0)


def test_who_is_asked_alone_is_left_even_when_no_more_beginnings_are_due() -> None:
    """The last turn is one that asks all, and it is waited with."""
    turn = Beginning(known=PEERS[:2])
    while is_due(turn, Pace.from_now(0.0), RETRY_S):
        turn = turn.next()
        assert turn.number < 50
    assert turn.alone is None
    assert turn.number >= 2 * len(turn.known)


def test_with_more_sources_there_are_more_turns() -> None:
    """Nobody is left out because of those before it."""
    known: tuple[Source, ...] = tuple(("peer", port) for port in range(30))
    turn, alone = Beginning(known=known), set()
    while is_due(turn, Pace.from_now(0.0), RETRY_S):
        turn = turn.next()
        alone.add(turn.alone)
    assert alone >= set(known)


@given(st.lists(st.integers(0, 5_000_000), min_size=1, max_size=20))
def test_less_than_a_step_is_no_movement(steps: list[int]) -> None:
    """It counts as moved once for each step's worth at most, from what there was at first."""
    pace, done, moved = Pace(0.0, 0.0, 0.0, least_bytes=100), 100, 0
    for at, step in enumerate(steps, 1):
        done += step
        moved += pace.has_moved(done, 1_000_000, float(at))
    assert moved <= (done - 100) // 1_000_000
    assert (moved > 0) is (done - 100 >= 1_000_000)
