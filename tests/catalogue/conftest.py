"""Catalogues that several rooms ask questions of: built once, and only read."""

from __future__ import annotations

import pytest
from tests.catalogue.charts.village import empty, village


@pytest.fixture(scope="session")
def built_village(tmp_path_factory):
    """The snapshot of the village."""
    return village(tmp_path_factory.mktemp("village"))


@pytest.fixture(scope="session")
def built_of_nothing(tmp_path_factory):
    """The snapshot of a catalogue that nothing was imported into."""
    return empty(tmp_path_factory.mktemp("nothing"))
