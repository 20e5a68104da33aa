"""Nobody is suspended by an estimate: the ledger says exactly what was new, and how surprising."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.engine.memory import new_music, rated
from phonotheque.guard.groups.ledger import Ledger
from phonotheque.guard.recount import recount


def ledger_of(account: list[int], track: list[int], second: list[int]) -> Ledger:
    ledger = Ledger(100)
    ledger.note(np.array(account, np.int32), np.array(track, np.int32), np.array(second))
    return ledger


def test_each_track_counts_once_with_what_it_weighs_now() -> None:
    """Others' rows count for nothing; bits fade with time between, and the highest sum stays."""
    music = new_music(100)
    music.plays[:50] = 63
    music = rated(music)
    weight = math.log2(32.5)
    found = recount(ledger_of([1, 1, 2, 1], [60, 70, 80, 3], [0, 3_600, 0, 3_700]).rows, 1, music)
    assert found.tracks.tolist() == [60, 70, 3]
    assert found.weights.tolist() == pytest.approx([weight, weight, 0], abs=1e-4)
    assert found.bits[0] == pytest.approx(weight * (1 + math.exp(-1)), rel=1e-5)
    assert found.score(np.array([found.bits[0], 1e9, 1e9])) == pytest.approx(1)


def test_somebody_who_did_nothing_has_no_score() -> None:
    """Nor an error."""
    found = recount(ledger_of([1], [1], [0]).rows, 7, new_music(100))
    assert found.score(np.ones(3)) == 0
