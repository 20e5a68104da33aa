"""The same searches on tantivy: the same tokens of the same rows, the same beginnings spelled out.

Tantivy is given what helps it: no whole matches, no comparing of texts, no typos; head words by
their pairs; one thread, one segment where it makes one. It lists every row that matches and then
takes the most popular ones: it has no order of rows in which it could stop early.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import tantivy
from tantivy import Occur, Order, Query

from phonotheque.catalogue.search.layout import SPELLING, read_layout
from phonotheque.catalogue.search.question import Question
from phonotheque.catalogue.search.row_tokens import RowTokens
from phonotheque.catalogue.search.survey import COLUMNS, count_rows, iter_cards, take_numbers
from phonotheque.catalogue.search.terms import Term, parse
from phonotheque.catalogue.search.tokens import pair_token
from phonotheque.catalogue.search.unspaced import pairs_of
from phonotheque.catalogue.search.vocabulary import Vocabulary

CLASSES = (
    "title, 1 words",
    "title, 2 words",
    "title, 3 words",
    "artist",
    "title and artist",
    "typing, 2 letters of the last word",
    "typing, 3 letters of the last word",
    "typing, 4 to 6 letters of the last word",
    "other scripts",
    "marks and case folded",
    "commonest words of a row",
)
"""Classes of which the plain search of both can be compared."""

_HEAP_BYTES = 1 << 30


def build(parts: Sequence[Path], folder: Path) -> None:
    """Index the tokens of cards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", tokenizer_name="whitespace", index_option="basic")
    schema.add_integer_field("rank", fast=True)
    index = tantivy.Index(schema.build(), str(folder))
    writer = index.writer(_HEAP_BYTES, 1)
    rows = count_rows(parts)
    numbers, _ = take_numbers(parts, rows)
    tokens, rank = RowTokens(numbers), 0
    for cards in iter_cards(parts, COLUMNS):
        for text in tokens.row_texts(cards).to_pylist():
            rank += 1
            writer.add_document(tantivy.Document(text=text, rank=rank))
        tokens.forget_when_full()
    writer.commit()
    writer.wait_merging_threads()


class Peer:
    """An index of tantivy, asked as ours is.

    Args:
        folder: As `build` left it.
        search: Search files of the same rows: for the commonest words of a beginning.
    """

    def __init__(self, folder: Path, search: Path) -> None:
        self._index = tantivy.Index.open(str(folder))
        self._searcher = self._index.searcher()
        self._vocabulary = Vocabulary(search / SPELLING)
        head_words = read_layout(search).numbers.head_words
        self._heads = {word: number for number, word in enumerate(head_words)}

    def ask(self, question: Question) -> list[int]:
        """Return the most popular ranks that have all words."""
        asked = parse(question)
        if asked is None:
            return []
        clauses = [*self._paired(asked.terms), *map(self._clause, self._others(asked.terms))]
        query = Query.boolean_query([(Occur.Must, clause) for clause in clauses if clause])
        found = self._searcher.search(
            query, question.limit, count=False, order_by_field="rank", order=Order.Asc
        )
        return [rank for rank, _ in found.hits]

    def _head_numbers(self, terms: Iterable[Term]) -> list[int]:
        numbers = {self._heads[t.piece] for t in terms if t.piece in self._heads and not t.is_start}
        return sorted(numbers) if len(numbers) > 1 else []

    def _paired(self, terms: Sequence[Term]) -> list[Query]:
        *others, rarest = self._head_numbers(terms) or [0]
        return [self._token(pair_token(one, rarest)) for one in others]

    def _others(self, terms: Sequence[Term]) -> list[Term]:
        paired = self._head_numbers(terms)
        return [t for t in terms if t.is_start or self._heads.get(t.piece, -1) not in paired]

    def _clause(self, term: Term) -> Query | None:
        if term.is_run:
            pairs = [(Occur.Must, self._token(pair)) for pair in pairs_of(term.piece)]
            return Query.boolean_query(pairs)
        if not term.is_start:
            return self._token(term.piece)
        if len(term.piece) == 1:
            return None
        if len(term.piece) < 4:
            return Query.regex_query(self._index.schema, "text", term.piece + ".*")
        words = [term.piece, *(one.word for one in self._vocabulary.completions(term.piece))]
        return Query.term_set_query(self._index.schema, "text", list(dict.fromkeys(words)))

    def _token(self, token: str) -> Query:
        return Query.term_query(self._index.schema, "text", token, index_option="basic")
