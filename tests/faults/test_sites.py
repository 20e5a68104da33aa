"""Taking syncs out one by one: each must be missed, and a needless one is named."""

from __future__ import annotations

from typing import Any

import pytest

from faults.memory import MemoryDisk
from faults.powerloss import Acknowledge, NotSurvived, PowerLossDisk, explore, record
from faults.sites import assert_every_sync_matters, collect_sites
from phonotheque.disk import Disk, make_folders, read_whole, write_whole


def deep(disk: Disk, acknowledge: Acknowledge) -> None:
    """Two levels of folders and a file in them, all by the product's own calls."""
    make_folders(disk, "a/b")
    write_whole(disk, "a/b/note", b"x")
    acknowledge(("a/b/note", b"x"))


def present(disk: MemoryDisk, acknowledged: list[Any]) -> None:
    """What was acknowledged is there, byte for byte."""
    for path, data in acknowledged:
        assert disk.stat(path) is not None, f"{path} is lost"
        assert read_whole(disk, path) == data


def twice(disk: Disk, acknowledge: Acknowledge) -> None:
    deep(disk, acknowledge)
    disk.sync_folder("a/b")


def test_sites_name_the_lines_of_the_product() -> None:
    """One site per sync line and way to it; a scenario's own frames are left out."""
    told = [[(f.file, f.function) for f in site.frames] for site in collect_sites(deep)]
    folders, file = ("disk/whole.py", "make_folders"), ("disk/whole.py", "write_whole")
    assert told == [[folders], [file], [file]]
    assert len(collect_sites(deep, depth=1)) == 3


def test_a_sync_of_the_scenario_itself_is_a_site_of_one_frame() -> None:
    """Without product between, the line of the scenario is the site."""
    assert str(collect_sites(twice)[-1]).startswith("test_sites.py:")
    assert str(collect_sites(twice)[-1]).endswith(" twice")


def test_a_site_told_by_its_innermost_line_takes_all_callers_out() -> None:
    """Depth 1 skips every sync of that line, whoever called."""
    (line,) = {site for site in collect_sites(deep, depth=1) if "make_folders" in str(site)}
    assert len(record(deep).without([line]).sites()) == 2


def test_every_sync_of_write_whole_and_make_folders_matters() -> None:
    """No fsync on the product's way of writing a small file can be taken out."""
    assert len(assert_every_sync_matters(deep, present)) == 3


def test_a_needless_sync_is_named() -> None:
    """A second sync of the same folder protects nothing, and the message says where it stands."""
    with pytest.raises(AssertionError, match=r"protect nothing[^~]*test_sites\.py:\d+ twice"):
        assert_every_sync_matters(twice, present)


def test_a_check_that_sees_nothing_finds_every_sync_needless() -> None:
    """The mutation tests the check as well: one that cannot fail is found out."""
    with pytest.raises(AssertionError) as caught:
        assert_every_sync_matters(deep, lambda disk, acknowledged: None)
    assert str(caught.value).count("disk/whole.py:") == 3


def test_a_scenario_that_loses_with_all_its_syncs_is_told_as_such() -> None:
    """The protocol must hold before its syncs are taken out."""

    def early(disk: Disk, acknowledge: Acknowledge) -> None:
        acknowledge(("note", b"x"))
        write_whole(disk, "note", b"x")

    with pytest.raises(NotSurvived, match="note is lost"):
        assert_every_sync_matters(early, present)


def test_a_scenario_without_syncs_proves_nothing() -> None:
    """No sync at all is a mistake of the scenario."""
    with pytest.raises(AssertionError, match="syncs nothing"):
        assert_every_sync_matters(lambda disk, acknowledge: None, present)


def test_the_same_loss_proves_two_sites() -> None:
    """Each site is tried on its own: that its loss was seen for another site says nothing."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        disk.symlink("one", "target")
        disk.sync_folder("")
        acknowledge("a link")
        disk.symlink("two", "target")
        disk.sync_folder("")
        disk.remove("one")

    def check(disk: MemoryDisk, acknowledged: list[Any]) -> None:
        assert disk.list("") or not acknowledged

    assert len(assert_every_sync_matters(scenario, check)) == 2


def test_a_skipped_site_syncs_nothing() -> None:
    """Exploring without a site, and a disk that skips it, both lose what it protected."""
    *_, last = collect_sites(deep)
    with pytest.raises(NotSurvived):
        explore(deep, present, skip_sync_sites={last})
    disk = PowerLossDisk(skip_sync_sites={last})
    deep(disk, disk.acknowledge)
    assert any(state.stat("a/b/note") is None for state in disk.crash_states())
    assert len(disk.trace.sites()) == 2
