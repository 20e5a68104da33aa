"""Building the spelling file: how many rows each token has, near words, and what begins how.

========== ===========================================================================
word       spaced words by falling number of rows: id 1 is the commonest
token      all other tokens whose rows are counted: filters, unspaced letters and pairs
start      for beginnings that more than 256 words have: how many rows, and the best 256
near1/2    hashes of words with one, two letters deleted (`deletes`), in buckets
========== ===========================================================================

A bucket holds the entries whose hashes begin with the same bits: 32 bits each, 8 further bits of
the hash and 24 of the word's id. That is a third of what rows of a table take, and is written in a
tenth of the time; the few strangers that 8 bits let through fall to the true distance.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonotheque.catalogue.search.delete_columns import iter_hashes
from phonotheque.catalogue.search.unspaced import LETTERS
from phonotheque.catalogue.search.vocabulary import (
    COMPLETIONS,
    ID_BITS,
    NEAR_2_LETTERS,
    NEAR_2_WORDS,
    after,
)
from phonotheque.catalogue.search.word_memory import distinct
from phonotheque.catalogue.sqlite_reading import translated

NEAR_1_WORDS = 4_000_000
"""Words that one edit is forgiven in; rarer ones are seldom what was meant."""
SHORT = 6
"""Up to so many letters a word has an entry for one edit. Longer ones are found through their
entries for two edits, which contain those for one, unless they are too rare to have any."""

OTHER = f"^[{LETTERS}\ue000-\uf8ff]"
"""What is no spaced word: the filters' private signs, and scripts without spaces."""
_CHUNK = 200_000
_IN_BUCKET = 256

_CREATE = """
pragma journal_mode = off;
pragma synchronous = off;
pragma locking_mode = exclusive;
pragma temp_store = file;
pragma cache_size = -200000;
create table word(id integer primary key, word text not null, rows integer not null);
create table token(token text primary key, rows integer not null) without rowid;
create table start(
    start text primary key, rows integer not null, best blob not null
) without rowid;
create table near1(bucket integer primary key, entries blob not null);
create table near2(bucket integer primary key, entries blob not null);
create table bits(edits integer primary key, bits integer not null);
create temp table counted(word text not null, rows integer not null);
create temp table others(word text not null, rows integer not null);
"""


def write_spelling(path: Path, counts: Sequence[Path]) -> int:
    """Write the spelling file of some index files; return how many words and tokens it counts.

    The caller makes it durable.

    Args:
        counts: What `tier_making.write_tier` left beside each index file.
    """
    with translated(path), closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.executescript(_CREATE)
        file.execute("begin")
        count = _count_words(file, counts)
        _write_starts(file)
        for edits in (1, 2):
            _write_near(file, edits)
        file.execute("commit")
    return count


def _count_words(file: sqlite3.Connection, counts: Sequence[Path]) -> int:
    for path in counts:
        for batch in pq.ParquetFile(path).iter_batches(_CHUNK, use_threads=False):
            is_other = pc.match_substring_regex(batch["token"], OTHER)
            for table, some in (("counted", pc.invert(is_other)), ("others", is_other)):
                part = batch.filter(some)
                rows = zip(part["token"].to_pylist(), part["rows"].to_pylist(), strict=True)
                file.executemany(f"insert into {table} values (?, ?)", rows)
    file.execute(
        "insert into word(word, rows) select word, sum(rows) as n from counted"
        " group by word order by n desc, word"
    )
    file.execute("insert into token select word, sum(rows) from others group by word")
    file.execute("drop table counted")
    file.execute("drop table others")
    file.execute("create unique index word_rows on word(word, rows)")
    query = "select (select count(*) from word) + (select count(*) from token)"
    (count,) = file.execute(query).fetchone()
    return int(count)


def _write_starts(file: sqlite3.Connection) -> None:
    """Beginnings of growing length, as long as any has more words than are kept."""
    length = 1
    while True:
        starts = file.execute(
            "select substr(word, 1, ?1) as s, sum(rows) from word where length(word) >= ?1"
            " group by s having count(*) > ?2",
            (length, COMPLETIONS),
        ).fetchall()
        if not starts:
            return
        for start, rows in starts:
            best = file.execute(
                "select id from word where word >= ? and word < ? order by id limit ?",
                (start, after(start), COMPLETIONS),
            )
            blob = np.array([number for (number,) in best], np.uint32).tobytes()
            file.execute("insert into start values (?, ?, ?)", (start, rows, blob))
        length += 1


def _write_near(file: sqlite3.Connection, edits: int) -> None:
    keys = distinct(np.concatenate([np.zeros(0, np.uint64), *_keys(file, edits)]))
    bits = max(int(len(keys) / _IN_BUCKET).bit_length(), 1)
    file.execute("insert into bits values (?, ?)", (edits, bits))
    hashes, numbers = keys >> np.uint64(32), keys & np.uint64(0xFFFFFFFF)
    buckets = (hashes >> np.uint64(32 - bits)).astype(np.int64)
    rest = hashes >> np.uint64(24 - bits) & np.uint64(0xFF)
    entries = (rest << np.uint64(ID_BITS) | numbers).astype(np.uint32)
    different = distinct(buckets)
    begins = np.searchsorted(buckets, different)
    ends = np.append(begins, len(entries))[1:]
    file.executemany(
        f"insert into near{edits} values (?, ?)",
        (
            (bucket, entries[begin:end].tobytes())
            for bucket, begin, end in zip(
                different.tolist(), begins.tolist(), ends.tolist(), strict=True
            )
        ),
    )


def _keys(file: sqlite3.Connection, edits: int) -> Iterator[npt.NDArray[np.uint64]]:
    """Yield hash << 32 | id of the words that have entries for so many edits."""
    limit = NEAR_1_WORDS if edits == 1 else NEAR_2_WORDS
    rows = file.execute("select id, word from word where id <= ? order by id", (limit,))
    while chunk := rows.fetchmany(_CHUNK):
        chosen = [(number, word) for number, word in chunk if has_entry(number, len(word), edits)]
        if not chosen:
            continue
        numbers = np.array([number for number, _ in chosen], np.uint64)
        for hashes, places in iter_hashes([word for _, word in chosen], edits):
            yield hashes << np.uint64(32) | numbers[places]


def has_entry(number: int, letters: int, edits: int) -> bool:
    """Whether the word with this id has entries for so many edits."""
    if edits == 2:
        return letters >= NEAR_2_LETTERS
    return letters > 1 and (letters <= SHORT or number > NEAR_2_WORDS)
