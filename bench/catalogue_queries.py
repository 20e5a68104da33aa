"""What people type into a search box, made from the rows of a catalogue, class by class.

Half of the rows are drawn by popularity, half evenly, so that both the head and the long tail are
asked for. A query remembers which row and which words were meant, so that it can be told whether
they were found.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.search.question import Filters, Question
from phonotheque.catalogue.search.unspaced import is_unspaced
from phonotheque.music.folding import fold, words

SAMPLED = 24_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_COMMONEST = 60
_LONGEST_TITLE = 4


@dataclass(frozen=True, slots=True)
class Query:
    """A question, and what was meant by it.

    Attributes:
        meant: The question that has no mistake in it.
        rank: Of the row that it was made from; 0 for none.
    """

    question: Question
    meant: Question
    rank: int = 0


ByClass: TypeAlias = dict[str, list[Query]]
"""Queries by the name of their class."""


@dataclass(slots=True)
class Queries:
    """Queries by class, at most `most` of each."""

    most: int
    by_class: ByClass = field(default_factory=dict)

    def add(
        self, name: str, text: str, rank: int = 0, *, meant: str = "", is_typing: bool = False
    ) -> None:
        """Put a query into a class, unless it is full."""
        question = Question(text, is_typing=is_typing)
        self.put(name, Query(question, Question(meant) if meant else question, rank))

    def put(self, name: str, query: Query) -> None:
        """Put a query into a class, unless it is full."""
        queries = self.by_class.setdefault(name, [])
        if len(queries) < self.most:
            queries.append(query)


def make_queries(lookup: Lookup, *, most: int, seed: int = 5) -> ByClass:
    """Return queries of every class, the same for the same catalogue."""
    drawn = random.Random(seed)
    cards = _sample(lookup, drawn)
    frequent = _commonest(cards)
    queries = Queries(most)
    for card in cards:
        for make in (_of_words, _of_typing, _of_typos, _of_scripts, _of_wholes):
            make(queries, card, drawn)
        _of_frequent_row(queries, card, frequent)
        _of_filters(queries, card, frequent, drawn)
    _of_nothing(queries, cards, frequent, drawn)
    return queries.by_class


def _sample(lookup: Lookup, drawn: random.Random) -> list[Card]:
    count = lookup.count(Kind.RECORDING)
    popular = [
        int(1_000 * ((count / 1_000 + 1) ** drawn.random() - 1)) + 1 for _ in range(SAMPLED // 2)
    ]
    even = [drawn.randint(1, count) for _ in range(SAMPLED // 2)]
    ranks = sorted(rank for rank in {*popular, *even} if 1 <= rank <= count)
    cards = lookup.cards_at(Kind.RECORDING, ranks)
    drawn.shuffle(cards)
    return [card for card in cards if words(card.title) and words(card.credit or "")]


def _commonest(cards: Sequence[Card]) -> list[str]:
    counts: dict[str, int] = {}
    for card in cards:
        for word in set(words(f"{card.title} {card.credit}")):
            if word.isascii() and len(word) > 1:
                counts[word] = counts.get(word, 0) + 1
    return sorted(counts, key=lambda word: (-counts[word], word))[:_COMMONEST]


def _is_latin(card: Card) -> bool:
    return all(ord(letter) < 0x250 for letter in card.title + (card.credit or ""))


def _words_of(card: Card) -> tuple[list[str], list[str]]:
    return words(card.title), words(card.credit or "")


def _mixed(card: Card, drawn: random.Random) -> list[str]:
    """Return a word of the title, one of the credit, and perhaps another of the title."""
    title, credit = _words_of(card)
    chosen = [drawn.choice(title), drawn.choice(credit)]
    if len(title) > 2 and drawn.random() < 0.5:
        chosen.append(drawn.choice(title))
    return list(dict.fromkeys(chosen))


def _of_words(queries: Queries, card: Card, drawn: random.Random) -> None:
    if not _is_latin(card):
        return
    title, credit = _words_of(card)
    for count in (1, 2, 3):
        if len(title) >= count:
            queries.add(f"title, {count} words", " ".join(title[:count]), card.rank)
    queries.add("artist", " ".join(credit[:3]), card.rank)
    queries.add("title and artist", " ".join(_mixed(card, drawn)), card.rank)


def _of_typing(queries: Queries, card: Card, drawn: random.Random) -> None:
    if not _is_latin(card):
        return
    title, credit = _words_of(card)
    chosen = [*credit[:2], *title[:2]] if drawn.random() < 0.5 else [*title[:2], *credit[:2]]
    for letters in (1, 2, 3, drawn.choice((4, 5, 6))):
        long = [at for at in range(1, min(3, len(chosen))) if len(chosen[at]) > letters]
        if long:
            typed = [*chosen[: long[0]], chosen[long[0]][:letters]]
            name = f"typing, {letters if letters < 4 else '4 to 6'} letters of the last word"
            queries.add(name, " ".join(typed), card.rank, is_typing=True)
    if len(credit[0]) > 3:
        start = credit[0][: drawn.choice((1, 2, 3, 4))]
        queries.add("typing, first word", start, card.rank, is_typing=True)


def _edited(word: str, drawn: random.Random) -> str:
    """Return a word with a letter left out, put in, changed, or changed with its neighbour."""
    at, letter = drawn.randrange(len(word)), drawn.choice(_LETTERS)
    match drawn.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + letter + word[at:]
        case 2:
            return word[:at] + letter + word[at + 1 :]
        case _:
            at = min(at, len(word) - 2)
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _of_typos(queries: Queries, card: Card, drawn: random.Random) -> None:
    if not _is_latin(card):
        return
    chosen = _mixed(card, drawn)
    for name, edits, least in (("one typo", 1, 4), ("two typos", 2, 8)):
        long = [at for at, word in enumerate(chosen) if len(word) >= least]
        if len(chosen) < 2 or not long:
            continue
        at = drawn.choice(long)
        typed = chosen[at]
        for _ in range(edits):
            typed = _edited(typed, drawn)
        if typed != chosen[at]:
            text = " ".join([*chosen[:at], typed, *chosen[at + 1 :]])
            queries.add(name, text, card.rank, meant=" ".join(chosen))


def _of_scripts(queries: Queries, card: Card, drawn: random.Random) -> None:
    title, credit = _words_of(card)
    text = f"{card.title} {card.credit}"
    if _is_latin(card):
        if unicodedata.normalize("NFKD", text) != text:
            marked = [one for one in text.split() if unicodedata.normalize("NFKD", one) != one]
            typed = " ".join(dict.fromkeys([*marked[:2], credit[0]]))
            typed = typed.upper() if drawn.random() < 0.3 else fold(typed)
            queries.add("marks and case folded", typed, card.rank)
        return
    runs = [word for word in title if is_unspaced(word)]
    if runs:
        run = drawn.choice(runs)
        for letters in (1, 2, 3):
            if len(run) >= letters:
                at = drawn.randrange(len(run) - letters + 1)
                queries.add(f"without spaces, {letters} letters", run[at : at + letters], card.rank)
        return
    other = [word for word in _mixed(card, drawn) if not word.isascii() and not is_unspaced(word)]
    if other:
        queries.add("other scripts", " ".join(other), card.rank)


def _of_wholes(queries: Queries, card: Card, drawn: random.Random) -> None:
    queries.add("whole title", card.title, card.rank)
    queries.add("whole artist", card.credit or "", card.rank)
    title = words(card.title)
    if _is_latin(card) and 2 <= len(title) <= _LONGEST_TITLE and len(title[-1]) > 2:
        end = drawn.randint(1, len(title[-1]) - 1)
        typed = " ".join([*title[:-1], title[-1][:end]])
        queries.add("whole title, being typed", typed, card.rank, is_typing=True)


def _of_frequent_row(queries: Queries, card: Card, frequent: Sequence[str]) -> None:
    title, credit = _words_of(card)
    found = [word for word in dict.fromkeys([*title, *credit]) if word in frequent]
    if len(found) >= 2:
        queries.add("commonest words of a row", " ".join(found[:4]), card.rank)


def _of_filters(
    queries: Queries, card: Card, frequent: Sequence[str], drawn: random.Random
) -> None:
    title, _ = _words_of(card)
    word = drawn.choice(frequent[:10])
    for name, text, filters in _filtered(card, " ".join(title[:2]), word):
        question = Question(text, filters)
        queries.put(name, Query(question, question))


def _filtered(card: Card, title: str, word: str) -> Iterator[tuple[str, str, Filters]]:
    yield "years and title", title, Filters(years=(1987, 2003))
    yield "free and a common word", word, Filters(is_free=True)
    yield "held and a common word", word, Filters(is_held=True)
    if card.country:
        yield "free, country, common word", word, Filters(is_free=True, countries=(card.country,))
        if card.year:
            years = (card.year, card.year + 2)
            countries = (card.country,)
            yield "years, country, common word", word, Filters(years=years, countries=countries)
    if card.licence:
        yield "licence and a common word", word, Filters(licences=(card.licence,))
    if card.genres:
        yield "genre and a common word", word, Filters(genres=card.genres[:1])


def _of_nothing(
    queries: Queries, cards: Sequence[Card], frequent: Sequence[str], drawn: random.Random
) -> None:
    names = [words(card.credit or "")[0] for card in cards[:4_000] if _is_latin(card)]
    for _ in range(queries.most):
        length = drawn.choice((4, 6, 8, 11))
        noise = "".join(drawn.choice(_LETTERS) for _ in range(length))
        beside = f" {drawn.choice(frequent)}" if drawn.random() < 0.5 else ""
        queries.add("noise", noise + beside)
        never = drawn.sample(names, drawn.choice((2, 3)))
        if drawn.random() < 0.3:
            never.append(drawn.choice(frequent))
        queries.add("words never together", " ".join(dict.fromkeys(never)))
        count = drawn.choice((2, 2, 3, 3, 4, 5))
        places = [int(_COMMONEST ** drawn.random()) - 1 for _ in range(count)]
        chosen = list(dict.fromkeys(frequent[place] for place in places))
        is_typing = drawn.random() < 0.3 and len(chosen[-1]) > 2
        text = " ".join([*chosen[:-1], chosen[-1][:2] if is_typing else chosen[-1]])
        queries.add("commonest words", text, is_typing=is_typing)


def hostile_questions() -> list[Question]:
    """Return questions that mean to break something: operators, signs, far too much of all."""
    texts = [
        'the" OR "love',
        "NEAR(love night, 5) AND NOT {text} : x* ^y",
        "'; drop table tokens; --",
        "love\x00night \x1b[31m \u202elove\u202c \u200f",
        "\ue000 \ue001 \U000f0000 \U00040000 \U0010fffd",
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        " ".join("aeiou"[at % 5] + "lmnrst"[at % 6] for at in range(64)),
        "愛" * 2_000,
        "x" * 4_000,
        "e\u0301" * 2_000,
        "the " * 10_000,
        "%s" * 1_000,
        '"' * 4_000,
        "",
    ]
    plain = [Question(text) for text in texts]
    typed = [Question(text, is_typing=True) for text in texts]
    fields = [Question("", title=text, credit=text) for text in texts]
    others = [
        Question("the", limit=1_000),
        Question("the", limit=0),
        Question("the", Filters(years=(2003, 1987))),
        Question("", Filters(is_free=False, is_held=False), limit=1_000),
        Question("", Filters(years=(None, None)), limit=1_000),
        Question("the love", Filters(genres=("none",), countries=("\ue000",))),
    ]
    return plain + typed + fields + others
