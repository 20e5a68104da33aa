"""A span of years is told by the cards where that is quicker, and by tokens else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.catalogue.search.conftest import Built

from phonotheque.catalogue.search import section
from phonotheque.catalogue.search.question import Filters, Question
from phonotheque.catalogue.search.searcher import Searcher


@pytest.fixture(autouse=True)
def every_part_is_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a catalogue of 3,000 cards no word is; so that cards are asked, all are called so."""
    monkeypatch.setattr(section, "SPARSE", 1)


SPANS = [(1955, 1989), (None, 1989), (1801, 1995), (1985, None), (1700, 2005)]


@pytest.mark.parametrize("span", SPANS)
def test_cards_and_tokens_tell_the_same_years(
    built: Built, span: tuple[int | None, int | None]
) -> None:
    """With the years of cards at hand, the answers are those without them, and the scan's: of rare
    words and common ones, whole texts, words being typed, and with other filters beside."""
    known = dict(
        zip(*(built.cards.column(name).to_pylist() for name in ("rank", "year")), strict=True)
    )
    asked: list[int] = []

    def years(ranks: Sequence[int]) -> list[int | None]:
        asked.extend(ranks)
        return [known[rank] for rank in ranks]

    with Searcher(built.folder, built.texts, years=years) as searcher:
        for row in built.scan.rows[::197]:
            for text in (row.card["title"] or "", row.card["credit"]):
                for is_typing, is_held in ((False, None), (True, None), (False, True)):
                    filters = Filters(years=span, is_held=is_held)
                    question = Question(text, filters, is_typing=is_typing)
                    answer = searcher.ask(question)
                    assert answer == built.searcher.ask(question)
                    if answer.used == "exact" and answer.ranks and len(text) > 1:
                        assert list(answer.ranks) == built.scan.ask(question)
    assert asked


def test_a_year_that_has_no_token_passes_no_span(built: Built) -> None:
    """A card of 1799 is not found from 1700 on, told by cards or by tokens: tokens begin at 1800,
    and an answer does not depend on the way it was found."""
    rows = [row for row in built.scan.rows if row.card["year"] == 1799 and row.card["title"]]
    question = Question(rows[0].card["title"], Filters(years=(1700, 1808)))
    years = {row.rank: row.card["year"] for row in built.scan.rows}
    with Searcher(
        built.folder, built.texts, years=lambda ranks: [years[rank] for rank in ranks]
    ) as searcher:
        assert rows[0].rank not in searcher.ask(question).ranks
        assert searcher.ask(question) == built.searcher.ask(question)
