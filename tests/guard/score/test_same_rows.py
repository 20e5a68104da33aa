"""Logs that hold the same rows: read once where that is certain, told where it is not."""

from __future__ import annotations

import gzip
import os
import threading

import pytest
from tests.guard.score.logs import combined, listeners, scraper

from phonotheque.guard.score.gathering import Gathering
from phonotheque.guard.score.items import item_rule
from phonotheque.guard.score.reading import gather
from phonotheque.guard.score.same_rows import without_same

DATA = combined(listeners(20) + scraper("203.0.113.1", 60))
LINES = DATA.splitlines(keepends=True)


@pytest.fixture
def logs(tmp_path):
    """A log, and the same one packed."""
    plain, packed = tmp_path / "a.log.1", tmp_path / "a.log.1.gz"
    plain.write_bytes(DATA)
    packed.write_bytes(gzip.compress(DATA))
    return [str(packed), str(plain)]


def test_a_log_and_its_packed_copy_are_read_once(logs):
    """Whichever is named first; the one that is followed stays."""
    for named in (logs, logs[::-1]):
        kept, (note,) = without_same(named, keep_last=True)
        assert kept == named[1:]
        assert named[0] in note
    with Gathering(item_rule(None)) as gathering:
        read = gather(gathering, logs, {}, lambda *_: None)
        assert gathering.counted.lines == len(LINES)
        assert "was left out" in read.notes[0]


@pytest.mark.parametrize("keep_last", [True, False])
def test_what_another_begins_with_is_left_out(logs, tmp_path, keep_last):
    """Also a copy that was broken off or cut in the middle of a line; but not what is followed."""
    short = tmp_path / "short"
    for part in (DATA[:-70], gzip.compress(DATA)[:-300]):
        short.write_bytes(part)
        kept, (note,) = without_same([*logs[1:], str(short)], keep_last=keep_last)
        assert kept == logs[1:] + ([str(short)] if keep_last else [])
        assert ("count twice" in note) == keep_last
        assert without_same([str(short), *logs[1:]], keep_last=keep_last)[0] == logs[1:]


def test_logs_that_only_begin_alike_are_both_read_and_told(logs, tmp_path):
    """Nobody can know here which rows are the same."""
    other = tmp_path / "other"
    other.write_bytes(DATA[:-10] + b"9" + DATA[-9:])
    kept, (note,) = without_same([logs[1], str(other)], keep_last=False)
    assert kept == [logs[1], str(other)]
    assert "count twice" in note
    other.write_bytes(b"".join(LINES[::-1]))
    assert without_same([logs[1], str(other)], keep_last=False)[1] == []


def test_what_can_be_read_once_is_not_looked_at(logs, tmp_path):
    """A pipe gives its lines to who reads them, and an empty log is like no other."""
    pipe, empty = tmp_path / "pipe", tmp_path / "empty"
    os.mkfifo(pipe)
    empty.write_bytes(b"")
    named = [logs[1], str(pipe), str(empty), str(tmp_path / "gone")]
    assert without_same(named, keep_last=False) == (named, [])
    writer = threading.Thread(target=pipe.write_bytes, args=(DATA,))
    writer.start()
    with Gathering(item_rule(None)) as gathering:
        gather(gathering, [str(pipe)], {}, lambda *_: None)
        assert gathering.counted.lines == len(LINES)
    writer.join()
