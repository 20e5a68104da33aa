"""Filters of a question to parts of a MATCH text."""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.catalogue.search import tokens
from phonotheque.catalogue.search.layout import Numbers
from phonotheque.catalogue.search.matching import Matching, Part
from phonotheque.catalogue.search.question import Filters
from phonotheque.errors import BadRequestError


@dataclass(frozen=True, slots=True)
class Sieve:
    """Filters as tokens.

    Attributes:
        parts: Each must hold, that of years among them.
        years: The part of a span of years, which may be told by the cards instead.
        span: First and last of them.
        without: Tokens that no row may have.
        is_closed: Whether no row can pass: a name is asked for that no row has.
    """

    parts: tuple[Part, ...] = ()
    years: Part | None = None
    span: tuple[int, int] = (tokens.FIRST_YEAR, tokens.LAST_YEAR)
    without: tuple[str, ...] = ()
    is_closed: bool = False


class Sieving:
    """Translates filters by the numbers of one folder."""

    def __init__(self, numbers: Numbers, matching: Matching) -> None:
        self._numbers = numbers
        self._matching = matching
        self._places = {
            family: {name: place for place, name in enumerate(names)}
            for names, family in (
                (numbers.licences, tokens.LICENCE),
                (numbers.countries, tokens.COUNTRY),
                (numbers.genres, tokens.GENRE),
            )
        }

    def sieve_of(self, filters: Filters) -> Sieve:
        """Return filters as tokens.

        Raises:
            BadRequestError: A genre is asked for that may be there, but has no number.
        """
        if filters.genres and self._numbers.genres_left_out:
            self._refuse_unnumbered(filters.genres)
        choices = self._named(filters)
        if filters.is_held is not None:
            choices.append([tokens.HELD if filters.is_held else tokens.NOT_HELD])
        if filters.is_free:
            choices.append([tokens.FREE])
        span = tokens.span_of(*(filters.years or (None, None)))
        if filters.years is not None:
            choices.append(tokens.year_range_tokens(*span))
        if not all(choices):
            return Sieve(is_closed=True)
        without = (tokens.FREE,) if filters.is_free is False else ()
        parts = tuple(map(self._matching.choice_of, choices))
        years = None if filters.years is None else parts[-1]
        return Sieve(parts, years, span, without)

    def _named(self, filters: Filters) -> list[list[str]]:
        """For each list of names that is given, the tokens of those that any row has."""
        lists = (
            (filters.licences, tokens.LICENCE),
            (filters.countries, tokens.COUNTRY),
            (filters.genres, tokens.GENRE),
        )
        found = []
        for wanted, family in lists:
            places = self._places[family]
            if wanted:
                found.append([family.token(places[name]) for name in wanted if name in places])
        return found

    def _refuse_unnumbered(self, genres: tuple[str, ...]) -> None:
        unknown = set(genres) - self._places[tokens.GENRE].keys()
        if unknown:
            raise BadRequestError(
                f"genre {min(unknown)!r}",
                f"is not among the {len(self._numbers.genres):,} commonest, which have a number",
                "Ask for one of those, or search for it as a word.",
            )
