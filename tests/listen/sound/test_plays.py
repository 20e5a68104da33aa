"""A play that was told to be counted is counted once, whatever happens."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from uuid import UUID, uuid4

import pytest

from listen.door import open_on_loopback
from phonotheque.archive.listening import play_table
from phonotheque.archive.listening.listener_keys import EPOCH_S, FILE, ListenerKeys
from phonotheque.archive.listening.play_journal import PlayJournal, Report
from phonotheque.archive.listening.play_table import FOLDER, TABLE
from phonotheque.archive.listening.plays import ArchivePlays, enough_ms
from phonotheque.disk import LocalDisk
from phonotheque.errors import DiskFullError
from phonotheque.music.digest import Sha256

GID, OTHER = UUID(int=1), UUID(int=2)
DAY = date(2026, 5, 4)


@pytest.fixture
def root(tmp_path):
    for folder in ("state", "journals", "keys"):
        (tmp_path / folder).mkdir()
    return tmp_path


def _journal(root, disk=None, day=DAY):
    return PlayJournal(root, disk or LocalDisk(root), lambda: day)


def _report(play=None, gid=GID, listener=b"a", epoch=1):
    return Report(play or uuid4(), gid, Sha256(gid.bytes * 2), listener * 16, epoch)


def _lines(root):
    return [
        json.loads(line)
        for path in sorted((root / FOLDER).glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]


@pytest.mark.parametrize(
    ("length_ms", "enough"),
    [(180_000, 90_000), (479_999, 240_000), (3_600_000, 240_000), (1, 1), (None, 240_000)],
)
def test_half_or_four_minutes(length_ms, enough):
    """Half of a short recording is a play of it, four minutes of a long one."""
    assert enough_ms(length_ms) == enough


def test_a_play_is_counted_once_by_whomever_it_is_reported(root):
    """The same report, to another worker, after a restart, on the next day: one line."""
    report = _report()
    assert _journal(root).count(report)
    assert not _journal(root).count(report)
    assert not _journal(root, day=date(2026, 5, 5)).count(report)
    (root / TABLE).unlink()
    assert not _journal(root).count(report)
    assert [line["play"] for line in _lines(root)] == [report.play.hex]


def test_people_are_counted_and_not_kept(root):
    """Two plays of one listener are two plays and one listener; no line says whose they are."""
    journal = _journal(root)
    for listener in (b"a", b"a", b"b"):
        journal.count(_report(listener=listener))
    assert journal.most_heard(1, 5) == ((GID, 3, 2),)
    assert journal.heard() == {Sha256(GID.bytes * 2): (3, 2)}
    assert {key for line in _lines(root) for key in line} == {"play", "gid", "object", "new"}


def test_what_was_played_most_is_not_what_most_heard(root):
    """By plays another is first than by listeners; what too few people heard is left out."""
    journal = _journal(root)
    one, few, most = (UUID(int=number) for number in (1, 2, 3))
    for gid, listeners in ((one, "ab"), (few, "xxxx"), (most, "cddd")):
        for listener in listeners:
            journal.count(_report(gid=gid, listener=listener.encode()))
    assert [gid for gid, _, _ in journal.most_heard(1, 5)] == [most, one, few]
    assert journal.most_played(1, 5, 2) == ((most, 4, 2), (one, 2, 2))
    assert journal.most_played(1, 1, 1) == ((most, 4, 2),)


def test_what_a_key_hid_goes_with_it(root):
    """With another key the hashes under the old one are removed, and the totals stay."""
    journal = _journal(root)
    journal.count(_report(listener=b"a", epoch=1))
    journal.count(_report(listener=b"b", epoch=2))
    assert journal.most_heard(1, 5) == ((GID, 2, 2),)
    assert (b"a" * 16) not in (root / TABLE).read_bytes() + _wal(root)


def _wal(root):
    path = root / f"{TABLE}-wal"
    return path.read_bytes() if path.exists() else b""


@pytest.mark.parametrize("cut", [1, 30, 60])
def test_what_a_crash_left_is_taken_in_or_cut_off(root, cut):
    """A line that is whole counts, known to the table or not; half a line is nothing."""
    first, second = _report(), _report(gid=OTHER)
    _journal(root).count(first)
    (path,) = (root / FOLDER).glob("*.jsonl")
    line = json.dumps({"play": second.play.hex, "gid": str(OTHER), "object": "02" * 32}) + "\n"
    with path.open("a") as file:
        file.write(line + line[:-cut])
    journal = _journal(root)
    assert not journal.count(second)
    assert path.read_bytes().endswith(b"\n")
    assert len(_lines(root)) == 2
    assert {gid for gid, _, _ in journal.most_heard(1, 5)} == {GID, OTHER}


def test_a_table_that_is_damaged_is_made_again(root):
    """Its counts follow from the lines alone."""
    journal = _journal(root)
    for gid in (GID, GID, OTHER):
        journal.count(_report(gid=gid))
    before = journal.heard()
    (root / TABLE).write_bytes(b"no database" * 1000)
    for ending in ("-wal", "-shm"):
        (root / f"{TABLE}{ending}").unlink(missing_ok=True)
    again = _journal(root).heard()
    assert {name: plays for name, (plays, _) in again.items()} == {
        name: plays for name, (plays, _) in before.items()
    }


@pytest.mark.parametrize("member", ["play", "gid", "object"])
def test_a_damaged_line_costs_its_play_alone(root, member):
    """A digit that is none any more, in any member: all other plays count, when the table is made
    again, too."""
    _journal(root).count(_report())
    (path,) = (root / FOLDER).glob("*.jsonl")
    line = json.loads(path.read_bytes())
    line[member] = "z" + line[member][1:]
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")
    (root / TABLE).unlink()
    assert _journal(root).most_heard(1, 5) == ((GID, 1, 1),)
    assert _journal(root).count(_report())


@pytest.mark.parametrize("name", ["2026-05-04.jsonl.bak", "x.jsonl", "2026-13-40.jsonl", "notes"])
def test_a_name_that_is_no_day_is_no_journal(root, name):
    """What a backup, or somebody, left in the folder is passed over, and stays."""
    _journal(root).count(_report())
    (root / FOLDER / name).write_bytes(b"something\n")
    (root / FOLDER / "2026-05-03.jsonl").mkdir()
    journal = _journal(root)
    assert journal.count(_report())
    assert journal.most_heard(2, 5) == ((GID, 2, 1),)
    assert (root / FOLDER / name).read_bytes() == b"something\n"


def test_damage_inside_the_table_is_mended(root):
    """Pages that a power cut mixed up are found by whoever uses them: counts follow from the
    lines, and no play is lost or doubled."""
    journal = _journal(root)
    first = _report()
    journal.count(first)
    for number in range(300):
        journal.count(_report(gid=UUID(int=number)))
    path = root / TABLE
    pages = bytearray(path.read_bytes())
    pages[2 * 4096 :] = b"\x5a" * (len(pages) - 2 * 4096)
    path.write_bytes(pages)
    assert not journal.count(first)
    assert journal.count(_report())
    assert len(_lines(root)) == 302
    assert sum(plays for plays, _ in journal.heard().values()) == 302


def test_sums_are_made_again_after_the_system_was_started(root, monkeypatch):
    """Whatever a power cut left in the table, sums are those of the lines; listeners are known."""
    boot = root / "boot"
    monkeypatch.setattr(play_table, "_BOOT", boot)
    boot.write_text("one")
    _journal(root).count(_report())
    with closing(sqlite3.connect(root / TABLE)) as db:
        db.execute("UPDATE total SET plays = 7")
        db.commit()
    assert _journal(root).most_heard(1, 1) == ((GID, 7, 1),)
    boot.write_text("another")
    journal = _journal(root)
    assert journal.count(_report())
    assert journal.most_heard(1, 1) == ((GID, 2, 1),)


def test_a_chart_waits_for_nobody_and_writes_nothing(root):
    """While another process holds the table, and where nothing can be written, sums are read."""
    journal = _journal(root)
    journal.count(_report())
    with (root / "state/plays.lock").open("r+") as held, ThreadPoolExecutor(1) as pool:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert pool.submit(journal.most_heard, 1, 1).result(timeout=120) == ((GID, 1, 1),)


def test_a_chart_is_told_again_for_seconds(root):
    """Who asks again is answered without the disk; another span of days is added up."""
    told = []
    journal = _journal(root)
    journal.count(_report())

    class Counted(PlayJournal):
        def most_heard(self, days, limit):
            told.append(days)
            return super().most_heard(days, limit)

    plays = ArchivePlays(Counted(root, LocalDisk(root), lambda: DAY), None, None, None)
    charts = [plays.most_heard(7, limit) for limit in (5, 1, 0)]
    assert charts == [((GID, 1, 1),), ((GID, 1, 1),), ()]
    plays.most_heard(8, 1)
    assert told == [7, 8]


class _FullDisk(LocalDisk):
    """A disk with no room for the next lines."""

    is_full = True

    def append(self, path):
        if self.is_full:
            raise DiskFullError(path, "no room is left", "Free some.")
        return super().append(path)


def test_a_full_disk_is_told_and_nothing_is_counted_twice(root):
    """Who is told of an error reports again, and then it counts once."""
    disk = _FullDisk(root)
    journal, report = _journal(root, disk), _report()
    with pytest.raises(DiskFullError):
        journal.count(report)
    disk.is_full = False
    assert journal.count(report)
    assert journal.most_heard(1, 1) == ((GID, 1, 1),)


def test_many_at_once_are_each_counted(root):
    """Threads of one worker, and another worker: every play has one line."""
    workers = [_journal(root), _journal(root)]
    reports = [_report(listener=bytes([number])) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        done = pool.map(lambda n: workers[n % 2].count(reports[n // 2]), range(80))
    assert sum(done) == 40
    assert {line["play"] for line in _lines(root)} == {one.play.hex for one in reports}
    assert len(_lines(root)) == 40


_VICTIM = """
import sys
from pathlib import Path
from uuid import UUID
sys.path[:0] = {path!r}
from phonotheque.archive.listening.play_journal import PlayJournal, Report, journal_of
from phonotheque.music.digest import Sha256
journal = journal_of(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), 100000):
    journal.count(Report(UUID(int=number), UUID(int=1), Sha256(bytes(32)), bytes(16), 1))
    print(number, flush=True)
"""


@pytest.mark.parametrize("told", [1, 7, 40])
def test_kill_9_loses_and_doubles_nothing(root, told):
    """Whoever is killed while it counts: what it told is there, and once, after all is repeated."""
    code = _VICTIM.format(path=sys.path)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(root), "0"], stdout=subprocess.PIPE, text=True
    )
    heard = [int(process.stdout.readline()) for _ in range(told)]
    os.kill(process.pid, signal.SIGKILL)
    heard += [int(line) for line in process.stdout.read().splitlines() if line]
    process.wait()
    journal = PlayJournal(root, LocalDisk(root))
    for number in range(max(heard) + 3):
        journal.count(Report(UUID(int=number), GID, Sha256(bytes(32)), bytes(16), 1))
    counted = [line["play"] for line in _lines(root)]
    assert len(counted) == len(set(counted))
    assert set(counted) >= {UUID(int=number).hex for number in heard}


def test_keys_are_replaced_and_agreed_upon(root):
    """All workers have one key; after 90 days another; the old one, which nobody needs, is
    nowhere."""
    now = [1.0]
    one, other = (ListenerKeys(root, lambda: now[0]) for _ in range(2))
    assert one.key() == other.key()
    before, hashed = one.key(), one.hash("192.0.2.1", "x")
    now[0] += EPOCH_S
    assert one.key() == other.key() != before
    assert one.hash("192.0.2.1", "x") != hashed
    text = (root / FILE).read_text()
    assert before.hex() not in text
    assert (root / FILE).stat().st_mode & 0o077 == 0


# -- through the door ----------------------------------------------------------------------------


def _post(door, **fields):
    return door._ask("POST", "/plays", json.dumps(fields), {"Content-Type": "application/json"})


def test_a_player_reports_as_often_as_it_likes(own):
    """Too little is no play; enough is one, however often it is told; nonsense is refused."""
    gid = own.gid("short.flac")
    with open_on_loopback(own.root) as door:
        play = str(uuid4())
        answers = [
            _post(door, play=play, gid=gid, played_ms=ms).json["counted"]
            for ms in (10, 999, 1000, 2000, 2000)
        ]
        assert answers == [False, False, True, True, True]
        assert len(_lines(own.root)) == 1
        for wrong in ({"play": "x"}, {"gid": str(OTHER)}, {"played_ms": -1}, {"more": 1}):
            fields = {"play": str(uuid4()), "gid": gid, "played_ms": 2000, **wrong}
            assert _post(door, **fields).status in (400, 404)
        forged = {"Content-Type": "text/plain", "Origin": "https://elsewhere.example"}
        body = json.dumps({"play": str(uuid4()), "gid": gid, "played_ms": 2000})
        assert door._ask("POST", "/plays", body, forged).status == 403
        assert len(_lines(own.root)) == 1
        assert "phonotheque_plays_total 1\n" in door.get("/metrics").text
