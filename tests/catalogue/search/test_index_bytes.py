"""The index that we write is the one that FTS5 would have written."""

from __future__ import annotations

import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalogue.search.small_catalogue import make_cards

from phonotheque.catalogue.search import postings, tier_making
from phonotheque.catalogue.search.layout import Numbers
from phonotheque.catalogue.search.row_tokens import RowTokens
from phonotheque.catalogue.search.segment import STRUCTURE_ID, Block, Segment
from phonotheque.catalogue.search.tier import TABLE
from phonotheque.catalogue.search.tier_making import counts_of, write_tier
from phonotheque.catalogue.search.varints import varint, varints

WORDS = ["".join(letters) for letters in ("a", "ab", "abc", "abd", "b", "é", "éa", "愛", "愛の歌")]
WORDS += [f"w{number}" for number in range(300)]


def theirs(texts: list[str], page_bytes: int) -> sqlite3.Connection:
    """An index that FTS5 made of texts: in two segments, which it then merged into one."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.executescript(tier_making._CREATE)
    made.execute(f"insert into {TABLE}({TABLE}, rank) values ('pgsz', ?)", (page_bytes,))
    rows = list(enumerate(texts, 1))
    for part in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        made.execute("begin")
        made.executemany(f"insert into {TABLE}(rowid, text) values (?, ?)", part)
        made.execute("commit")
    made.execute(f"insert into {TABLE}({TABLE}) values ('optimize')")
    return made


def tables(made: sqlite3.Connection) -> tuple[dict[int, bytes], list[tuple[bytes, int]]]:
    """All that an index consists of, but for what counts its making: segments, pages, settings."""
    pages = dict(made.execute(f"select id, block from {TABLE}_data"))
    segment = made.execute(f"select max(segid) from {TABLE}_idx").fetchone()[0] or 1
    pages = {(page - ((segment - 1) << 37) if page > 99 else page): p for page, p in pages.items()}
    pages.pop(STRUCTURE_ID)
    terms = made.execute(f"select cast(term as blob), pgno from {TABLE}_idx order by pgno, term")
    return pages, terms.fetchall()


def lists_of(texts: list[str]) -> dict[bytes, list[int]]:
    """Which rows have each key, by the plainest way."""
    found: defaultdict[bytes, list[int]] = defaultdict(list)
    for rank, text in enumerate(texts, 1):
        keys = {sign + word[:most] for word in text.split() for sign, most in (("0", 99),)}
        for sign, letters in (("1", 2), ("2", 3)):
            keys |= {sign + word[:letters] for word in text.split() if len(word) >= letters}
        for key in keys:
            found[key.encode()].append(rank)
    return found


def blocks_of(lists: dict[bytes, list[int]], rnd: random.Random) -> Iterator[Block]:
    """The same as blocks that end anywhere, also within a list."""
    parts: list[tuple[bytes, list[int]]] = []
    for key in sorted(lists):
        ranks = lists[key]
        while ranks:
            cut = rnd.choice([len(ranks), rnd.randint(1, len(ranks))])
            parts.append((key, ranks[:cut]))
            ranks = ranks[cut:]
    while parts:
        some = [parts.pop(0)]
        while parts and parts[0][0] != some[-1][0] and rnd.random() < 0.9:
            some.append(parts.pop(0))
        ends = np.cumsum([len(ranks) for _, ranks in some])
        ranks = np.array([rank for _, ranks in some for rank in ranks], np.uint32)
        yield Block([key for key, _ in some], ends, ranks)


@pytest.mark.parametrize(("page_bytes", "rows"), [(32, 6_000), (64, 2_000), (4_050, 30_000)])
def test_our_pages_are_those_of_fts5(page_bytes: int, rows: int) -> None:
    """Pages of keys, lists over many pages and their indexes of two levels are the same bytes,
    wherever blocks were cut. What leads to a page may be longer in theirs: every 1,000 pages
    FTS5 forgets which key came before."""
    rnd = random.Random(rows)
    texts = [
        " ".join(WORDS[int(len(WORDS) * rnd.random() ** 4)] for _ in range(rnd.randint(0, 9)))
        for _ in range(rows)
    ]
    segment = Segment(page_bytes)
    for block in blocks_of(lists_of(texts), rnd):
        segment.add(block)
    segment.finish(rows, sum(len(text.split()) for text in texts), b"\0\0\0\0")
    with closing(theirs(texts, page_bytes)) as made:
        pages, terms = tables(made)
    ours = dict(segment.pages)
    assert STRUCTURE_ID in ours
    ours.pop(STRUCTURE_ID)
    assert ours.keys() == pages.keys()
    assert ours == pages
    for (ours_first, our_page), (theirs_first, page) in zip(segment.terms, terms, strict=True):
        assert our_page == page
        assert theirs_first.startswith(ours_first)
    heights = {page >> 31 & 0x1F for page in pages if page >> 36 & 1}
    assert heights == ({0, 1} if page_bytes == 32 else {0})


def written(folder: Path, rows: int) -> tuple[sqlite3.Connection, bytes]:
    """Cards as an index file of ours, and its counts."""
    folder.mkdir()
    path = folder / "search-0.db"
    cards = make_cards(rows)
    assert write_tier(path, [cards.slice(0, 70), cards.slice(70)], 1, NUMBERS, print) == rows
    assert sorted(one.name for one in folder.iterdir()) == ["search-0.counts", "search-0.db"]
    return sqlite3.connect(path), counts_of(path).read_bytes()


NUMBERS = Numbers(head_words=("the", "la", "of"), countries=("DE",), genres=("jazz", "rock"))


def test_an_index_file_is_the_one_that_fts5_makes_of_the_texts(tmp_path: Path) -> None:
    """Of all cards: pages, and what FTS5 itself says when it looks at all of them."""
    rows = 400
    texts = RowTokens(NUMBERS).row_texts(make_cards(rows)).to_pylist()
    made, _ = written(tmp_path / "s", rows)
    with closing(made), closing(theirs(texts, 4_050)) as right:
        assert tables(made) == tables(right)
        made.execute(f"insert into {TABLE}({TABLE}) values ('integrity-check')")
        assert made.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_runs_and_blocks_change_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are sorted in many runs, which are put together in many blocks, make the same
    file as rows that are sorted at once."""
    rows = 400
    once, _ = written(tmp_path / "once", rows)
    monkeypatch.setattr(tier_making, "BATCH_ROWS", 30)
    monkeypatch.setattr(tier_making, "RUN_BATCHES", 2)
    monkeypatch.setattr(postings, "_BLOCK", 50)
    monkeypatch.setattr(postings, "_PIECE", 17)
    often, _ = written(tmp_path / "often", rows)
    with closing(once), closing(often):
        assert tables(often) == tables(once)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=20))
def test_many_numbers_are_written_as_one_is(values: list[int]) -> None:
    """By column or one by one, variable-length integers are the same bytes; SQLite's own."""
    encoded, ends = varints(np.array(values, np.uint32))
    assert encoded.tobytes() == b"".join(map(varint, values))
    assert ends.tolist() == np.cumsum([len(varint(value)) for value in values]).tolist()
    assert varint(0) == b"\0"
    assert varint(300) == b"\x82\x2c"
    assert varint(2**28) == b"\x81\x80\x80\x80\x00"
