"""Copies that are made while people listen: nobody else waits for them, and none is believed."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from tests.cli.phono import damage

from listen.door import open_on_loopback
from listen.sound.stock import set_listening
from listen.sound.waiting import until
from phonotheque.archive.listening import copyist
from phonotheque.archive.listening.copyist import Order, Workshop
from phonotheque.errors import UnavailableError
from phonotheque.listen.sound import traffic


def test_who_waits_for_a_copy_keeps_nobody_from_listening(own, monkeypatch):
    """While copies are being made and dozens wait for them, sound, plays and pages are answered;
    one address waits for a few of them, and is told to come again with the others."""
    held = Event()
    ask = copyist._Copyist.ask

    def slow(self, order):
        held.wait(600)
        return ask(self, order)

    monkeypatch.setattr(copyist._Copyist, "ask", slow)
    wanted, other = f"/sound/{own.gid('long.wav')}?form=opus", own.gid("short.flac")
    with open_on_loopback(own.root) as door, ThreadPoolExecutor(60) as pool:
        waiting = [
            pool.submit(door.get, wanted, X_Forwarded_For=f"192.0.2.{number % 6}")
            for number in range(60)
        ]
        until(lambda: sum(one.done() for one in waiting) == 12, "48 of 60 should wait")
        assert {one.result().status for one in waiting if one.done()} == {503}
        sound = door.get(f"/sound/{other}?form=original")
        assert (sound.status, sound.body) == (200, own.data("short.flac"))
        assert door.get(f"/cover/{other}-250.jpg").status in (200, 302)
        held.set()
        assert [one.result().status for one in waiting].count(200) == 48
        assert not door.faults


def test_who_waits_too_long_is_told_to_come_again(own, monkeypatch):
    """A copy that takes long is told of, of a song and of an album; it is made all the same."""
    held, ask = Event(), copyist._Copyist.ask
    monkeypatch.setattr(
        copyist._Copyist, "ask", lambda it, order: held.wait(600) and ask(it, order)
    )
    monkeypatch.setattr(traffic, "_MADE_S", 0.05)
    path = f"/sound/{own.gid('short.flac')}?form=opus"
    with open_on_loopback(own.root) as door:
        early = door.get(path)
        assert (early.status, early.json["wrong"]) == (503, "it is still being made")
        held.set()
        until(lambda: door.get(path).status == 200, "it is never made")


def test_a_full_queue_refuses(tmp_path):
    """More orders than may wait are refused at once; the same order is one order."""
    workshop = Workshop(tmp_path, waiting=2)
    first = workshop.order(Order("00", "opus"))
    assert workshop.order(Order("00", "opus")) is first
    workshop.order(Order("01", "opus"))
    with pytest.raises(UnavailableError, match="too many"):
        workshop.order(Order("02", "opus"))
    workshop.close()
    with pytest.raises(UnavailableError):
        first.result(0)


def test_one_address_has_a_part_of_the_queue(tmp_path):
    """Whether it waits for what it ordered or not; for others there is room."""
    workshop = Workshop(tmp_path, count=0)
    for number in range(8):
        workshop.order(Order(f"{number:02x}", "opus"), "192.0.2.1")
    with pytest.raises(UnavailableError, match="this address"):
        workshop.order(Order("ff", "opus"), "192.0.2.1")
    workshop.order(Order("00", "opus"), "192.0.2.1")  # it is being made
    workshop.order(Order("ff", "opus"), "192.0.2.2")
    assert workshop.under_way == 9
    workshop.close()


def test_orders_say_whose_they_are(own, monkeypatch):
    """The queue knows for whom a copy is made."""
    groups, order = [], Workshop.order

    def told(self, one, group=""):
        groups.append(group)
        return order(self, one, group)

    monkeypatch.setattr(Workshop, "order", told)
    with open_on_loopback(own.root) as door:
        door.get(f"/sound/{own.gid('short.flac')}?form=opus", X_Forwarded_For="192.0.2.1")
    assert set(groups) == {"192.0.2.1"}


def test_copies_that_were_deleted_or_cut_are_made_again(own):
    """`state/copies` can be deleted at any time, also while what lay in it is open."""
    set_listening(own, 'proxy_files = "/archive/"')
    path, copies = f"/sound/{own.gid('short.flac')}?form=opus", own.root / "state/copies"

    def kept(door):
        told = door.get(path)
        assert told.status == 200
        return own.root / told.headers["x-accel-redirect"].removeprefix("/archive/")

    with open_on_loopback(own.root) as door:
        whole = kept(door).read_bytes()
        shutil.rmtree(copies)
        assert kept(door).read_bytes() == whole
        damage(kept(door), lambda data: data[:-1])
        assert kept(door).read_bytes() == whole


def test_a_disk_that_is_full_keeps_no_copy_and_stops_no_original(own, tmp_path, monkeypatch):
    """507 with the reason while there is no room for a copy; then it is made."""
    full = tmp_path / "full"
    full.touch()
    (tmp_path / "sitecustomize.py").write_text(FULL_DISK.format(flag=str(full)))
    monkeypatch.syspath_prepend(tmp_path)  # which copyists are started with
    path = f"/sound/{own.gid('short.flac')}"
    with open_on_loopback(own.root) as door:
        refused = door.get(f"{path}?form=opus")
        assert (refused.status, refused.json["error"]) == (507, "disk-full")
        assert door.get(f"{path}?form=original").body == own.data("short.flac")
        assert "phonotheque_damaged_total 0\n" in door.get("/metrics").text
        full.unlink()
        assert door.get(f"{path}?form=opus").status == 200


FULL_DISK = """
import errno, os
write, copyist = os.write, os.getpid()

def is_full(descriptor):
    if os.getpid() != copyist or not os.path.exists({flag!r}):
        return False
    return "state/copies" in os.readlink(f"/proc/self/fd/{{descriptor}}")

def without_room(descriptor, data):
    if is_full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return write(descriptor, data)

os.write = without_room
"""
