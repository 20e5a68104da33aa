"""Two commands at once: one writes, the other is told who keeps it waiting; nobody reads half.

The first stops itself in the middle of its work, so that it holds the archive for as long as the
test likes.
"""

import resource
import signal
from contextlib import contextmanager

import pytest
from tests.cli.small_music import make_file, make_music
from tests.torture.command import found
from tests.torture.invariants import check_archive


@pytest.fixture
def phono(tmp_path):
    """The command with a new archive."""
    return found(tmp_path / "archive")


@contextmanager
def held_by_an_add(phono, music):
    """An `add` stopped in its tracks after its first file; yields it."""
    running = phono.start_and_stop(1, "add", music, "--json", "--jobs", "1")
    try:
        yield running
    finally:
        running.close()


def test_a_second_add_is_refused_and_told_who_holds_the_archive(phono, tmp_path):
    """The second ends at once with 6 and names process and purpose; the first is not disturbed."""
    files = make_music(tmp_path / "music", 40)
    other = make_file(tmp_path / "other.wav", 1000)
    with held_by_an_add(phono, tmp_path / "music") as first:
        refused = phono.run("add", other, "--json").expect(6)
        assert '"error": "archive-busy"' in refused.err
        assert f"process {first.pid} on" in refused.err
        assert "phono add" in refused.err
        assert not refused.out
        first.signal(signal.SIGCONT, group=True)
        records = first.end().expect(0).records
    assert len(records) == len(files)
    added = phono.run("add", other, "--json").expect(0).records
    check_archive(phono.archive, [*records, *added], at_rest=True)


def test_a_patient_add_waits_and_then_completes(phono, tmp_path):
    """With --wait the second begins when the first is done, and both are whole."""
    make_music(tmp_path / "music", 40)
    other = make_file(tmp_path / "other.wav", 1000)
    with held_by_an_add(phono, tmp_path / "music") as first:
        second = phono.start("add", other, "--json", "--wait")
        assert not second.read(until_s=1.5)
        first.signal(signal.SIGCONT, group=True)
        records = [*first.end().expect(0).records, *second.end().expect(0).records]
    facts = check_archive(phono.archive, records, at_rest=True)
    assert facts.events[-1]["path"] == "other.wav"


def test_readers_do_not_wait_for_a_writer(phono, tmp_path):
    """While an `add` holds the archive, status, show, verify and a dry run answer from what is."""
    make_music(tmp_path / "music", 40)
    with held_by_an_add(phono, tmp_path / "music") as first:
        first.read(until_s=0.0)
        promised = first.records
        (status,) = phono.run("status", "--json").expect(0).records
        kept = status["recordings"]["objects"] + status["companions"]["objects"]
        assert kept >= len(promised)
        for record in promised[:2]:
            (shown,) = phono.run("show", record["sha256"], "--json").expect(0).records
            assert shown["condition"] == "intact"
        phono.run("add", tmp_path / "music", "--dry-run", "--json").expect(0)
        phono.run("publish", "run", "--dry-run", "--json").expect(0)
        checked = phono.run("verify", "--json").expect(6)
        assert checked.records[-1]["findings"] == 0
        assert '"error": "archive-busy"' in checked.err
        first.signal(signal.SIGCONT, group=True)
        records = first.end().expect(0).records
    check_archive(phono.archive, records, at_rest=True)


def test_a_killed_holder_holds_nothing(phono, tmp_path):
    """The lock dies with its process: the next `add` needs no cleaning up by hand."""
    make_music(tmp_path / "music", 20)
    with held_by_an_add(phono, tmp_path / "music") as first:
        first.signal(signal.SIGKILL, group=True)
        promised = first.end().records
    records = phono.run("add", tmp_path / "music", "--json").expect(0).records
    check_archive(phono.archive, [*promised, *records], at_rest=True)


def test_a_disk_that_takes_no_more_is_told_and_costs_nothing(phono, tmp_path):
    """A write refused for size ends with 6; what was told is kept; with room the rest comes in."""
    music = tmp_path / "music"
    make_music(music, 6)
    make_file(music / "zz long.wav", 50, frames=2_000_000)
    limit = 1 << 20  # above what index and register need, below the long file

    def narrow():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    refused = phono.run("add", music, "--json", "--jobs", "1", preexec=narrow).expect(6)
    assert '"error": "disk-failed"' in refused.err
    assert "file too large" in refused.err
    assert all(record["outcome"] in ("added", "companion") for record in refused.records)
    check_archive(phono.archive, refused.records)
    records = phono.run("add", music, "--json").expect(0).records
    assert len(records) == 8
    check_archive(phono.archive, [*refused.records, *records], at_rest=True)
