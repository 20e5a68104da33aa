"""Making the look-up file: what goes wrong leaves what was there, and damage is told."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.killed import HEAD
from catalogue.lookup.snapshots import write_rows, write_snapshot
from phonotheque.catalogue import cards, sqlite_making, tables
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.build import build_lookup
from phonotheque.catalogue.lookup.merging import rows_by_id
from phonotheque.catalogue.lookup.pairs import Pairs
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.lookup.text_pool import TextPool
from phonotheque.errors import (
    DiskFullError,
    FormatTooNewError,
    MalformedError,
    NoCatalogueError,
)
from phonotheque.music.identifiers import Isrc

ROWS = 600


@pytest.fixture
def snapshot(tmp_path):
    """A snapshot of some hundred recordings."""
    folder = tmp_path / "snapshot"
    recordings = [{"id": n, "title": f"Title {n}", "credit": f"C{n % 7}"} for n in range(ROWS)]
    rows = [{"id": n, "key": n * 3, "title": "x"} for n in range(ROWS)]
    codes = [{"recording": n, "isrc": f"DEA23{n:07d}"} for n in range(ROWS)]
    write_snapshot(folder, {Kind.RECORDING: recordings}, {"recording": rows, "isrc": codes})
    return folder


def test_progress_rises_to_the_end_and_nothing_else_is_left(snapshot, tmp_path):
    """Shares told never fall and end at 1; beside the file no scratch remains."""
    told: list[float] = []
    build_lookup(snapshot, tmp_path / "ids.db", told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ids.db", "snapshot"]


def test_the_same_snapshot_gives_the_same_file(snapshot, tmp_path):
    """Two builds write the same bytes."""
    build_lookup(snapshot, tmp_path / "a.db")
    build_lookup(snapshot, tmp_path / "b.db")
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()


@pytest.mark.parametrize("ranks", [[2, 3, 4], [1, 3, 4], [1, 2, 2], [3, 2, 1]])
def test_ranks_with_gaps_are_refused_and_the_file_before_stays(snapshot, tmp_path, ranks):
    """Cards that are not ranks 1, 2, 3 in order make no file, and leave the one that was there."""
    out = tmp_path / "ids.db"
    out.write_bytes(b"before")
    rows = [
        {"rank": rank, "id": n, "title": "x", "is_held": False, "is_free": False}
        for n, rank in enumerate(ranks)
    ]
    write_rows(snapshot / "cards/recording/part-00001.parquet", cards.SCHEMA, rows)
    with pytest.raises(MalformedError, match="order of rank"):
        build_lookup(snapshot, out)
    assert out.read_bytes() == b"before"


def test_an_id_that_cannot_be_is_refused(snapshot, tmp_path):
    """Ids from 2**30 on are refused before an array of that size is made."""
    row = {"rank": 1, "id": 1 << 30, "title": "x", "is_held": False, "is_free": False}
    write_rows(snapshot / "cards/label/part-00001.parquet", cards.SCHEMA, [row])
    with pytest.raises(MalformedError, match="an id is not between"):
        build_lookup(snapshot, tmp_path / "ids.db")


def test_rows_out_of_order_are_refused(snapshot, tmp_path):
    """Entities that do not stand in order of id are told as damage of the snapshot."""
    rows = [{"id": n, "source": 1, "key": n, "title": "x"} for n in (0, 900, 1)]
    schema = tables.snapshot_schema("recording")
    write_rows(snapshot / "tables/recording/part-001-00001.parquet", schema, rows)
    with pytest.raises(MalformedError, match="order of id"):
        build_lookup(snapshot, tmp_path / "ids.db")


def test_a_full_disk_is_told_and_the_next_run_begins_anew(snapshot, tmp_path, monkeypatch):
    """When SQLite finds no room, the file before stays, and what was begun is in nobody's way."""
    out = tmp_path / "ids.db"
    out.write_bytes(b"before")
    with monkeypatch.context() as patch:
        patch.setattr(
            sqlite_making, "_PRAGMAS", sqlite_making._PRAGMAS + "PRAGMA max_page_count = 30;"
        )
        with pytest.raises(DiskFullError, match="no room"):
            build_lookup(snapshot, out)
    assert out.read_bytes() == b"before"
    build_lookup(snapshot, out)
    with Lookup(out) as lookup:
        assert lookup.count(Kind.RECORDING) == ROWS


CHILD = """
from phonotheque.catalogue.lookup.build import build_lookup
snapshot, out = map(Path, sys.argv[1:3])
for share in map(float, sys.argv[3:]):  # imports once, forks for each
    child = os.fork()
    if child == 0:
        build_lookup(snapshot, out, lambda done: done >= share and die())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), out.read_text())
"""


def test_a_build_that_was_killed_leaves_the_file_before(snapshot, tmp_path):
    """Killed anywhere, with what it began left lying there, the next run makes the whole file."""
    out, whole = tmp_path / "ids.db", tmp_path / "whole.db"
    build_lookup(snapshot, whole)
    out.write_bytes(b"before")
    command = [sys.executable, "-c", HEAD + CHILD, str(snapshot), str(out), "0.0", "0.4", "0.9"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.splitlines() == [f"{-signal.SIGKILL:d} before"] * 3
    build_lookup(snapshot, out)
    assert out.read_bytes() == whole.read_bytes()


def test_a_catalogue_without_rows_can_be_asked(tmp_path):
    """A snapshot with no entities makes a file that answers nothing."""
    write_snapshot(tmp_path, {}, {})
    build_lookup(tmp_path, tmp_path / "ids.db")
    with Lookup(tmp_path / "ids.db") as lookup:
        assert [lookup.count(kind) for kind in Kind] == [0, 0, 0, 0]
        assert lookup.by_isrc(Isrc("DEA230000001")) == []


def test_ids_far_apart_and_of_sources_in_turn(tmp_path):
    """Ids of two sources in turn, with holes between, keep their own gids."""
    ids = [0, 1, 2, 127, 128, 5_000, 70_000]
    source_of = {n: 1 + place % 2 for place, n in enumerate(ids)}
    write_snapshot(
        tmp_path,
        {Kind.RECORDING: [{"id": n, "title": "x"} for n in ids]},
        {"recording": [{"id": n, "key": n * n, "source": source_of[n], "title": "x"} for n in ids]},
    )
    build_lookup(tmp_path, tmp_path / "ids.db")
    with Lookup(tmp_path / "ids.db") as lookup:
        names = {1: "alpha", 2: "beta"}
        gids = [gid_of(names[source_of[n]], "recording", str(n * n)) for n in ids]
        assert [card.gid for card in lookup.cards_of_ids(Kind.RECORDING, ids)] == gids
        assert [card.id for card in lookup.by_gids(gids)] == ids


@settings(max_examples=30)
@given(st.sets(st.integers(0, 400), max_size=200), st.integers(1, 3), st.randoms())
def test_entities_of_sources_come_in_order_of_id(tmp_path_factory, ids, sources, rnd):
    """Merging gives every row once in order of id, whichever source has which."""
    folder = tmp_path_factory.mktemp("merging")
    of_source = {n: rnd.randrange(sources) for n in ids}
    for source in range(sources):
        mine = [{"id": n} for n in sorted(ids) if of_source[n] == source]
        for part in range(2):
            path = folder / f"part-{source:03d}-{part + 1:05d}.parquet"
            half = len(mine) // 2
            rows = mine[half:] if part else mine[:half]
            write_rows(path, pa.schema([("id", pa.int64())]), rows)
    found = [n for table in rows_by_id(folder, ["id"]) for n in table["id"].to_pylist()]
    assert found == sorted(ids)


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(0, 2**60), st.integers(0, 9)), max_size=60))
def test_pairs_come_back_in_order_and_once(tmp_path_factory, pairs):
    """Sorting gives each pair once, in order, however they were added."""
    folder = tmp_path_factory.mktemp("pairs")
    taken = Pairs(folder / "p", Machine(1, 1 << 28))
    for pair in [*pairs, *pairs[:5]]:
        taken.add(np.array([pair[0]]), np.array([pair[1]]))
    found = [
        pair
        for keys, values in taken.in_order()
        for pair in zip(keys.tolist(), values.tolist(), strict=True)
    ]
    assert found == sorted(set(pairs))


def test_texts_have_one_number_until_too_many_are_known(monkeypatch):
    """The same text and artist have the same number; what was forgotten is written anew."""
    monkeypatch.setattr("phonotheque.catalogue.lookup.text_pool._FRESH", 3)
    monkeypatch.setattr("phonotheque.catalogue.lookup.text_pool.MOST_KNOWN", 8)
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE text (number INTEGER PRIMARY KEY, text TEXT, artist INTEGER)")
    pool, rnd = TextPool(db), random.Random(1)
    for _ in range(50):
        texts = [rnd.choice(["", None, "a", "b", "c", "d", "e", "f"]) for _ in range(5)]
        artists = [rnd.choice([None, 0, 1]) for _ in texts]
        numbers = pool.numbers(pa.array(texts, pa.string()), pa.array(artists, pa.int64()))
        for text, artist, number in zip(texts, artists, numbers.to_pylist(), strict=True):
            row = db.execute("SELECT text, artist FROM text WHERE number IS ?", (number,))
            assert row.fetchone() == ((text, artist) if text else None)
    assert db.execute("SELECT count(*) FROM text").fetchone()[0] > 18  # forgotten and begun anew


def test_a_missing_file_says_how_to_make_it(tmp_path):
    """Without a file there is no catalogue yet."""
    with pytest.raises(NoCatalogueError, match="phono catalogue build"):
        Lookup(tmp_path / "ids.db")


def test_a_later_format_is_not_read(snapshot, tmp_path):
    """A file of a later format is refused as such."""
    build_lookup(snapshot, tmp_path / "ids.db")
    db = sqlite3.connect(tmp_path / "ids.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(FormatTooNewError):
        Lookup(tmp_path / "ids.db")


def test_another_program_s_database_is_refused(tmp_path):
    """A SQLite file that is not one of ours is told to be none, and is not read as one."""
    sqlite3.connect(tmp_path / "ids.db").execute("CREATE TABLE meta (x)")
    with pytest.raises(MalformedError, match="no look-up file"):
        Lookup(tmp_path / "ids.db")


@pytest.mark.parametrize("data", [b"", b"no database at all" * 400])
def test_what_is_no_look_up_file_is_refused(tmp_path, data):
    """An empty file and one of another kind are told to be damaged."""
    (tmp_path / "ids.db").write_bytes(data)
    with pytest.raises(MalformedError):
        Lookup(tmp_path / "ids.db")


def ask_everything(path):
    """Ask a file in every way."""
    with Lookup(path) as lookup:
        lookup.cards_at(Kind.RECORDING, range(1, ROWS))
        lookup.texts_at(Kind.RECORDING)(list(range(1, ROWS)))
        lookup.cards_of_ids(Kind.RECORDING, range(ROWS))
        for n in range(0, ROWS, 20):
            lookup.by_isrc(Isrc(f"DEA23{n:07d}"))
            lookup.by_gid(gid_of("alpha", "recording", str(n * 3)))
        lookup.tracks_of(1)
        lookup.recordings_of(1)


def test_damage_is_told_and_never_an_error_of_sqlite(snapshot, tmp_path):
    """Cut off or with bytes changed anywhere, a file answers or is said to be damaged."""
    build_lookup(snapshot, tmp_path / "ids.db")
    whole = (tmp_path / "ids.db").read_bytes()
    rnd, refused = random.Random(5), 0
    damaged = [whole[: rnd.randrange(len(whole))] for _ in range(10)]
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(20):
            data[rnd.randrange(len(data))] = rnd.randrange(256)
        damaged.append(bytes(data))
    for number, data in enumerate(damaged):
        path = tmp_path / f"damaged-{number}.db"
        path.write_bytes(data)
        try:
            ask_everything(path)
        except (MalformedError, FormatTooNewError):
            refused += 1
    assert refused > 10
