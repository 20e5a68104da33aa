"""Damage is found, set aside and brought back, from whoever has good pieces, and only those."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults.faulty import CrashAfter, Crashed
from faults.memory import MemoryDisk
from mirror.swarm_stage import (
    LOOPBACK,
    NAME,
    Origin,
    filled,
    held,
    make_origin,
    make_place,
    peer,
    place_on,
    swarm_ways,
)
from phonotheque.disk import Disk, write_whole
from phonotheque.mirror.contents import Part
from phonotheque.mirror.copying import Folder
from phonotheque.mirror.home import now
from phonotheque.mirror.jobs import Ways
from phonotheque.mirror.journal import Journal
from phonotheque.mirror.pacing import Allowance
from phonotheque.mirror.repairing import Repair, discharge, repair
from phonotheque.mirror.scrubbing import QUARANTINE, Care, Scrub, Scrubbed, due
from phonotheque.mirror.taking import Place
from phonotheque.mirror.values import Holding, State
from phonotheque.music.digest import PIECE_BYTES
from phonotheque.publish.engine import Seeder
from phonotheque.publish.fetch import Sources

ORIGIN = make_origin()
SMALL = make_origin(sizes=(1, 20_000, PIECE_BYTES + 5))
WHOLE = Holding(NAME, State.COMPLETE, 0)
KILL_STEP = int(os.environ.get("PHONOTHEQUE_KILL_STEP", "7"))


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def scrub(place: Place, origin: Origin = ORIGIN, holding: Holding = WHOLE) -> Scrubbed:
    journal = Journal(place.disk, now)
    return Scrub(place, journal, Care(Allowance(0))).torrent(origin.contents, holding, frozenset())


def mend(place: Place, damaged: Sequence[str], ways: Ways, origin: Origin = ORIGIN) -> Repair:
    done = repair(place, origin.contents, [origin.part(path) for path in damaged], ways)
    discharge(place, origin.contents, [one.part for one in done.mended])
    return done


def copied(root: Path) -> Place:
    place = make_place(root)
    for path, body in ORIGIN.bodies.items():
        file = place.root / "objects" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    os.symlink("../objects", place.root / "volumes" / NAME)
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return copied(tmp_path / "copy")


def six_damages(place: Place) -> int:
    """Two flipped bytes, two truncations, two deletions; returns the bytes of damaged pieces."""
    parts = [part for part in ORIGIN.objects if part.size_bytes > 1]
    damaged = 0
    for part, at in ((parts[0], 1_500_000), (parts[1], 7)):
        flip(place.root / part.target, at)
        damaged += PIECE_BYTES
    os.truncate(place.root / parts[2].target, 1_000_000)
    os.truncate(place.root / parts[3].target, 10)
    lists = ORIGIN.part(f"lists/{NAME}/ATTRIBUTION.txt")
    for part in (parts[4], lists):
        (place.root / part.target).unlink()
    return damaged + sum(one.size_bytes for one in (parts[2], parts[3], parts[4], lists))


def test_every_damage_is_found_and_set_aside(place: Place) -> None:
    """A scrub accuses what is damaged and nothing else; what is damaged is given to nobody."""
    assert scrub(place).damaged == ()
    six_damages(place)
    found = scrub(place)
    assert len(found.damaged) == len(found.found) == 6
    left = held(place.root)
    assert all(ORIGIN.bodies[path] == body for path, body in left.items())
    assert set(ORIGIN.bodies) - set(left) == set(found.damaged)
    memory = Journal(place.disk, now).memory
    assert memory.holdings[NAME].state is State.DAMAGED
    assert set(memory.holdings[NAME].damaged) == set(found.damaged)
    assert memory.holdings[NAME].held_bytes == sum(map(len, left.values()))


def test_no_file_is_passed_over_where_one_is_removed_between_two_runs(place: Place) -> None:
    """A scrub that goes on after a removal still reads all that is left, and counts that alone."""
    journal, read = Journal(place.disk, now), list[int]()

    def go_on(most: int, *absent: str) -> Scrubbed:
        care = Care(Allowance(0), is_stopping=lambda: len(read) >= most, on_file=read.append)
        return Scrub(place, journal, care).torrent(ORIGIN.contents, WHOLE, frozenset(absent))

    assert not go_on(3).is_whole
    parts = ORIGIN.contents.parts
    gone = next(one for one in parts[:3] if one.name)
    place.disk.remove(gone.target)
    flip(place.root / parts[3].target, 0)
    done = go_on(1000, gone.path[6:70])
    assert (done.is_whole, done.damaged) == (True, (parts[3].path,))
    assert done.held_bytes == sum(map(len, held(place.root).values()))


def test_a_repair_fetches_the_damaged_pieces_alone(place: Place, tmp_path: Path) -> None:
    """Two flips, two truncations and two deletions cost less than 1.5 times the damaged pieces."""
    damaged_bytes = six_damages(place)
    damaged = scrub(place).damaged
    with Seeder(LOOPBACK) as seeder:
        seeder.add(ORIGIN.torrent.data, copied(tmp_path / "giver").root / "volumes")
        done = mend(place, damaged, swarm_ways(place, Sources(peers=(peer(seeder),))))
    assert (done.left, done.error) == ((), None)
    assert 0 < done.received_bytes <= 1.5 * damaged_bytes
    assert held(place.root) == ORIGIN.bodies
    assert not [path for path in (place.root / QUARANTINE).rglob("*") if path.is_file()]
    assert scrub(place).damaged == ()


def test_two_damaged_copies_mend_each_other(place: Place, tmp_path: Path) -> None:
    """Where no copy of a file is whole, but each piece is good in one of them, it comes back."""
    other = copied(tmp_path / "other")
    longest = ORIGIN.objects[0]
    flip(place.root / longest.target, 5)
    flip(other.root / longest.target, 1_500_000)
    (damaged,) = scrub(place).damaged
    done = mend(place, [damaged], Ways(folders=(Folder.at(other.root),)))
    assert (done.damaged_pieces, done.assembled_pieces, done.received_bytes) == (1, 1, 0)
    assert held(place.root) == ORIGIN.bodies


def test_what_nobody_has_stays_set_aside(place: Place, tmp_path: Path) -> None:
    """Without a good piece anywhere nothing is put in its place, and nothing is lost of it."""
    longest = ORIGIN.objects[0]
    flip(place.root / longest.target, 5)
    spoilt = (place.root / longest.target).read_bytes()
    (damaged,) = scrub(place).damaged
    done = mend(place, [damaged], Ways())
    assert [part.path for part in done.left] == [damaged]
    assert longest.path not in held(place.root)
    assert (place.root / QUARANTINE / NAME / damaged).read_bytes() == spoilt
    other = copied(tmp_path / "other")
    assert mend(place, [damaged], Ways(folders=(Folder.at(other.root),))).left == ()
    assert held(place.root) == ORIGIN.bodies


def test_a_file_that_is_right_is_not_touched(place: Place) -> None:
    """A repair of what is exact after all changes nothing, whatever others offer."""
    longest = ORIGIN.objects[0]
    before = (place.root / longest.target).stat()
    done = mend(place, [longest.path], Ways(folders=(Folder.at(place.root.parent / "none"),)))
    assert [one.source for one in done.mended] == ["here"]
    assert (place.root / longest.target).stat() == before


@pytest.mark.parametrize("seed", range(3))
def test_three_nodes_converge_to_nothing_bad(tmp_path: Path, seed: int) -> None:
    """With random damage to two of three, repairs from each other leave three exact copies."""
    rng = random.Random(seed)
    places = [copied(tmp_path / str(number)) for number in range(3)]
    for place in places[:2]:
        for path in rng.sample(sorted(ORIGIN.bodies), 4):
            file = place.root / "objects" / path
            size = file.stat().st_size
            rng.choice(
                [
                    file.unlink,
                    lambda file=file, size=size: os.truncate(file, rng.randrange(size)),
                    lambda file=file, size=size: flip(file, rng.randrange(size)),
                ]
            )()
    for place in places:
        others = tuple(Folder.at(other.root) for other in places if other is not place)
        damaged = scrub(place).damaged
        assert mend(place, damaged, Ways(folders=others)).left == ()
    for place in places:
        assert scrub(place).damaged == ()
        assert held(place.root) == ORIGIN.bodies


# -- in memory: any damage, any kill


def change(disk: MemoryDisk, path: str, data: bytes | None) -> None:
    disk.remove(path)
    if data is not None:
        write_whole(disk, path, data)


def spoilt(body: bytes, kind: str, at: int) -> bytes | None:
    at %= len(body)
    match kind:
        case "flip":
            return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        case "cut":
            return body[:at]
        case "grow":
            return body + b"\0"
        case "zero":
            return bytes(len(body))
        case _:
            return None


DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(sorted(SMALL.bodies)),
        st.sampled_from(["flip", "cut", "grow", "zero", "gone"]),
        st.integers(0, 1 << 30),
    ),
    max_size=4,
)


def in_memory(origin: Origin) -> tuple[Place, MemoryDisk]:
    disk = MemoryDisk()
    place = place_on(disk, Path("/nowhere"))
    filled(disk, origin)
    return place, disk


@settings(max_examples=12)
@given(DAMAGES, st.sampled_from(["elsewhere", ""]))
def test_good_files_are_never_fewer(
    monkeypatch_room: None, damages: list[tuple[str, str, int]], source: str
) -> None:
    """Whatever is damaged: a scrub and a repair leave every good file, and add none that is bad."""
    place, disk = in_memory(SMALL)
    for path, kind, at in damages:
        change(disk, f"objects/{path}", spoilt(SMALL.bodies[path], kind, at))
    good = {
        path for path, body in SMALL.bodies.items() if disk.tree().get(f"objects/{path}") == body
    }
    folders = (filled(MemoryDisk(), SMALL),) if source else ()
    damaged = scrub(place, SMALL).damaged
    mend(place, damaged, Ways(folders=folders), SMALL)
    tree = disk.tree()
    for path, body in SMALL.bodies.items():
        now_there = tree.get(f"objects/{path}")
        assert now_there == body or (now_there is None and path not in good and not source)


@pytest.fixture(scope="module")
def monkeypatch_room() -> object:
    """A disk in memory has room: the one that is asked is not that of the machine."""
    patch = pytest.MonkeyPatch()
    patch.setattr("phonotheque.mirror.incoming._require_room", lambda *_: None)
    yield None
    patch.undo()


def test_a_repair_killed_at_any_call_is_gone_on_with(monkeypatch_room: None) -> None:
    """Killed at many calls in turn, then run again: all is exact, and nothing good was lost."""
    source = (filled(MemoryDisk(), SMALL),)
    path = f"objects/{SMALL.objects[0].path}"
    body = spoilt(SMALL.bodies[SMALL.objects[0].path], "flip", 9)
    calls, is_over = 1, False
    while not is_over:
        _, disk = in_memory(SMALL)
        change(disk, path, body)
        try:
            tended(CrashAfter(disk, calls), source)
            is_over = True
        except Crashed:
            tended(disk, source)
        tree = disk.tree()
        assert all(tree[f"objects/{one}"] == good for one, good in SMALL.bodies.items())
        calls += KILL_STEP
    assert calls > 50


def tended(disk: Disk, folders: tuple[Folder, ...], origin: Origin = SMALL) -> None:
    """A scrub, and a repair of all that is known to be damaged."""
    place = place_on(disk, Path("/nowhere"))
    holding = Journal(disk, now).memory.holdings.get(NAME, WHOLE)
    mend(place, scrub(place, origin, holding).damaged, Ways(folders=folders), origin)


# -- scrubbing


def test_a_scrub_that_was_stopped_goes_on_where_it_was(place: Place) -> None:
    """Every file is read once by two runs; what the first found counts in the end."""
    flip(place.root / ORIGIN.objects[0].target, 5)
    parts = ORIGIN.contents.parts
    reads: list[int] = []
    journal = Journal(place.disk, now)

    def run(most: int) -> Scrubbed:
        care = Care(Allowance(0), is_stopping=lambda: len(reads) >= most, on_file=reads.append)
        return Scrub(place, journal, care).torrent(ORIGIN.contents, WHOLE, frozenset())

    first = run(5)
    assert not first.is_whole
    second = run(1000)
    assert second.is_whole
    assert second.damaged == (ORIGIN.objects[0].path,)
    assert len(reads) == len(parts) - 1
    assert journal.memory.holdings[NAME].damaged == second.damaged


def test_what_is_unproven_for_longest_is_read_first() -> None:
    """Order of reading is by the last proof, never read ones first, then by name."""
    times = {"b": "2026-11-03", "a": "2026-11-03", "c": "", "d": "2026-10-01"}
    holdings = {
        name: Holding(name, State.COMPLETE, 1, f"{at}T00:00:00Z" if at else "")
        for name, at in times.items()
    }
    at = datetime(2026, 11, 4, tzinfo=UTC)
    assert [one.torrent for one in due(holdings, at)] == ["c", "d", "a", "b"]
    assert [one.torrent for one in due(holdings, at, every_days=30)] == ["c", "d"]


def test_what_may_not_be_held_and_what_never_came_is_no_damage(place: Place) -> None:
    """A removed object is not missed, nor what a partial copy never had."""
    gone: Part = ORIGIN.objects[0]
    place.disk.remove(gone.target)
    assert gone.name is not None
    journal = Journal(place.disk, now)
    care = Care(Allowance(0))
    absent = frozenset([gone.name.sha256.hex])
    assert Scrub(place, journal, care).torrent(ORIGIN.contents, WHOLE, absent).damaged == ()
    partial = Holding(NAME, State.PARTIAL, 0)
    assert scrub(place, holding=partial).damaged == ()
    assert scrub(place).damaged == (gone.path,)
