"""Words with signs between their letters are one word, too."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from phonotheque.catalogue.cards import SCHEMA
from phonotheque.catalogue.search.build import build_search
from phonotheque.catalogue.search.joined import MAX_JOINED, iter_joined
from phonotheque.catalogue.search.question import Question, Used
from phonotheque.catalogue.search.searcher import Searcher

ROWS = (
    ("Thunderstruck", "AC/DC"),
    ("Acdc tribute", "Somebody"),
    ("Ac on, Dc off", "An electrician"),
    ("99 Problems", "Jay-Z"),
    ("Losing My Religion", "R.E.M."),
    ("Don't Stop", "Sinéad O\u2019Connor"),
    ("1999-2001", "12.5"),
)


def rank_of(title):
    return next(number for number, row in enumerate(ROWS, 1) if row[0] == title)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    """The rows above, to be searched."""
    folder: Path = tmp_path_factory.mktemp("joined") / "recording"
    columns = {
        "rank": list(range(1, len(ROWS) + 1)),
        "title": [title for title, _ in ROWS],
        "credit": [credit for _, credit in ROWS],
    }
    given = {name: pa.array(values) for name, values in columns.items()}
    arrays = [
        given[field.name].cast(field.type)
        if field.name in given
        else pa.nulls(len(ROWS), field.type)
        for field in SCHEMA
    ]
    build_search([pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)], folder)
    with Searcher(folder, lambda ranks: [ROWS[rank - 1] for rank in ranks]) as searcher:
        yield searcher


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("acdc", ["Thunderstruck", "Acdc tribute"]),
        ("ACDC thunderstruck", ["Thunderstruck"]),
        ("ac dc", ["Thunderstruck", "Ac on, Dc off"]),
        ("AC/DC", ["Thunderstruck", "Ac on, Dc off"]),
        ("jayz", ["99 Problems"]),
        ("jay z", ["99 Problems"]),
        ("rem religion", ["Losing My Religion"]),
        ("dont oconnor", ["Don't Stop"]),
        ("19992001", []),
    ],
)
def test_signs_may_be_left_out(searcher, typed, found):
    """Typed without its signs a word is found beside those that are written so, and parts of it
    are found as before; numbers are not joined."""
    answer = searcher.ask(Question(typed))
    assert list(answer.ranks) == [rank_of(title) for title in found]
    assert answer.used is Used.EXACT


def test_a_joined_word_stands_where_it_was_written(searcher):
    """A field is asked of title or credit alone, also for a joined word; and it may be typed."""
    assert searcher.ask(Question("", credit="acdc")).ranks == (rank_of("Thunderstruck"),)
    assert searcher.ask(Question("", title="acdc")).ranks == (rank_of("Acdc tribute"),)
    typed = searcher.ask(Question("acd", is_typing=True)).ranks
    assert set(typed) == {rank_of("Thunderstruck"), rank_of("Acdc tribute")}


def test_what_is_joined():
    """Parts without a space between make one word; long ones, numbers and runs do not."""
    text = "AC/DC Rock'n'Roll it\u00b4s a-b, live"
    assert list(iter_joined(text)) == ["acdc", "rocknroll", "its", "ab"]
    assert list(iter_joined("12.30 1999-2000 愛-love x-" + "y" * MAX_JOINED)) == []
    assert list(iter_joined("plain words é ... ' - /")) == []
