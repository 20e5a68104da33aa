"""`phono show` and `phono status`: looking at one thing, and at all of it."""

from dataclasses import replace

import pytest
from tests.cli.phono import LICENSED, damage, flip

from phonotheque.archive.opening import open_to_read
from phonotheque.archive.status import Heap, status_of
from phonotheque.cli.look import _rows

SHOWN = """sha256 path size_bytes condition checked_at role readability reason technical integrity
sound tags came_from companions rights may_be_shared because volume gid"""
COUNTED = """title recordings unreadable companions removed damaged sealed volumes retired events
oldest_check unproven unproven_days last_run findings signatures copies mirrors
alarms notices"""


def test_an_object_is_shown_whole(phono, music):
    """`show ID --json` has every documented key, and what is true under it."""
    told = phono.add(music, *LICENSED, "--collection", "Attic")["release 0/001.flac"]
    shown = phono.show(told["sha256"][:8])
    assert list(shown) == SHOWN.split()
    assert shown["sha256"] == told["sha256"]
    assert (shown["role"], shown["readability"], shown["condition"]) == (
        "recording",
        "readable",
        "intact",
    )
    assert (shown["technical"]["container"], shown["technical"]["sample_rate_hz"]) == ("flac", 8000)
    assert shown["tags"]["title"] == "Piece 001"
    assert [one["collection"] for one in shown["came_from"]] == ["Attic"]
    assert (shown["may_be_shared"], shown["volume"]) == (True, None)


def test_people_read_the_same(phono, music):
    """Without --json the same stands in two columns, and nothing for what is not known."""
    name = phono.add(music / "release 0/001.flac")["001.flac"]["sha256"]
    out = phono("show", name).expect(0).out
    assert f"sha256         {name}\n" in out
    assert "title: Piece 001" in out
    assert "None" not in out


def test_a_volume_is_shown_with_its_members(phono, music):
    """`show VOLUME` has the line of the register and the names of its recordings."""
    told = phono.add(music, *LICENSED)
    (sealed,) = phono.publish()
    shown = phono.show(sealed["volume"])
    assert shown["info_hash_v2"] == sealed["info_hash_v2"]
    recordings = [one["sha256"] for one in told.values() if one["outcome"] == "added"]
    assert sorted(shown["members"]) == sorted(recordings)
    assert {phono.show(name)["volume"] for name in recordings} == {sealed["volume"]}


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("12345", "6 or more digits"),
        ("zzzzzz", "6 or more digits"),
        ("0" * 64, "no object"),
        ("small-records-open-all-00001", "not a SHA-256"),
    ],
)
def test_what_names_nothing_is_refused(phono, reference, words):
    """A reference to nothing ends with 2 and says what a reference is."""
    assert words in phono("show", reference).expect(2).err


def test_a_beginning_that_names_two_is_refused(phono, music, monkeypatch):
    """Digits with which several names begin are refused, never guessed."""
    from phonotheque.register.index import Index

    name = phono.add(music)["notes.txt"]["sha256"]
    real = Index.find
    monkeypatch.setattr(Index, "find", lambda self, prefix: real(self, prefix) * 2)
    assert "several" in phono("show", name[:6]).expect(2).err


def test_the_status_counts_what_is_there(phono, music, tmp_path):
    """`status --json` has every documented key; heaps are objects and bytes."""
    (music / "bad.ogg").write_bytes(b"OggS no more")
    phono.add(music, *LICENSED, status=1)
    phono.publish()
    found = phono("status", "--json").expect(0).one()
    assert list(found) == COUNTED.split()
    assert found["title"] == "Small Records"
    counts = {key: found[key]["objects"] for key in ("recordings", "unreadable", "companions")}
    assert counts == {"recordings": 4, "unreadable": 1, "companions": 1}
    assert found["sealed"]["objects"] == 4
    assert found["unreadable"]["size_bytes"] == 12
    assert (found["volumes"], found["events"]) == (1, len(phono.events()))
    assert found["last_run"] == ""


def test_the_status_of_a_damaged_archive_is_1(phono, music):
    """Known damage is counted by kind, for people too, and ends with 1 until it is mended."""
    told = phono.add(music)
    damage(phono.object(told["notes.txt"]["sha256"]), flip(0))
    phono("status").expect(0)
    phono("verify").expect(1)
    assert phono("status", "--json").expect(1).one()["damaged"] == {
        "changed": {"objects": 1, "size_bytes": told["notes.txt"]["size_bytes"]}
    }
    assert "proven exact" not in phono("status").out
    phono.add(music / "notes.txt")
    phono("status").expect(0)


def test_what_was_removed_is_neither_held_nor_damaged(phono, music):
    """A removal is told by itself, and a volume that it ended is counted as retired."""
    told = phono.add(music, *LICENSED)
    phono.publish()
    name = told["release 0/001.flac"]["sha256"]
    phono("takedown", name, "--reason", "The label asked for it").expect(0)
    found = phono("status", "--json").expect(0).one()
    assert found["removed"]["objects"] == 1
    assert (found["recordings"]["objects"], found["damaged"]) == (3, {})
    assert found["sealed"]["objects"] == 3
    assert (found["volumes"], found["retired"]) == (1, 1)
    out = phono("status").expect(0).out
    assert "removed by a takedown" in out
    assert "removed!" not in out
    assert "1 volume, 1 retired;" in out


def test_what_is_unproven_for_long_is_counted(phono, music):
    """Objects whose last check is older than the setting are counted as unproven."""
    import sqlite3
    from datetime import UTC, datetime, timedelta

    from phonotheque.archive import opening

    past = opening.format_instant(datetime.now(UTC) - timedelta(days=91))
    phono.add(music / "release 0")
    with sqlite3.connect(phono.root / "state/index.sqlite") as index:  # as if checked long ago
        index.execute("UPDATE object SET checked_at = ?", (past,))
    index.close()
    phono.add(music / "notes.txt")
    found = phono("status", "--json").expect(0).one()
    assert (found["unproven"]["objects"], found["unproven_days"]) == (4, 90)
    assert found["oldest_check"] == past


def test_a_new_archive_has_a_status(phono):
    """Nothing held is zero of everything, not an error."""
    out = phono("status").expect(0).out
    assert out.startswith("Small Records\n")
    assert "0 volumes; 1 line in the register." in out


def test_numbers_of_objects_are_grouped_as_all_others(phono):
    """A number of objects is told with its thousands apart, as lines and bytes are."""
    with open_to_read(phono.root) as archive:
        found = replace(status_of(archive), recordings=Heap(2_400_000, 10**12))
    assert ("recordings", "2,400,000", "1.0 TB") in _rows(found)
