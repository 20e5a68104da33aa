"""An archive with a recording of every kind of right, and its door."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.once import made_once

from listen.door import open_on_loopback
from listen.sound import stock as making


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Made once; not to be changed."""
    return made_once(tmp_path_factory, "listened-sounds", making.make)


@pytest.fixture(scope="module")
def stock(made, tmp_path_factory):
    """A copy for the tests of one module, who leave it as it is."""
    return making.copy_of(made, tmp_path_factory.mktemp("sounds") / "archive")


@pytest.fixture(scope="module")
def door(stock):
    """Its door."""
    with open_on_loopback(stock.root) as opened:
        yield opened


@pytest.fixture
def own(made, tmp_path):
    """A copy to be damaged."""
    return making.copy_of(made, tmp_path / "archive")


@pytest.fixture
def gids():
    """Gids of nothing in particular."""
    return [UUID(int=number) for number in range(1, 20)]
