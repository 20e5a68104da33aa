"""The page about the query language says what the code reads."""

import re
from pathlib import Path

import pytest

from phonotheque.catalogue.query.parsed import FIRST_YEAR, LAST_YEAR, Field
from phonotheque.catalogue.query.parsing import parse
from phonotheque.catalogue.query.refusals import ALIASES
from phonotheque.catalogue.query.terms import MAX_LENGTH
from phonotheque.errors import BadRequestError

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "query-language.md"


def test_the_page_has_every_field():
    """The table of fields has one row for each, in the order of the code, and all other names."""
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| ", text, re.MULTILINE) == list(Field)
    names, fields = (
        ", ".join(f"`{name}`" for name in some) for some in (ALIASES, ALIASES.values())
    )
    read_as = " and ".join(names.rsplit(", ", 1)), " and ".join(fields.rsplit(", ", 1))
    assert f"{read_as[0]} are read as {read_as[1]}." in text


def test_the_page_has_the_bounds():
    """The years and the length that the page names are those that are checked."""
    text = PAGE.read_text(encoding="utf-8")
    assert f"{FIRST_YEAR} to {LAST_YEAR}" in text
    assert f"{MAX_LENGTH:,} characters" in text


@pytest.mark.parametrize("query", ["Part 1: Dawn", "https://a.example/", '12" mix', '"re:wind"'])
def test_what_the_page_calls_words_is_words(query):
    """Colons and quotes within words mean nothing."""
    assert parse(query).text


@pytest.mark.parametrize("query", ["re:wind", "-word", "NOT artist:x", "!artist:x", '"open'])
def test_what_the_page_calls_refused_is_refused(query):
    """Each of them ends with a reason."""
    with pytest.raises(BadRequestError):
        parse(query)
