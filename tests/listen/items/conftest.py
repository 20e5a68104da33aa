"""An archive with two releases, one item that may not be shared, and one that was removed."""

from __future__ import annotations

import pytest
from tests.cli.phono import LICENSED, copy_archive, found
from tests.cli.small_music import make_music
from tests.once import made_once

from listen.door import open_on_loopback


def _make(folder):
    make_music(folder / "free", 4, frames=80_000)
    make_music(folder / "kept", 1, seed=7)
    phono = found(folder / "archive")
    told = phono.add(folder / "free", *LICENSED, "--collection", "Reels")
    phono.add(folder / "kept")
    phono.publish()
    phono("catalogue", "build", "--jobs", "1").expect(0)
    gone = next(one["sha256"] for path, one in told.items() if path.endswith("003.wav"))
    why = ("--reason", "The maker asked for it", "--requested-by", "Somebody")
    phono("takedown", gone, *why).expect(0)


@pytest.fixture(scope="session")
def stock(tmp_path_factory):
    """The archive, made once; not to be changed."""
    return made_once(tmp_path_factory, "listened-items", _make) / "archive"


@pytest.fixture(scope="module")
def door(stock, tmp_path_factory):
    """The door of a copy of it."""
    phono = copy_archive(stock, tmp_path_factory.mktemp("door") / "archive")
    with open_on_loopback(phono.root) as opened:
        yield opened
