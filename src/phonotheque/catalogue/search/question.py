"""What can be asked, and what comes back. Values only.

Laws: a question that is accepted is answered in bounded time, however odd its text: what is no
letter, digit or mark separates words; what is too much is refused in words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from phonotheque.errors import BadRequestError

MAX_CHARACTERS = 4_096
"""Of each text in a question. Above all titles known; folding so many takes a millisecond."""
MAX_WORDS = 64
"""Of all texts in a question."""
MAX_LIMIT = 1_000
MAX_CHOICES = 256
"""Licences, countries or genres of which one must do."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a row must be beside having the words. Each that is given must hold; of several
    licences, countries or genres any one. What is unknown of a row passes none of them, but
    `is_held=False` and `is_free=False`, which ask for what is not known to be.

    Attributes:
        licences: Canonical addresses.
        years: First and last year, both included; None is an open end. 1800 to 2099.
        countries: ISO 3166-1 codes.
        genres: In lower case.
    """

    is_held: bool | None = None
    is_free: bool | None = None
    licences: tuple[str, ...] = ()
    years: tuple[int | None, int | None] | None = None
    countries: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One search.

    Attributes:
        text: Words that must stand in the title or the credit, in any order.
        is_typing: Whether the last word of `text` may go on.
        limit: How many rows are wanted, 1 to 1,000.
        deadline_s: After so many seconds the best found so far is the answer.
        title: Words that must stand in the title.
        credit: Words that must stand in the credit.
    """

    text: str
    filters: Filters = field(default_factory=Filters)
    is_typing: bool = False
    limit: int = 20
    deadline_s: float | None = None
    title: str = ""
    credit: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is asked for."""
        texts = (self.text, self.title, self.credit)
        return not any(text.strip() for text in texts) and self.filters == Filters()


class Used(StrEnum):
    """How an answer was found."""

    EXACT = "exact"
    TYPOS = "typos"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found.

    Attributes:
        ranks: Whole matches first, then the others; in each group the most popular first.
        is_partial: Whether time, or the number of rows that are compared, ran out: there may be
            more, and better, rows.
        used: "typos" when nothing has the words as they were typed.
    """

    ranks: tuple[int, ...]
    is_partial: bool = False
    used: Used = Used.EXACT


def check(question: Question) -> None:
    """Refuse what cannot be meant.

    Raises:
        BadRequestError: The limit, the deadline, the length of a text or list, or a range of years.
    """
    _refuse_if(
        not 1 <= question.limit <= MAX_LIMIT,
        f"limit {question.limit}",
        "is not from 1 to 1,000",
        "Ask for fewer rows at a time.",
    )
    for text in (question.text, question.title, question.credit):
        _refuse_if(
            len(text) > MAX_CHARACTERS,
            f"a text of {len(text):,} characters",
            f"is longer than {MAX_CHARACTERS:,}",
            "Search for a few words of it.",
        )
    filters = question.filters
    for names in (filters.licences, filters.countries, filters.genres):
        _refuse_if(
            len(names) > MAX_CHOICES,
            f"a list of {len(names):,} choices",
            f"has more than {MAX_CHOICES}",
            "Ask for fewer at a time.",
        )
    first, last = filters.years or (None, None)
    _refuse_if(
        first is not None and last is not None and first > last,
        f"the years {first} to {last}",
        "end before they begin",
        "Give the earlier year first.",
    )


def check_words(count: int) -> None:
    """Refuse a question of too many words.

    Raises:
        BadRequestError: There are more than 64.
    """
    _refuse_if(
        count > MAX_WORDS,
        f"a question of {count:,} words",
        f"has more than {MAX_WORDS}",
        "Search for a few of them.",
    )


def _refuse_if(is_wrong: bool, thing: str, wrong: str, todo: str) -> None:  # noqa: FBT001
    if is_wrong:
        raise BadRequestError(thing, wrong, todo)
