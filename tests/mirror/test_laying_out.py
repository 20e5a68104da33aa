"""Whoever follows a mirror sees all of a publication, whenever its power was lost."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import timedelta

import pytest

from faults.faulty import CrashAfter, Crashed
from faults.memory import MemoryDisk
from faults.powerloss import explore
from phonotheque.disk import make_folders, read_whole, write_whole
from phonotheque.errors import MalformedError
from phonotheque.mirror import following
from phonotheque.mirror.joining import join
from phonotheque.mirror.laying_out import lay_out
from phonotheque.mirror.settings import new_settings
from phonotheque.mirror.sources import Origin
from phonotheque.mirror.values import Filter
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.names import signed_path
from publish.trust.forge import put, sign_also
from publish.trust.publisher import Between, Publisher, now
from publish.trust.scene import seen_by_strangers

LIMIT = int(os.environ.get("PHONOTHEQUE_STATES", "4"))


@pytest.fixture
def two(tmp_path):
    """A mirror's disk on which the first of two indexes is laid out, and who follows the second."""
    publisher = Publisher()
    publisher.next(1)
    follower = Follower(publisher.source(), tmp_path / "seen")
    follower.follow(now())
    disk = MemoryDisk()
    make_folders(disk, "published")
    lay_out(disk, follower, publisher.source())
    assert seen_by_strangers(disk) == (1, publisher.history[1])
    publisher.next(2, at=now() + timedelta(seconds=5))
    follower.follow(now())
    return disk, follower, publisher


def test_power_loss_while_laying_out(two):
    """All of the old or all of the new publication is there, and the new one once it is told."""
    start, follower, publisher = two

    def scenario(disk, acknowledge):
        lay_out(disk, follower, publisher.source())
        acknowledge("done")

    def check(disk, promised):
        seen = seen_by_strangers(disk)
        assert seen is not None
        assert seen[1] == publisher.history[seen[0]]
        assert seen[0] == 2 or not promised
        lay_out(disk, follower, publisher.source())
        assert seen_by_strangers(disk) == (2, publisher.history[2])

    assert explore(scenario, check, start=start, limit=LIMIT).states > 20


def test_laying_out_survives_kills(two):
    """Killed at any call, what is there is whole, and the next run goes on."""
    start, follower, publisher = two
    for calls in range(1, 400, 7):
        disk = start.copy()
        dying = CrashAfter(disk, calls)
        with suppress(Crashed):
            lay_out(dying, follower, publisher.source())
        assert seen_by_strangers(disk) is not None
        lay_out(disk, follower, publisher.source())
        assert seen_by_strangers(disk) == (2, publisher.history[2])
        if not dying.is_dead:
            return
    pytest.fail("it never came to its end")


def test_what_is_laid_out_again_writes_nothing(two):
    """A publication that is here already is written once."""
    disk, follower, publisher = two
    lay_out(disk, follower, publisher.source())
    before = disk.copy()

    class Counting:
        def __getattr__(self, name):
            assert name not in ("create", "append", "rename"), name
            return getattr(disk, name)

    lay_out(Counting(), follower, publisher.source())
    assert seen_by_strangers(disk) == seen_by_strangers(before)


def test_a_mirror_grows_no_more_than_its_archive(two):
    """Of many publications a mirror keeps what the last two name, and ten indexes."""
    disk, follower, publisher = two
    for number in range(3, 16):
        publisher.next(number, at=now() + timedelta(seconds=5 * number))
        follower.follow(now())
        lay_out(disk, follower, publisher.source())
    names = [entry.name for entry in disk.list("published/metadata")]
    assert len([name for name in names if name.endswith(".targets.json")]) == 2
    assert len([one for one in disk.list("published") if one.name.startswith("index-0")]) == 10
    files = [entry.name for entry in disk.list("published/metadata/targets")]
    assert len([name for name in files if name.endswith(".zst")]) == 2
    assert seen_by_strangers(disk) == (15, publisher.history[15])


def test_a_signed_file_has_its_plain_name_too(two):
    """What lies under its digest lies under its name as well, as the archive has it."""
    disk, follower, publisher = two
    sign_also(publisher, "facts/fact-sheet.md", b"music\n")
    path = signed_path("facts/fact-sheet.md", hashlib.sha256(b"music\n").hexdigest())
    put(publisher, f"metadata/{path}", b"music\n")
    follower.follow(now())
    lay_out(disk, follower, publisher.source())
    assert read_whole(disk, "published/facts/fact-sheet.md") == b"music\n"
    assert read_whole(disk, f"published/metadata/{path}") == b"music\n"


def test_damaged_targets_of_before_stop_nothing(two):
    """What rotted on a mirror of the publication before is passed over, and the new one comes."""
    disk, follower, publisher = two
    (old,) = (one for one in disk.list("published/metadata") if one.name.endswith(".targets.json"))
    write_whole(disk, f"published/metadata/{old.name}", b'{"signed": ')
    lay_out(disk, follower, publisher.source())
    assert seen_by_strangers(disk) == (2, publisher.history[2])


@pytest.mark.parametrize("name", ["../../../../.bashrc", "../../../../../../x"])
def test_a_name_that_leads_out_writes_and_deletes_nothing(tmp_path, monkeypatch, name):
    """Whoever signs such a name has no file written, and no folder tidied, outside a mirror's own:
    nothing of that publication is laid out."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "diary.txt").write_text("mine")
    publisher = Publisher()
    publisher.next(1)
    path = sign_also(publisher, name, b"mine\n")
    between = Between(publisher.source(), {path: lambda: iter([b"mine\n"])})
    monkeypatch.setattr(following, "source_named", lambda _: between)
    origin = Origin(("http://127.0.0.1:9/",))
    with pytest.raises(MalformedError):
        join(home / "mirror", new_settings(10**9), origin, Filter(), now())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["diary.txt", "home", "mirror"]
