"""What an archive knows of its own copy of a volume: whether it is whole, and was read of late."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from mirror.scene import VOLUME
from phonotheque.archive.keeping import counting
from phonotheque.archive.opening import open_to_read


@pytest.mark.parametrize(
    ("change", "is_whole", "is_checked"),
    [
        ("condition = condition", True, True),
        ("condition = 'damaged'", False, True),
        ("condition = 'missing'", False, True),
        ("condition = 'unexpected'", False, True),
        ("condition = 'removed'", True, True),
        ("checked_at = '2001-01-01T00:00:00.000000Z'", True, False),
        ("checked_at = '2001-01-01T00:00:00.000000Z', condition = 'removed'", True, True),
        ("checked_at = '2001-01-01T00:00:00.000000Z', volume = NULL", True, True),
    ],
)
def test_one_object_decides_for_its_volume(stage, monkeypatch, change, is_whole, is_checked):
    """Damaged or missing anyhow, or not read for long; what was removed or is in none does not."""
    with closing(sqlite3.connect(stage.archive / "state/index.sqlite")) as db, db:
        one = "(SELECT max(sha256) FROM object WHERE volume = ?)"
        done = db.execute(f"UPDATE object SET {change} WHERE sha256 = {one}", (VOLUME,))
        assert done.rowcount == 1
    monkeypatch.setattr(counting, "count", lambda own, *_: own)
    with open_to_read(stage.archive) as archive:
        (own,) = counting.copies_of(archive)
    assert (own.volume, own.is_whole, own.is_checked) == (VOLUME, is_whole, is_checked)
