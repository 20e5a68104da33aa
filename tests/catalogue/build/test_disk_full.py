"""A disk that is really full, a little larger each time."""

import shutil
import subprocess

import pytest
from tests.torture.disk_full import CannotMountError, small_disk

from catalogue.build.small import build_small, cards, write_source
from catalogue.build.test_building import album
from phonotheque.catalogue.snapshot import current_snapshot
from phonotheque.disk import LocalDisk
from phonotheque.errors import DiskFullError

_STEP_BYTES = 100 << 10


def test_a_full_disk(tmp_path):
    """Wherever room runs out, it is said, the old snapshot serves, and with more room the build
    goes on to its end."""
    try:
        with small_disk(tmp_path / "disk", 16 << 20) as disk:
            refused = grow_until_built(disk)
    except CannotMountError as error:
        pytest.skip(str(error))
    assert refused > 2


def grow_until_built(disk):
    """Build on a disk that is made larger after every refusal; return how many there were."""
    write_source(disk, "old", album())
    build_small(disk)
    write_source(disk, "new", album(1000))
    size = shutil.disk_usage(disk).used
    for refused in range(100):
        size += _STEP_BYTES
        subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)
        try:
            made = build_small(disk)
        except DiskFullError:
            assert current_snapshot(disk, LocalDisk(disk)).descriptor.name == "snapshot-000001"
        else:
            assert made.descriptor.name == "snapshot-000002"
            assert made.descriptor.rows["recording"] == 6
            assert len(cards(made)) == made.descriptor.cards["recording"]
            return refused
    return 100
