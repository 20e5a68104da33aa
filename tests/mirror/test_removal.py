"""What goes from a mirror, and what must stay."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from faults.faulty import CrashAfter, Crashed
from faults.memory import MemoryDisk
from faults.powerloss import explore
from mirror.scene import VOLUME, files_below, now
from mirror.worlds import followed, line
from phonotheque.disk import make_folders, write_whole
from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.mirror import sweeping
from phonotheque.mirror.deciding import carry_out, decide, note_plenty
from phonotheque.mirror.events import Fetched, Plenty, Removed, Scarce
from phonotheque.mirror.excluding import exclude, lift
from phonotheque.mirror.exclusions import load_exclusions
from phonotheque.mirror.home import FOLDERS, Copy
from phonotheque.mirror.journal import Journal, iter_events
from phonotheque.mirror.known import known
from phonotheque.mirror.papers import bring_listing
from phonotheque.mirror.refreshing import refresh
from phonotheque.mirror.removal import Why, finish_leaving, let_go, remove_objects
from phonotheque.mirror.values import Choice, Filter, State
from phonotheque.store.objects import DiskStore, ObjectName, parse_file_name

LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "6"))


def objects(root: Path) -> set[str]:
    return {path.name[:64] for path in (root / "objects").glob("??/??/*")}


def wrong_objects(root: Path) -> list[str]:
    return [
        path.name
        for path in (root / "objects").glob("??/??/*")
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name[:64]
    ]


@pytest.fixture
def holding(stage):
    """A mirror that holds the volume."""
    stage.join()
    stage.hold(VOLUME)
    return stage


def removed_at_the_archive(stage) -> str:
    """Take one recording down at the archive; returns its SHA-256."""
    digest = sorted(objects(stage.copy_root))[0]
    stage.phono("takedown", digest, "--reason", "The label asked for it").expect(0)
    return digest


def test_a_removal_reaches_the_mirror_with_the_next_look(holding):
    """One refresh after a takedown its object is off this disk, with a line that says why; every
    other object of the volume is whole, and the volume is no damaged one."""
    before = objects(holding.copy_root)
    digest = removed_at_the_archive(holding)
    with holding.opened() as (mirror, copy):
        news = refresh(mirror, now())
        assert not news.refusals
        assert objects(holding.copy_root) == before - {digest}
        assert not wrong_objects(holding.copy_root)
        (told,) = (one for one in iter_events(copy.disk) if isinstance(one, Removed))
        assert (told.sha256, told.torrents) == (digest, (VOLUME,))
        assert "label" in told.reason
        assert copy.memory().holdings[VOLUME].state is State.COMPLETE
        lines = len(list(iter_events(copy.disk)))
        refresh(mirror, now())
        assert len(list(iter_events(copy.disk))) == lines, "done once, told once"


def test_what_is_on_its_way_in_is_removed_too(holding):
    """A download that is under way has nothing of what was removed."""
    digest = removed_at_the_archive(holding)
    below = holding.copy_root / "state/incoming/some-volume" / digest[:2] / digest[2:4]
    below.mkdir(parents=True)
    (below / f"{digest}.wav").write_bytes(b"half")
    with holding.opened() as (mirror, _):
        refresh(mirror, now())
    assert not list(below.iterdir())


def test_the_successor_takes_the_place_of_the_corrected_volume(holding):
    """After a removal the volume's successor is chosen, the old one stays until that is here, and
    then goes without an object that both have."""
    removed_at_the_archive(holding)
    with holding.opened() as (mirror, _):
        news = refresh(mirror, now())
        choices = {one.line.id: one for one in decide(mirror, news.followed)}
        (new,) = (one for one in choices.values() if one.line.supersedes == VOLUME)
        assert choices[VOLUME].wanted
        assert new.wanted
        carry_out(mirror, news.followed, choices.values())
        assert VOLUME in mirror.copies[0].memory().holdings
    left = objects(holding.copy_root)
    holding.hold(new.line.id)
    with holding.opened() as (mirror, copy):
        carry_out(mirror, news.followed, decide(mirror, news.followed))
        assert VOLUME not in copy.memory().holdings
        assert not copy.memory().leaving
    assert objects(holding.copy_root) == left
    assert not wrong_objects(holding.copy_root)
    paths = files_below(holding.copy_root)
    assert not [path for path in paths if VOLUME in path]
    assert not (holding.copy_root / "volumes" / VOLUME).is_symlink()


def test_a_pack_that_is_let_go_leaves_nothing(holding):
    """Folder, torrent and listing of a pack go with it; the volume stays."""
    pack = "small-records-register-all-00001"
    holding.hold(pack)
    with holding.opened() as (_, copy):
        let_go(copy, known(copy), {pack: Why("no room")})
        assert set(copy.memory().holdings) == {VOLUME}
    assert not [path for path in files_below(holding.copy_root) if f"/{pack}" in path]
    assert len(objects(holding.copy_root)) == 6


def test_nobody_empties_a_mirror_in_a_night(holding, monkeypatch):
    """A list of removals that takes more than half waits for a person's word."""
    monkeypatch.setattr(sweeping, "MOST_OBJECTS", 2)
    names = {digest: Why("stolen key", "2026-1") for digest in objects(holding.copy_root)}
    with holding.opened() as (_, copy):
        (told,) = remove_objects(copy, names)
        assert "--accept-removals" in told
        assert len(objects(holding.copy_root)) == 6
        remove_objects(copy, names, is_confirmed=True)
    assert not objects(holding.copy_root)


def test_not_all_torrents_go_at_once(holding):
    """An index that offers nothing any more does not take what a mirror holds."""
    with holding.opened() as (mirror, copy):
        made = [line(f"v{number}") for number in range(12)]
        at = copy.writing.now()
        copy.writing.append(*(Fetched(at, one.id, 1, 10**6, "swarm") for one in made))
        choices = [Choice(copy.name, one, wanted=False, is_held=True, reason="x") for one in made]
        (told,) = carry_out(mirror, [known(copy)], choices)
        assert "12 torrents" in told
        assert len(copy.memory().holdings) == 13
        carry_out(mirror, [known(copy)], choices, is_confirmed=True)
        assert set(copy.memory().holdings) == {VOLUME}


def test_others_copies_are_noted_when_they_change(holding):
    """Plenty and lack of others' copies are written once each, by the archive's clock."""
    with holding.opened() as (mirror, copy):
        many = followed(*known(copy).lines, seeders={VOLUME: 20}, name=copy.name)
        few = followed(*known(copy).lines, seeders={VOLUME: 2}, name=copy.name)
        for said in (few, many, many, few, few):
            note_plenty(copy, mirror.settings, said)
        told = [one for one in iter_events(copy.disk) if isinstance(one, Plenty | Scarce)]
        assert [type(one) for one in told] == [Plenty, Scarce]
        assert told[0].signed_at == many.signed_at


# -- exclusions ------------------------------------------------------------------------------


def test_an_excluded_torrent_goes_and_stays_away(holding):
    """What is excluded is off the disk at once, not chosen again, and comes back when it is
    lifted."""
    with holding.opened() as (mirror, copy):
        exclude(mirror, VOLUME, "a court")
        assert not objects(holding.copy_root)
        (mine,) = (one for one in decide(mirror, [known(copy)]) if one.line.id == VOLUME)
        assert not mine.wanted
        assert "a court" in mine.reason
        lift(mirror, VOLUME)
        assert not load_exclusions(mirror.disk)
        (mine,) = (one for one in decide(mirror, [known(copy)]) if one.line.id == VOLUME)
        assert mine.wanted


@pytest.mark.parametrize("kind", ["object", "recording"])
def test_an_excluded_recording_goes_out_of_its_volume(holding, kind):
    """One object is excluded by its digest, or by what the catalogue calls its recording; the rest
    of the volume stays."""
    digest = sorted(objects(holding.copy_root))[0]
    thing = digest
    with holding.opened() as (mirror, copy):
        if kind == "recording":
            thing = "6f1c1c52-6a0b-4b53-9a2e-3a86f3a1d1f4"
            name_recording(copy, digest, thing)
        exclude(mirror, thing, "a court")
        assert len(objects(holding.copy_root)) == 5
        assert digest not in objects(holding.copy_root)
        assert copy.memory().holdings[VOLUME].state is State.COMPLETE


def name_recording(copy: Copy, digest: str, gid: str) -> None:
    """Let the volume's listing call an object a recording, as a catalogue makes it do."""
    from phonotheque.publish.facts.listing import ListedFile, encode_listing, listing_path

    for one in known(copy).lines:
        if one.id == VOLUME:
            bring_listing(copy, one)
    data = encode_listing([ListedFile("x", 1, digest, gid=gid)])
    write_whole(copy.disk, listing_path(VOLUME), data)


def test_an_exclusion_says_why_and_what(holding):
    """Without a reason, or of something that nobody knows, nothing is excluded."""
    with holding.opened() as (mirror, _):
        with pytest.raises(BadRequestError):
            exclude(mirror, VOLUME, "  ")
        for thing in ("nothing-of-that-name", "0"):
            with pytest.raises(BadReferenceError):
                exclude(mirror, thing, "why")
        with pytest.raises(BadReferenceError):
            lift(mirror, VOLUME)
        assert not load_exclusions(mirror.disk)


# -- crashes ---------------------------------------------------------------------------------

AT = "2026-11-21T00:00:00.000000Z"
DATA = (b"first", b"second")


def named(data: bytes) -> ObjectName:
    found = parse_file_name(hashlib.sha256(data).hexdigest())
    assert found is not None
    return found


def copy_on(disk) -> Copy:
    return Copy(
        "weir", Path("/nowhere"), disk, DiskStore(disk), Filter(), Journal(disk, lambda: AT)
    )


@pytest.fixture
def small():
    """A copy on a simulated disk: two objects, one held torrent."""
    disk = MemoryDisk()
    for folder in FOLDERS:
        make_folders(disk, folder)
    for data in DATA:
        make_folders(disk, named(data).path.rpartition("/")[0])
        write_whole(disk, named(data).path, data)
    copy_on(disk).writing.append(Fetched(AT, "v", 2, 11, "swarm"))
    return disk


GONE = {named(DATA[0]).sha256.hex: Why("asked for", "2026-1")}


def test_a_removal_on_a_mirror_survives_power_loss(small):
    """Once a removal is done no power loss brings it back; it never takes anything else, and
    nothing goes without a line that says why."""

    def scenario(disk, acknowledge):
        remove_objects(copy_on(disk), GONE)
        acknowledge("done")

    def check(disk, promised):
        is_there = disk.stat(named(DATA[0]).path) is not None
        assert disk.stat(named(DATA[1]).path) is not None
        told = [one for one in iter_events(disk) if isinstance(one, Removed)]
        assert is_there or told
        assert not (promised and is_there)
        remove_objects(copy_on(disk), GONE)
        assert disk.stat(named(DATA[0]).path) is None

    assert explore(scenario, check, start=small, limit=LIMIT).states > 3


def test_a_removal_on_a_mirror_survives_kills(small):
    """Killed at any call, the next look finishes it."""
    for calls in range(1, 60):
        disk = small.copy()
        dying = CrashAfter(disk, calls)
        with suppress(Crashed):
            remove_objects(copy_on(dying), GONE)
        remove_objects(copy_on(disk), GONE)
        assert disk.stat(named(DATA[0]).path) is None
        assert disk.stat(named(DATA[1]).path) is not None
        if not dying.is_dead:
            return
    pytest.fail("it never came to its end")


def test_letting_go_is_finished_by_the_next_run(holding):
    """Stopped between the line and the files, the next run takes the files off the disk."""
    with holding.opened() as (_, copy):
        spare = holding.copy_root.with_name("spare")
        shutil.copytree(holding.copy_root, spare, symlinks=True)
        let_go(copy, known(copy), {VOLUME: Why("why")})
        expected = files_below(holding.copy_root)
    for name in ("volumes", "objects", "published"):
        shutil.rmtree(holding.copy_root / name)
        shutil.copytree(spare / name, holding.copy_root / name, symlinks=True)
    journal = holding.copy_root / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    shutil.rmtree(spare)
    with holding.opened() as (_, copy):
        finish_leaving(copy, known(copy))
    after = files_below(holding.copy_root)
    assert after.keys() == expected.keys()
    assert not objects(holding.copy_root)
