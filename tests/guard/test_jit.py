"""Compiled functions run where nothing that is compiled can be kept, and only where one can is it
kept."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

import phonotheque.guard

_ALL = """
import phonotheque.archive.guarding.compiling, phonotheque.guard.score.firsts
import phonotheque.guard.bench.peers.limits, phonotheque.guard.bench.world
"""
_CALLED = """
import numpy as np
from phonotheque.guard.groups.ranking import _pairs
print(_pairs(np.full((1, 2), 3, np.uint8))[1].tolist(), _pairs.stats.cache_path is not None)
"""


def called(script: str, **where: str) -> str:
    """Call something that is compiled in a new process."""
    place = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA")}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=place | where, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_with_nowhere_to_keep_code_it_runs_all_the_same() -> None:
    """As for a service without a home, whose package is of somebody else: no folder of numba's fits
    (of its kinds only that for notebooks is asked for), and none is made up. All modules load."""
    assert called(_ALL + _CALLED, NUMBA_CACHE_LOCATOR_CLASSES="IPythonCacheLocator") == "[12] False"


def test_a_folder_that_was_named_is_taken(tmp_path: Path) -> None:
    """What was compiled is found there."""
    assert called(_CALLED, NUMBA_CACHE_DIR=str(tmp_path)) == "[12] True"
    assert list(tmp_path.glob("groups_*/ranking._pairs-*.nbi"))


def test_only_one_module_calls_numba() -> None:
    """Another one would say again that it must be kept."""
    modules = Path(phonotheque.guard.__path__[0]).rglob("*.py")
    callers = [one.name for one in modules if re.search(r"^import numba|njit", one.read_text())]
    assert callers == ["jit.py"]
