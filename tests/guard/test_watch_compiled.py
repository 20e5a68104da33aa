"""A watch that begins to look has compiled what it calls: no verdict waits for a compiler."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.docs.pages import ROOT

_BEGUN = """
import sys
from pathlib import Path

from numba.core.registry import CPUDispatcher

from guard.book.making import Clock, new_desk
from guard.test_watching import BEGIN, ROCK, gid, line, watching, write

def compiled():
    return {
        f"{name}.{one.__name__}": one.signatures
        for name, module in sorted(sys.modules.items()) if name.startswith("phonotheque.")
        for one in vars(module).values()
        if isinstance(one, CPUDispatcher) and one.targetoptions.get("inline", "never") == "never"
    }

root = Path(sys.argv[1])
with watching(new_desk(root, Clock(BEGIN + 90_000)), ROCK, print) as watcher:
    ready = compiled()
    write(root, [line(BEGIN + n * 9_000, f"{n:016x}", gid(n % 3)) for n in range(9)])
    watcher.turn()
    assert watcher.suspicion.guard.music.plays.sum() == 9
    called = ("engine.compiled.observe_all", "groups.first_copies._added",
              "groups.ranking._pairs", "groups.likeness._counted",
              "groups.meetings._sorted", "groups.meetings._meet", "groups.meetings._weigh")
    late = [name for name in called if len(ready[f"phonotheque.guard.{name}"]) != 1]
    print(*late, *(name for name, known in compiled().items() if known != ready[name]))
"""


def test_nothing_is_compiled_at_an_event(tmp_path):
    """In a new process each compiled function has one way to be called before the first event, and
    events, a day's rating and a look at groups add none."""
    command = [sys.executable, "-c", _BEGUN, str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT / "tests", stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.split() == []
