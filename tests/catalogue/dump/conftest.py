"""One catalogue, one dump of it and one catalogue restored from that, for tests that only read."""

import pytest

from catalogue.dump.whole_catalogue import MACHINE, MAKERS, make_catalogue, make_dump
from phonotheque.catalogue.dump.restoring import restore


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder with `catalogue` and `dump`."""
    folder = tmp_path_factory.mktemp("site")
    make_catalogue(folder / "catalogue")
    make_dump(folder / "catalogue", folder / "dump")
    return folder


@pytest.fixture(scope="session")
def restored(site):
    """The snapshot that was restored from `dump`, below `restored`."""
    return restore(site / "dump", site / "restored", MAKERS, MACHINE)
