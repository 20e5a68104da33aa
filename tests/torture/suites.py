"""The suites of pytest, deeper: more examples, more mutations, more crash states, other seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]

_MOST_S = 150
"""Time for the properties of one room: a round must leave time for the others."""


def run_suite(
    seed: int,
    paths: Sequence[str],
    env: Mapping[str, str],
    *more: str,
    most_s: float | None = None,
) -> str:
    """Run some tests in a pytest of their own.

    Args:
        seed: Of Hypothesis.
        paths: Files or folders below `tests/`; those that are absent are left out.
        env: What makes them deeper.
        more: Further arguments of pytest.
        most_s: It is stopped after so many seconds.

    Raises:
        AssertionError: A test failed; its output is the message.
    """
    there = [path for path in paths if (_ROOT / path).exists()]
    command = [sys.executable, "-m", "pytest", "-x", "-p", "tests.torture.deeper"]
    command += [f"--hypothesis-seed={seed}", *more, *there]
    done = subprocess.run(
        command,
        cwd=_ROOT,
        env={**os.environ, "PHONOTHEQUE_RANDOM": "1", **env},  # or the seed counts for nothing
        capture_output=True,
        text=True,
        check=False,
        timeout=most_s,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-8000:]}{done.stderr[-2000:]}"
    return done.stdout.strip().splitlines()[-1].strip("= ")


def mutations(seed: int) -> str:
    """Ten thousand damaged objects and more, in memory."""
    paths = ("tests/store/test_fixity.py",)
    return run_suite(seed, paths, {"PHONOTHEQUE_MUTATIONS": str(20_000 + seed % 20_000)})


def properties(seed: int) -> str:
    """The property tests of one room, each with twelve times its examples, from another seed.

    A room that takes longer than a minute is left where it is then; the seed says where it begins.
    """
    tests = sorted(path.parent for path in _ROOT.glob("tests/**/test_*.py") if _has_given(path))
    rooms = sorted({str(folder.relative_to(_ROOT)) for folder in tests})
    room = rooms[seed // 1000 % len(rooms)]
    env = {"PHONOTHEQUE_EXAMPLES_TIMES": "12", "PHONOTHEQUE_TESTS_S": "60"}
    env["PHONOTHEQUE_BEGIN"] = str(seed)
    try:
        return f"{room}: {run_suite(seed, [room], env, '-m', 'hypothesis', most_s=_MOST_S)}"
    except subprocess.TimeoutExpired:
        return f"{room}: no failure in {_MOST_S} s, and then stopped"


def _has_given(path: Path) -> bool:
    """Whether it has properties; ours has some in a text only, which it hands to another pytest."""
    return path.parent != _HERE and "@given" in path.read_text(encoding="utf-8")


_CATALOGUE = ("tests/catalogue",)
_BULK_DOOR = ("tests/publish", "tests/cli/test_packs.py")


def catalogue(seed: int) -> str:
    """Kills, full disks and long inputs at every room of the catalogue; its cards on Spark.

    What is not begun after a minute and a half is left; the seed says where it begins.
    """
    env = {"PHONOTHEQUE_TESTS_S": "90", "PHONOTHEQUE_BEGIN": str(seed)}
    return run_suite(seed, _CATALOGUE, env, "-m", "torture")


def bulk_door(seed: int) -> str:
    """Each sync of packs, signatures and removals taken out alone; the plan on Spark."""
    return _marked(seed, _BULK_DOOR)


def other_rooms(seed: int) -> str:
    """What is marked for torture in one file of all other rooms: sound, mirrors, the listening
    door. The seed chooses which, so that nothing stands behind what takes long in every run.
    """
    files = files_of_other_rooms()
    file = files[seed // 1000 % len(files)]
    return f"{file}: {_marked(seed, [file])}"


def files_of_other_rooms() -> list[str]:
    """Files with something marked for torture, of rooms that have no torment of their own."""
    ours = (*_CATALOGUE, *_BULK_DOOR, "tests/torture")
    named = (
        path.relative_to(_ROOT).as_posix() for path in sorted(_ROOT.glob("tests/*/**/test_*.py"))
    )
    return [path for path in named if not path.startswith(ours) and _is_marked(path)]


def _is_marked(path: str) -> bool:
    return "mark.torture" in Path(_ROOT, path).read_text(encoding="utf-8")


def _marked(seed: int, paths: Sequence[str]) -> str:
    try:
        order = {"PHONOTHEQUE_ORDER": str(seed)}
        return run_suite(seed, paths, order, "-m", "torture", most_s=_MOST_S)
    except subprocess.TimeoutExpired:
        return f"no failure in {_MOST_S} s, and then stopped"


def power_loss(seed: int) -> str:
    """Power loss, kills and failing calls with more states, at other moments, from another seed."""
    bulk = [
        *_ROOT.glob("tests/publish/*/test_power_loss.py"),
        *_ROOT.glob("tests/mirror/test_*power_loss.py"),
    ]
    paths = ["tests/faults", *(str(path.relative_to(_ROOT)) for path in sorted(bulk))]
    folder = paths[seed // 1000 % len(paths)]
    env = {
        "PHONOTHEQUE_STATES": str(64 + seed % 192 if folder == paths[0] else 8 + seed % 24),
        "PHONOTHEQUE_STATES_SEED": str(seed),
        "PHONOTHEQUE_KILL_STEP": str(3 + seed % 7),
    }
    try:
        return f"{folder}: {run_suite(seed, [folder], env, most_s=_MOST_S)}"
    except subprocess.TimeoutExpired:
        return f"{folder}: no failure in {_MOST_S} s, and then stopped"
