"""From what a query means to questions that search can answer.

Search knows words in title and credit, and filters. A recording's release and label, and a
release's label, it does not know: those are *paths*, gone from the thing named to what belongs to
it, and what is found there is held against the rest of the query card by card (`fits`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.query.licences import addresses_of
from phonotheque.catalogue.query.parsed import Field, Parsed
from phonotheque.catalogue.query.refusals import refusal
from phonotheque.catalogue.search.question import Filters, Question
from phonotheque.catalogue.search.terms import RowText
from phonotheque.catalogue.search.terms import parse as terms_of

if TYPE_CHECKING:
    from phonotheque.catalogue.lookup.card import Card

_NOT_ASKED = {
    Kind.ARTIST: (Field.RELEASE, Field.LABEL),
    Kind.LABEL: (Field.RELEASE, Field.ARTIST),
}
"""Fields that a thing of this kind has not: nobody can be found by them."""


def kind_of(parsed: Parsed, wanted: Kind | None) -> Kind:
    """Return what is searched for: what was said, else releases when only what releases have was
    named, else recordings.

    Raises:
        BadRequestError: Two kinds were said, or the kind has no such field.
    """
    if parsed.kind and wanted and parsed.kind != wanted:
        raise refusal(f"kind:{parsed.kind}", f"--kind says {wanted}", "Give one of them.")
    kind = parsed.kind or wanted
    if kind is None:
        names_release = parsed.release or parsed.label
        return Kind.RELEASE if names_release and not parsed.text + parsed.title else Kind.RECORDING
    for field in _NOT_ASKED.get(kind, ()):
        if value := getattr(parsed, field):
            kinds = ", ".join(one for one in Kind if field not in _NOT_ASKED.get(one, ()))
            raise refusal(f"{field}:{value}", f"no {kind} is found by it", f"Search for: {kinds}.")
    return kind


def has_fields(parsed: Parsed, kind: Kind) -> bool:
    """Return whether things of a kind can be found by all fields of a query."""
    return not any(getattr(parsed, field) for field in _NOT_ASKED.get(kind, ()))


def question_of(
    parsed: Parsed,
    kind: Kind,
    *,
    limit: int,
    deadline_s: float | None = None,
    is_typing: bool = False,
) -> Question:
    """Return the question to the search of one kind; paths are left out."""
    title, credit = parsed.title, parsed.artist
    if kind is Kind.RELEASE:
        title = f"{title} {parsed.release}".strip()
    elif kind is Kind.ARTIST:
        title, credit = f"{title} {parsed.artist}".strip(), ""
    elif kind is Kind.LABEL:
        title, credit = f"{title} {parsed.label}".strip(), ""
    filters = Filters(
        is_held=parsed.is_held,
        is_free=parsed.is_free,
        licences=tuple(dict.fromkeys(a for name in parsed.licences for a in addresses_of(name))),
        years=parsed.years,
        countries=parsed.countries,
        genres=parsed.genres,
    )
    return Question(
        text=parsed.text,
        filters=filters,
        is_typing=is_typing and bool(parsed.text),
        limit=limit,
        deadline_s=deadline_s,
        title=title,
        credit=credit,
    )


def fits(question: Question) -> Callable[[Card], bool]:
    """Return the test that a card is an answer to a question, by the rule of search itself.

    Raises:
        BadRequestError: The question has too many words.
    """
    asked = None if question.is_empty else terms_of(question)
    terms = asked.terms if asked else ()

    def is_answer(card: Card) -> bool:
        is_named = not terms or RowText(card.title, card.credit or "").has_all(terms)
        return is_named and _passes(card, question.filters)

    return is_answer


def _passes(card: Card, filters: Filters) -> bool:
    """Whether a card passes all filters; what is unknown of it passes none but "no"."""
    flags = ((filters.is_held, card.is_held), (filters.is_free, card.is_free))
    choices = ((filters.licences, card.licence), (filters.countries, card.country))
    return (
        all(wanted is None or wanted == is_so for wanted, is_so in flags)
        and all(not wanted or one in wanted for wanted, one in choices)
        and (not filters.genres or not set(filters.genres).isdisjoint(card.genres))
        and _is_within(card.year, filters.years)
    )


def _is_within(year: int | None, years: tuple[int | None, int | None] | None) -> bool:
    if years is None:
        return True
    first, last = years
    return year is not None and (first or year) <= year <= (last or year)
