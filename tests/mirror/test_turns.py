"""Turns, allowances and hours: the pure parts of a mirror at work."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phonotheque.mirror.hours import is_open
from phonotheque.mirror.pacing import Allowance
from phonotheque.mirror.rotation import Turn, cost_bytes, next_turn

COSTS = st.lists(st.integers(1, 100), min_size=1, max_size=30)


@given(COSTS, st.integers(1, 400), st.data())
def test_never_more_is_loaded_than_fits(costs: list[int], room: int, data: st.DataObject) -> None:
    """All that is shared at a time fits into the room, but for one that is larger than it."""
    turns = [
        Turn(str(at), cost, data.draw(st.integers(0, 5)), data.draw(st.booleans()))
        for at, cost in enumerate(costs)
    ]
    chosen = next_turn(turns, room)
    used = sum(costs[int(one)] for one in chosen)
    assert chosen
    assert used <= room or len(chosen) == 1
    assert len(set(chosen)) == len(chosen)


@given(COSTS, st.integers(1, 400), st.data())
def test_everybody_comes_round(costs: list[int], room: int, data: st.DataObject) -> None:
    """However busy some are, each torrent is shared within as many turns as there are."""
    last = dict.fromkeys(map(str, range(len(costs))), 0)
    for turn in range(1, 2 * len(costs) + 2):
        busy = data.draw(st.sets(st.sampled_from(sorted(last))))
        turns = [Turn(one, costs[int(one)], shared, one in busy) for one, shared in last.items()]
        for one in next_turn(turns, room):
            last[one] = turn
    assert min(last.values()) > 0


@given(st.permutations([Turn(str(at), 10, at % 3, need=at % 2) for at in range(9)]))
def test_a_turn_does_not_depend_on_the_order_of_asking(turns: list[Turn]) -> None:
    """The same torrents give the same turn."""
    assert next_turn(turns, 40) == next_turn(sorted(turns, key=lambda one: one.torrent), 40)


def test_who_is_needed_more_comes_first() -> None:
    """Of those that waited equally long the most needed are shared."""
    turns = [Turn("many", 10, need=9), Turn("none", 10, need=0), Turn("few", 10, need=2)]
    assert next_turn(turns, 25) == ["none", "few"]


def test_a_volume_of_full_size_costs_what_was_measured() -> None:
    """35 full volumes fit into 400 MB beside the process itself."""
    assert 35 * cost_bytes(8_192) <= 340_000_000


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 3)), max_size=30))
def test_an_allowance_is_kept_over_any_time(reads: list[tuple[int, float]]) -> None:
    """In any time no more is read than the rate allows and one second's worth."""
    clock = [0.0]
    allowance = Allowance(
        100, lambda: clock[0], lambda wait_s: clock.__setitem__(0, clock[0] + wait_s)
    )
    done: list[tuple[float, int]] = []
    for size, pause_s in reads:
        clock[0] += pause_s
        allowance.take(size)
        done.append((clock[0], size))
    for start in range(len(done)):
        for end in range(start, len(done)):
            span_s = done[end][0] - done[start][0]
            read = sum(size for _, size in done[start + 1 : end + 1])
            assert read <= 100 * (span_s + 1) + 1e-6


def test_without_an_allowance_nobody_waits() -> None:
    """A rate of 0 is no limit."""
    Allowance(0, lambda: 0.0, lambda _: 1 / 0).take(1 << 40)


def test_hours_reach_over_midnight() -> None:
    """ "22-06" is open at night alone; "" and two times the same hour are always open."""
    assert [hour for hour in range(24) if is_open("22-06", hour)] == [0, 1, 2, 3, 4, 5, 22, 23]
    assert [hour for hour in range(24) if is_open("09-12", hour)] == [9, 10, 11]
    assert all(is_open("", hour) and is_open("05-05", hour) for hour in range(24))
