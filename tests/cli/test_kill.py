"""Twenty times kill -9, at moments drawn by seed: whatever was told is there, exact and whole.

`python -m tests.torture --only kill` does it for as long as you like.
"""

import os

import pytest
from tests.torture.kill import Stage

SEED = int(os.environ.get("PHONOTHEQUE_KILL_SEED", "1"))
KILLS = 20
NAMES = ("add", "publish", "add", "rebuild", "add", "verify", "add", "publish", "add", "rebuild")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    return Stage(tmp_path_factory.mktemp("kill"))


@pytest.mark.parametrize("seed", range(SEED, SEED + KILLS))
def test_nothing_told_is_lost_when_the_command_is_killed(stage, seed):
    """After kill -9 all that was printed is kept, nothing half is seen, the next run finishes."""
    done = stage.round(seed, NAMES[seed % len(NAMES)], is_quick=True)
    print(done)
