"""An archive on a disk that is mounted read-only, or behind the wall of a unit of systemd."""

import signal
import subprocess
import sys
from threading import Timer

import pytest
from tests.cli.phono import LICENSED, copy_archive, found, tree
from tests.cli.read_only import call_behind, unit_folders, wall, why_not
from tests.cli.small_music import make_music

from phonotheque.archive.opening import open_to_write
from phonotheque.register.events import Export

PHONO = [sys.executable, "-m", "phonotheque"]
LONGEST_S = 180.0
READ_ONLY = "mounted read-only. Mount it for writing"


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """Made once: an archive with a depositor, a volume and a catalogue."""
    folder = tmp_path_factory.mktemp("published")
    if why := why_not(folder):
        pytest.skip(why)
    make_music(folder / "music", 2)
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED, "--depositor", "Ada")
    phono.publish()
    phono("catalogue", "build", "--jobs", "1").expect(0)
    return folder


@pytest.fixture
def archive(published, tmp_path):
    """A copy of it to work on."""
    return copy_archive(published / "archive", tmp_path / "archive")


@pytest.fixture
def serving():
    """Run what goes on until SIGTERM behind the wall of a page; returns how it ended, and all
    that it said."""
    running = []

    def run(archive, page, *command):
        process = subprocess.Popen(
            [*wall(archive.root, *unit_folders(page)), *PHONO, "--archive", archive.root, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        timer = Timer(LONGEST_S, process.kill)
        timer.start()
        running.append((process, timer))
        told = []
        for line in process.stdout:
            told.append(line)
            if "Ctrl-C" in line:
                process.send_signal(signal.SIGTERM)
        process.wait()
        return process.returncode, "".join(told)

    yield run
    for process, timer in running:
        timer.cancel()
        process.kill()
        process.communicate()


def test_what_only_reads_works_where_nothing_can_be_written(archive, published, tmp_path):
    """It is looked at, searched and taken out, and nothing changes; what writes says why not."""
    (volume,) = archive.events("volume")
    before = tree(archive.root)
    status, shown, searched, taken_out, verified, added, sealed = call_behind(
        archive.root,
        [],
        ("status",),
        ("show", volume["name"]),
        ("search", "Piece"),
        ("export", "--all", "--to", tmp_path / "out"),
        ("verify",),
        ("add", published / "music", "--depositor", "Grace"),
        ("publish", "run"),
    )
    for done in (status, shown, searched):
        assert (done.status, done.err) == (0, "")
    assert READ_ONLY in taken_out.expect(0).err
    assert "every one is exact" in verified.out
    assert "the run could not be recorded: it cannot be written" in verified.err
    for done in (verified, added, sealed):
        assert READ_ONLY in done.expect(6).err
        assert "backup" not in done.err
    assert tree(archive.root) == before


def test_an_index_shared_with_a_writer_is_read_whole(archive):
    """Where a writer is at work elsewhere, or was when a snapshot of the disk was taken, what it
    committed last is seen."""
    with open_to_write(archive.root, "test") as writer:
        writer.record([Export("bagit", 0, 0)])
        (status,) = call_behind(archive.root, [], ("status", "--json"))
        assert status.expect(0).one()["events"] == writer.index.place.head.seq


def test_the_unit_that_seeds_may_write_all_that_it_must(archive, serving):
    """With the paths of the page, all is shared."""
    status, told = serving(archive, "seed-with-systemd.md", "seed", "--loopback", "--port", "0")
    assert status == 0, told
    assert "magnet:?" in told


@pytest.mark.torture
def test_the_unit_that_serves_may_write_all_that_it_must(phono, serving):
    """With the paths of the page, which an archive has from its founding, the door opens, also
    where a catalogue must be built first, and the guard watches beside it."""
    folders = unit_folders("serve-listeners.md")
    assert "catalogue" in folders
    status, told = serving(phono, "serve-listeners.md", "serve", "--port", "0")
    assert status == 0, told
    (watched,) = call_behind(phono.root, folders, ("guard", "watch"))
    assert watched.expect(0).out == "0 decisions.\n"


def test_a_door_that_has_no_catalogue_and_can_build_none_says_why(phono):
    """Without leave to write the catalogue, what refused is told."""
    folders = [one for one in unit_folders("serve-listeners.md") if one != "catalogue"]
    command = [*PHONO, "--archive", str(phono.root), "serve", "--port", "0"]
    done = subprocess.run([*wall(phono.root, *folders), *command], capture_output=True, text=True)
    assert done.returncode == 2
    assert "read-only file system. Check the disk" in done.stderr
