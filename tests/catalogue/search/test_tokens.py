"""Tokens of rows and tokens of queries are the same, and none is ever a word."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalogue.search.conftest import Built

from phonotheque.catalogue.search import token_columns, tokens
from phonotheque.catalogue.search.delete_columns import iter_hashes
from phonotheque.catalogue.search.deletes import hashes_of
from phonotheque.catalogue.search.joined import iter_joined
from phonotheque.catalogue.search.layout import Numbers
from phonotheque.catalogue.search.row_tokens import MAX_ROW_WORDS, RowTokens
from phonotheque.catalogue.search.tier import COUNTS
from phonotheque.catalogue.search.unspaced import is_unspaced, pieces, tokens_of_piece
from phonotheque.catalogue.search.vocabulary import is_special
from phonotheque.catalogue.search.word_memory import WordMemory
from phonotheque.catalogue.sqlite_reading import connect
from phonotheque.music.folding import fold, words

TEXTS = st.lists(st.text(st.sampled_from("aB1é-/ 愛のกा\ue000"), max_size=12), max_size=5)


def cards_of(titles: list[str | None], credits: list[str | None]) -> pa.RecordBatch:
    """Cards that have nothing but a text."""
    nothing = {"year": pa.int16(), "licence": pa.string(), "country": pa.string()}
    nothing |= {"is_held": pa.bool_(), "is_free": pa.bool_(), "genres": pa.list_(pa.string())}
    columns = {"title": pa.array(titles, pa.string()), "credit": pa.array(credits, pa.string())}
    columns |= {name: pa.nulls(len(titles), form) for name, form in nothing.items()}
    return pa.RecordBatch.from_pydict(columns)


def test_every_token_in_the_index_is_a_word_or_no_word_can_be_it(built: Built) -> None:
    """Each token of the files is a fixed point of folding, or folds to nothing: so each can be
    reached by exactly the words it was made from, and filters by no text at all."""
    seen = 0
    for path in sorted(built.folder.glob("search-*.db")):
        with closing(connect(path)) as tier:
            tier.execute(COUNTS)
            for (token,) in tier.execute("select term from temp.counts"):
                is_word = ord(token[0]) < 0xE000 or is_unspaced(token)
                assert fold(token) == (token if is_word else "")
                assert is_special(token) == (0xE000 <= ord(token[0]) <= 0xF8FF)
                seen += 1
    assert seen > 1_000


@given(titles=TEXTS, more=TEXTS, wholes=st.sampled_from((7, tokens.MOST_WHOLES)))
def test_rows_are_made_of_the_tokens_that_queries_ask_for(
    titles: list[str], more: list[str], wholes: int
) -> None:
    """By column or one by one: words, runs, pairs of head words and whole texts are the same."""
    count = max(len(titles), len(more))
    titles += [""] * (count - len(titles))
    more += [""] * (count - len(more))
    heads = ("a", "b1", "ab", "1a", "e")
    made = RowTokens(Numbers(head_words=heads, wholes=wholes)).row_texts(cards_of(titles, more))
    for title, credit, text in zip(titles, more, made.to_pylist(), strict=True):
        expected = {tokens.NOT_HELD}
        present = set()
        for one in (title, credit):
            for piece in pieces(words(one)):
                expected.update(tokens_of_piece(piece))
                present.update({heads.index(piece)} if piece in heads else ())
            for whole in iter_joined(one):
                expected.add(whole)
                present.update({heads.index(whole)} if whole in heads else ())
            if words(one):
                expected.add(tokens.whole_token(words(one), wholes))
        expected |= {tokens.pair_token(i, j) for i in present for j in present if i < j}
        assert set(text.split()) == expected


def test_the_memory_of_words_may_be_emptied_at_any_time() -> None:
    """A memory that forgets after every batch says the same as one that remembers all."""
    raw = [["La", "mo"], ["mo", "é!", "愛の歌"], ["LA", "é!"]]
    large, small = WordMemory(), WordMemory(remembered=1)
    for batch in raw:
        said = []
        for memory in (large, small):
            numbers = memory.numbers_of(batch)
            tokens, begins = memory.token_numbers.lists(numbers)
            hashes, ends = memory.hashes.lists(numbers)
            texts = [memory.tokens[number] for number in tokens.tolist()]
            said.append((texts, begins.tolist(), hashes.tolist(), ends.tolist()))
        assert said[0] == said[1]
        assert small.is_full
        assert not large.is_full
        small.forget()


def test_no_card_makes_an_endless_row() -> None:
    """A title of 10,000 words and one word of 10,000 letters are indexed up to a bound."""
    cards = cards_of(["la " * 10_000, "x" * 10_000, "愛の" * 5_000, None], ["", "", "", None])
    made = RowTokens(Numbers()).row_texts(cards).to_pylist()
    assert len(made[0].split()) == MAX_ROW_WORDS + 2
    assert len(made[1]) < 100
    assert len(made[2]) < 2_000
    assert made[3].split() == [tokens.NOT_HELD]


def test_all_pairs_have_code_points_of_their_own() -> None:
    """130,816 pairs, all in planes 15 and 16, none a non-character, none the token never used."""
    points = token_columns.pair_tokens().to_pylist()
    assert len(set(points)) == 130_816
    assert tokens.NEVER not in points
    assert all(ord(one) >= 0xF0000 and ord(one) & 0xFFFF < 0xFFFE for one in points)
    assert tokens.pair_token(511, 0) == points[511 * 510 // 2]
    assert tokens.pair_token(3, 510) == points[510 * 509 // 2 + 3]


def test_families_do_not_overlap() -> None:
    """No two tokens of filters are equal, and beyond the first ones all have two code points."""
    years = range(tokens.FIRST_YEAR, tokens.LAST_YEAR + 1)
    single = [tokens.HELD, tokens.FREE, tokens.NOT_HELD]
    single += [tokens.year_token(year) for year in years]
    single += [tokens.decade_token(year) for year in years if year % 10 == 0]
    for family in (tokens.LICENCE, tokens.COUNTRY, tokens.GENRE):
        single += [family.token(number) for number in range(family.width)]
        assert family.token(family.width) == chr(family.base) * 2
        last = family.token(family.capacity - 1)
        assert last == chr(family.base + family.width - 1) * 2
    assert len(set(single)) == len(single)
    assert all("\ue000" <= one <= "\uf8ff" for one in single)


@pytest.mark.parametrize(
    ("first", "last"), [(1987, 2003), (1990, 1999), (None, 1805), (2095, None), (None, None)]
)
def test_a_range_of_years_is_its_years(first: int | None, last: int | None) -> None:
    """A year is in the range exactly when one of its two tokens is asked for."""
    asked = set(tokens.year_range_tokens(first, last))
    for year in range(tokens.FIRST_YEAR, tokens.LAST_YEAR + 1):
        own = {tokens.year_token(year), tokens.decade_token(year)}
        assert bool(own & asked) == ((first or 0) <= year <= (last or 9999))


@given(
    st.lists(st.text("abcé愛", min_size=1, max_size=12), min_size=1, max_size=8),
    st.sampled_from([1, 2]),
)
def test_hashes_by_column_are_hashes_one_by_one(some: list[str], edits: int) -> None:
    """The builder's hashes of a word with letters deleted are those that a query looks up."""
    found: list[set[int]] = [set() for _ in some]
    for hashes, places in iter_hashes(some, edits):
        for value, place in zip(hashes.tolist(), places.tolist(), strict=True):
            found[place].add(value)
    assert found == [hashes_of(word, edits) for word in some]


def test_sqlite_cannot_change_an_index(built: Built) -> None:
    """The files are opened for reading only."""
    with closing(connect(built.folder / "search-0.db")) as tier, pytest.raises(sqlite3.Error):
        tier.execute("insert into tokens(tokens) values ('optimize')")
