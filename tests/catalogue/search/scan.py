"""The rule of search, word by word over all rows: slow, plain, and written apart from the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa

from phonotheque.catalogue.search.joined import iter_joined
from phonotheque.catalogue.search.question import Filters, Question
from phonotheque.catalogue.search.section import WHOLE_COMPLETIONS
from phonotheque.catalogue.search.unspaced import is_unspaced, pieces
from phonotheque.music.folding import words


class Row:
    """One card, folded."""

    def __init__(self, card: dict) -> None:
        self.card = card
        self.rank: int = card["rank"]
        self.title = words(card["title"] or "")
        self.credit = words(card["credit"] or "")
        self.in_title = [*pieces(self.title), *iter_joined(card["title"] or "")]
        self.in_credit = [*pieces(self.credit), *iter_joined(card["credit"] or "")]
        self.pieces = self.in_title + self.in_credit


class Scan:
    """All cards, and answers by looking at each of them."""

    def __init__(self, cards: pa.RecordBatch) -> None:
        self.rows = [Row(card) for card in cards.to_pylist()]
        self.counted = Counter(
            piece for row in self.rows for piece in set(row.pieces) if not is_unspaced(piece)
        )

    def ask(self, question: Question) -> list[int]:
        """Ranks of the exact answer."""
        passing = [row for row in self.rows if passes(row.card, question.filters)]
        folded = words(question.text)
        asked = list(pieces(folded))
        typed = ""
        if question.is_typing and asked and not is_unspaced(asked[-1]):
            typed = asked.pop()
            if len(typed) == 1:
                passing_typed = passing
            else:
                passing_typed = [
                    row for row in passing if any(p.startswith(typed) for p in row.pieces)
                ]
        else:
            passing_typed = passing
        found = [
            row
            for row in passing_typed
            if stand(asked, row.pieces)
            and stand(pieces(words(question.title)), row.in_title)
            and stand(pieces(words(question.credit)), row.in_credit)
        ]
        wholes = self._wholes(question, typed)
        first = [
            row.rank
            for row in passing
            if is_whole(row, wholes, question)
            and stand(pieces(words(question.title)), row.in_title)
            and stand(pieces(words(question.credit)), row.in_credit)
            and (not question.title or row in found)
        ]
        ranks = first + [row.rank for row in found if row.rank not in set(first)]
        return ranks[: question.limit]

    def _wholes(self, question: Question, typed: str) -> list[list[str]]:
        text = question.title or question.text or question.credit
        folded = words(text)
        wholes = [folded]
        if typed and not question.title and folded[-1] == typed:
            starting = [(-n, word) for word, n in self.counted.items() if word.startswith(typed)]
            for _, word in sorted(starting)[:WHOLE_COMPLETIONS]:
                wholes.append([*folded[:-1], word])
        return wholes


def stand(asked: Sequence[str], row: Sequence[str]) -> bool:
    """Whether every word is one of the row's, and every run part of one of its runs."""
    return all(
        any(piece in other for other in row) if is_unspaced(piece) else piece in row
        for piece in asked
    )


def is_whole(row: Row, wholes: list[list[str]], question: Question) -> bool:
    """Whether the title or credit is the text asked for, where it was asked for."""
    if not wholes[0]:
        return False
    if question.title or (question.text and question.credit):
        return row.title in wholes
    if question.text:
        return row.title in wholes or row.credit in wholes
    return row.credit in wholes


def passes(card: dict, filters: Filters) -> bool:
    """Whether a card passes all filters, one by one."""
    first, last = filters.years or (None, None)
    year = card["year"] if card["year"] is not None and 1800 <= card["year"] <= 2099 else None
    return (
        (filters.is_held is None or bool(card["is_held"]) == filters.is_held)
        and (filters.is_free is None or bool(card["is_free"]) == filters.is_free)
        and (not filters.licences or card["licence"] in filters.licences)
        and (not filters.countries or card["country"] in filters.countries)
        and (not filters.genres or bool(set(card["genres"]) & set(filters.genres)))
        and (
            filters.years is None
            or (year is not None and (first or year) <= year <= (last or year))
        )
    )
