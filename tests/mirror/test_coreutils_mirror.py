"""In fifty years: a mirror's disk, its own README and coreutils, and nothing of ours, suffice."""

from __future__ import annotations

import shutil

import pytest
from tests.cli.phono import call, damage
from tests.cli.test_coreutils import assert_silent, commands, find, run
from tests.cli.test_coreutils import tools as tools

from mirror.scene import VOLUME


@pytest.fixture
def disk(stage):
    """The copy of an archive on a mirror that fetched all of it, and the commands of its README."""
    stage.join()
    call("mirror", "sync", "--mirror", stage.root, "--loopback").expect(0)
    shutil.rmtree(stage.archive)
    text = (stage.root / "README.txt").read_text(encoding="utf-8")
    blocks = commands(text)
    return stage.copy_root, {
        title: block.replace("VOLUME", VOLUME) for title, block in blocks.items()
    }


def test_every_recording_is_checked(tools, disk):
    """Silent on a sound disk; any damage is named."""
    root, blocks = disk
    command = find(blocks, "CHECK EVERY RECORDING")
    assert_silent(run(tools, root, command))
    victim = min(root.glob("objects/??/??/*"))
    damage(victim, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    assert victim.name in run(tools, root, command).stdout


def test_a_volume_is_checked_and_listed(tools, disk):
    """One volume proves itself by its own list, and tells what is in it."""
    root, blocks = disk
    assert_silent(run(tools, root, find(blocks, "CHECK ONE VOLUME")))
    listed = run(tools, root, find(blocks, "LIST ITS TRACKS")).stdout.splitlines()
    assert len(listed) == 7
    assert "Piece 003" in "\n".join(listed)


def test_an_archive_is_restored_by_coreutils_alone(tools, disk, tmp_path):
    """What a reader needs of a lost archive is copied off a mirror's disk with nothing but cp: its
    recordings under readable names, and a folder that is an archive's, checked by its README."""
    root, blocks = disk
    assert_silent(run(tools, root, find(blocks, "COPY ITS TRACKS OUT")))
    assert len(list((root / "out").iterdir())) == 6
    back = tmp_path / "back"
    assert_silent(run(tools, root, f"mkdir {back}; cp -R objects volumes published {back}"))
    assert_silent(run(tools, back, find(blocks, "CHECK EVERY RECORDING")))
    assert_silent(run(tools, back, find(blocks, "CHECK ONE VOLUME")))
    sums = back / f"published/packs/{VOLUME.replace('open', 'register')}"
    assert_silent(run(tools, sums, "sha256sum --check --quiet SHA256SUMS"))
