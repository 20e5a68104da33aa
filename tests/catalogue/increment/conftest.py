"""One catalogue of three states, its increments, and another one restored from its first dump."""

import pytest

from catalogue.dump.whole_catalogue import MACHINE
from catalogue.increment.changing import MAKERS, PARQUET, Changing
from phonotheque.catalogue.dump.dumping import dump
from phonotheque.catalogue.dump.restoring import restore
from phonotheque.catalogue.increment.writing import write_increment


@pytest.fixture(scope="session")
def three(tmp_path_factory):
    """A folder with `one` of three snapshots, `dump` of the first, increments `2` and `3`, and
    `other`, which was restored from `dump`; for tests that only read, or copy."""
    folder = tmp_path_factory.mktemp("three")
    world = Changing(folder / "one", seed=7)
    for number in (1, 2, 3):
        world.change(60)
        world.snapshot()
        if number == 1:
            dump(world.root, world.disk, folder / "dump", PARQUET)
            restore(folder / "dump", folder / "other", MAKERS, MACHINE)
        else:
            write_increment(world.root, world.disk, folder / f"{number}", PARQUET, number - 1)
    return folder
