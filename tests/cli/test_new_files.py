"""Files for other programs: whole or not there, for the owner alone, and in nobody's place."""

import errno
import os
from contextlib import ExitStack, suppress

import pytest

from phonotheque.cli.new_files import written_whole
from phonotheque.errors import ConflictError


def test_a_file_is_the_owners(tmp_path):
    """Nobody else can read it, and nothing else is left beside it."""
    path = tmp_path / ("n" * 250)
    with written_whole(path, b"end") as write:
        write(b"begin ")
        (aside,) = tmp_path.iterdir()
        assert aside.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"begin end"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("has_links", [True, False])
def test_what_came_meanwhile_stays(tmp_path, monkeypatch, has_links):
    """Of two who write under one name the first has it; the second is told, and leaves nothing."""
    if not has_links:
        monkeypatch.setattr(os, "link", _no_link)
    path = tmp_path / "list.csv"
    with ExitStack() as both:
        both.enter_context(written_whole(path))(b"one")
        with written_whole(path) as other:
            other(b"other")
        with pytest.raises(ConflictError, match=r"list\.csv: the name is taken"):
            both.close()
    assert path.read_bytes() == b"other"
    assert list(tmp_path.iterdir()) == [path]


def _no_link(*_):
    raise OSError(errno.EPERM, "no links here")


def test_what_fails_leaves_nothing(tmp_path):
    """An error, or Ctrl-C, while it is written: neither it nor a piece of it is there."""
    with suppress(KeyboardInterrupt), written_whole(tmp_path / "list.csv") as write:
        write(b"some")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
