"""Power is lost, or a call fails, while listings and papers are written: none is ever half."""

import itertools
import os
import shutil
from dataclasses import replace

import pytest
from tests.cli.phono import LICENSED, copy_archive, found
from tests.cli.small_music import make_music

from phonotheque.archive.bulk.facts import write_facts
from phonotheque.archive.opening import open_to_write
from phonotheque.disk import make_folders, read_whole
from phonotheque.errors import UnavailableError
from phonotheque.publish.facts.listing import (
    KEPT,
    LISTINGS,
    ListedFile,
    Sounding,
    encode_listing,
    facts_of,
    has_listing,
    listing_path,
    read_facts,
    write_listing,
)

from .faulty import FailKth, disk_full
from .memory import MemoryDisk
from .powerloss import explore
from .sites import assert_every_sync_matters

NAME = "x-open-all-00001"
STEP = 2 * int(os.environ.get("PHONOTHEQUE_KILL_STEP", "7")) - 1
"""Every so many calls one is refused; `make torture` refuses each."""
PAPERS = ("published/facts", "published/files", "published/.well-known", "state/facts")


def made(number):
    """A listing and its facts, of another content and length for each number."""
    files = [ListedFile("ab/cd/a.flac", 10, "ab" * 32, title="T" * number**3, tdm="unknown")]
    data = encode_listing(files)
    return data, facts_of(NAME, "open", files, [Sounding()], data, has_gids=True)


@pytest.fixture
def folders():
    """A disk with the two folders."""
    disk = MemoryDisk()
    for folder in (LISTINGS, KEPT):
        make_folders(disk, folder)
    return disk


def listing(disk, acknowledge):
    """Write a listing, and another in its place."""
    for number in (1, 4):
        write_listing(disk, *made(number))
        acknowledge(number)


def check(disk, promised):
    """A listing that is there is whole, and what was promised is there with its facts."""
    whole = {made(number)[0]: number for number in (1, 4)}
    if disk.stat(listing_path(NAME)) is not None:
        assert read_whole(disk, listing_path(NAME)) in whole
    known = read_facts(disk, NAME)
    if promised:
        assert known in (made(promised[-1])[1], made(4)[1])
        assert whole[read_whole(disk, listing_path(NAME))] >= promised[-1]
    if known == made(4)[1]:
        assert has_listing(disk, known)


def test_a_listing_survives_power_loss(folders):
    """Facts name a listing only when it is durable, and each sync is needed for that."""
    assert explore(listing, check, start=folders).states > 10
    assert_every_sync_matters(listing, check, start=folders)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Made once: three recordings, published."""
    folder = tmp_path_factory.mktemp("failing")
    make_music(folder / "music", 3)
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED)
    phono.publish()
    return phono


def test_a_failing_call_leaves_whole_papers_and_the_next_run_makes_the_rest(published, tmp_path):
    """Whichever call the disk refuses, no paper is half, and the same bytes stand in the end."""
    phono = copy_archive(published.root, tmp_path / "archive")
    with open_to_write(phono.root, "facts") as archive:
        for folder in PAPERS:
            shutil.rmtree(phono.root / folder)
        write_facts(archive)
        wanted = {path: path.read_bytes() for path in papers_of(phono.root)}
        assert len(wanted) > 10
        for k in itertools.count(1, STEP):
            for folder in PAPERS:
                shutil.rmtree(phono.root / folder)
            disk = FailKth(archive.disk, k, disk_full)
            try:
                write_facts(replace(archive, disk=disk))
            except UnavailableError:
                assert disk.fired
            for path in papers_of(phono.root):
                assert path.read_bytes() == wanted[path]
            write_facts(archive)
            assert {path: path.read_bytes() for path in papers_of(phono.root)} == wanted
            if not disk.fired:
                break


def papers_of(root):
    """Every paper under its own name, in order; what is hidden is not there yet."""
    found = [path for folder in PAPERS for path in (root / folder).glob("*")]
    return sorted(path for path in found if not path.name.startswith("."))
