"""Typos are forgiven when nothing has the words as typed, the nearest words first."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from rapidfuzz.distance import OSA
from tests.catalogue.search.conftest import Built

from phonotheque.catalogue.search import vocabulary as vocabularies
from phonotheque.catalogue.search.layout import SPELLING
from phonotheque.catalogue.search.question import Filters, Question, Used
from phonotheque.catalogue.search.vocabulary import Vocabulary

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def vocabulary(built: Built) -> Vocabulary:
    """The spelling file of the small catalogue."""
    return Vocabulary(built.folder / SPELLING)


def mistyped(word: str, edits: int, dice: random.Random) -> str:
    """The word with so many letters dropped, added, changed or exchanged."""
    for _ in range(edits):
        at = dice.randrange(len(word) - 1)
        letter = dice.choice(LETTERS)
        word = dice.choice(
            [
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            ]
        )
    return word


def nearest(words: Counter[str], typed: str, edits: int) -> list[str]:
    """Words at this distance by comparing with each, the commonest first. Two edits are forgiven
    in words of five letters and more."""
    least = 5 if edits == 2 else 4 if len(typed) < 4 else 1
    near = [word for word in words if len(word) >= least and OSA.distance(word, typed) == edits]
    return sorted(near, key=lambda word: (-words[word], word))[: vocabularies.NEAR * edits]


@pytest.mark.parametrize("edits", [1, 2])
def test_near_words_are_those_that_comparing_with_all_words_finds(
    built: Built, vocabulary: Vocabulary, edits: int
) -> None:
    """No word at the distance is missed, none further away is taken."""
    dice = random.Random(edits)
    counted = built.scan.counted
    for word in dice.sample(sorted(word for word in counted if len(word) >= 4), 40):
        typed = mistyped(word, edits, dice)
        least = 3 if edits == 1 else 6
        expected = nearest(counted, typed, edits) if len(typed) >= least else []
        assert list(vocabulary.near(typed, edits)) == expected


def test_counts_and_completions_are_those_of_the_rows(built: Built, vocabulary: Vocabulary) -> None:
    """How many rows a word is in, and which words begin so, is what counting says."""
    counted = built.scan.counted
    for word in random.Random(1).sample(sorted(counted), 50):
        assert vocabulary.rows_of(word) == counted[word]
        for length in (1, 2, 3, 5):
            start = word[:length]
            going_on = [(-n, other) for other, n in counted.items() if other.startswith(start)]
            found = vocabulary.completions(start, 9)
            assert [one.word for one in found] == [other for _, other in sorted(going_on)[:9]]
            assert vocabulary.rows_of_start(start) == -sum(n for n, _ in going_on)
    assert vocabulary.rows_of("nowhere") == 0
    held = [row for row in built.scan.rows if row.card["is_held"]]
    assert vocabulary.rows_of("\ue000") == len(held)
    assert vocabulary.rows_of("愛") == sum("愛" in "".join(row.pieces) for row in built.scan.rows)


def test_a_mistyped_word_finds_what_was_meant(built: Built) -> None:
    """Of 60 rows asked for by two words, one with a typo, almost all are found."""
    dice = random.Random(3)
    asked = found = 0
    while asked < 60:
        row = dice.choice(built.scan.rows)
        words = [word for word in row.pieces if word.isascii() and len(word) >= 6]
        if len(words) < 2:
            continue
        meant = built.scan.ask(Question(f"{words[0]} {words[1]}", limit=100))
        answer = built.searcher.ask(
            Question(f"{mistyped(words[0], 1, dice)} {words[1]}", limit=100)
        )
        asked += 1
        found += set(meant) <= set(answer.ranks) or answer.used is Used.EXACT
    assert found >= 57


def test_nothing_is_forgiven_where_the_words_are_found(built: Built) -> None:
    """Words that some row has are not doubted because a filter leaves no row."""
    title = next(row.card["title"] for row in built.scan.rows if row.card["title"])
    answer = built.searcher.ask(Question(title, Filters(countries=("??",))))
    assert answer.ranks == ()
    refused = built.searcher.ask(Question(title), lambda ranks: [False] * len(ranks))
    assert refused.ranks == ()


def test_noise_finds_nothing(built: Built) -> None:
    """What is near to no word is answered with nothing, and is no typo."""
    answer = built.searcher.ask(Question("qqqqxxxxzzzz la"))
    assert (answer.ranks, answer.used) == ((), Used.EXACT)
