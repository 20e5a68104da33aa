"""From what a person types to what it means.

    artist:"pink floyd" year:1970..1975 held:yes moon

Laws: any text is parsed or refused with an error that says what to type instead;
parse∘format = identity (`formatting`). What is given of one field several times: words add up; of
licences, countries and genres any will do; all else is given once.
"""

from __future__ import annotations

from dataclasses import replace

from phonotheque.catalogue.query.licences import name_licence
from phonotheque.catalogue.query.parsed import Field, Identifier, Parsed
from phonotheque.catalogue.query.refusals import refusal
from phonotheque.catalogue.query.terms import Term, iter_terms
from phonotheque.catalogue.query.values import (
    parse_answer,
    parse_country,
    parse_identifier,
    parse_kind,
    parse_words,
    parse_years,
    recognised,
)
from phonotheque.errors import BadRequestError
from phonotheque.music.folding import words


def parse(text: str, *, is_typing: bool = False) -> Parsed:
    """Read a query.

    Args:
        text: As it was typed.
        is_typing: It is being typed: what its last term lacks to be one is forgiven, and nothing
            may have been typed yet.

    Raises:
        BadRequestError: It cannot be meant, or asks for nothing.
    """
    terms = list(iter_terms(text, is_typing=is_typing))
    parsed = Parsed()
    for number, term in enumerate(terms, start=1):
        try:
            parsed = _with(parsed, term)
        except BadRequestError:
            if not is_typing or number < len(terms):
                raise
    is_bare = parsed == Parsed(parsed.text, kind=parsed.kind)
    if is_bare and not any(term.is_quoted for term in terms if term.field is None):
        parsed = replace(parsed, identifier=recognised(parsed.text))
    _check(parsed, is_typing=is_typing)
    return parsed


def _with(parsed: Parsed, term: Term) -> Parsed:
    """Return a query with one more term."""
    field, value = term.field, term.value
    if field is None:
        return replace(parsed, text=_joined(parsed.text, value))
    if not value:
        raise refusal(
            term.written,
            f"nothing stands behind {field}:",
            f"Write the value right behind the colon: {_EXAMPLES[field]}.",
        )
    match field:
        case Field.ARTIST | Field.TITLE | Field.RELEASE | Field.LABEL:
            wanted = _joined(getattr(parsed, field), parse_words(field, value))
            return replace(parsed, **{field.value: wanted})  # type: ignore[arg-type]
        case Field.LICENCE:
            return replace(parsed, licences=_added(parsed.licences, name_licence(value)))
        case Field.COUNTRY:
            return replace(parsed, countries=_added(parsed.countries, parse_country(value)))
        case Field.GENRE:
            genre = parse_words(field, value).lower()
            return replace(parsed, genres=_added(parsed.genres, genre))
        case Field.YEAR:
            return _once(parsed, term, "years", parse_years(value))
        case Field.HELD | Field.FREE:
            return _once(parsed, term, f"is_{field}", parse_answer(field, value))
        case Field.KIND:
            return _once(parsed, term, "kind", parse_kind(value))
        case _:
            return _once(parsed, term, "identifier", parse_identifier(field, value))


_EXAMPLES = {
    Field.ARTIST: 'artist:"pink floyd"',
    Field.TITLE: "title:money",
    Field.RELEASE: "release:moon",
    Field.LABEL: "label:harvest",
    Field.YEAR: "year:1990..1995",
    Field.LICENCE: "licence:cc-by",
    Field.COUNTRY: "country:de",
    Field.GENRE: "genre:ambient",
    Field.HELD: "held:yes",
    Field.FREE: "free:yes",
    Field.KIND: "kind:release",
    Field.ISRC: "isrc:USRC17607839",
    Field.BARCODE: "barcode:4006381333931",
    Field.CATALOGUE: 'catalogue:"SHVL 804"',
    Field.GID: "gid:b84ee12a-09ef-421b-82de-0441a926375b",
    Field.ID: "id:discogs:249504",
}
"""One value of each field that can be read."""


def _joined(before: str, more: str) -> str:
    return f"{before} {more}".strip()


def _added(before: tuple[str, ...], one: str) -> tuple[str, ...]:
    return before if one in before else (*before, one)


def _once(parsed: Parsed, term: Term, name: str, value: object) -> Parsed:
    before = getattr(parsed, name)
    if before is not None and before != value:
        raise refusal(term.written, "another one was given before", "Give one.")
    return replace(parsed, **{name: value})  # type: ignore[arg-type]


def _check(parsed: Parsed, *, is_typing: bool) -> None:
    """Refuse a query that asks for nothing, or for an identifier and something else."""
    if parsed.is_empty and not is_typing:
        raise refusal("the query", "it is empty", "Type words to look for, or artist:NAME.")
    if parsed.text and not words(parsed.text) and parsed.identifier is None and not is_typing:
        raise refusal(
            parsed.text, "there is no letter or digit in it", "Search for a word or a number."
        )
    named = parsed.identifier
    is_alone = parsed == Parsed(parsed.text, kind=parsed.kind, identifier=named)
    if named is not None and not (is_alone and parsed.text in ("", _written(parsed, named))):
        raise refusal(
            f"{named.scheme}:{named.value}",
            "an identifier names a thing by itself",
            "Look it up without other words and fields.",
        )


def _written(parsed: Parsed, named: Identifier) -> str:
    """Return the text when it was itself taken for the identifier, else ""."""
    return parsed.text if recognised(parsed.text) == named else ""
