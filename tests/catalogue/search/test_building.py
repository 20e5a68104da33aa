"""Search files appear whole or not at all, and do not depend on how they were made."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.catalogue.search.conftest import Built
from tests.catalogue.search.small_catalogue import make_cards, texts_of

from phonotheque.catalogue.cards import SCHEMA
from phonotheque.catalogue.search import build as module
from phonotheque.catalogue.search import spelling, tier_making
from phonotheque.catalogue.search.build import build_search, build_search_of_parts
from phonotheque.catalogue.search.layout import Layout, level_of, read_layout
from phonotheque.catalogue.search.question import Question
from phonotheque.catalogue.search.searcher import Searcher
from phonotheque.errors import ConflictError, DiskFullError, MalformedError


def write_parts(folder: Path, rows: int, part_rows: int) -> list[Path]:
    """Cards as a snapshot has them."""
    cards, parts = make_cards(rows), []
    for first in range(0, rows, part_rows):
        parts.append(folder / f"part-{len(parts) + 1:05d}.parquet")
        pq.write_table(pa.Table.from_batches([cards.slice(first, part_rows)]), parts[-1])
    return parts


@pytest.mark.parametrize(
    ("tier_rows", "jobs"), [((), 1), ((1,), 1), ((100, 300), 2), ((250, 250, 250), 1)]
)
def test_tiers_parts_and_processes_change_no_answer(
    built: Built, tmp_path: Path, tier_rows: tuple[int, ...], jobs: int
) -> None:
    """However rows are shared out to files, parts and processes, each question has one answer."""
    parts = write_parts(tmp_path, 700, 150)
    known = texts_of(make_cards(700))
    told: list[tuple[int, int]] = []
    searchers = []
    for name, options in (("one", {}), ("other", {"tier_rows": tier_rows, "jobs": jobs})):
        folder = tmp_path / name
        build_search_of_parts(
            parts, folder, **options, on_progress=lambda done, rows: told.append((done, rows))
        )
        searchers.append(Searcher(folder, lambda ranks: [known[rank] for rank in ranks]))
    one, other = searchers
    assert told[-1] == (700, 700)
    for row in built.scan.rows[::90]:
        for text in (row.card["title"] or "la", row.card["credit"][:3], row.card["credit"] + "x"):
            assert one.ask(Question(text)) == other.ask(Question(text))
            typed = Question(text, is_typing=True)
            assert one.ask(typed) == other.ask(typed)
    one.close()
    other.close()


def test_no_cards_are_a_catalogue_too(tmp_path: Path) -> None:
    """An empty kind of card has search files, and nothing is found in them."""
    build_search([], tmp_path / "none")
    pq.write_table(SCHEMA.empty_table(), tmp_path / "part.parquet")
    build_search_of_parts([tmp_path / "part.parquet"], tmp_path / "empty")
    for name in ("none", "empty"):
        with Searcher(tmp_path / name, lambda ranks: []) as searcher:
            assert searcher.ask(Question("love")).ranks == ()
            assert searcher.ask(Question("lo", is_typing=True)).ranks == ()


def test_a_catalogue_of_short_words_is_one_too(tmp_path: Path) -> None:
    """Where no word is long enough to be mistyped, and where no text has a word at all, whole
    words and beginnings are found, and nothing is forgiven."""
    cards = make_cards(4)
    for name, column in (
        ("title", ["it", "Is it", "愛", "!?"]),
        ("credit", ["u2", "a", None, ""]),
    ):
        at = cards.schema.get_field_index(name)
        cards = cards.set_column(at, cards.schema.field(at), pa.array(column, pa.string()))
    build_search([cards], tmp_path / "s")
    known = texts_of(cards)
    with Searcher(tmp_path / "s", lambda ranks: [known[rank] for rank in ranks]) as searcher:
        assert searcher.ask(Question("it")).ranks == (1, 2)
        assert searcher.ask(Question("is i", is_typing=True)).ranks == (2,)
        assert searcher.ask(Question("愛")).ranks == (3,)
        assert searcher.ask(Question("itt")).ranks == ()
        assert searcher.ask(Question("something")).ranks == ()
        assert searcher.ask(Question("!?")).ranks == ()


def test_a_full_disk_is_said_to_be_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever file finds no room, the error says so, nothing stands under the name, and with
    room again the build goes through."""
    cards = make_cards(200)

    def no_room(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    few_pages = "pragma max_page_count = 3;"
    for broken, name, replaced in (
        (pq.ParquetWriter, "write_batch", no_room),
        (tier_making, "_CREATE", few_pages + tier_making._CREATE),
        (spelling, "_CREATE", few_pages + spelling._CREATE),
        (module.layouts, "write_layout", no_room),
    ):
        with monkeypatch.context() as full:
            full.setattr(broken, name, replaced)
            with pytest.raises(DiskFullError):
                build_search([cards], tmp_path / "s")
        assert not (tmp_path / "s").exists()
    build_search([cards], tmp_path / "s")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


_KILLED = """
import os, sys
from pathlib import Path
import pyarrow.parquet as pq
from phonotheque.catalogue.search import build
build.write_spelling = lambda path, tiers: os.kill(os.getpid(), 9)
build.build_search(pq.ParquetFile(sys.argv[1]).iter_batches(), Path(sys.argv[2]))
"""


def test_a_killed_build_is_begun_again(tmp_path: Path) -> None:
    """A process that is killed in the middle leaves nothing that could be opened, and nothing that
    stands in the way of the next one."""
    (part,) = write_parts(tmp_path, 50, 50)
    command = [sys.executable, "-c", _KILLED, str(part), str(tmp_path / "s")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert not (tmp_path / "s").exists()
    assert (tmp_path / "s.part").is_dir()
    build_search([make_cards(50)], tmp_path / "s")
    assert sorted(path.name for path in tmp_path.iterdir()) == [part.name, "s"]


def test_an_interrupted_build_leaves_nothing_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that dies leaves no folder that could be opened; the next one goes through."""

    def die(path: Path, tiers: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(module, "write_spelling", die)
        with pytest.raises(KeyboardInterrupt):
            build_search([make_cards(50)], tmp_path / "s")
    assert not (tmp_path / "s").exists()
    build_search([make_cards(50)], tmp_path / "s")
    assert [path.name for path in tmp_path.iterdir()] == ["s"]
    with pytest.raises(ConflictError):
        build_search([make_cards(50)], tmp_path / "s")


@pytest.mark.parametrize("first", [0, 2, 11])
def test_cards_out_of_rank_order_are_refused(tmp_path: Path, first: int) -> None:
    """Ranks rise by one from 1: otherwise answers would come in another order, unnoticed."""
    cards = [make_cards(10, first_rank=1), make_cards(10, first_rank=first)]
    with pytest.raises(MalformedError) as told:
        build_search([cards[0], cards[1]] if first != 11 else [cards[1]], tmp_path / "s")
    assert "rank" in str(told.value)


def test_a_part_that_is_none_is_refused(tmp_path: Path) -> None:
    """A file that is no Parquet file, or is missing, is named."""
    (tmp_path / "part.parquet").write_bytes(b"PAR1 but no more")
    for name in ("part.parquet", "absent.parquet"):
        with pytest.raises(MalformedError, match=name):
            build_search_of_parts([tmp_path / name], tmp_path / "s")


def test_the_layout_knows_where_a_new_row_belongs(built: Built) -> None:
    """A row stands after all rows that have at least its listens, to one percent."""
    layout: Layout = read_layout(built.folder)
    listens = built.cards.column("listens").to_pylist()
    for asked in (10**9, 50_000, 1_000, 17, 1, 0):
        more = sum(one is not None and one >= asked * 1.011 + 1 for one in listens)
        as_many = sum(one is not None and one >= asked * 0.989 - 1 for one in listens)
        assert more <= layout.place_of(asked) <= as_many
    assert layout.place_of(None) == layout.rows == 3_000
    assert [level_of(one) for one in (-5, 0, 7, 99, 100)] == [0, 0, 7, 99, 100]


def test_asking_loads_nothing_that_building_needs() -> None:
    """Who asks waits for no array library: neither Arrow, DuckDB nor numpy is imported."""
    code = (
        "import sys, phonotheque.catalogue.search.searcher;"
        "print(sorted({'numpy', 'pyarrow', 'duckdb'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
