"""One archive for all tests of this folder, and a copy of it with a place for a mirror for each."""

import shutil

import pytest
from tests.cli.phono import copy_archive

from mirror.scene import Stage, make_archive
from once import made_once


@pytest.fixture(scope="session")
def published_archive(tmp_path_factory):
    """Made once: an archive that published six recordings."""
    return made_once(tmp_path_factory, "archive-to-mirror", make_archive)


@pytest.fixture
def stage(published_archive, tmp_path, monkeypatch):
    """A copy of it to work on, and a folder for a mirror."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    monkeypatch.delenv("PHONO_MIRROR", raising=False)
    shutil.copytree(published_archive / "music", tmp_path / "music")
    archive = copy_archive(published_archive / "archive", tmp_path / "archive")
    return Stage(archive, tmp_path / "mirror")
