"""The page on search files says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from tests.catalogue.search.small_catalogue import make_cards

from phonotheque.catalogue.search import (
    fresh,
    layout,
    matching,
    question,
    row_tokens,
    running,
    section,
    spelling,
    survey,
    token_columns,
    tokens,
    unspaced,
    vocabulary,
)
from phonotheque.catalogue.search.build import TIER_ROWS, build_search
from phonotheque.catalogue.search.question import Question, Used
from phonotheque.catalogue.search.searcher import Searcher

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/reference/search-files.md").read_text(encoding="utf-8")
SPANS = {
    "year": (tokens.year_token(tokens.FIRST_YEAR), tokens.year_token(tokens.LAST_YEAR)),
    "decade": (tokens.decade_token(tokens.FIRST_YEAR), tokens.decade_token(tokens.LAST_YEAR)),
    "licence": (tokens.LICENCE.token(0), tokens.LICENCE.token(tokens.LICENCE.width - 1)),
    "country": (tokens.COUNTRY.token(0), tokens.COUNTRY.token(tokens.COUNTRY.width - 1)),
    "genre": (tokens.GENRE.token(0), tokens.GENRE.token(tokens.GENRE.width - 1)),
}


@pytest.mark.parametrize("family", SPANS)
def test_code_points_are_where_the_page_says(family: str) -> None:
    """First and last token of each family of filters stand in the page's table."""
    first, last = SPANS[family]
    assert f"| U+{ord(first):X} to U+{ord(last):X} | {family}" in PAGE


def test_whole_texts_and_pairs_are_where_the_page_says() -> None:
    """So do those of whole texts and of pairs."""
    last = token_columns.whole_tokens(tokens.MOST_WHOLES)[-1].as_py()
    assert f"U+{tokens.WHOLE_FIRST:X} to U+{ord(last):X}" in PAGE
    assert f"U+{tokens.PLANE_15:X} to U+{ord(tokens.NEVER):X}" in PAGE
    least, most = tokens.LEAST_WHOLES, tokens.MOST_WHOLES
    assert f"`rows` / {tokens.ROWS_OF_A_WHOLE}, at least {least:,}, at most {most:,}" in PAGE
    assert f"the {tokens.HEAD_WORDS} commonest words together" in PAGE


@pytest.mark.parametrize(
    "said",
    [
        *(f"{rows:,}" for rows in TIER_ROWS),
        f"| characters of each text asked for | {question.MAX_CHARACTERS:,} |",
        f"| words asked for | {question.MAX_WORDS} |",
        f"| rows of an answer | {question.MAX_LIMIT:,} |",
        f"| {question.MAX_CHOICES} each |",
        f"| rows of which the text is compared | {running.MAX_COMPARED:,} |",
        f"the {vocabulary.COMPLETIONS} commonest |",
        f"the {matching.LONE_LETTER_COMPLETIONS} commonest |",
        f"the {section.WHOLE_COMPLETIONS} commonest |",
        f"in the {spelling.NEAR_1_WORDS:,} commonest words",
        f"the commonest {spelling.NEAR_2_WORDS:,}",
        f"beyond the {survey.MAX_GENRES:,} commonest",
        f"At most {fresh.MAX_FRESH:,}",
        f"At most {row_tokens.MAX_ROW_WORDS} words",
        f"{unspaced.MAX_WORD} letters of a word, {unspaced.MAX_RUN} of a run",
    ],
)
def test_bounds_are_those_of_the_page(said: str) -> None:
    """Each bound stands in the page with its number."""
    assert said in PAGE


def test_examples_find_what_the_explanation_says(tmp_path: Path) -> None:
    """Each text that the page on search has in its table finds the card beside it, first."""
    page = (ROOT / "docs/explanation/search.md").read_text(encoding="utf-8")
    texts = [
        ("The River", "Ann"),
        ("Sæglópur", "Sigur Rós"),
        ("Katla", "Strömur"),
        ("Sonata in C", "Beethoven"),
        ("月光の雫", "夜"),
        ("River", "Bo"),
    ]
    cards = make_cards(len(texts))
    for name, column in zip(("title", "credit"), zip(*texts, strict=True), strict=True):
        at = cards.schema.get_field_index(name)
        cards = cards.set_column(at, cards.schema.field(at), pa.array(column))
    build_search([cards], tmp_path / "s")
    typed = re.findall(r"^\| `([^`]+)`( while typing)? \|", page, re.MULTILINE)
    assert len(typed) == 5
    with Searcher(tmp_path / "s", lambda ranks: [texts[rank - 1] for rank in ranks]) as searcher:
        answers = [searcher.ask(Question(text, is_typing=bool(ing))) for text, ing in typed]
    assert [answer.ranks[0] for answer in answers] == [2, 3, 4, 5, 6]
    assert [answer.used == Used.TYPOS for answer in answers] == [False, False, True, False, False]


def test_every_field_of_the_layout_is_explained() -> None:
    """The table of `search.json` has each field once."""
    names = [field.name for field in msgspec.structs.fields(layout.Layout)]
    table = PAGE.split("## search.json")[1].split("##")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(names)
