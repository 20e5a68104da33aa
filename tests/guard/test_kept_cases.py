"""The case book under a running door: whoever edits it is told of, and nobody is harmed."""

from __future__ import annotations

import pytest

from guard.book.making import canaries, counted, new_desk
from phonotheque.archive.guarding.kept_cases import BookWatch, KeptCases
from phonotheque.errors import MalformedError
from phonotheque.guard.book.file import HEAD, LINES


def edited(root):
    """Change a letter of the first line, and nothing of how long it is; returns what was there."""
    before = (root / LINES).read_bytes()
    (root / LINES).write_bytes(before.replace(b"begun", b"begum", 1))
    return before


def test_an_edited_book_is_told_of_once_and_so_is_its_return(tmp_path):
    """However often it is looked at: with the file and what to do; each time it happens anew."""
    desk, told = new_desk(tmp_path), []
    desk.take(canaries(1))
    book = BookWatch(KeptCases(desk), told.append)
    book.look()
    assert told == []
    for _ in range(2):
        before = edited(tmp_path)
        for _ in range(3):
            book.look()
        (one,) = told
        assert f"cannot be read: {LINES}: line 1 was changed" in one
        assert "backup" in one
        assert "phono guard check" in one
        told.clear()
        (tmp_path / LINES).write_bytes(before)
        for _ in range(3):
            book.look()
        assert told == ["the case book of the guard can be read again"]
        told.clear()


def test_a_book_that_cannot_be_reached_is_told_of(tmp_path):
    """Whatever lies in its place; and it is looked for again until it is there."""
    desk, told = new_desk(tmp_path), []
    desk.take(canaries(1))
    (tmp_path / HEAD).rename(tmp_path / "kept")
    (tmp_path / HEAD).mkdir()
    book = BookWatch(KeptCases(desk), told.append)
    for _ in range(3):
        book.look()
    assert len(told) == 1
    (tmp_path / HEAD).rmdir()
    (tmp_path / "kept").rename(tmp_path / HEAD)
    book.look()
    assert told[1:] == ["the case book of the guard can be read again"]


def test_a_damaged_book_is_proven_once(tmp_path):
    """Whoever asks meanwhile is told what was found; what is written later is read."""
    desk = new_desk(tmp_path)
    desk.take(counted(1, 3.0))
    kept = KeptCases(desk)
    before = edited(tmp_path)
    assert kept.is_new
    for _ in range(3):
        with pytest.raises(MalformedError, match="line 1"):
            kept.read()
        assert not kept.is_new
    (tmp_path / LINES).write_bytes(before)
    assert kept.is_new
    assert list(kept.read().by_number) == ["g2"]
