"""Collections are counted once for all who ask, and not again and again while lines come in."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from phonotheque.archive.listening.arrivals import CollectionCounts
from phonotheque.errors import UnavailableError


def _index(line):
    """A register's index that knows this line."""
    return SimpleNamespace(place=SimpleNamespace(head=SimpleNamespace(seq=line)))


@dataclass
class _Counting:
    """Counts that take their time; each is the line up to which it counted."""

    takes_s: float = 0.0
    now_s: float = 100.0
    counted: list[int] = field(default_factory=list)

    def count(self, index):
        self.now_s += self.takes_s
        self.counted.append(index.place.head.seq)
        return [("reels", index.place.head.seq)]

    def counts(self):
        return CollectionCounts(self.count, lambda: self.now_s)


def test_nothing_new_is_counted_once():
    """While no line is written every page has the counts of before."""
    counting = _Counting()
    counts = counting.counts()
    assert [counts.of(_index(1)) for _ in range(5)] == [[("reels", 1)]] * 5
    assert counting.counted == [1]


def test_a_new_line_is_counted_at_once_where_counting_is_cheap():
    """What came in is in the counts with the next page."""
    counting = _Counting()
    counts = counting.counts()
    assert [counts.of(_index(line)) for line in (1, 2)] == [[("reels", 1)], [("reels", 2)]]


def test_dear_counting_takes_a_twentieth_of_the_time():
    """While lines come with every page, counts are told again for twenty times what they cost."""
    counting = _Counting(takes_s=2.0)
    counts = counting.counts()
    for line in range(1, 401):
        counts.of(_index(line))
        counting.now_s += 1.0
    assert len(counting.counted) <= 400 / 20 / 2 + 1
    counting.now_s += 40.0
    assert counts.of(_index(401)) == [("reels", 401)]


def test_no_page_waits_for_another_that_counts():
    """While one counts, others are told what was known; where nothing is, to come again."""
    begun, go_on = threading.Event(), threading.Event()

    def count(index):
        begun.set()
        assert go_on.wait(120)
        return [("reels", index.place.head.seq)]

    counts = CollectionCounts(count)

    @contextmanager
    def counted_elsewhere(line):
        """While another thread counts up to a line."""
        begun.clear()
        go_on.clear()
        slow = threading.Thread(target=counts.of, args=(_index(line),))
        slow.start()
        try:
            assert begun.wait(120)
            yield
        finally:
            go_on.set()
            slow.join()

    with counted_elsewhere(1), pytest.raises(UnavailableError, match="for the first time"):
        counts.of(_index(1))
    assert counts.of(_index(1)) == [("reels", 1)]
    counts._next_at = 0.0  # as if that was long ago
    with counted_elsewhere(2):
        assert counts.of(_index(3)) == [("reels", 1)]
    assert counts.of(_index(2)) == [("reels", 2)]
