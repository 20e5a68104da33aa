"""Rows whose whole title or credit was typed come first, and only those that truly are."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from tests.catalogue.search.conftest import Built
from tests.catalogue.search.scan import Scan
from tests.catalogue.search.small_catalogue import make_cards, texts_of

from phonotheque.catalogue.search import tokens
from phonotheque.catalogue.search.build import build_search
from phonotheque.catalogue.search.question import Question
from phonotheque.catalogue.search.running import MAX_COMPARED
from phonotheque.catalogue.search.searcher import Searcher


def with_texts(cards: pa.RecordBatch, titles: list[str], credits: list[str]) -> pa.RecordBatch:
    """The same cards with other texts."""
    for name, column in (("title", titles), ("credit", credits)):
        at = cards.schema.get_field_index(name)
        cards = cards.set_column(at, cards.schema.field(at), pa.array(column))
    return cards


def searcher_of(cards: pa.RecordBatch, folder: Path) -> Searcher:
    """Build and open."""
    build_search([cards], folder)
    known = texts_of(cards)
    return Searcher(folder, lambda ranks: [known[rank] for rank in ranks])


@pytest.mark.parametrize("wholes", [3, tokens.MOST_WHOLES])
def test_rows_that_share_a_token_are_told_by_their_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wholes: int
) -> None:
    """With 3 tokens for all whole texts, so that every third row has the right one, the answers
    are the scan's all the same; so they are with as many as the largest catalogue has."""
    monkeypatch.setattr(tokens, "LEAST_WHOLES", wholes)
    cards = make_cards(400, seed=3)
    scan = Scan(cards)
    with searcher_of(cards, tmp_path / "s") as searcher:
        for row in scan.rows[::17]:
            for text in (row.card["title"] or "", row.card["credit"]):
                for is_typing in (False, True):
                    question = Question(text[: -2 if is_typing else None], is_typing=is_typing)
                    answer = searcher.ask(question)
                    if answer.used == "exact" and answer.ranks and len(question.text) > 1:
                        assert list(answer.ranks) == scan.ask(question)


def test_whole_before_popular(tmp_path: Path) -> None:
    """A title that is all of what was typed stands before more popular ones that contain it; order,
    marks and case of what was typed do not undo that, other words do."""
    cards = with_texts(
        make_cards(6),
        ["River of tears", "Love river", "The River", "River", "RÍVER", "Blue"],
        ["Ann", "Ann", "Ann", "Ann", "Ann", "River"],
    )
    with searcher_of(cards, tmp_path / "s") as searcher:
        assert searcher.ask(Question("river")).ranks == (4, 5, 6, 1, 2, 3)
        assert searcher.ask(Question("riv", is_typing=True)).ranks == (4, 5, 6, 1, 2, 3)
        assert searcher.ask(Question("the riv", is_typing=True)).ranks == (3,)
        assert searcher.ask(Question("river the")).ranks == (3,)
        assert searcher.ask(Question("", title="river")).ranks == (4, 5, 1, 2, 3)
        assert searcher.ask(Question("", credit="river")).ranks == (6,)
        assert searcher.ask(Question("river", credit="ann")).ranks == (4, 5, 1, 2, 3)


def test_comparing_ends_somewhere(tmp_path: Path) -> None:
    """Where nearly all rows that the index names are others, the answer says that it is partial."""
    rows = MAX_COMPARED + 1_000
    titles = ["Sun"] * (rows - 1) + ["Moon"]
    cards = with_texts(make_cards(rows), titles, ["Moon"] * (rows - 1) + ["Sun"])
    with searcher_of(cards, tmp_path / "s") as searcher:
        answer = searcher.ask(Question("", title="moon", credit="sun"))
        assert answer.is_partial
        assert answer.ranks == ()


def test_completions_are_the_commonest_words(built: Built) -> None:
    """While a word is typed, whole titles with its eight commonest completions come first."""
    for start in ("la", "mo", "ri", "dra"):
        question = Question(start, is_typing=True, limit=100)
        assert list(built.searcher.ask(question).ranks) == built.scan.ask(question)
