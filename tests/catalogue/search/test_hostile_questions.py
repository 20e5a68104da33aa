"""Whatever is typed is answered, or refused in words; never an error of the machinery below."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalogue.search.conftest import Built

from phonotheque.catalogue.search.question import MAX_WORDS, Filters, Question
from phonotheque.errors import BadRequestError

NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\"'*()^:-+{}[]%_;\\\x00\x01\u200f\u202e\ue000\U000f0000\U0010fffd愛のla "),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=300)
@given(text=NASTY, title=NASTY, credit=NASTY, is_typing=st.booleans())
def test_any_text_is_answered(
    built: Built, *, text: str, title: str, credit: str, is_typing: bool
) -> None:
    """Quotes, operators, NULs, marks of direction and private signs are no syntax."""
    answer = built.searcher.ask(Question(text, is_typing=is_typing))
    assert len(set(answer.ranks)) == len(answer.ranks) <= 20
    built.searcher.ask(Question(text, title=title, credit=credit))
    built.searcher.ask(Question("", Filters(genres=(text,), countries=(title,))))


@pytest.mark.parametrize(
    "text",
    [
        'la" OR "mo',
        "la AND NOT mo",
        "NEAR(la mo)",
        "la* ^mo",
        "text : la",
        "{text} : la",
        "la\x00mo",
        "\u202ela\u202c",
        "' ; drop table tokens --",
        "AND OR NOT",
    ],
)
def test_operators_are_words(built: Built, text: str) -> None:
    """What FTS5 would read as an operator is a word like any other."""
    answer = built.searcher.ask(Question(text))
    assert list(answer.ranks) == built.scan.ask(Question(text)) or answer.used == "typos"


@pytest.mark.parametrize(
    "text", ["\ue000", "\ue001 \ue002", "\U000f0000", "\U00040000", "!!!", "\x00"]
)
def test_no_text_reaches_a_token_that_is_no_word(built: Built, text: str) -> None:
    """Code points of filters, pairs and whole texts find nothing when they are typed."""
    assert built.searcher.ask(Question(text)).ranks == ()
    beside = built.searcher.ask(Question(f"la{text}mora"))
    assert beside == built.searcher.ask(Question("la mora"))


@pytest.mark.parametrize(
    "question",
    [
        Question("la " * 10_000),
        Question(" ".join(f"w{number}" for number in range(MAX_WORDS + 1))),
        Question("", title="x" * 5_000),
        Question("la", limit=0),
        Question("la", limit=1_001),
        Question("la", Filters(years=(2001, 1999))),
        Question("la", Filters(genres=tuple(f"g{number}" for number in range(257)))),
    ],
    ids=lambda question: f"{question.text[:12]} {question.limit} {question.filters.years}",
)
def test_too_much_is_refused(built: Built, question: Question) -> None:
    """A question that no answer of bounded time could meet is the asker's to mend."""
    with pytest.raises(BadRequestError):
        built.searcher.ask(question)


@pytest.mark.parametrize("is_typing", [True, False])
def test_as_many_words_as_are_allowed_are_answered(built: Built, *, is_typing: bool) -> None:
    """64 words of rows, however common, and 64 runs parse and find what has them all."""
    common = [word for word, _ in built.scan.counted.most_common(MAX_WORDS)]
    assert built.searcher.ask(Question(" ".join(common), is_typing=is_typing)).used == "exact"
    runs = " ".join(f"愛{chr(0x4E00 + number)}夜" for number in range(MAX_WORDS))
    assert built.searcher.ask(Question(runs, is_typing=is_typing)).ranks == ()


def test_nothing_asked_is_nothing_found(built: Built) -> None:
    """An empty question has an empty answer; with a filter alone it lists what passes."""
    assert built.searcher.ask(Question("  ")).ranks == ()
    held = built.searcher.ask(Question("", Filters(is_held=False), limit=5))
    assert list(held.ranks) == built.scan.ask(Question("", Filters(is_held=False), limit=5))
