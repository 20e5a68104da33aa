"""What SQLite refuses is said in our words, whatever file it is; our own mistakes are not."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing

import pytest

from phonotheque.errors import (
    DiskFailedError,
    DiskFullError,
    MalformedError,
    UnavailableError,
)
from phonotheque.sqlite_refusals import refusal, refusals

ADVICE = "Do as the page says."


@pytest.fixture
def path(tmp_path):
    with closing(sqlite3.connect(tmp_path / "some.sqlite")) as db, db:
        db.execute("CREATE TABLE song (title TEXT NOT NULL)")
    return tmp_path / "some.sqlite"


def test_a_full_disk_is_told_as_one(path):
    """Whatever else is to be done about a file, this needs room."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA max_page_count = 2")
        with pytest.raises(DiskFullError, match="Free some space"), refusals(path, ADVICE):
            db.execute("INSERT INTO song VALUES (zeroblob(20000))")


def test_a_disk_that_looks_bad_because_it_is_full_is_told_as_full(path, monkeypatch):
    """Without room SQLite may tell of damage, or of a call that failed; the room is asked, too."""
    found = os.statvfs(path.parent)
    blocks = {"f_bavail": 1, "f_frsize": found.f_frsize}
    monkeypatch.setattr(os, "statvfs", lambda _: type("Disk", (), blocks))
    error = sqlite3.DatabaseError("database disk image is malformed")
    assert isinstance(refusal(path, error, ADVICE), DiskFullError)
    assert isinstance(refusal("a name", error, ADVICE), DiskFailedError)  # of no known folder


def test_a_file_that_is_held_is_waited_for(path):
    """Somebody else is at it: nothing is wrong with the file or the disk."""
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path, timeout=0)) as other:
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UnavailableError, match="Wait") as told, refusals(path, ADVICE):
            other.execute("SELECT * FROM song")
        assert type(told.value) is UnavailableError


def test_a_disk_that_refuses_is_no_damage(tmp_path):
    """What cannot be opened is told as the disk's, also where damage is told otherwise."""
    gone = tmp_path / "gone" / "some.sqlite"
    with (
        pytest.raises(DiskFailedError, match=f"{gone}.*{ADVICE}"),
        refusals(gone, ADVICE, damage=MalformedError),
    ):
        sqlite3.connect(gone)
    away = OSError(errno.EIO, "Input/output error")
    assert type(refusal(gone, away, ADVICE, damage=MalformedError)) is DiskFailedError


@pytest.mark.parametrize("damage", [DiskFailedError, MalformedError, UnavailableError])
def test_damage_is_told_as_its_owner_says(path, damage):
    """No file of SQLite's at all, or words of it that it cannot quote."""
    whole = path.read_bytes()
    for spoiled in (b"\x17" * 4_000, whole.replace(b"CREATE TABLE song", b"CREATE \x80ABLE song")):
        path.write_bytes(spoiled)
        with (
            pytest.raises(damage, match=f"{path}.*{ADVICE}") as told,
            refusals(path, ADVICE, damage=damage),
            closing(sqlite3.connect(path)) as db,
        ):
            db.execute("SELECT * FROM song")
        assert type(told.value) is damage


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("INSERT INTO song VALUES (NULL)", sqlite3.IntegrityError),
        ("SELECT * FROM song WHERE title = ?", sqlite3.ProgrammingError),
    ],
)
def test_a_mistake_of_ours_stays_one(path, query, mistake):
    """A broken rule of a table and a query without its values are no fault of anybody's disk."""
    with closing(sqlite3.connect(path)) as db, pytest.raises(mistake), refusals(path, ADVICE):
        db.execute(query)
