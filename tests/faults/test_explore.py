"""Exploring finds what is known to be lost, and nothing where a protocol is whole."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from faults import powerloss
from faults.faulty import CrashAfter, Crashed
from faults.memory import MemoryDisk
from faults.powerloss import Acknowledge, NotSurvived, PowerLossDisk, Scenario, explore, record
from faults.test_simulator import busy, held_at_the_end, old_note, put
from phonotheque.disk import Disk, make_folders, read_whole, write_whole
from phonotheque.errors import PhonothequeError


def replace(*, sync_file: bool, sync_folder: bool) -> Scenario:
    """Write "new" over "old" by way of a temporary name, with or without the syncs."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        put(disk, "temporary", b"new content", sync=sync_file)
        disk.rename("temporary", "note")
        if sync_folder:
            disk.sync_folder("")
        acknowledge(b"new content")

    return scenario


def whole_note(disk: MemoryDisk, acknowledged: list[Any]) -> None:
    """The old note or the new one, whole; the new one once it was acknowledged."""
    held = read_whole(disk, "note")
    assert held == b"new content" or (held == b"old" and not acknowledged)


def test_write_and_rename_without_sync_loses_old_and_new() -> None:
    """The classic: the name survives, the bytes do not, and the old content is gone."""
    scenario = replace(sync_file=False, sync_folder=True)
    with pytest.raises(NotSurvived):
        explore(scenario, whole_note, start=old_note())
    assert held_at_the_end(scenario, "note", old_note()) == {
        b"",
        b"n",
        b"new c",
        b"new conten",
        b"\0" * 11,
        b"new content",
    }


def test_a_rename_without_sync_of_the_folder_loses_the_new_name() -> None:
    """Bytes that are durable help nobody while the name is not."""
    scenario = replace(sync_file=True, sync_folder=False)
    with pytest.raises(NotSurvived):
        explore(scenario, whole_note, start=old_note())
    assert held_at_the_end(scenario, "note", old_note()) == {b"old", b"new content"}


def test_the_whole_protocol_survives_everywhere() -> None:
    """Write, sync, rename, sync of the folder: at each crash point the old or the new is whole."""
    explored = explore(replace(sync_file=True, sync_folder=True), whole_note, start=old_note())
    assert explored.crash_points == 7
    assert explored.states >= 8


def test_write_whole_survives_everywhere() -> None:
    """The product's own way to write a small file, twice over, loses nothing acknowledged."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        make_folders(disk, "a/b")
        for number in range(3):
            write_whole(disk, "a/b/note", b"number %d" % number)
            acknowledge(number)

    def check(disk: MemoryDisk, acknowledged: list[Any]) -> None:
        held = read_whole(disk, "a/b/note") if disk.stat("a/b/note") else None
        assert held in {
            b"number %d" % number if number >= 0 else None
            for number in (len(acknowledged) - 1, len(acknowledged))
        }

    explored = explore(scenario, check)
    assert explored.crash_points > 20
    assert explored.states > 20


def test_an_append_with_sync_keeps_what_was_acknowledged() -> None:
    """After the sync the line is there; before it, the lines before it are."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        writer = disk.append("journal")
        disk.sync_folder("")
        for line in (b"one\n", b"two\n"):
            writer.write(line)
            writer.sync()
            acknowledge(line)

    def check(disk: MemoryDisk, acknowledged: list[Any]) -> None:
        promised = b"".join(acknowledged)
        assert not promised or read_whole(disk, "journal").startswith(promised)

    assert explore(scenario, check).states > 10


def test_what_a_killed_process_left_is_made_durable() -> None:
    """A folder made but not synced by a killed process is synced by the next that needs it.

    A kill loses no write, so the second process sees the folder and might think that it is safe.
    """

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        with pytest.raises(Crashed):
            make_folders(CrashAfter(disk, 1), "folder")
        assert disk.stat("folder") is not None
        make_folders(disk, "folder")
        write_whole(disk, "folder/note", b"x")
        acknowledge("folder/note")

    def check(disk: MemoryDisk, acknowledged: list[Any]) -> None:
        assert all(disk.stat(path) for path in acknowledged)

    explore(scenario, check)


def test_recovery_can_be_explored_from_a_crashed_disk() -> None:
    """Power may go again while the first loss is being mended."""

    def recover(disk: Disk, acknowledge: Acknowledge) -> None:
        disk.remove("temporary")
        write_whole(disk, "note", b"new content")
        acknowledge("recovered")

    crashed = PowerLossDisk(old_note())
    replace(sync_file=True, sync_folder=False)(crashed, crashed.acknowledge)
    explored = [explore(recover, whole_note, start=state) for state in crashed.crash_states()]
    assert sum(found.states for found in explored) > 10


def test_a_finding_tells_the_crash_in_words() -> None:
    """Where power went, what was pending and what became of it, what was found, and the cause."""
    with pytest.raises(NotSurvived) as caught:
        explore(replace(sync_file=False, sync_folder=True), whole_note, start=old_note())
    told = str(caught.value)
    assert "Power was lost at point 3 of 5, after: rename temporary to note" in told
    assert "lost: write 11 bytes to temporary" in told
    assert "note = b''" in told
    assert isinstance(caught.value.__cause__, AssertionError)


def test_a_check_may_fail_in_any_way() -> None:
    """Our errors and a `pytest.raises` that saw nothing count like a failed assertion."""

    def fails(disk: MemoryDisk, acknowledged: list[Any]) -> None:
        with pytest.raises(PhonothequeError):
            disk.stat("note")

    with pytest.raises(NotSurvived):
        explore(replace(sync_file=True, sync_folder=True), fails)
    with pytest.raises(NotSurvived, match="no such file"):
        explore(replace(sync_file=True, sync_folder=True), whole_note)


def test_exploration_is_the_same_each_time() -> None:
    """The same seed gives the same states in the same order."""
    seen: list[list[dict[str, object]]] = [[], []]
    for trees in seen:

        def look(disk: MemoryDisk, acknowledged: list[Any], trees: Any = trees) -> None:
            trees.append(disk.tree())

        explore(busy, look, seed=7)
    assert seen[0] == seen[1]
    assert len(seen[0]) > 100


def test_the_example_runs() -> None:
    """What the module tells a newcomer to write does what it says."""
    example = (powerloss.__doc__ or "").partition("How to use it:\n")[2].partition("The scen")[0]
    names: dict[str, Any] = {}
    exec(textwrap.dedent(example), names)
    assert names["explored"].crash_points == 13


def test_a_trace_is_recorded_once_however_often_it_is_explored() -> None:
    """The scenario may be slow or random: it is run a single time."""
    runs: list[int] = []

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        runs.append(1)
        busy(disk, acknowledge)

    explore(scenario, lambda disk, acknowledged: None)
    assert len(runs) == 1
    assert len(record(busy).events) > 40
