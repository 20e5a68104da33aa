"""Logs of every form say the same; what no form says is counted and never believed."""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import io
import json
import lzma
import random
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.guard.score.logs import START, caddy, combined, door, listeners, scraper

from phonotheque.errors import BadMappingError, MalformedError, NotHeldError
from phonotheque.guard.score import opening
from phonotheque.guard.score.combined_log import read_combined
from phonotheque.guard.score.gathering import LEAST_REQUESTS, Gathering
from phonotheque.guard.score.items import item_rule
from phonotheque.guard.score.json_log import JsonLines, fields_of
from phonotheque.guard.score.judging import judge
from phonotheque.guard.score.reading import gather

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FETCHES = listeners(40) + scraper("203.0.113.1", 60)


def quiet(*_: object) -> None:
    """Nobody watches."""


def gathered(path: Path, said: dict[str, str] | None = None, **more: object):
    """What a log says: fetches as (address, item, second), and what was counted."""
    with Gathering(item_rule(None), **more) as gathering:
        read = gather(gathering, [str(path)], said or {}, quiet)
        gathering.settle()
        visits = gathering.of(lambda account: account >= 0)
        names = [gathering.name(number) for number in visits.account.tolist()]
        rows = list(zip(names, visits.item.tolist(), visits.second.tolist(), strict=True))
        few = gathering.visits.rows - len(rows)
        return rows, dataclasses.replace(gathering.counted, few=few), read


def sought(fetches, name=lambda one: one.address):
    """The same, of what was written."""
    return [(name(one), one.second) for one in fetches]


def seen(rows):
    """Who came when."""
    return [(name, second) for name, _, second in rows]


@pytest.mark.parametrize("form", [combined, caddy])
def test_every_form_says_the_same(form, tmp_path):
    """Addresses, items and seconds are those that were written, in their order."""
    path = tmp_path / "access.log"
    path.write_bytes(form(FETCHES))
    rows, counted, _ = gathered(path)
    assert seen(rows) == sought(FETCHES)
    assert len({item for _, item, _ in rows}) == len({one.song for one in FETCHES})
    assert (counted.lines, counted.malformed, counted.others) == (len(FETCHES), 0, 0)


def test_the_door_s_own_log_counts_what_may_only_be_heard(tmp_path):
    """What everybody may copy is nobody's business."""
    lines = door(FETCHES).splitlines(keepends=True)
    free = [line.replace(b'"restricted": true, ', b"") for line in lines[::2]]
    path = tmp_path / "2025-10-09.jsonl"
    path.write_bytes(b"".join(free + lines[1::2]))
    rows, counted, _ = gathered(path)
    assert len(rows) + counted.few == len(lines) // 2
    assert counted.others == len(free)


PACKED = {
    "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd.compress,
}  # fmt: skip


@pytest.mark.parametrize("packed", PACKED)
def test_packed_logs_are_read(packed, tmp_path):
    """By what they are, whatever they are called."""
    path = tmp_path / "access.log.1"
    path.write_bytes(PACKED[packed](combined(FETCHES)))
    rows, _, read = gathered(path)
    assert seen(rows) == sought(FETCHES)
    assert read.notes == ()


@pytest.mark.parametrize("packed", PACKED)
def test_what_comes_before_damage_is_read(packed, tmp_path):
    """A packed log that is cut says so, and what is there counts."""
    data = PACKED[packed](combined(FETCHES) * 12)
    path = tmp_path / "access.log.1"
    path.write_bytes(data[: len(data) * 3 // 4])
    rows, _, read = gathered(path)
    assert "cannot be read to its end" in read.notes[0]
    assert rows


ODD = (
    b"",
    b"junk",
    b'1.2.3.4 - - [yesterday] "GET /song/1.ogg HTTP/1.1" 200 1 "-" "x"',
    b'1.2.3.4 - - [09/Oct/2025:08:53:20 +0000] "GET /song/1.ogg HTTP/1.1',
    b'1.2.3.4 - - [09/Oct/2025:08:53:20 +0000] "" 400 0 "-" "-"',
    b"\x00\xff\xfe" * 30,
    b'1.2.3.4 "unclosed',
    b'{"address":"1.2.3.4"}',
    b"[]",
    b"{" * 300,
)


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(ODD)), max_size=12))
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("form", [combined, caddy])
def test_lines_that_say_nothing_change_nothing(form, odd):
    """Wherever they stand, the lines beside them are read as if they were not there."""
    lines = form(FETCHES[:100]).splitlines(keepends=True)
    mixed = list(lines)
    for place, junk in sorted(odd, reverse=True):
        mixed.insert(place + 1, junk + b"\n")
    reader = (
        read_combined
        if form is combined
        else JsonLines(fields_of(lines[0], {}, "a.log"), lines[0]).read
    )
    alone, among = reader(b"".join(lines)), reader(b"".join(mixed))

    def said(raw):
        """Account and time of each line that says both, in any order."""
        rows = zip(raw.account.codes, raw.asked.codes, raw.time.codes, strict=True)
        return sorted(
            (raw.account.words[who], raw.asked.words[what], raw.time.words[when])
            for who, what, when in rows
            if min(who, what, when) >= 0 and raw.account.words[who] != b"1.2.3.4"
        )

    assert said(among) == said(alone)


def test_quotes_within_what_programs_call_themselves(tmp_path):
    """Escaped ones do not end the name, and unclosed ones hide no other line."""
    lines = combined(FETCHES[:50]).splitlines(keepends=True)
    lines[10] = lines[10].replace(b"Mozilla/5.0", rb"a \"b\" c")
    lines[20] = lines[20].replace(b'"Mozilla/5.0"', b'"Mozilla')
    raw = read_combined(b"".join(lines))
    assert len(raw.account.codes) == 50
    assert rb"a \"b\" c" in raw.agent.words or b'a "b" c' in raw.agent.words


def test_a_line_of_a_megabyte_is_left_out(tmp_path, monkeypatch):
    """It is counted, takes no memory, and the lines around it are read."""
    monkeypatch.setattr(opening, "BLOCK_BYTES", 4_096)
    lines = combined(FETCHES).splitlines(keepends=True)
    path = tmp_path / "access.log"
    path.write_bytes(b"".join([*lines[:50], b"x" * 1_000_000 + b"\n", *lines[50:]]))
    rows, counted, read = gathered(path)
    assert set(seen(rows)) <= set(sought(FETCHES))
    assert len(rows) + counted.few == len(FETCHES)
    assert "1 line was too long" in read.notes[0]


@given(st.integers(1, 9_000))
@settings(max_examples=15, deadline=None)
def test_blocks_of_any_size_give_whole_lines(size):
    """However the file is read, the lines are the same."""
    data = combined(FETCHES[:60])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "BLOCK_BYTES", size)
        log = opening.Opened("-")
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(opening, "_opened", lambda _: io.BufferedReader(io.BytesIO(data)))
            blocks = list(log.blocks())
    assert b"".join(blocks) == data
    assert all(block.endswith(b"\n") for block in blocks)


def test_seldom_visitors_are_counted_and_take_no_room(tmp_path):
    """Who asks fewer than some times is nobody in particular."""
    once = [one._replace(address=f"192.0.2.{n}") for n, one in enumerate(FETCHES[:200])]
    path = tmp_path / "access.log"
    path.write_bytes(combined(once + scraper("203.0.113.1", 60)))
    with Gathering(item_rule(None)) as gathering:
        gather(gathering, [str(path)], {}, quiet)
        assert gathering.names == [b"203.0.113.1"]
        report, _ = judge(gathering, ())
        assert (report.accounts, report.counted.few) == (1, 200)
    assert LEAST_REQUESTS <= 60


def test_neighbours_together(tmp_path):
    """A machine that changes its address within a network is one account."""
    fetches = [one._replace(address=f"203.0.113.{one.song % 250}") for one in scraper("", 200)]
    path = tmp_path / "access.log"
    path.write_bytes(combined(fetches))
    rows, counted, _ = gathered(path, by_network=True)
    assert {name for name, _, _ in rows} == {"203.0.113.0/24"}
    assert len(rows) + counted.few == 200
    assert counted.few < LEAST_REQUESTS


def test_fields_of_another_log(tmp_path):
    """Any JSON is read when it is said where it says what, numbers as well as text."""
    lines = [
        {"user": {"id": 4_711}, "track": str(n), "when": (START + n) * 1_000, "heard": 200_000}
        for n in range(30)
    ]
    path = tmp_path / "plays.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    said = {"account": "user.id", "item": "track", "time": "when", "played_ms": "heard"}
    rows, counted, _ = gathered(path, said)
    assert seen(rows) == [("4711", START + n) for n in range(30)]
    assert counted.malformed == 0


def test_what_is_no_log_is_refused(tmp_path):
    """With what to do about it."""
    path = tmp_path / "notes.txt"
    path.write_bytes(b"Milk\nBread\n")
    with pytest.raises(MalformedError, match="none of its first lines"):
        gathered(path)
    with pytest.raises(NotHeldError, match="there is no such log"):
        gathered(tmp_path / "gone")
    path.write_bytes(b'{"who": 1}\n')
    with pytest.raises(BadMappingError, match="fields of its first line: who"):
        gathered(path)
    with pytest.raises(BadMappingError, match="no such field is looked for"):
        gathered(path, {"nobody": "who"})


def test_junk_does_not_stop_the_reading(tmp_path):
    """A log with a block of bytes that are no text is read around it."""
    draw = random.Random(3)
    path = tmp_path / "access.log"
    path.write_bytes(combined(FETCHES[:100]) + draw.randbytes(50_000) + b"\n" + combined(FETCHES))
    rows, counted, _ = gathered(path)
    assert len(rows) >= len(FETCHES)
    assert counted.malformed
    assert np.all(np.array([second for _, _, second in rows]) >= START)


def test_a_torn_first_line_of_json_is_no_end(tmp_path):
    """A line with letters of another encoding, or a half, before the first whole one."""
    path = tmp_path / "access.log"
    path.write_bytes(b'{"request":\n{"a":"\xe9"}\n' + caddy(FETCHES))
    rows, counted, _ = gathered(path)
    assert len(rows) + counted.few == len(FETCHES)
    assert (counted.lines, counted.malformed) == (len(FETCHES) + 2, 2)


def test_a_line_without_an_account_is_counted_once(tmp_path):
    """As one line, and as one that cannot be read."""
    path = tmp_path / "access.log"
    nobody = b'{"ts": 1760000000, "request": {"uri": "/a"}}\n'
    path.write_bytes(caddy(FETCHES) + nobody * 10)
    _, counted, _ = gathered(path)
    assert (counted.lines, counted.malformed) == (len(FETCHES) + 10, 10)


def test_no_line_takes_long():
    """Thousands of brackets, where one begins the instant: read once, not once for each."""
    raw = read_combined(b"1.2.3.4 - " + b"[" * 60_000 + b" x\n" + b"1.2.3.4 - [" * 5_000 + b"\n")
    assert raw.malformed == 2
