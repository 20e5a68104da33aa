"""The watch remembers so many accounts and no more, whoever comes."""

from __future__ import annotations

import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from guard.book.making import Clock, account, new_desk
from guard.test_watching import BEGIN, gid, line, rungs_of, write
from phonotheque.archive.guarding.descriptions import NOTHING_KNOWN
from phonotheque.archive.guarding.takings import COPIED_BYTES
from phonotheque.archive.guarding.watching import Watcher
from phonotheque.guard.rungs import Rung

DAY_S = 86_400


class Door:
    """A watch with room for three."""

    def __init__(self, root):
        self.desk, self.told = new_desk(root, Clock(BEGIN)), []
        self.watch()

    def watch(self):
        self.watcher = Watcher(self.desk, NOTHING_KNOWN, self.told.append, most_accounts=3)

    def hears(self, *numbers, **fields):
        """A minute later these hear something."""
        self.desk.clock.now += 60
        second = int(self.desk.clock.now)
        fields = {"item": gid(7), **fields}
        some = [line(second + n, account(one), **fields) for n, one in enumerate(numbers)]
        write(self.desk.root, some)
        return self.watcher.turn()

    @property
    def known(self):
        return sorted(int(name, 16) for name in self.watcher.suspicion.names.called)


def test_those_who_are_there_go_on_and_who_comes_new_is_not_watched(tmp_path):
    """However many come new, by whatever they ask for; it is told once a day, with how much was not
    looked at."""
    door = Door(tmp_path)
    door.hears(1, 2, 3)
    assert door.told == []
    door.hears(*range(1, 50))
    assert door.known == [1, 2, 3]
    canaries = {"canary": True, "status": 404, "bytes": 0, "restricted": False}
    assert rungs_of(door.hears(3, 60, **canaries)) == {account(3): Rung.OBSERVE}
    guard = door.watcher.suspicion.guard
    assert int(guard.accounts.numbers[:, 0].sum()) == 3  # each heard one recording
    door.watcher.keep()
    assert door.known == [1, 2, 3]
    (told,) = door.told
    assert told.startswith("there is room for 3 accounts (guard.most_accounts): 46 lines of")
    door.desk.clock.now += DAY_S
    door.hears(3)
    assert len(door.told) == 2
    assert ": 1 lines of" in door.told[1]


def test_when_some_are_forgotten_there_is_room_again(tmp_path):
    """Who did nothing for 60 days makes room for who comes then."""
    door = Door(tmp_path)
    door.hears(1, 2, 3)
    door.desk.clock.now += 61 * DAY_S
    door.hears(3)
    door.watcher.keep()
    assert door.known == [3]
    door.hears(4)
    assert door.known == [3, 4]
    assert door.told == []


def test_a_byte_each_fills_no_room(tmp_path):
    """Who had nothing whole goes when there is no room left, and nothing of him stays; who has,
    keeps what he is in the middle of."""
    door = Door(tmp_path)
    door.hears(1)
    door.hears(1, item=gid(8), bytes=COPIED_BYTES // 2)
    door.hears(2, 3, 4, bytes=1)
    assert door.known == [1, 2, 3]
    door.watcher.keep()
    assert door.known == [1]
    door.watch()
    door.hears(4)
    door.hears(1, item=gid(8), bytes=COPIED_BYTES // 2)
    assert door.known == [1, 4]
    counted = door.watcher.suspicion.guard.accounts.numbers[:2, 0].tolist()
    assert counted == [2, 1]


def test_who_was_there_before_the_number_was_made_smaller_goes_on(tmp_path):
    """A snapshot with more is taken up whole."""
    door = Door(tmp_path)
    door.hears(1, 2, 3)
    door.watcher.keep()
    again = Watcher(door.desk, NOTHING_KNOWN, door.told.append, most_accounts=1)
    assert sorted(again.suspicion.names.called) == [account(1), account(2), account(3)]
