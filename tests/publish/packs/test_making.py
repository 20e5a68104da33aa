"""Packs follow what may be given away: made once, made again when it changed, gone when it went."""

from __future__ import annotations

import hashlib

import pytest

from faults.faulty import CrashAfter, Crashed, FailKth, disk_full
from faults.memory import MemoryDisk
from faults.way_in import found, make_music, opened
from phonotheque.disk import read_whole
from phonotheque.errors import UnavailableError
from phonotheque.music.digest import Sha256
from phonotheque.music.rights import Basis, RightsStatement
from phonotheque.publish.packs.form import PACK_PIECE_BYTES, PackKind, folder_of, read_sums
from phonotheque.publish.packs.holding import one_held, packs_holding
from phonotheque.publish.packs.reading import OpenPack
from phonotheque.publish.packs.standing import (
    FOLDED,
    LOST,
    OUTDATED,
    WITHDRAWN,
    finish_packs,
    offered_packs,
    sweep_packs,
)
from phonotheque.publish.sealed import torrent_path
from phonotheque.publish.torrent import read_torrent
from phonotheque.register.events import Removal, Rights
from phonotheque.register.published import retirements
from publish.packs import stock
from publish.packs.stock import Things, key_of, make, make_all


@pytest.fixture
def disk():
    """A disk with an empty archive on it."""
    disk = MemoryDisk()
    found(disk)
    return disk


def things(*numbers):
    return {key_of(number): b"thing %d\n" % number for number in numbers}


def said(disk, archive, kind=PackKind.FACTS):
    """Everything that offered packs say, the newest word of each key."""
    told = {}
    for pack in offered_packs(archive.index, kind):
        with OpenPack(disk, folder_of(pack.name)) as opened_pack:
            for entry in opened_pack.entries():
                told[entry.key] = opened_pack.read(entry)
    return told


def assert_sound(disk, archive):
    """Every offered pack is whole, and its torrent is the one on record."""
    alive = offered_packs(archive.index)
    for pack in alive:
        folder = folder_of(pack.name)
        data = read_whole(disk, torrent_path(pack.name))
        assert hashlib.sha256(data).hexdigest() == pack.torrent
        read = read_torrent(data, piece_bytes=PACK_PIECE_BYTES)
        assert {"/".join(file.path) for file in read.files} == {
            *read_sums(disk, folder),
            "SHA256SUMS",
        }
        for path, digest in read_sums(disk, folder).items():
            assert hashlib.sha256(read_whole(disk, f"{folder}/{path}")).hexdigest() == digest
        with OpenPack(disk, folder) as opened_pack:
            assert len(list(opened_pack.entries())) == pack.items


def test_an_unchanged_source_writes_nothing(disk):
    """The second run of the same makes no pack, no line and no file."""
    with opened(disk) as archive:
        first = make(disk, archive, Things(things(1, 2, 3)))
        assert [pack.name for pack in first.made] == ["test-facts-all-00001"]
        before = disk.fingerprint()
        second = make(disk, archive, Things(things(1, 2, 3)))
        assert (second.made, second.retired, second.kept) == ([], [], 1)
        assert disk.fingerprint() == before
        assert_sound(disk, archive)


def test_what_is_new_goes_into_a_new_pack(disk):
    """A few things more than many make a small pack beside the large one."""
    with opened(disk) as archive:
        make(disk, archive, Things(things(*range(3000))))
        done = make(disk, archive, Things(things(*range(3001))))
        assert [(pack.items, pack.supersedes) for pack in done.made] == [(1, "")]
        assert not done.retired
        assert said(disk, archive) == things(*range(3001))


def test_small_packs_are_folded(disk):
    """Packs of like length become one; the old ones go when no index offers them any more."""
    with opened(disk) as archive:
        make(disk, archive, Things(things(1, 2)))
        done = make(disk, archive, Things(things(1, 2, 3)))
        assert [pack.supersedes for pack in done.made] == ["test-facts-all-00001"]
        assert [(one.name, one.reason, one.superseded_by) for one in done.retired] == [
            ("test-facts-all-00001", FOLDED, "test-facts-all-00002")
        ]
        assert disk.stat(torrent_path("test-facts-all-00001")) is not None
        assert sweep_packs(disk, archive.index) == ["test-facts-all-00001"]
        assert disk.stat(torrent_path("test-facts-all-00001")) is None
        assert disk.stat(folder_of("test-facts-all-00001")) is None
        assert sweep_packs(disk, archive.index) == []
        assert said(disk, archive) == things(1, 2, 3)


def test_what_may_not_be_given_away_any_more_is_gone_at_once(disk):
    """A pack with something withdrawn in it lies nowhere when the run is over, whatever is made."""
    with opened(disk) as archive:
        make(disk, archive, Things(things(1, 2, 3)))
        done = make(disk, archive, Things(things(1, 3)))
        assert [one.reason for one in done.retired] == [WITHDRAWN]
        assert disk.stat(folder_of("test-facts-all-00001")) is None
        assert disk.stat(torrent_path("test-facts-all-00001")) is None
        assert said(disk, archive) == things(1, 3)
        assert key_of(2).encode() not in b"".join(
            data for data in disk.tree().values() if isinstance(data, bytes)
        )
        done = make(disk, archive, Things({}))
        assert (done.made, len(done.retired)) == ([], 1)
        assert [one.superseded_by for one in done.retired] == [""]


def test_a_changed_thing_is_said_anew(disk):
    """An older word may stay in a large pack for a while; the newest pack speaks."""
    with opened(disk) as archive:
        make(disk, archive, Things(things(*range(3000))))
        after = things(*range(3000)) | {key_of(7): b"changed\n"}
        done = make(disk, archive, Things(after))
        assert ([pack.items for pack in done.made], done.retired) == ([1], [])
        assert said(disk, archive) == after


def test_a_kind_that_may_not_be_stale_is_made_again(disk):
    """Where an older word must not stay, the pack that has it is replaced."""
    with opened(disk) as archive:
        make(disk, archive, Things(things(1, 2), may_be_stale=False))
        after = things(1) | {key_of(2): b"changed\n"}
        done = make(disk, archive, Things(after, may_be_stale=False))
        assert [one.reason for one in done.retired] == [OUTDATED]
        assert said(disk, archive) == after


def test_a_lost_pack_is_made_again(disk):
    """A pack whose files were lost or damaged is replaced, and that is said."""
    with opened(disk) as archive:
        make(disk, archive, Things(things(1, 2)))
        disk.remove(f"{folder_of('test-facts-all-00001')}/index.tsv.zst")
        done = make(disk, archive, Things(things(1, 2)))
        assert [one.reason for one in done.retired] == [LOST]
        assert said(disk, archive) == things(1, 2)
        assert_sound(disk, archive)


def test_a_passing_thing_has_a_pack_of_its_own(disk):
    """What will soon be another one is packed by itself, so that the rest can stay."""
    with opened(disk) as archive:
        done = make(disk, archive, Things(things(1, 2, 3), passing=key_of(3), may_be_stale=False))
        assert [pack.items for pack in done.made] == [2, 1]
        after = things(1, 2) | {key_of(3): b"longer\n"}
        done = make(disk, archive, Things(after, passing=key_of(3), may_be_stale=False))
        assert [pack.items for pack in done.made] == [1]
        assert [one.name for one in done.retired] == ["test-facts-all-00002"]


def test_a_full_pack_is_followed_by_another(disk, monkeypatch):
    """A pack is closed at its longest, and the things that are left go into the next one."""
    monkeypatch.setattr("phonotheque.publish.packs.making.MOST_ITEMS", 10)
    with opened(disk) as archive:
        done = make(disk, archive, Things(things(*range(25))))
        assert [pack.items for pack in done.made] == [10, 10, 5]
        assert said(disk, archive) == things(*range(25))
        assert make(disk, archive, Things(things(*range(25)))).kept == 3


def test_what_is_damaged_is_named_and_left_out(disk):
    """A thing that cannot be had is told, and the others are packed."""
    with opened(disk) as archive:
        done = make(disk, archive, Things(things(1) | {key_of(2): b""}))
        assert [pack.items for pack in done.made] == [1]
        assert key_of(2)[:12] in done.findings[0]


def test_nothing_takes_the_place_of_a_pack_and_lacks_what_is_missing(disk):
    """While a thing is missing, a lost pack keeps its place and no pack is folded; then they go."""
    with opened(disk) as archive:
        make(disk, archive, Things(things(1, 2)))
        done = make(disk, archive, Things(things(1, 3) | {key_of(2): b"", key_of(3): b"new\n"}))
        assert done.retired == []
        assert [pack.items for pack in done.made] == [1]
        for pack in offered_packs(archive.index):
            disk.remove(f"{folder_of(pack.name)}/index.tsv.zst")
        lacking = Things(things(1, 3) | {key_of(2): b""})
        done = make(disk, archive, lacking)
        assert (done.made, done.retired, done.kept) == ([], [], 2)
        assert key_of(2)[:12] in done.findings[0]
        done = make(disk, archive, Things(things(1, 2, 3)))
        assert [one.reason for one in done.retired] == [LOST, LOST]
        assert (said(disk, archive), done.findings) == (things(1, 2, 3), [])


def test_the_same_things_give_the_same_bytes():
    """Two archives that pack the same make the same files and torrents."""
    told = []
    for _ in range(2):
        disk = MemoryDisk()
        found(disk)
        with opened(disk) as archive:
            make(disk, archive, Things(things(*range(99))))
        told.append({path: data for path, data in disk.tree().items() if "published" in path})
    assert told[0] == told[1]


def test_leftovers_are_cleared_away(disk):
    """What a crash left of a pack that no line names is removed at the next opening."""
    with opened(disk) as archive:
        make(disk, archive, Things(things(1)))
        for folder in (".test-facts-all-00002", "test-art-all-00001", "nonsense"):
            disk.make_folder(f"published/packs/{folder}")
            disk.create(f"published/packs/{folder}/file").close()
        finish_packs(disk, archive.index)
        assert [entry.name for entry in disk.list("published/packs")] == ["test-facts-all-00001"]


# -- packs of a real archive -------------------------------------------------------------------


@pytest.fixture
def music(tmp_path):
    return make_music(tmp_path / "music")


def decide(archive, sha256, **words):
    """Let an archivist decide about an object."""
    statement = RightsStatement(basis=Basis.DECISION, stated_at="2026-11-21T06:00:00Z", **words)
    archive.record(Rights(sha256, statement))


def objects(archive):
    rows = archive.index.db.execute("SELECT role, lower(hex(sha256)) FROM object ORDER BY 1, 2")
    return list(rows)


def everything(disk):
    """All bytes that packs say, unpacked."""
    told = b""
    for entry in disk.list("published/packs"):
        folder = f"published/packs/{entry.name}"
        with OpenPack(disk, folder) as pack:
            for one in pack.entries():
                told += one.key.encode() + "".join(one.extra).encode() + pack.read(one)
    return told


def test_an_archive_is_packed(disk, music):
    """Facts, art and register of what may be given away are packed; a second run does nothing."""
    with stock.stocked(disk, music) as archive:
        done = make_all(disk, archive)
        kinds = {pack.kind: pack.items for pack in done.made}
        assert kinds == {"art": 1, "facts": 3, "overlays": 3, "register": 1}
        assert_sound(disk, archive)
        again = make_all(disk, archive)
        assert (again.made, again.retired, again.kept) == ([], [], 4)


@pytest.mark.parametrize("way", ["removed", "embargoed", "refused"])
def test_what_is_withdrawn_leaves_every_pack(disk, music, way):
    """After a removal or a decision nothing of an object is in any pack, its name alone excepted
    where the register says that it was removed."""
    with stock.stocked(disk, music) as archive:
        make_all(disk, archive)
        for _, name in (objects(archive)[0], objects(archive)[1]):
            assert name.encode() in everything(disk)
            if way == "removed":
                archive.record(Removal(name, "asked for"))
            else:
                words = {"valid_from": "2099-01-01"} if way == "embargoed" else {}
                licence = "https://creativecommons.org/licenses/by/4.0/" if words else ""
                decide(archive, name, licence=licence, **words)
            make_all(disk, archive)
            sweep_packs(disk, archive.index)
            told = everything(disk).replace(f'"event":"removal","sha256":"{name}"'.encode(), b"")
            assert name.encode() not in told
            assert_sound(disk, archive)


def test_what_holds_something_is_known(disk, music):
    """A removal is told which packs have something of an object in them."""
    with stock.stocked(disk, music) as archive:
        make_all(disk, archive)
        alive = offered_packs(archive.index)
        companion, recording = (Sha256.parse(name) for _, name in objects(archive)[:2])
        held = packs_holding(disk, alive, frozenset((companion,)))
        assert {name.split("-")[1] for name in held} == {"art", "register"}
        held = packs_holding(disk, alive, frozenset((recording,)))
        assert {name.split("-")[1] for name in held} == {"facts", "overlays", "register"}
        assert packs_holding(disk, alive, frozenset((Sha256(b"1" * 32),))) == []
        assert packs_holding(disk, alive, frozenset()) == []
        facts = next(pack for pack in alive if pack.kind == "facts")
        stranger = Sha256(b"1" * 32)
        assert one_held(disk, facts, {stranger, recording}) == recording
        assert one_held(disk, facts, {stranger, companion}) is None


def test_rules_never_travel(disk, tmp_path):
    """`rights.toml` names people: it is in no pack, whatever its licence."""
    music = make_music(tmp_path / "music", 1)
    (music / "rights.toml").write_text('[[rule]]\nmatch = "**"\nlicence = "CC0-1.0"\n')
    with stock.stocked(disk, music) as archive:
        make_all(disk, archive)
        with OpenPack(disk, folder_of("test-art-all-00001")) as pack:
            assert [entry.extra[2] for entry in pack.entries()] == ["notes.txt"]


def test_any_failing_call_leaves_a_sound_archive(music):
    """Let each call in turn fail: nothing half-made is offered, and the next run makes all."""
    start = MemoryDisk()
    found(start)
    with stock.stocked(start, music):
        pass
    for number in range(1, 2000, 9):
        inner = start.copy()
        failing = FailKth(inner, number, disk_full)
        with opened(inner) as archive:
            try:
                make(failing, archive, Things(things(1, 2)))
                make(failing, archive, Things(things(2, 3)))
            except UnavailableError:
                pass
        with opened(inner) as archive:
            assert_sound(inner, archive)
            make(inner, archive, Things(things(2, 3)))
            assert said(inner, archive) == things(2, 3)
            assert_sound(inner, archive)
        if not failing.fired:
            return
    raise AssertionError("calls without an end")


def test_a_kill_at_any_call_leaves_a_sound_archive(disk):
    """Killed at any call: what was withdrawn is gone after the next run, the rest stands."""
    with opened(disk) as archive:
        make(disk, archive, Things(things(1, 2, 3)))
    for calls in range(1, 2000, 7):
        inner = disk.copy()
        try:
            with opened(inner) as archive:
                make(CrashAfter(inner, calls), archive, Things(things(1, 3, 4)))
            return
        except Crashed:
            pass
        with opened(inner) as archive:
            assert_sound(inner, archive)
            make(inner, archive, Things(things(1, 3, 4)))
            assert said(inner, archive) == things(1, 3, 4)
            assert_sound(inner, archive)
            assert retirements(archive.index)["test-facts-all-00001"].reason == WITHDRAWN
            names = {entry.name for entry in inner.list("published/packs")}
            assert names == {pack.name for pack in offered_packs(archive.index)}
    raise AssertionError("calls without an end")
