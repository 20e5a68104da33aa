"""Access copies that are shared instead of what was received: objects with a parent."""

import json

import pytest
from tests.cli.phono import LICENSED, copy_archive, found, members, tree
from tests.cli.small_music import make_file

from phonotheque.accession.access_copy import make_copy
from phonotheque.archive.bulk.access_copies import make_copies
from phonotheque.archive.bulk.planning import order
from phonotheque.archive.opening import open_to_write
from phonotheque.audio import facts_in_child
from phonotheque.config import parse_config
from phonotheque.hands import OneHand
from phonotheque.music.digest import Sha256
from phonotheque.register.corrections import edited
from phonotheque.register.events import Role
from phonotheque.register.kinship import original_of

LONG = 24_000
"""Frames of a file that gets smaller as Opus."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Made once: three recordings, of which the last is too short to get smaller, and settings
    that ask for access copies of everything."""
    folder = tmp_path_factory.mktemp("copied")
    phono = found(folder / "archive")
    phono.set("publish.access_copies", '["all"]')
    files = [make_file(folder / f"{number}.wav", number, frames=LONG) for number in range(2)]
    files.append(make_file(folder / "short.wav", 9))
    told = phono.add(*files, *LICENSED)
    return phono.root, [one["sha256"] for one in told.values()]


@pytest.fixture(scope="module")
def published(shelf, tmp_path_factory):
    """A copy of it that was published."""
    phono = copy_archive(shelf[0], tmp_path_factory.mktemp("published") / "archive")
    sealed = phono.publish()
    return phono, sealed


@pytest.fixture
def phono(shelf, tmp_path):
    return copy_archive(shelf[0], tmp_path / "archive")


def copies(phono):
    return {event["parent"]: event for event in phono.events("accession") if event.get("parent")}


def hand(archive):
    drawers = archive.root / "state/incoming"
    return OneHand(lambda job: make_copy(archive.store, drawers, job, facts_in_child))


def test_the_copy_is_sealed_and_the_original_kept(published, shelf):
    """A volume has the access copies, and what would not get smaller as it is; parent, recipe and
    encoder stand in the register."""
    phono, (sealed,) = published
    made = copies(phono)
    assert list(made) == shelf[1][:2]
    for event in made.values():
        assert (event["role"], event["recipe"]) == ("access-copy", "opus-75")
        assert event["encoder"].startswith("libopus")
        assert event["technical"]["codec"] == "opus"
        assert phono.object(event["sha256"]).stat().st_mode & 0o777 == 0o444
    expected = [event["sha256"] for event in made.values()] + shelf[1][2:]
    assert sorted(members(phono, sealed["volume"])) == sorted(expected)
    assert all(phono.object(name).exists() for name in shelf[1])


def test_a_second_run_makes_and_seals_nothing(published):
    """Shared is shared, in whichever form."""
    phono, _ = published
    before = tree(phono.root, "state", "published")
    assert phono.publish() == []
    assert tree(phono.root, "state", "published") == before
    rows = phono("publish", "plan", "--json").expect(0).one()["statuses"]
    assert {row["status"] for row in rows} == {"shared"}


def test_a_copy_is_no_recording_of_its_own(published):
    """It is not counted, not like anything, and not in the catalogue."""
    phono, _ = published
    assert phono("status", "--json").expect(0).one()["recordings"]["objects"] == 3
    assert phono("duplicates", "--json").expect(0).lines() == []
    built = phono("catalogue", "build", "--jobs", "1", "--json").expect(0).one()
    assert json.dumps(built)
    with open_to_write(phono.root, "a test") as archive:
        assert list(order(archive)) == []


def test_rights_of_a_recording_are_those_of_its_copy(published, shelf, tmp_path):
    """A decision about the original takes the copy out of its volume at the next run."""
    phono = copy_archive(published[0].root, tmp_path / "archive")
    name = shelf[1][0]
    phono("rights", "set", name, "--licence", "InC", "--evidence", "a letter").expect(0)
    copy = copies(phono)[name]["sha256"]
    phono.publish()
    live = [one["name"] for one in phono.events("volume")][-1]
    assert copy not in members(phono, live)
    assert copies(phono)[shelf[1][1]]["sha256"] in members(phono, live)


def test_what_removes_a_recording_removes_its_copy(published, shelf, tmp_path):
    """After a takedown of the original the bytes of both are gone."""
    phono = copy_archive(published[0].root, tmp_path / "archive")
    name = shelf[1][0]
    copy = copies(phono)[name]["sha256"]
    path = phono.object(copy)
    phono("takedown", name, "--reason", "Asked for by its author").expect(0)
    assert not path.exists()
    assert {event["sha256"] for event in phono.events("removal")} == {name, copy}


def test_the_index_made_again_knows_copies(published, tmp_path):
    """A rebuild gives the same rows: role, rights, tags."""
    phono = copy_archive(published[0].root, tmp_path / "archive")

    def known():
        with open_to_write(phono.root, "a test") as archive:
            return [
                (held.sha256, held.role, held.volume, archive.index.statements(held.sha256),
                 archive.index.tags(held.sha256))
                for held in archive.index.oldest_checked()
            ]  # fmt: skip

    before = sorted(known())
    phono("rebuild", "--jobs", "1").expect(0)
    assert sorted(known()) == before
    assert [row[1] for row in before].count(Role.ACCESS_COPY) == 2


def test_what_was_stopped_goes_on(phono, shelf):
    """Each copy is durable when it is told; those made before a stop are not made again."""
    with open_to_write(phono.root, "a test") as archive:
        making = make_copies(archive, hand(archive))
        first = next(making)
        making.close()
    with open_to_write(phono.root, "a test") as archive:
        rest = list(make_copies(archive, hand(archive)))
        assert list(make_copies(archive, hand(archive))) == []
    assert [one.master.sha256.hex for one in (first, *rest)] == shelf[1][:2]
    assert list(copies(phono)) == shelf[1][:2]


def test_a_damaged_original_is_told_and_no_copy_made(phono, shelf):
    """Nothing is made of bytes that are not what their name says."""
    path = phono.object(shelf[1][0])
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    with open_to_write(phono.root, "a test") as archive:
        made = {one.master.sha256.hex: one for one in make_copies(archive, hand(archive))}
    assert made[shelf[1][0]].copy is None
    assert "not what its name says" in made[shelf[1][0]].reason
    assert made[shelf[1][1]].copy is not None


def test_by_default_nothing_is_copied():
    """Access copies are made only where the settings name a tier."""
    assert parse_config(b"")["publish.access_copies"] == []


def test_what_is_corrected_of_a_recording_is_corrected_of_its_copy(published, shelf, tmp_path):
    """A copy has the title of its recording, with all corrections, and leads to it."""
    phono = copy_archive(published[0].root, tmp_path / "archive")
    phono("edit", shelf[1][0], "title=Low Tide").expect(0)
    copy = Sha256.parse(copies(phono)[shelf[1][0]]["sha256"])
    with open_to_write(phono.root, "a test") as archive:
        assert edited(archive.index, copy).title == "Low Tide"
        assert original_of(archive.index, copy).hex == shelf[1][0]
