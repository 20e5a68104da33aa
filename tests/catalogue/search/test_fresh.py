"""Cards that came after the snapshot are found beside it, in their place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from tests.catalogue.search.conftest import Built
from tests.catalogue.search.scan import Scan
from tests.catalogue.search.small_catalogue import make_cards

from phonotheque.catalogue.search.fresh import append_fresh, read_fresh
from phonotheque.catalogue.search.question import Question, Used
from phonotheque.catalogue.search.searcher import Searcher
from phonotheque.errors import BadRequestError, MalformedError


@pytest.fixture
def folder(built: Built, tmp_path: Path) -> Path:
    """A copy of the search files, to which fresh cards can be added."""
    copy = tmp_path / "recording"
    shutil.copytree(built.folder, copy)
    return copy


def fresh_cards(rows: list[tuple[int, str, str, int | None]]) -> pa.RecordBatch:
    """Cards of (rank, title, credit, listens)."""
    cards = make_cards(len(rows))
    names = ("rank", "title", "credit", "listens")
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        at = cards.schema.get_field_index(name)
        cards = cards.set_column(
            at, cards.schema.field(at), pa.array(column, cards.schema.field(at).type)
        )
    return cards


def test_a_fresh_card_stands_where_its_listens_put_it(built: Built, folder: Path) -> None:
    """Between rows with more and rows with fewer listens; unknown ones last; whole ones first."""
    word = max(built.scan.counted, key=built.scan.counted.__getitem__)
    listens = dict(enumerate(built.cards.column("listens").to_pylist(), start=1))
    rows = [
        (3_001, f"{word} unheard", "Newcomer", None),
        (3_002, f"{word} middling", "Newcomer", 1_000),
        (3_003, f"{word} famous", "Newcomer", 10**9),
        (3_004, word, "Newcomer", 3),
    ]
    append_fresh(folder, [fresh_cards(rows)])
    with Searcher(folder, built.texts) as searcher:
        ranks = searcher.ask(Question(word, limit=1_000)).ranks
        settled = built.searcher.ask(Question(word, limit=1_000)).ranks
        still = tuple(rank for rank in ranks if rank <= 3_000)
        assert still == settled[: len(still)]
        assert ranks.index(3_004) <= sum(
            word in (" ".join(row.title), " ".join(row.credit)) for row in built.scan.rows
        )
        after = ranks[ranks.index(3_002) + 1]
        before = ranks[ranks.index(3_002) - 1]
        assert listens[after] <= 1_010
        assert before == 3_003 or listens[before] >= 990
        assert searcher.ask(Question("newcomer", limit=10)).ranks == (3_003, 3_002, 3_004, 3_001)
        assert searcher.ask(Question("newc fam", is_typing=True)).used is Used.EXACT
        assert searcher.ask(Question("newcommer")).ranks == (3_003, 3_002, 3_004, 3_001)
        assert searcher.ask(Question("newco", is_typing=True, limit=2)).ranks == (3_003, 3_002)


def test_settled_and_fresh_answer_as_one_scan(built: Built, folder: Path) -> None:
    """Fresh cards of the same kind as the settled ones are found by the same rule."""
    more = make_cards(200, seed=9, first_rank=3_001)
    append_fresh(folder, [more.slice(0, 50), more.slice(50)])
    scan = Scan(more)
    with Searcher(folder, built.texts) as searcher:
        for row in scan.rows[::5]:
            for text in (row.card["title"] or "la", row.card["credit"]):
                question = Question(text, limit=1_000)
                ranks = searcher.ask(question).ranks
                assert {rank for rank in ranks if rank > 3_000} == set(scan.ask(question))


def test_later_cards_join_and_replace(built: Built, folder: Path) -> None:
    """Each append keeps what was there; a rank given again has the later card; who had the files
    open goes on with what they were."""
    append_fresh(folder, [fresh_cards([(3_001, "Zzyx one", "A", 5), (3_002, "Zzyx two", "B", 6)])])
    with Searcher(folder, built.texts) as early:
        append_fresh(
            folder, [fresh_cards([(3_001, "Zzyx uno", "A", 7), (3_009, "Zzyx", "C", None)])]
        )
        assert early.ask(Question("zzyx one")).ranks == (3_001,)
    with Searcher(folder, built.texts, withdrawn={3_002}) as late:
        assert late.ask(Question("zzyx")).ranks == (3_009, 3_001)
        assert late.ask(Question("zzyx two")).ranks == ()
        assert late.ask(Question("zzyx uno")).ranks == (3_001,)
    assert read_fresh(folder)["rank"].to_pylist() == [3_001, 3_002, 3_009]
    assert len(list(folder.glob("fresh-*"))) == 1


def test_ranks_of_the_snapshot_are_not_fresh(built: Built, folder: Path) -> None:
    """A rank that the snapshot has is refused, and nothing is written."""
    with pytest.raises(BadRequestError, match="3,000"):
        append_fresh(folder, [fresh_cards([(3_000, "x", "y", 1)])])
    assert list(folder.glob("fresh-*")) == []
    assert read_fresh(folder).num_rows == 0


@pytest.mark.parametrize("name", ["order.i64", "texts.db", "search/search.json"])
def test_damaged_fresh_files_are_named(built: Built, folder: Path, name: str) -> None:
    """A missing file of the fresh cards is an error, not an answer without them."""
    append_fresh(folder, [fresh_cards([(3_001, "x", "y", 1)])])
    (folder / "fresh-000001" / name).unlink()
    with pytest.raises(MalformedError, match=Path(name).name):
        Searcher(folder, built.texts)
