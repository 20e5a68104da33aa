"""Kill -9 of each command, at a moment drawn by seed: whatever was told is there, exact, whole.

`python -m tests.torture --only kill` does it for as long as you like.
"""

import os
import shutil

import pytest
from tests.torture.command import Phono
from tests.torture.invariants import check_archive
from tests.torture.kill import NAMES, Stage

SEED = int(os.environ.get("PHONOTHEQUE_KILL_SEED", "1"))
KILLS = 6


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    return Stage(tmp_path_factory.mktemp("kill"))


@pytest.mark.parametrize("seed", range(SEED, SEED + KILLS))
def test_nothing_told_is_lost_when_the_command_is_killed(stage, seed):
    """After kill -9 all that was printed is kept, nothing half is seen, the next run finishes."""
    done = stage.round(seed, NAMES[seed % len(NAMES)], is_quick=True)
    print(done)


def test_lost_state_is_made_again_before_anything_is_sealed(stage, tmp_path):
    """Without `state/` nothing is published nameless for ever; after a rebuild all is as before."""
    phono = Phono(tmp_path / "archive")
    shutil.copytree(stage.folder / "full", phono.archive, symlinks=True)
    shutil.rmtree(phono.archive / "state")
    phono.run("verify", "--json").expect(0)
    refused = phono.run("publish", "run", "--json").expect(6)
    assert "phono rebuild" in refused.err
    phono.run("rebuild", "--json").expect(0)
    phono.run("publish", "run", "--json").expect(0)
    (manifest,) = phono.archive.glob("objects/lists/*/manifest.tsv")
    assert manifest.read_text(encoding="utf-8").count("\tPiece ") == stage.recordings
    check_archive(phono.archive, at_rest=True)
