"""An archive in a temporary folder, and a little music to put into it."""

import shutil

import pytest
from tests.cli.phono import LICENSED, copy_archive, found
from tests.cli.small_music import make_music


@pytest.fixture
def phono(tmp_path, monkeypatch):
    """A new, empty archive; no other one is near."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    return found(tmp_path / "archive")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """Made once: an archive of four recordings and a text without any statement of rights."""
    folder = tmp_path_factory.mktemp("shelf")
    make_music(folder / "music", 4)
    told = found(folder / "archive").add(folder / "music")
    return folder, {path: one["sha256"] for path, one in told.items()}


@pytest.fixture
def stocked(shelf, tmp_path, monkeypatch):
    """A copy of it to work on, the names of what is held by path, and the music beside it."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    folder, names = shelf
    shutil.copytree(folder / "music", tmp_path / "music")
    return copy_archive(folder / "archive", tmp_path / "archive"), names


@pytest.fixture
def music(tmp_path):
    """A folder of four recordings and a text."""
    make_music(tmp_path / "music", 4)
    return tmp_path / "music"


@pytest.fixture(scope="session")
def sealed_once(tmp_path_factory):
    """Made once: an archive of four recordings and a text in one volume, and what was told of it;
    to be copied."""
    folder = tmp_path_factory.mktemp("sealed")
    make_music(folder / "music", 4)
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED)
    (volume,) = phono.publish()
    return phono.root, volume
