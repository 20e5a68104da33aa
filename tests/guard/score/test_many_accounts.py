"""Logs with more accounts than there is room for: counted, told, and no memory taken."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from phonotheque.guard.score import gathering as rooms
from phonotheque.guard.score.columns import Column, Raw
from phonotheque.guard.score.gathering import LEAST_REQUESTS, Gathering
from phonotheque.guard.score.items import item_rule
from phonotheque.guard.score.judging import judge

_TIME = b"09/Oct/2025:08:53:20 +0000"


def block(first: int, accounts: int) -> Raw:
    """As many fetches of each of some accounts as make it one that is looked at."""
    lines = accounts * LEAST_REQUESTS
    who = np.tile(np.arange(accounts, dtype=np.int32), LEAST_REQUESTS)

    def always(word: bytes) -> Column:
        return Column(np.zeros(lines, np.int32), [word])

    names = Column(who, [b"%d" % number for number in range(first, first + accounts)])
    return Raw(
        names, always(b"/song/1.ogg"), always(_TIME), always(b"200"), None, None, None, None, 0
    )


def test_accounts_for_which_there_is_no_room_are_counted(monkeypatch):
    """Those before them go on as before, and all of them say what is popular."""
    monkeypatch.setattr(rooms, "MOST_ACCOUNTS", 100)
    with Gathering(item_rule(None)) as gathering:
        for first in range(0, 500, 50):
            gathering.add(block(first, 50))
        gathering.add(block(0, 50))
        assert len(gathering.names) == 100
        assert gathering.counted.fetches == 550 * LEAST_REQUESTS
        report, learned = judge(gathering, ())
        assert report.counted.beyond == 400 * LEAST_REQUESTS
        assert learned.had.sum() == 500


_CHILD = f"""
import resource, sys
from {__name__} import block
from phonotheque.guard.score.items import item_rule
from phonotheque.guard.score.gathering import Gathering

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

with Gathering(item_rule(None)) as gathering:
    for first in range(0, 10_000_000, 250_000):
        gathering.add(block(first, 250_000))
        if first == 1_000_000:
            full = peak_mb()
    print(len(gathering.names), gathering.counted.lines, peak_mb() - full, peak_mb())
"""


@pytest.mark.torture
def test_ten_million_accounts_take_the_memory_of_a_million():
    """The first million is looked at; of the others nothing is kept."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], capture_output=True, text=True, check=True
    )
    accounts, lines, more_mb, peak_mb = map(int, done.stdout.split())
    assert (accounts, lines) == (rooms.MOST_ACCOUNTS, 10_000_000 * LEAST_REQUESTS)
    assert more_mb < 100
    assert peak_mb < 1_500
