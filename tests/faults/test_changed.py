"""What is written only when it changed, and what is added line by line, survives kill and power."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any

import pytest

from faults.faulty import CrashAfter, Crashed, FailKth, disk_full
from faults.memory import MemoryDisk
from faults.powerloss import Acknowledge, Scenario, explore
from faults.sites import assert_every_sync_matters
from phonotheque.disk import (
    Disk,
    append_line,
    make_folders,
    read_if_held,
    write_changed,
    write_whole,
)
from phonotheque.errors import DiskFullError

PAPER, LINES = "papers/paper", "papers/lines"


@pytest.fixture
def start() -> MemoryDisk:
    """A disk with a folder."""
    disk = MemoryDisk()
    make_folders(disk, "papers")
    return disk


def writing(number: int) -> Scenario:
    """Write a paper, with a process that is killed after some calls, and then with a whole one."""

    def scenario(disk: Disk, acknowledge: Acknowledge) -> None:
        with suppress(Crashed):
            write_changed(CrashAfter(disk, number), PAPER, b"new")
        write_changed(disk, PAPER, b"new")
        acknowledge("new")

    return scenario


def check_paper(disk: MemoryDisk, acknowledged: list[Any]) -> None:
    """The paper is whole, and there once it was told; it can be written again."""
    found = read_if_held(disk, PAPER)
    assert found == b"new" or (found is None and not acknowledged)
    write_changed(disk, PAPER, b"new")


def test_what_stands_there_is_not_written_again(start: MemoryDisk) -> None:
    """The same bytes are left as they are, others are written, and either is told."""
    assert write_changed(start, PAPER, b"old")
    assert not write_changed(start, PAPER, b"old")
    assert write_changed(start, PAPER, b"new")
    assert read_if_held(start, PAPER) == b"new"
    assert read_if_held(start, "papers/none") is None


def test_a_paper_whose_writer_was_killed_is_durable_when_it_is_found_unchanged(
    start: MemoryDisk,
) -> None:
    """Between the rename and the sync of the folder a name is seen and may be lost: whoever finds
    the bytes there makes the name last before saying so."""
    for number in range(1, killed_last(start) + 2):
        assert explore(writing(number), check_paper, start=start).states > 3
    sites = assert_every_sync_matters(writing(killed_last(start)), check_paper, start=start)
    assert len(sites) == 2, "the first one synced the bytes, the second one the name"


def killed_last(start: MemoryDisk) -> int:
    """After how many calls a writer has everything behind it but the sync of the folder."""
    for number in itertools.count(1):
        try:
            write_changed(CrashAfter(start.copy(), number), PAPER, b"new")
        except Crashed:
            continue
        return number - 1
    raise AssertionError("it never ends")


def adding(disk: Disk, acknowledge: Acknowledge) -> None:
    for number in range(3):
        append_line(disk, LINES, b"line %d\n" % number)
        acknowledge(number)


def check_lines(disk: MemoryDisk, acknowledged: list[Any]) -> None:
    """Every line that was told is there, and one more can be read after it."""
    append_line(disk, LINES, b"last\n")
    lines = (read_if_held(disk, LINES) or b"").splitlines()
    assert lines[-1] == b"last"
    told = [b"line %d" % number for number in range(3)]
    assert lines[:-1] == told[: len(lines) - 1]
    assert len(lines) > len(acknowledged)


def test_lines_survive_power_loss(start: MemoryDisk) -> None:
    """Each line that was told stays, nothing half is read, and no sync can be left out."""
    assert explore(adding, check_lines, start=start).states > 10
    assert_every_sync_matters(adding, check_lines, start=start)


class _Reads:
    """A disk that counts the bytes that are read."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk, self.count = disk, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._disk, name)

    def open(self, path: str) -> Any:
        file = self._disk.open(path)
        read, readall = file.read, file.readall

        def counted(size: int = -1) -> bytes:
            data = read(size) if size >= 0 else readall()
            self.count += len(data)
            return data

        file.read = counted  # type: ignore[method-assign]
        return file


@pytest.mark.parametrize("torn", [b"", b"half a line", b"x" * 9000])
def test_adding_a_line_reads_the_end_of_the_file_alone(start: MemoryDisk, torn: bytes) -> None:
    """However long a file of lines grows, one more costs as much as the first."""
    lines = b"a line of a year ago\n" * 100_000
    write_whole(start, LINES, lines + torn)
    disk = _Reads(start)
    append_line(disk, LINES, b"last\n")  # type: ignore[arg-type]
    assert read_if_held(start, LINES) == lines + b"last\n"
    assert disk.count <= len(torn) + 2 * 4096


@pytest.mark.parametrize("torn", [b"", b"x", b"x" * 4096, b"x" * 9000])
def test_a_file_of_one_torn_line_begins_anew(start: MemoryDisk, torn: bytes) -> None:
    """Where nothing but a torn piece stands, the next line is the first one."""
    write_whole(start, LINES, torn)
    append_line(start, LINES, b"first\n")
    assert read_if_held(start, LINES) == b"first\n"


def test_any_call_of_adding_a_line_may_fail(start: MemoryDisk) -> None:
    """Whichever call the disk refuses, the lines before stay, and the next one is whole."""
    for k in itertools.count(1):
        below = start.copy()
        disk = FailKth(below, k, disk_full)
        told: list[object] = []
        with suppress(DiskFullError):
            adding(disk, told.append)
        append_line(below, LINES, b"last\n")
        lines = (read_if_held(below, LINES) or b"").splitlines()
        assert lines[-1] == b"last"
        assert lines[: len(told)] == [b"line %d" % number for number in told]
        if not disk.fired:
            break
    assert k > 10
