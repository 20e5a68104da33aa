"""What the index answers is what a look at every row answers, by the same rule."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalogue.search.conftest import Built
from tests.catalogue.search.scan import passes
from tests.catalogue.search.small_catalogue import COUNTRIES, GENRES, LICENCES

from phonotheque.catalogue.search.question import Filters, Question, Used
from phonotheque.music.folding import words

YEARS = st.one_of(st.none(), st.sampled_from([1799, 1955, 1960, 1989, 1990, 1999, 2001, 2100]))


@st.composite
def some_filters(draw) -> Filters:
    """Any filters, most often few."""
    years = draw(st.one_of(st.none(), st.tuples(YEARS, YEARS)))
    if years and None not in years:
        years = tuple(sorted(years))
    few = {"max_size": 2, "unique": True}
    return Filters(
        is_held=draw(st.sampled_from([None, None, True, False])),
        is_free=draw(st.sampled_from([None, None, True, False])),
        licences=tuple(draw(st.lists(st.sampled_from([*LICENCES, "none"]), **few))),
        years=years,
        countries=tuple(draw(st.lists(st.sampled_from([*COUNTRIES, "??"]), **few))),
        genres=tuple(draw(st.lists(st.sampled_from([*GENRES, "none"]), **few))),
    )


def text_from(built: Built, dice: random.Random) -> str:
    """Words, or parts of words, as somebody might type them who knows a row."""
    card = built.scan.rows[int(len(built.scan.rows) ** dice.random()) - 1].card
    title, credit = card["title"] or "", card["credit"]
    known = words(title) + words(credit)
    some = " ".join(dice.sample(known, min(len(known), dice.randint(1, 4))))
    at = dice.randrange(len(some) or 1)
    return dice.choice([title, credit, some, some[at : at + dice.randint(1, 5)], some[:at]])


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    filters=st.one_of(st.just(Filters()), some_filters()),
    is_typing=st.booleans(),
    limit=st.sampled_from([1, 20, 100]),
)
def test_an_exact_answer_is_the_scan_s_answer(
    built: Built, *, seed: int, filters: Filters, is_typing: bool, limit: int
) -> None:
    """The same ranks in the same order, whatever is asked, typed or filtered."""
    text = text_from(built, random.Random(seed))
    if is_typing and len(words(text)) == 1 and len(words(text)[0]) == 1:
        text += "a"  # a lone letter asks for less: it has a test of its own
    question = Question(text, filters, is_typing=is_typing, limit=limit)
    answer = built.searcher.ask(question)
    expected = built.scan.ask(question) if words(text) or not text.strip() else []
    if answer.used is Used.EXACT and not question.is_empty:
        assert list(answer.ranks) == expected
    else:
        assert expected == [] or question.is_empty


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), filters=st.one_of(st.just(Filters()), some_filters()))
def test_words_of_the_title_stand_in_the_title(built: Built, seed: int, filters: Filters) -> None:
    """What is asked of title or credit alone stands there in every row of the answer, and no row
    of which that is true is left out."""
    dice = random.Random(seed)
    card = dice.choice(built.scan.rows).card
    title = dice.choice(["", card["title"] or "", card["credit"]])
    credit = dice.choice([card["credit"], dice.choice(built.scan.rows).card["credit"]])
    text = dice.choice(["", "", text_from(built, dice)])
    if text.strip() and not words(text):
        text = ""
    question = Question(text, filters, title=title, credit=credit, limit=50)
    answer = built.searcher.ask(question)
    assert not answer.is_partial
    assert answer.used is Used.TYPOS or list(answer.ranks) == built.scan.ask(question)


def test_a_lone_letter_finds_what_begins_with_it(built: Built) -> None:
    """One letter typed is answered by rows that have a common word which begins so."""
    for letter in "lmstd":
        answer = built.searcher.ask(Question(letter, is_typing=True))
        assert len(answer.ranks) == 20
        for rank in answer.ranks:
            pieces = built.scan.rows[rank - 1].pieces
            assert any(piece.startswith(letter) for piece in pieces)


def test_a_filtered_answer_is_the_answer_filtered(built: Built) -> None:
    """Filters take rows away and put none in; no typo is suspected where the words exist."""
    dice = random.Random(5)
    for _ in range(100):
        text = dice.choice(built.scan.rows).card["credit"]
        everything = built.searcher.ask(Question(text, limit=1_000))
        filters = Filters(is_held=True, countries=("JP",), years=(1989, 1990))
        some = built.searcher.ask(Question(text, filters, limit=1_000))
        rows = built.scan.rows
        kept = [rank for rank in everything.ranks if passes(rows[rank - 1].card, filters)]
        assert list(some.ranks) == kept
        assert some.used is Used.EXACT
