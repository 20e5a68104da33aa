"""Kill -9 in the midst of giving back and taking in: the same command, run again, ends it.

A child of this process is killed at the k-th of its calls that change the disk. Which call, and
which k, follow from a seed; the same seed kills at the same moment again.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.phono import Phono, call, tree
from tests.torture.killed_at import CALLS, arm, tally

from mirror.scene import VOLUME
from mirror.test_adopt import downloads as downloads
from mirror.test_restore import World, assert_equal
from mirror.test_restore import lines as register_lines
from mirror.test_restore import made as made
from mirror.test_restore import world as world

SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.torture) for seed in range(3, 40))]


def in_child(act: Callable[[], object]) -> int:
    """Do it in a child of this process; returns how that ended, as `os.waitpid` tells."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:  # it must not come back into the test: the exit status tells
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def calls_of(act: Callable[[], object], told: Path) -> dict[str, int]:
    """How often it makes each call that changes the disk, when it is left alone."""

    def count() -> None:
        counts: dict[str, int] = {}
        for name in CALLS:
            tally(counts, name)
        act()
        told.write_text(json.dumps(counts))

    assert in_child(count) == 0
    counts: dict[str, int] = json.loads(told.read_text())
    return counts


def kill(act: Callable[[], object], seed: int, counts: dict[str, int]) -> None:
    """Kill it at a moment that the seed draws."""
    draw = random.Random(seed)
    name = draw.choice([name for name in CALLS if counts[name]])
    at = draw.randint(1, counts[name])

    def die() -> None:
        arm(name, at, os.getpid(), is_group=False)
        act()

    ended = in_child(die)
    assert os.WIFSIGNALED(ended) or ended == 0, "it ended with an error of its own"
    assert not os.WIFSIGNALED(ended) or os.WTERMSIG(ended) == signal.SIGKILL


def is_over(world: World) -> bool:
    """Whether it is an archive again, and nothing is missing."""
    begun = world.root / "state/restoring.json"
    return (world.root / "phonotheque.toml").exists() and not begun.exists()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_restore_is_gone_on_with(world: World, tmp_path: Path, seed: int) -> None:
    """Whenever it was killed, the same command brings back every byte, and it verifies."""
    counts = calls_of(world.bring_back, tmp_path / "counts")
    shutil.rmtree(world.root)
    kill(world.bring_back, seed, counts)
    if not is_over(world):
        world.bring_back()
    assert_equal(world.lost, world.root)
    assert is_over(world)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_succession_is_gone_on_with(world: World, tmp_path: Path, seed: int) -> None:
    """Whenever it was killed, there is one successor in the end: one root, which the register
    names once, after the line that was signed last."""

    def succeed() -> None:
        world.bring_back(is_successor=True)

    counts = calls_of(succeed, tmp_path / "counts")
    shutil.rmtree(world.root)
    kill(succeed, seed, counts)
    if not is_over(world):
        succeed()
    head = json.loads((world.copy / "published/register-head.json").read_bytes())
    said = [line for line in register_lines(world.root) if line.get("event") == "restoration"]
    assert [line["root"] for line in said] == [world.root_of_trust]
    assert (said[0]["last"], said[0]["digest"]) == (head["seq"], head["digest"])
    assert tree(world.root / "objects") == tree(world.lost / "objects")
    world.publish_again()
    Phono(world.root)("verify", "--json").expect(0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_adoption_is_gone_on_with(stage, downloads, tmp_path, seed) -> None:
    """Whenever it was killed, what is told as held is there and exact, the folder that it came from
    is as it was, and the same command takes in the rest."""
    before, fresh = tree(downloads), tmp_path / "fresh"
    shutil.copytree(stage.root, fresh, symlinks=True)

    def adopt(root: Path = stage.root) -> None:
        call("mirror", "adopt", downloads, "--mirror", root, "--json").expect(0)

    counts = calls_of(lambda: adopt(fresh), tmp_path / "counts")
    kill(adopt, seed, counts)
    call("mirror", "verify", "--mirror", stage.root).expect(0)
    adopt()
    assert tree(downloads) == before
    call("mirror", "verify", VOLUME, "--mirror", stage.root).expect(0)
    assert tree(stage.copy_root / "objects") == tree(fresh / "archives/small-records/objects")
    assert list((stage.copy_root / "state/incoming").iterdir()) == []
