"""What was made once is kept, proven, and given up in the right order."""

import errno
import fcntl
import os
import sqlite3
import threading
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.derive import cache as cache_module
from phonotheque.derive.cache import FOLDER, Cache
from phonotheque.derive.derivative import CopyRecord, Origin, Wanted
from phonotheque.derive.recipes import COPY, FINE_COPY, THUMBNAILS
from phonotheque.disk import LocalDisk
from phonotheque.errors import DiskFailedError, MalformedError
from phonotheque.music.digest import Sha256

AT = "2026-01-02T03:04:05.000000Z"
PLENTY = 1 << 30
DEADLINE_S = 180


def name(number: int) -> Sha256:
    return Sha256(number.to_bytes(32, "big"))


def wanted(number: int, recipe=COPY, encoder: str = "libopus 1") -> Wanted:
    return Wanted(name(number), recipe, encoder)


def maker(data: bytes, calls: list | None = None):
    def make(target):
        if calls is not None:
            calls.append(data)
        target.write(data)
        return {"length": len(data)}

    return make


def ask(cache: Cache, what: Wanted, data: bytes = b"x" * 100):
    with cache.open(what, maker(data), AT) as kept:
        return kept.origin, kept.file.read()


def files(root) -> list[str]:
    """Copies that lie there, without records, uses and locks."""
    return sorted(
        path.name.partition(".")[0][-4:]
        for path in (root / FOLDER).glob("[0-9a-f][0-9a-f]/*")
        if not path.name.endswith(".json")
    )


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path, LocalDisk(tmp_path), PLENTY)


def test_what_was_made_is_kept(cache):
    """The second asker gets what the first one's maker wrote; nothing is made again."""
    calls = []
    for origin in (Origin.MADE, Origin.KEPT, Origin.KEPT):
        with cache.open(wanted(1), maker(b"sound", calls), AT) as kept:
            assert (kept.origin, kept.file.read()) == (origin, b"sound")
    assert calls == [b"sound"]


def test_a_record_stands_beside_each_copy(cache, tmp_path):
    """It says of what, by which recipe, with what and when the copy was made, and its digest."""
    import hashlib

    import msgspec

    with cache.open(wanted(1), maker(b"sound"), AT) as kept:
        path = tmp_path / FOLDER / f"{kept.path}.json"
        facts = {"length": 5}
        digest = hashlib.sha256(b"sound").hexdigest()
        expected = CopyRecord(name(1).hex, "opus-75", "libopus 1", AT, digest, 5, facts)
        assert kept.record == expected
        assert msgspec.json.decode(path.read_bytes(), type=CopyRecord) == expected


@pytest.mark.parametrize(
    "other",
    [
        wanted(2),
        wanted(1, FINE_COPY),
        wanted(1, encoder="libopus 2"),
        wanted(1, type(COPY)("opus-75", 75_000, complexity=5)),
        wanted(1, THUMBNAILS[250]),
    ],
)
def test_another_source_recipe_or_encoder_is_another_copy(cache, other):
    """Whatever changes what would be made changes the name that it is kept under."""
    ask(cache, wanted(1), b"one")
    assert ask(cache, other, b"other") == (Origin.MADE, b"other")
    assert ask(cache, wanted(1), b"never") == (Origin.KEPT, b"one")


def test_a_maker_that_fails_leaves_nothing(cache, tmp_path):
    """Its error is passed on, nothing is kept, and the next asker's maker is asked again."""

    def fail(target):
        target.write(b"half of it")
        raise MalformedError("a recording", "no sound", "Nothing to do.")

    with pytest.raises(MalformedError):
        cache.open(wanted(1), fail, AT)
    assert files(tmp_path) == []
    assert ask(cache, wanted(1)) == (Origin.MADE, b"x" * 100)


def damage(path, how):
    data = bytearray(path.read_bytes())
    match how:
        case "flip":
            data[len(data) // 2] ^= 1
        case "cut":
            del data[-1:]
        case "append":
            data += b"!"
        case "empty":
            data.clear()
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["flip", "cut", "append", "empty"])
@pytest.mark.parametrize("ending", ["", ".json"])
def test_a_damaged_copy_is_made_again(cache, tmp_path, how, ending):
    """Damage to a copy or its record is noticed before a byte is given out, and mended."""
    ask(cache, wanted(1), b"good sound" * 9)
    with cache.open(wanted(1), maker(b""), AT) as kept:
        path = tmp_path / FOLDER / f"{kept.path}{ending}"
    damage(path, how)
    origin, data = ask(cache, wanted(1), b"good sound" * 9)
    assert data == b"good sound" * 9
    # JSON may be followed by nothing but white space, and a digit of the length may be cut off
    assert origin in (Origin.MADE_AGAIN, Origin.KEPT if ending else Origin.MADE_AGAIN)
    assert ask(cache, wanted(1))[0] is Origin.KEPT


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_flipped_bit_is_ever_served(tmp_path_factory, data):
    """Whichever bit of the copy flips, the asker gets what was made and not what lies there."""
    root = tmp_path_factory.mktemp("cache")
    cache = Cache(root, LocalDisk(root), PLENTY)
    good = bytes(range(64))
    with cache.open(wanted(1), maker(good), AT) as kept:
        path = root / FOLDER / kept.path
    bad = bytearray(good)
    bad[data.draw(st.integers(0, 63))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bad)
    assert ask(cache, wanted(1), good) == (Origin.MADE_AGAIN, good)


def test_what_does_not_read_back_is_not_kept(cache, tmp_path, monkeypatch):
    """A disk that says it wrote and did not is found out before anybody sees the copy."""
    real = LocalDisk.create

    def lying(self, path):
        writer = real(self, path)
        if path.endswith(".opus.new"):
            monkeypatch.setattr(writer, "write", lambda data: None)
        return writer

    monkeypatch.setattr(LocalDisk, "create", lying)
    with pytest.raises(DiskFailedError):
        ask(cache, wanted(1))
    monkeypatch.undo()
    assert ask(cache, wanted(1)) == (Origin.MADE, b"x" * 100)


def test_two_who_ask_at_once_wait_for_one_maker(tmp_path, monkeypatch):
    """While one makes, another who wants the same waits, and then gets what was made."""
    making, waiting = threading.Event(), threading.Event()
    calls, results = [], []
    real = fcntl.flock

    def flock(descriptor, how):
        if how == fcntl.LOCK_EX and making.is_set():
            waiting.set()  # the other one stands before the lock, which is held
        return real(descriptor, how)

    monkeypatch.setattr(cache_module.fcntl, "flock", flock)

    def slow(target):
        calls.append("made")
        making.set()
        assert waiting.wait(DEADLINE_S)
        target.write(b"once")
        return {}

    def asker(make):
        own = Cache(tmp_path, LocalDisk(tmp_path), PLENTY)
        with own.open(wanted(1), make, AT) as kept:
            results.append((kept.origin, kept.file.read()))

    first = threading.Thread(target=asker, args=(slow,))
    first.start()
    assert making.wait(DEADLINE_S)
    second = threading.Thread(target=asker, args=(maker(b"twice", calls),))
    second.start()
    first.join(DEADLINE_S)
    second.join(DEADLINE_S)
    assert calls == ["made"]
    assert sorted(results) == [(Origin.KEPT, b"once"), (Origin.MADE, b"once")]


def test_a_maker_that_is_killed_lets_the_next_one_make(tmp_path):
    """The lock goes with the process: nobody waits for the dead, and half a copy is never seen."""
    child = os.fork()
    if child == 0:

        def die(target):
            target.write(b"half")
            os._exit(9)

        Cache(tmp_path, LocalDisk(tmp_path), PLENTY).open(wanted(1), die, AT)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert files(tmp_path) == []
    cache = Cache(tmp_path, LocalDisk(tmp_path), PLENTY)
    assert ask(cache, wanted(1), b"whole") == (Origin.MADE, b"whole")


def record_bytes(root) -> int:
    (path,) = (root / FOLDER).glob("*/*.json")
    return path.stat().st_size


def small_cache(root, copies: int) -> Cache:
    """A cache with room for so many copies of 100 bytes and their records."""
    ask(Cache(root, LocalDisk(root), PLENTY), wanted(9_999))
    room = copies * (100 + record_bytes(root))
    for path in (root / FOLDER).rglob("*"):
        if path.is_file():
            path.unlink()
    return Cache(root, LocalDisk(root), room)


def test_the_least_recently_used_goes_first(tmp_path):
    """With room for three, the fourth drives out what was not asked for longest."""
    cache = small_cache(tmp_path, 3)
    for number in (1, 2, 3, 1, 4):
        ask(cache, wanted(number))
    assert files(tmp_path) == ["0001", "0003", "0004"]
    assert not list((tmp_path / FOLDER).glob("*/*0002.*.json"))


@settings(max_examples=25, deadline=None)
@given(asked=st.lists(st.integers(1, 6), min_size=1, max_size=14), room=st.integers(1, 4))
def test_the_newest_are_kept_and_fit(tmp_path_factory, asked, room):
    """Whatever is asked for in whatever order, the last used ones are there and no others."""
    root = tmp_path_factory.mktemp("cache")
    cache = small_cache(root, room)
    for number in asked:
        ask(cache, wanted(number))
    cache.evict()
    newest = list(dict.fromkeys(reversed(asked)))[:room]
    assert files(root) == sorted(f"{number:04d}" for number in newest)


def test_what_is_being_read_is_not_evicted(tmp_path):
    """A copy that somebody reads stays until it is closed, also when there is no room for it."""
    cache = small_cache(tmp_path, 1)
    with cache.open(wanted(1), maker(b"x" * 100), AT) as kept:
        ask(cache, wanted(2))
        ask(cache, wanted(3))
        assert files(tmp_path) == ["0001", "0003"]  # the last one was read when room was made
        assert kept.file.read() == b"x" * 100
    cache.evict()
    ask(cache, wanted(4))
    assert files(tmp_path) == ["0004"]


def test_a_copy_larger_than_the_room_is_served_all_the_same(tmp_path):
    """With room for nothing, every copy is made, read whole, and gone at the next eviction."""
    cache = Cache(tmp_path, LocalDisk(tmp_path), 0)
    assert ask(cache, wanted(1)) == (Origin.MADE, b"x" * 100)
    assert cache.evict() > 0
    assert files(tmp_path) == []


@pytest.mark.parametrize("how", ["lost", "garbage", "emptied"])
def test_lost_uses_are_made_again(tmp_path, how):
    """Without the list of copies, they are still served, counted, and evicted when they must."""
    cache = small_cache(tmp_path, 3)
    for number in (1, 2, 3):
        ask(cache, wanted(number))
    uses = tmp_path / FOLDER / "uses.sqlite"
    for ending in ("-wal", "-shm"):
        uses.with_name(uses.name + ending).unlink(missing_ok=True)
    match how:
        case "lost":
            uses.unlink()
        case "garbage":
            uses.write_bytes(b"no database at all" * 500)
        case "emptied":
            uses.write_bytes(b"")
    assert ask(cache, wanted(3))[0] is Origin.KEPT
    ask(cache, wanted(4))
    assert len(files(tmp_path)) == 3
    assert "0004" in files(tmp_path)


def test_what_the_killed_left_half_done_is_removed(cache, tmp_path):
    """A file that nobody will finish is found when the folder is listed, one in the making is not
    touched."""
    with cache.open(wanted(1), maker(b"x"), AT) as kept:
        left = tmp_path / FOLDER / f"{os.path.dirname(kept.path)}/.{name(2).hex}.opus.new"
    left.write_bytes(b"half")
    (tmp_path / FOLDER / "uses.sqlite").unlink()

    def make(target):
        cache.evict()  # lists the folder while this copy is being made in it
        assert left.exists()
        return {}

    cache.open(wanted(3), make, AT).close()
    (tmp_path / FOLDER / "uses.sqlite").unlink()
    cache.evict()
    assert not left.exists()


def test_all_of_it_can_be_deleted(cache, tmp_path):
    """A cache whose folder is gone begins anew."""
    import shutil

    ask(cache, wanted(1))
    shutil.rmtree(tmp_path / "state")
    assert ask(cache, wanted(1))[0] is Origin.MADE


def test_a_full_disk_is_a_typed_error_and_leaves_no_copy(cache, tmp_path, monkeypatch):
    """No room on the disk says so, and what cannot be written is not half there."""

    def full(descriptor, data):
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr("phonotheque.disk.local.os.write", full)
        with pytest.raises(Exception, match="no room"):
            ask(cache, wanted(1))
    assert [path for path in files(tmp_path) if path == "0001"] == []
    assert ask(cache, wanted(1)) == (Origin.MADE, b"x" * 100)


def test_uses_count_what_lies_there(cache, tmp_path):
    """The bytes that eviction goes by are those of the copies and their records."""
    for number in (1, 2, 3):
        ask(cache, wanted(number), b"x" * number * 1000)
    there = sum(path.stat().st_size for path in (tmp_path / FOLDER).glob("??/*"))
    with closing(sqlite3.connect(tmp_path / FOLDER / "uses.sqlite")) as db:
        assert db.execute("SELECT sum(size_bytes) FROM copy").fetchone() == (there,)


def test_what_was_made_of_a_removed_object_is_forgotten(cache, tmp_path):
    """Copies and pictures of one object go, also while somebody reads one; others stay."""
    for recipe in (COPY, FINE_COPY):
        ask(cache, wanted(1, recipe))
    ask(cache, wanted(3))
    with cache.open(wanted(1), maker(b"y" * 100), AT) as kept:
        assert cache.forget(name(1)) == 2
        assert kept.file.read() == b"x" * 100
    assert files(tmp_path) == ["0003"]
    assert cache.forget(name(1)) == cache.forget(name(2)) == 0
    with closing(sqlite3.connect(tmp_path / FOLDER / "uses.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM copy").fetchone() == (1,)
    assert ask(cache, wanted(1))[0] is Origin.MADE


def test_forgetting_waits_for_whoever_makes_a_copy(cache, tmp_path):
    """A copy in the making is finished, and then goes: it cannot appear after it was forgotten."""
    begun, told = threading.Event(), threading.Event()
    forgotten = []

    def forget():
        assert begun.wait(DEADLINE_S)
        told.set()
        forgotten.append(Cache(tmp_path, LocalDisk(tmp_path), PLENTY).forget(name(1)))

    def make(target):
        begun.set()
        assert told.wait(DEADLINE_S)
        target.write(b"z")
        return {}

    other = threading.Thread(target=forget)
    other.start()
    cache.open(wanted(1), make, AT).close()
    other.join(DEADLINE_S)
    assert forgotten == [1]
    assert files(tmp_path) == []
